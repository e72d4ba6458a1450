"""What coupled parts tell each other in one run: values read at exchange times and held until the next."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Mapping

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.errors import BeliefError, KindError
from vitruvian.core.forcing import Batch, Forcing, Schedule
from vitruvian.core.kind import AbstractKind, Outputs, Resumable, Theta
from vitruvian.core.quantity import Request
from vitruvian.engines import joined
from vitruvian.engines.ports import Link

NOTHING = np.zeros(0)
Held = Mapping[str, np.ndarray]  # a link's target -> (member,)
States = Mapping[str, State | None]


@dataclasses.dataclass(frozen=True)
class Given:
    """What inputs are given: before the first time `before` (member,), at `times` (n,) `values` (member, n).

    An input that is in neither has the schedule that its own kind compiled.
    """

    before: Held
    times: np.ndarray = dataclasses.field(default_factory=lambda: NOTHING)
    values: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)

    def schedules(self, target: str, members: int) -> list[Schedule] | None:
        """Every member's input, only its changes kept; None where the kind's own stands."""
        values = self.values.get(target, np.zeros((members, 0)))
        if target not in self.before and values.shape[1] == 0:
            return None
        before = np.asarray(self.before[target]) if target in self.before else values[:, 0]
        moved = values != np.concatenate([before[:, None], values[:, :-1]], axis=1)[:, : values.shape[1]]
        return [Schedule(self.times[moved[m]], values[m, moved[m]], float(before[m])) for m in range(members)]


class Exchange:
    """The parts of one run. Exchange times: multiples of the interval, and t0 where nothing was held before."""

    def __init__(
        self,
        parts: Mapping[str, AbstractKind],
        conversions: Mapping[Link, tuple[float, float]],
        interval: float,
        theta: Theta,
        forcing: Forcing | Batch,
        seeds: np.ndarray,
        start: State | None,
    ) -> None:
        self.parts, self.conversions, self.count = parts, conversions, len(seeds)
        batch = forcing if isinstance(forcing, Batch) else Batch((forcing,), np.zeros(self.count, dtype=np.int64))
        if len(batch.index) != self.count:
            raise KindError(f"forcing has {len(batch.index)} members, seeds {self.count}", where="couple")
        self.span = (batch.forcings[0].t0, batch.forcings[0].t1)
        self.theta = {part: joined.own(part, theta) for part in parts}
        self.batch = {part: joined.part_batch(part, batch) for part in parts}
        self.seeds = seeds
        self.start: States = dict.fromkeys(parts)
        self.before: Held = {}
        if start is not None:
            self.start, self.before = self._states(start), start.tree["held"]
        t0, t1 = self.span
        grid = np.arange(math.ceil(t0 / interval), math.floor(t1 / interval) + 1) * interval
        first = [t0] if not self.before and not (len(grid) and grid[0] == t0) else []
        self.times = np.concatenate([first, grid])

    @functools.cached_property
    def random_seeds(self) -> Mapping[str, np.ndarray]:
        """Seeds of the parts that draw."""
        return {part: joined.part_seeds(self.seeds, part) for part, kind in self.parts.items() if kind.stochastic}

    def one_way(self, order: tuple[str, ...]) -> Given:
        """Sources before their targets, each once over the whole span."""
        values: dict[str, np.ndarray] = {}
        for part in order:
            given = Given(self.before, self.times, values)
            values = {**values, **self._read(part, self.times, given, self.span, self.start)}
        return Given(self.before, self.times, values)

    def two_way(self) -> Given:
        """Interval by interval: everybody is read at its beginning, then everybody runs to its end."""
        held, states, kept, none = self.before, self.start, [], Request({})
        stops = np.unique([self.span[0], *self.times, self.span[1]])
        for a, b in itertools.pairwise(stops):
            span = (float(a), float(b))
            if a in self.times:
                held = self._all(np.array([a]), held, span, states)
                kept.append(held)
            began, states = states, {part: self.run(part, none, Given(held), span, states)[1] for part in self.parts}
            if b == self.span[1] and b in self.times:
                kept.append(self._all(np.array([b]), held, span, began))
        values = {k: np.stack([h[k] for h in kept], axis=1) for k in (kept[0] if kept else {})}
        return Given(self.before, self.times, values)

    def run(
        self,
        part: str,
        request: Request,
        given: Given,
        span: tuple[float, float] | None = None,
        states: States | None = None,
    ) -> tuple[Outputs, State | None]:
        """One part over the span (default: the whole) from these states (default: the run's start)."""
        batch = self.driven(part, given)
        if span is not None and span != self.span:
            cut = tuple(dataclasses.replace(f, t0=span[0], t1=span[1]) for f in batch.forcings)
            batch = Batch(cut, batch.index)
        start = (self.start if states is None else states)[part]
        seeds = self.random_seeds[part] if self.parts[part].stochastic else self.seeds
        return self.parts[part].run(self.theta[part], batch, request, seeds, start)

    def driven(self, part: str, given: Given) -> Batch:
        """The part's forcings with what drives it: one for every member, unless nothing does."""
        batch, count = self.batch[part], self.count
        inputs = {k.ports[1]: given.schedules(k.target, count) for k in self.conversions if k.ends[1] == part}
        inputs = {name: schedules for name, schedules in inputs.items() if schedules is not None}
        if not inputs or not count:
            return batch
        forcings = []
        for member, f in enumerate(batch.index):
            own = batch.forcings[f]
            taken = {name: schedules[member] for name, schedules in inputs.items()}
            held = {**own.schedules, **taken}
            forcings.append(
                Forcing(own.t0, own.t1, own.arrays, own.impulses, held, own.slots, own.capacity, own.breaks)
            )
        return Batch(tuple(forcings), np.arange(count))

    def held(self, given: Given) -> dict[str, np.ndarray]:
        """What every input holds at t1, (member,)."""
        last = {k: v[:, -1] for k, v in given.values.items() if v.shape[1]}
        return {**self.before, **last}

    def _all(self, now: np.ndarray, held: Held, span: tuple[float, float], states: States) -> Held:
        """What every link carries at one time, (member,)."""
        read = [self._read(part, now, Given(held), span, states) for part in self.parts]
        return {target: v[:, 0] for values in read for target, v in values.items()}

    def _read(
        self, part: str, now: np.ndarray, given: Given, span: tuple[float, float], states: States
    ) -> dict[str, np.ndarray]:
        """What this part's links carry at `now`, (member, n), in the targets' units."""
        links = [link for link in self.conversions if link.ends[0] == part]
        if not links:
            return {}
        outputs, _ = self.run(part, Request({link.ports[0]: now for link in links}), given, span, states)
        out = {}
        for link in links:
            slope, offset = self.conversions[link]
            out[link.target] = slope * np.asarray(outputs[link.ports[0]], dtype=np.float64) + offset
        return out

    def _states(self, start: State) -> dict[str, State | None]:
        """The parts' own states."""
        if set(start.tree["parts"]) != set(self.parts):
            raise BeliefError("the state is of other parts", where="couple", fix="recalibrate")
        out: dict[str, State | None] = {}
        for part, kind in self.parts.items():
            assert isinstance(kind, Resumable)
            out[part] = State(start.at, kind.state_version, start.tree["parts"][part])
        return out
