"""What can be read of a run by name: levels, totals and areas of steps, pools, places and supplies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.errors import KindError
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.quantity import Request
from vitruvian.engines.event import layout as at
from vitruvian.engines.event.simulate import Reading, Simulation
from vitruvian.engines.event.tables import Tables

STEP_COLUMNS = {
    "waiting": at.W_WAITING, "arrived": at.W_ARRIVED, "started": at.W_STARTED, "waited": at.W_WAITED,
    "late": at.W_OVER, "ended": at.W_ENDED, "reneged": at.W_RENEGED, "turned_away": at.W_TURNED,
    "last_wait": at.W_LAST,
    "holding": at.W_HOLDING,
}  # fmt: skip
POOL_COLUMNS = {
    "busy": at.BUSY_F, "open": at.OPEN_F, "over": at.OVER_F, "down": at.DOWN_F, "starts": at.STARTS_F,
    "interrupts": at.INTERRUPTS_F, "failures": at.FAILS_F,
}  # fmt: skip
POOL_AREAS = {"busy": at.BUSY_AREA, "open": at.OPEN_AREA, "over": at.OVER_AREA, "down": at.DOWN_AREA}
PLACE_COLUMNS = {
    "present": at.P_PRESENT, "entered": at.P_ENTERED, "left": at.P_LEFT, "stayed": at.P_STAYED,
    "over_target": at.P_OVER,
    "unseen": at.P_UNSEEN,
}  # fmt: skip
Weighted = tuple[Reading, float]


@final
@dataclass(frozen=True)
class Counts:
    """Readings of one model by name. Areas (`*_time`) are in s; a class of None is all patients."""

    tables: Tables

    def step(self, name: str, column: str, class_: str | None = None, weight: float = 1.0) -> tuple[Weighted, ...]:
        """A column of a step: see STEP_COLUMNS; "waiting_time" is the area under those who wait."""
        rows = [
            self.tables.offsets["M_WAITS"] + at.WAITS * (self.tables.step_index[name] * len(self.tables.classes) + c)
            for c in self._classes(class_)
        ]
        if column == "waiting_time":
            return tuple((Reading(r + at.W_AREA, r + at.W_WAITING, r + at.W_TOUCHED), weight) for r in rows)
        return tuple((Reading(r + STEP_COLUMNS[column]), weight) for r in rows)

    def steps(self, names: Iterable[str], column: str, class_: str | None = None) -> tuple[Weighted, ...]:
        """The sum over steps."""
        return tuple(w for n in names for w in self.step(n, column, class_))

    def pool(self, name: str, column: str, weight: float = 1.0) -> tuple[Weighted, ...]:
        """A column of a pool: see POOL_COLUMNS; "busy_time", "open_time", "over_time", "down_time" are areas."""
        groups = [k for k, (p, _) in enumerate(self.tables.model.groups) if p.name == name]
        if not groups:
            raise KindError(f"there is no pool '{name}'", where=f"model '{self.tables.model.name}'")
        rows = [self.tables.offsets["M_GROUPS"] + at.GROUP * g for g in groups]
        if column.endswith("_time"):
            area = column.removesuffix("_time")
            words = POOL_AREAS[area], POOL_COLUMNS[area]
            return tuple((Reading(r + words[0], r + words[1], r + at.TOUCHED_F), weight) for r in rows)
        return tuple((Reading(r + POOL_COLUMNS[column]), weight) for r in rows)

    def place(self, name: str, column: str, class_: str | None = None, weight: float = 1.0) -> tuple[Weighted, ...]:
        """A column of a place, "" for the whole: see PLACE_COLUMNS; "present_time" is the area under those present."""
        places = self.tables.model.places
        k = places.index(name) if name else len(places)
        rows = [
            self.tables.offsets["M_PLACES"] + at.PLACES * (k * len(self.tables.classes) + c)
            for c in self._classes(class_)
        ]
        if column == "present_time":
            return tuple((Reading(r + at.P_AREA, r + at.P_PRESENT, r + at.P_TOUCHED), weight) for r in rows)
        return tuple((Reading(r + PLACE_COLUMNS[column]), weight) for r in rows)

    def supply(self, name: str, column: str, weight: float = 1.0) -> tuple[Weighted, ...]:
        """Level, used or ordered amount of a supply."""
        m = self.tables.model
        k = len(m.groups) + [s.name for s in m.supplies].index(name)
        row = self.tables.offsets["M_GROUPS"] + at.GROUP * k
        return ((Reading(row + {"level": at.LEVEL_F, "used": at.USED_F, "ordered": at.ORDERED_F}[column]), weight),)

    def _classes(self, class_: str | None) -> list[int]:
        names = self.tables.classes
        return list(range(len(names) - 1)) if class_ is None else [names.index(class_)]


@final
@dataclass(frozen=True)
class Level:
    """The weighted sum of words at the asked times, times `scale`."""

    of: tuple[Weighted, ...]
    scale: float = 1.0


@final
@dataclass(frozen=True)
class Change:
    """What `over` gained in a window by what `under` did (`time`: by its seconds), times `scale`; 0 for 0 / 0."""

    over: tuple[Weighted, ...]
    under: tuple[Weighted, ...] = ()
    scale: float = 1.0
    time: bool = False
    fixed: float = 0.0  # added for every second of the window, before the scale
    most: float = math.inf  # what rounding must not exceed: 1 for a share


@final
@dataclass(frozen=True)
class Patients:
    """Of every patient of the census that a run started from: 1 while in the house, at the asked times."""

    def words(self, tables: Tables, start: State | None) -> tuple[Weighted, ...]:
        """Where their numbers are kept, in the order of `census.in_order`."""
        count = 0 if start is None or not len(start.tree["memory"]) else int(start.tree["memory"][0, at.COUNTED])
        first = tables.offsets["M_ENTITIES"] + at.NUMBER
        return tuple((Reading(first + at.ENTITY * k), 1.0) for k in range(count))


def outputs(
    simulation: Simulation,
    items: Mapping[str, Level | Change | Patients],
    forcing: Forcing | Batch,
    request: Request,
    seeds: np.ndarray,
    start: State | None,
    scales: dict[int, np.ndarray] | None,
) -> tuple[dict[str, np.ndarray], State]:
    """Readings asked for, {name: (member, n), (member, window) or (member, n, patient)}, and the state at t1."""
    asked = {n: items[n] for n in request.items if n in items}
    first = forcing if isinstance(forcing, Forcing) else forcing.forcings[0]
    times = [np.zeros(0)]
    for name, item in asked.items():
        when = request.windows(name).reshape(-1) if isinstance(item, Change) else request.times(name)
        if len(when) and (when.min() < first.t0 or when.max() > first.t1):
            raise KindError(
                f"'{name}' asked at {when.min():g} to {when.max():g} s, run {first.t0:g} to {first.t1:g}",
                where="event engine",
                fix="ask within the run",
            )
        times.append(when)
    grid = np.unique(np.concatenate(times))
    patients = Patients().words(simulation.tables, start)
    read = [patients if isinstance(item, Patients) else _words(item) for item in asked.values()]
    words = sorted({w for of in read for w, _ in of}, key=lambda r: (r.value, r.level))
    seen, state = simulation.run(forcing, seeds, grid, words, start, scales)
    place = {w: k for k, w in enumerate(words)}

    def total(of: tuple[Weighted, ...], when: np.ndarray) -> np.ndarray:
        out = np.zeros((len(seeds), len(when)))
        rows = np.searchsorted(grid, when)
        for word, weight in of:
            out += weight * seen[:, rows, place[word]]
        return out

    out = {}
    for name, item in asked.items():
        if isinstance(item, Level):
            out[name] = total(item.of, request.times(name)) * item.scale
            continue
        if isinstance(item, Patients):
            rows, columns = np.searchsorted(grid, request.times(name)), [place[w] for w, _ in patients]
            numbers = (at.CENSUS << (at.LAYER_BITS + at.INDEX_BITS)) + np.arange(len(patients))
            out[name] = (seen[:, rows][:, :, columns].copy().view(np.int64) == numbers).astype(np.float64)
            continue
        begin, end = request.windows(name).T
        over = total(item.over, end) - total(item.over, begin) + item.fixed * (end - begin)
        if item.time or item.under:
            under = np.broadcast_to(end - begin, over.shape).copy() if item.time else total(item.under, end)
            under = under if item.time else under - total(item.under, begin)
            over = np.divide(over, under, out=np.zeros(over.shape), where=under > 0)
        out[name] = np.minimum(over * item.scale, item.most)
    return out, state


def _words(item: Level | Change) -> tuple[Weighted, ...]:
    return item.of if isinstance(item, Level) else (*item.over, *item.under)
