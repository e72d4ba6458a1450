"""A small network as a value, for kinds with parameters of their own: stations with servers, sources, routes.

    arrivals   Poisson with rate  lambda f(t) (1 + s u(t)):  parameter lambda, channels f and u, parameter s
    service    a law with a mean (parameter); c(t) servers (channel), first come, first served
    routes     after service at i, to j with probability p_ij, else out

`Network.model` says the same in the engine's own words: a pool and a step a station, laws and rates of 1 that the
kind's parameters multiply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from vitruvian.core.errors import KindError
from vitruvian.engines.event.law import Law
from vitruvian.engines.event.model import Arrivals, Model, Need, Pathway, Pool, Route, Step

FAMILIES = ("exponential", "lognormal", "fixed")


@dataclass(frozen=True)
class Service:
    """Law of a duration: its family, the parameter that is its mean, its coefficient of variation (lognormal only)."""

    family: str
    mean: str
    cv: float = 0.0


@dataclass(frozen=True)
class Station:
    """Servers in parallel and one queue; `servers` is the forcing's schedule of how many are open, `most` at most."""

    name: str
    service: Service
    servers: str
    most: int = 128


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
    def model(self) -> Model:
        """The network as a model of the engine; servers are spare units that the forcing opens."""
        pathways = []
        for s in self.stations:
            lognormal = s.service.family == "lognormal"
            hold = Law(law=s.service.family, unit="s", mean=1.0, cv=s.service.cv if lognormal else None)
            route = Route(to=self.routes[s.name]) if s.name in self.routes else None
            step = Step(name=s.name, seize=(Need(pool=s.name),), hold=hold, route=route)
            pathways.append(Pathway(name=s.name, steps=(step,)))
        doors = tuple(
            Arrivals(name=s.name, pathway=s.to, rates=(3600.0,), driven=bool(s.driver))  # one a second
            for s in self.sources
        )
        pools = tuple(Pool(name=s.name, capacity=0) for s in self.stations)
        return Model(
            name="network", label="stations of a kind", pools=pools, pathways=tuple(pathways), arrivals=doors,
            cycles="detect",
        )  # fmt: skip
