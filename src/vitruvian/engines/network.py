"""A discrete-event model as a value: stations with servers, sources of arrivals, routes between stations.

    arrivals   Poisson with rate  lambda f(t) (1 + s u(t)):  parameter lambda, channels f and u, parameter s
    service    a law with a mean (parameter); c(t) servers (channel), first come, first served
    routes     after service at i, to j with probability p_ij, else out

The kernel in `eventcore` interprets the tables made here; `eventreference` interprets the same model in plain Python.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from vitruvian.core.errors import KindError

FAMILIES = ("exponential", "lognormal", "fixed")


@dataclass(frozen=True)
class Law:
    """Law of a duration: its family, the parameter that is its mean, its coefficient of variation (lognormal only)."""

    family: str
    mean: str
    cv: float = 0.0

    @property
    def sigma(self) -> float:
        """sd of the logarithm of a lognormal with this cv."""
        return math.sqrt(math.log1p(self.cv**2))


@dataclass(frozen=True)
class Station:
    """Servers in parallel and one queue; `servers` is the forcing's schedule of how many are open."""

    name: str
    service: Law
    servers: str


@dataclass(frozen=True)
class Source:
    """Poisson arrivals: parameter `rate` x schedule `factor` x (1 + parameter `slope` x schedule `driver`)."""

    name: str
    to: str
    rate: str
    factor: str
    driver: str = ""
    slope: str = ""


@dataclass(frozen=True)
class Network:
    """The whole model; routes[i][j] is the probability of going from station i to station j."""

    stations: tuple[Station, ...]
    sources: tuple[Source, ...]
    routes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [s.name for s in self.stations]
        ends = [*(s.to for s in self.sources), *self.routes, *(j for row in self.routes.values() for j in row)]
        if len(set(names)) != len(names):
            raise KindError(f"two stations share a name among {', '.join(names)}", where="Network", fix="rename one")
        if unknown := sorted(set(ends) - set(names)):
            raise KindError(f"no station '{unknown[0]}'", where="Network", fix=f"use one of {', '.join(names)}")
        for i, row in self.routes.items():
            if min(row.values(), default=0.0) < 0 or sum(row.values()) > 1 + 1e-12:
                raise KindError(f"routes from '{i}' are no probabilities: {dict(row)}", where="Network")
        for station in self.stations:
            if station.service.family not in FAMILIES:
                raise KindError(
                    f"unknown law '{station.service.family}'",
                    where=f"station '{station.name}'",
                    fix=f"use {', '.join(FAMILIES)}",
                )
        if lone := [s.name for s in self.sources if bool(s.driver) != bool(s.slope)]:
            raise KindError("driver and slope go together", where=f"source '{lone[0]}'", fix="give both or neither")

    @cached_property
    def position(self) -> dict[str, int]:
        """Index of each station."""
        return {s.name: i for i, s in enumerate(self.stations)}

    @cached_property
    def law(self) -> np.ndarray:
        """Index of each station's family, (station,)."""
        return np.array([FAMILIES.index(s.service.family) for s in self.stations], dtype=np.int64)

    @cached_property
    def sigma(self) -> np.ndarray:
        """Log-sd of each station's law, (station,)."""
        return np.array([s.service.sigma for s in self.stations])

    @cached_property
    def target(self) -> np.ndarray:
        """Station each source feeds, (source,)."""
        return np.array([self.position[s.to] for s in self.sources], dtype=np.int64)

    @cached_property
    def cumulative(self) -> np.ndarray:
        """Routes as cumulative probabilities, (station, station)."""
        p = np.zeros((len(self.stations), len(self.stations)))
        for i, row in self.routes.items():
            for j, chance in row.items():
                p[self.position[i], self.position[j]] = chance
        return np.cumsum(p, axis=1)

    @property
    def channels(self) -> tuple[str, ...]:
        """Schedules of the forcing in table order: servers of each station, factor, then driver of each source."""
        return (
            *(s.servers for s in self.stations),
            *(s.factor for s in self.sources),
            *(s.driver for s in self.sources),
        )
