"""The event engine for a kind with a `Network`: parameters, schedules and readings in its own names become `run`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.errors import KindError, UnitError
from vitruvian.core.forcing import Batch, Forcing, Schedule
from vitruvian.core.kind import Outputs, Theta
from vitruvian.core.parameter import Parameter
from vitruvian.core.quantity import Request
from vitruvian.core.units import convert
from vitruvian.engines.event import layout as at
from vitruvian.engines.event import readings
from vitruvian.engines.event.network import Network, Source
from vitruvian.engines.event.simulate import Simulation
from vitruvian.engines.event.tables import Tables

# What a station counts, and where the engine counts it: of the step or of the pool, with the weight it has in a sum
COLUMNS: dict[str, tuple[tuple[str, str, float], ...]] = {
    **{c: (("step", c, 1.0),) for c in ("waiting", "arrived", "started", "waited", "last_wait")},
    "left": (("step", "ended", 1.0),),
    "busy": (("pool", "busy", 1.0),),
    "open": (("pool", "open", 1.0),),
    "waiting_area": (("step", "waiting_time", 1.0),),
    "busy_area": (("pool", "busy_time", 1.0),),
    "idle_area": (("pool", "open_time", 1.0), ("pool", "over_time", 1.0), ("pool", "busy_time", -1.0)),
}
LAYERS = 64  # a source's factor stays at or below this
TOLD = {at.JOINS: 0, at.STARTS: 1, at.ENDS: 2}


@final
@dataclass(frozen=True)
class Level:
    """The sum of these columns of a station at the asked times, times `scale`."""

    station: str
    columns: tuple[str, ...]
    scale: float = 1.0


@final
@dataclass(frozen=True)
class Change:
    """What `over` gained in a window by what `under` did ("time": its seconds; none: 1), times `scale`; 0 for 0 / 0."""

    station: str
    over: tuple[str, ...]
    under: tuple[str, ...] = ()
    scale: float = 1.0
    most: float = math.inf  # what rounding must not exceed: 1 for a share


@final
@dataclass(frozen=True)
class EventEngine:
    """Runs `network` with parameters in their own units; `readings` names what can be asked."""

    network: Network
    parameters: tuple[Parameter, ...]
    readings: Mapping[str, Level | Change]

    def __post_init__(self) -> None:
        names = [s.name for s in self.network.stations]
        for name, reading in self.readings.items():
            columns = reading.columns if isinstance(reading, Level) else (*reading.over, *reading.under)
            if bad := [c for c in columns if c not in (*COLUMNS, "time")]:
                raise KindError(f"no column '{bad[0]}'", where=f"reading '{name}'", fix=f"use {', '.join(COLUMNS)}")
            if reading.station not in names:
                raise KindError(f"no station '{reading.station}'", where=f"reading '{name}'")

    @cached_property
    def simulation(self) -> Simulation:
        """The network's tables, ready to run."""
        spare = {s.name: s.most for s in self.network.stations}
        return Simulation(Tables(self.network.model, spare, LAYERS, flat=True))

    @cached_property
    def _items(self) -> dict[str, readings.Level | readings.Change]:
        counts = readings.Counts(self.simulation.tables)

        def words(station: str, columns: tuple[str, ...]) -> tuple[readings.Weighted, ...]:
            found: list[readings.Weighted] = []
            for of, column, weight in (part for c in columns if c != "time" for part in COLUMNS[c]):
                count = counts.step if of == "step" else counts.pool
                found += count(station, column, weight=weight)
            return tuple(found)

        out: dict[str, readings.Level | readings.Change] = {}
        for name, r in self.readings.items():
            if isinstance(r, Level):
                out[name] = readings.Level(words(r.station, r.columns), r.scale)
            else:
                over, under = words(r.station, r.over), words(r.station, r.under)
                out[name] = readings.Change(over, under, r.scale, time="time" in r.under, most=r.most)
        return out

    @property
    def state_version(self) -> str:
        """Layout of the state."""
        return self.simulation.state_version

    def gather(self, states: Sequence[State]) -> State:
        """All members of several states."""
        return self.simulation.gather(states)

    def run(
        self, theta: Theta, forcing: Forcing | Batch, request: Request, seeds: np.ndarray, start: State | None = None
    ) -> tuple[Outputs, State]:
        """Readings asked for, {name: (member, n) or (member, window)}, and the state at t1."""
        batch = as_batch(forcing, len(seeds))
        scales = self.scales(theta, batch)
        return readings.outputs(self.simulation, self._items, self.driven(batch), request, seeds, start, scales)

    def trace(
        self, theta: Theta, forcing: Forcing, seed: int, start: State | None = None
    ) -> list[tuple[float, int, int, int]]:
        """Every event of one member: (time, 0 joins | 1 is served | 2 ends, patient, station)."""
        batch = as_batch(forcing, 1)
        rows = self.simulation.trace(self.driven(batch).forcings[0], seed, start, self.scales(theta, batch))
        return [(t, TOLD[what], who, where) for t, what, who, where, _ in rows if what in TOLD]

    def driven(self, batch: Batch) -> Batch:
        """Schedules under the engine's names."""
        return Batch(tuple(self._renamed(f) for f in batch.forcings), np.asarray(batch.index))

    def _renamed(self, f: Forcing) -> Forcing:
        out = {}
        for s in self.network.stations:
            servers = out[f"open:{s.name}/{s.name}"] = self._schedule(f, s.servers)
            if (most := max(servers.before, *servers.values, 0.0)) > s.most:
                raise KindError(
                    f"{most:g} servers at once", where=f"station '{s.name}'",
                    fix=f"open at most {s.most}, or give the station more",
                )  # fmt: skip
        for s in self.network.sources:
            out[f"rate:{s.name}"] = Schedule(np.zeros(0), np.zeros(0), 1.0)
            out[f"factor:{s.name}"] = self._schedule(f, s.factor)
            if s.driver:
                out[f"driver:{s.name}"] = self._schedule(f, s.driver)
        return Forcing(f.t0, f.t1, schedules=out)

    def _schedule(self, forcing: Forcing, name: str) -> Schedule:
        if name not in forcing.schedules:
            raise KindError(f"the forcing lacks schedule '{name}'", where="EventEngine", fix="compile it")
        found = forcing.schedules[name]
        if not np.isfinite([found.before, *found.values]).all():
            raise KindError(f"schedule '{name}' holds values that are not finite", where="EventEngine")
        return found

    def scales(self, theta: Theta, batch: Batch) -> dict[int, np.ndarray]:
        """{word of a member's memory: rate (/s), slope or mean (s), (member,)}."""
        out, count, sim = {}, len(batch.index), self.simulation
        for s in self.network.stations:
            out[sim.scale_words((), (s.name,))[0]] = self._column(theta, s.service.mean, "s", count)
        for s in self.network.sources:
            out |= dict.fromkeys(sim.source_words(s.name, at.SCALE_F), self._column(theta, s.rate, "/s", count))
            slope = self._column(theta, s.slope, "", count) if s.slope else np.zeros(count)
            out |= dict.fromkeys(sim.source_words(s.name, at.SLOPE_F), slope)
            self._check_layers(s, slope, batch)
        return out

    def _check_layers(self, source: Source, slope: np.ndarray, batch: Batch) -> None:
        top = np.array([_top(f, source.factor) for f in batch.forcings])[batch.index]
        driver = np.array([_top(f, source.driver) for f in batch.forcings])[batch.index]
        layers = np.ceil(top * np.maximum(1.0 + slope * driver, 1.0))
        if (layers > LAYERS).any():
            raise KindError(
                f"arrivals {layers.max():g} times their base rate", where="EventEngine", fix=f"at most {LAYERS}"
            )

    @cached_property
    def _scale(self) -> dict[tuple[str, str], float]:
        """(parameter, SI unit) -> what to multiply by; a parameter of another dimension is a UnitError."""
        scale = {}
        pairs = [(s.rate, "/s") for s in self.network.sources] + [(s.service.mean, "s") for s in self.network.stations]
        units = {p.name: p.unit for p in self.parameters}
        for name, unit in pairs:
            if name not in units:
                raise KindError(f"the network needs parameter '{name}'", where="EventEngine", fix="declare it")
            try:
                scale[name, unit] = convert(1.0, units[name], unit)
            except UnitError as err:
                raise UnitError(f"parameter '{name}' in '{units[name]}' is used as '{unit}'", fix=err.fix) from err
        return scale

    def _column(self, theta: Theta, name: str, unit: str, count: int) -> np.ndarray:
        out = np.broadcast_to(np.asarray(theta[name], dtype=np.float64) * self._scale.get((name, unit), 1.0), (count,))
        if not np.isfinite(out).all() or (unit and (out < 0).any()):
            raise KindError(f"{name} must be finite and >= 0", where="EventEngine")
        return out


def _top(forcing: Forcing, name: str) -> float:
    schedule = forcing.schedules.get(name)
    return max(schedule.before, *schedule.values, 0.0) if schedule is not None else 0.0


def as_batch(forcing: Forcing | Batch, members: int) -> Batch:
    """One forcing for all members, or the batch given, checked."""
    batch = forcing if isinstance(forcing, Batch) else Batch((forcing,), np.zeros(members, dtype=np.int64))
    if len(batch.index) != members:
        raise KindError(f"forcing has {len(batch.index)} members, seeds {members}", where="EventEngine")
    return batch
