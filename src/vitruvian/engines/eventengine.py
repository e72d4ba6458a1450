"""The event engine: a kind's `Network` and what is read from it become `run` over members.

The author writes the network and the readings; this engine turns theta and schedules into SI tables, calls the compiled
kernel (`eventcore`), gives members more room when their queues outgrow it, and reads levels and windows from snapshots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.errors import BeliefError, KindError, UnitError
from vitruvian.core.forcing import Batch, Forcing, Schedule
from vitruvian.core.kind import Outputs, Theta
from vitruvian.core.parameter import Parameter
from vitruvian.core.quantity import Request
from vitruvian.core.units import convert
from vitruvian.engines import eventlayout
from vitruvian.engines.eventroom import empty, with_layers, with_room
from vitruvian.engines.network import Network

# Names of what a station counts, in the order of the kernel's columns (`eventlayout`): levels, totals, areas in s.
COLUMNS = (
    *("waiting", "busy", "open", "arrived", "started", "left", "waited", "last_wait"),
    *("waiting_area", "busy_area", "idle_area", "touched"),
)
_LEVELS = ("waiting", "busy", "open", "last_wait")
_MOST_LAYERS = 256  # a source's factor stays below this: eight bits of a patient's number


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


@final
@dataclass(frozen=True)
class EventEngine:
    """Runs `network` with parameters in their own units; `readings` names what can be asked."""

    network: Network
    parameters: tuple[Parameter, ...]
    readings: Mapping[str, Level | Change]

    def __post_init__(self) -> None:
        for name, reading in self.readings.items():
            columns = reading.columns if isinstance(reading, Level) else (*reading.over, *reading.under)
            if bad := [c for c in columns if c not in (*COLUMNS[:-1], "time")]:
                raise KindError(f"no column '{bad[0]}'", where=f"reading '{name}'", fix=f"use {', '.join(COLUMNS)}")
            if reading.station not in self.network.position:
                raise KindError(f"no station '{reading.station}'", where=f"reading '{name}'")

    @property
    def state_version(self) -> str:
        """Layout of the state."""
        return "event-1:" + "/".join((*self.network.position, *(s.name for s in self.network.sources)))

    def run(
        self, theta: Theta, forcing: Forcing | Batch, request: Request, seeds: np.ndarray, start: State | None = None
    ) -> tuple[Outputs, State]:
        """Readings asked for, {name: (member, n) or (member, window)}, and the state at t1."""
        batch = as_batch(forcing, len(seeds))
        t0, t1 = batch.forcings[0].t0, batch.forcings[0].t1
        names = {n: self.readings[n] for n in request.items if n in self.readings}
        asked, columns = self._snapshots(names, request, t0, t1)
        tables = self.tables(theta, batch)
        tree = empty(self.network, t0, len(seeds)) if start is None else self._resumed(start, t0, len(seeds))
        tree = with_layers(tree, tables["sources"][..., -1].max(initial=1))
        seen = np.zeros((len(seeds), len(asked), len(columns)))
        tree, _ = _advance(seeds, tables, tree, t1, asked, columns, seen, trace_room=0)
        where = {tuple(c): j for j, c in enumerate(columns.tolist())}
        outputs = {n: self._read(r, request, n, asked, where, seen) for n, r in names.items()}
        return outputs, State(t1, self.state_version, tree)

    def gather(self, states: Sequence[State]) -> State:
        """All members of several states: each is given the room and the layers of the largest."""
        room = max(s.tree["slots"].shape[1] for s in states)
        layers = max(s.tree["layers"].shape[2] for s in states)
        trees = [with_layers(with_room(dict(s.tree), room), layers) for s in states]
        return State.join([replace(s, tree=tree) for s, tree in zip(states, trees, strict=True)])

    def trace(
        self, theta: Theta, forcing: Forcing, seed: int, start: State | None = None
    ) -> list[tuple[float, int, int, int]]:
        """Every event of one member: (time, 0 joins | 1 is served | 2 ends, patient, station)."""
        batch = as_batch(forcing, 1)
        tables = self.tables(theta, batch)
        tree = empty(self.network, forcing.t0, 1) if start is None else self._resumed(start, forcing.t0, 1)
        tree = with_layers(tree, tables["sources"][..., -1].max(initial=1))
        none = (np.zeros(0), np.zeros((0, 2), dtype=np.int64), np.zeros((1, 0, 0)))
        _, rows = _advance(np.array([seed]), tables, tree, forcing.t1, *none, trace_room=1024)
        return rows

    def tables(self, theta: Theta, batch: Batch) -> dict[str, np.ndarray]:
        """Members' numbers in SI units, and schedules padded to one length."""
        net, count = self.network, len(batch.index)
        rate = self._column(theta, [s.rate for s in net.sources], "/s", count)
        slope = self._column(theta, [s.slope for s in net.sources], "", count)
        mean = self._column(theta, [s.service.mean for s in net.stations], "s", count)
        edges, levels = flattened(net.channels, batch)
        stations, sources = len(net.stations), len(net.sources)
        top = levels.max(axis=2)[batch.index]
        factor, driver = top[:, stations : stations + sources], top[:, stations + sources :]
        layers = np.maximum(np.ceil(factor * np.maximum(1.0 + slope * driver, 1.0)), 1.0)
        if (layers > _MOST_LAYERS).any():
            raise KindError(
                f"arrivals {layers.max():g} times their base rate", where="EventEngine", fix=f"at most {_MOST_LAYERS}"
            )
        fixed = np.broadcast_to(np.stack([net.law, net.sigma], axis=1), (count, stations, 2))
        target = np.broadcast_to(net.target, (count, sources))
        return {
            "stations": np.concatenate([fixed, mean[..., None]], axis=2),
            "sources": np.stack([target, rate, slope, layers], axis=2),
            "routes": net.cumulative,
            "edges": edges,
            "levels": levels,
            "which": np.asarray(batch.index, dtype=np.int64),
        }

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

    def _column(self, theta: Theta, names: list[str], unit: str, count: int) -> np.ndarray:
        out = np.zeros((count, len(names)))
        for i, name in enumerate(names):
            if name:
                out[:, i] = np.asarray(theta[name], dtype=np.float64) * self._scale.get((name, unit), 1.0)
        if not np.isfinite(out).all() or (unit and (out < 0).any()):
            raise KindError(f"{', '.join(filter(None, names))} must be finite and >= 0", where="EventEngine")
        return out

    def _resumed(self, start: State, t0: float, members: int) -> dict[str, np.ndarray]:
        """A copy of the given state's arrays, checked: the kernel changes them in place."""
        if start.version != self.state_version or start.at != t0:
            raise BeliefError(
                f"state is {start.version} at {start.at:g} s, wanted {self.state_version} at {t0:g} s",
                where="EventEngine",
                fix="recalibrate, or compile from the state's time",
            )
        if len(start.tree["own"]) != members:
            raise BeliefError(f"state has {len(start.tree['own'])} members, seeds {members}", where="EventEngine")
        return {name: np.array(array, order="C") for name, array in start.tree.items()}

    def _snapshots(
        self, names: Mapping[str, Level | Change], request: Request, t0: float, t1: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """All times at which something is read, sorted, and the (station, column) pairs that are read."""
        times, pairs = [np.zeros(0)], []
        for name, reading in names.items():
            level = isinstance(reading, Level)
            asked = request.times(name) if level else request.windows(name).reshape(-1)
            if len(asked) and (asked.min() < t0 or asked.max() > t1):
                raise KindError(
                    f"'{name}' asked at {asked.min():g} to {asked.max():g} s, run {t0:g} to {t1:g}",
                    where="EventEngine",
                    fix="ask within the run",
                )
            times.append(asked)
            columns = reading.columns if isinstance(reading, Level) else (*reading.over, *reading.under)
            k = self.network.position[reading.station]
            pairs += [(k, COLUMNS.index(c)) for c in columns if c != "time"]
        return np.unique(np.concatenate(times)), np.array(sorted(set(pairs)), dtype=np.int64).reshape(-1, 2)

    def _read(
        self,
        reading: Level | Change,
        request: Request,
        name: str,
        asked: np.ndarray,
        where: Mapping[tuple[int, int], int],
        seen: np.ndarray,
    ) -> np.ndarray:
        k = self.network.position[reading.station]

        def column(c: str, times: np.ndarray) -> np.ndarray:
            return seen[:, np.searchsorted(asked, times), where[k, COLUMNS.index(c)]]

        def gained(columns: tuple[str, ...]) -> np.ndarray:
            first, last = request.windows(name).T
            parts = [last - first if c == "time" else column(c, last) - column(c, first) for c in columns]
            return np.broadcast_to(np.sum(parts, axis=0), (len(seen), len(first)))

        if isinstance(reading, Level):
            return np.sum([column(c, request.times(name)) for c in reading.columns], axis=0) * reading.scale
        over = gained(reading.over)
        if not reading.under:
            return over * reading.scale
        under = gained(reading.under)
        return np.divide(over, under, out=np.zeros(over.shape), where=under > 0) * reading.scale


def as_batch(forcing: Forcing | Batch, members: int) -> Batch:
    """One forcing for all members, or the batch given, checked."""
    batch = forcing if isinstance(forcing, Batch) else Batch((forcing,), np.zeros(members, dtype=np.int64))
    if len(batch.index) != members:
        raise KindError(f"forcing has {len(batch.index)} members, seeds {members}", where="EventEngine")
    return batch


def flattened(channels: tuple[str, ...], batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Schedules as edges (forcing, channel, edge), inf beyond the last, and levels (forcing, channel, edge + 1)."""
    none = Schedule(np.zeros(0), np.zeros(0))
    if lacking := [c for f in batch.forcings for c in channels if c and c not in f.schedules]:
        raise KindError(f"the forcing lacks schedule '{lacking[0]}'", where="EventEngine", fix="compile it")
    rows = [[f.schedules[c] if c else none for c in channels] for f in batch.forcings]
    width = max((len(s.times) for row in rows for s in row), default=0)
    edges = np.full((len(rows), len(channels), width), np.inf)
    levels = np.zeros((len(rows), len(channels), width + 1))
    for f, row in enumerate(rows):
        for c, s in enumerate(row):
            n = len(s.times)
            edges[f, c, :n] = s.times
            levels[f, c, 0], levels[f, c, 1 : n + 1] = s.before, s.values
            levels[f, c, n + 1 :] = levels[f, c, n]
    if not np.isfinite(levels).all():
        raise KindError("a schedule holds values that are not finite", where="EventEngine")
    return edges, levels


def _advance(
    seeds: np.ndarray,
    tables: Mapping[str, np.ndarray],
    tree: dict[str, np.ndarray],
    t1: float,
    asked: np.ndarray,
    columns: np.ndarray,
    seen: np.ndarray,
    trace_room: int,
) -> tuple[dict[str, np.ndarray], list[tuple[float, int, int, int]]]:
    """Call the kernel until every member is at t1, with more room whenever one asks for it."""
    from vitruvian.engines import eventcore  # lazy: numba

    n = len(seeds)
    status, taken = np.full(n, eventlayout.FULL), np.zeros((n, 1), dtype=np.int64)
    trace, traced = np.zeros((n, trace_room, 4)), np.zeros((n, 1), dtype=np.int64)
    fixed = (np.asarray(seeds, dtype=np.uint64), *(np.ascontiguousarray(v) for v in tables.values()))
    while True:
        tree = {name: np.ascontiguousarray(tree[name]) for name in ("own", "layers", "slots", "rows")}
        eventcore.advance(*fixed, *tree.values(), float(t1), asked, columns, seen, taken, trace, traced, status)
        if (status == eventlayout.DONE).all():
            rows = [(t, int(what), int(who), int(k)) for t, what, who, k in trace[0].tolist()] if n else []
            return tree, rows[: int(traced.sum())]
        if (status == eventlayout.FULL).any():
            tree = with_room(tree, 2 * tree["slots"].shape[1])
        if (status == eventlayout.TRACE_FULL).any():
            trace = np.pad(trace, ((0, 0), (0, trace.shape[1] + tree["slots"].shape[1]), (0, 0)))
