"""Members of a model to a time: memory is given room when it runs out, readings are taken, a deadlock is explained."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.errors import BeliefError, KindError
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.engines.event import layout as at
from vitruvian.engines.event.drive import flattened
from vitruvian.engines.event.memory import empty, settled, traced, with_room
from vitruvian.engines.event.tables import Tables

Row = tuple[float, int, int, int, int]


@final
@dataclass(frozen=True)
class Reading:
    """Words to read: addresses, and for areas the level and the time that bring them up to date (-1 where none)."""

    value: int
    level: int = -1
    touched: int = -1


@final
@dataclass(frozen=True)
class Simulation:
    """Runs one compiled model for many members. `scales`: what multiplies a source's rate or a step's holds."""

    tables: Tables
    threads: int = 1

    @cached_property
    def state_version(self) -> str:
        """Layout of the state."""
        return f"event-3:{self.tables.digest}"

    def run(
        self,
        forcing: Forcing | Batch,
        seeds: np.ndarray,
        asked: np.ndarray,
        reads: Sequence[Reading],
        start: State | None = None,
        scales: dict[int, np.ndarray] | None = None,
        room: int = 64,
    ) -> tuple[np.ndarray, State]:
        """What is read (member, time, reading), and the state at t1. scales: {word: (member,)}, see `scale_words`."""
        memory, seen = self._advance(forcing, seeds, asked, reads, start, scales, 0, room)
        return seen, State(_end(forcing), self.state_version, {"memory": settled(memory)})

    def gather(self, states: Sequence[State]) -> State:
        """All members of several states: each is given the room of the largest."""
        held = [np.asarray(s.tree["memory"]) for s in states]
        if len({memory.shape[1] for memory in held}) > 1:
            room = max(int(memory[0, at.ROOM]) for memory in held)
            held = [with_room(self.tables, memory, room) for memory in held]
        return State.join([replace(s, tree={"memory": memory}) for s, memory in zip(states, held, strict=True)])

    def trace(
        self, forcing: Forcing, seed: int, start: State | None = None, scales: dict[int, np.ndarray] | None = None
    ) -> list[Row]:
        """Every event of one member: (time, what, who, where, unit); a deadlock ends it."""
        none = np.zeros(0)
        memory, _ = self._advance(forcing, np.array([seed], dtype=np.uint64), none, (), start, scales, 1024, 64)
        return traced(memory[0])

    def scale_words(self, arrivals: Sequence[str] = (), steps: Sequence[str] = ()) -> list[int]:
        """Words of the memory that multiply these sources' rates and these steps' holds."""
        t, o = self.tables, self.tables.offsets
        out = [w for a in arrivals for w in self.source_words(a, at.SCALE_F)]
        return out + [o["M_STEPS"] + at.STEP_SIZE * t.step_index[s] + at.GAIN_F for s in steps]

    def source_words(self, name: str, field: int) -> list[int]:
        """Words of a field of every layer of a source."""
        t = self.tables
        first = t.layers * [a.name for a in t.model.arrivals].index(name)
        layers = range(first, first + t.layers)
        return [t.offsets["M_SOURCES"] + at.SOURCE_SIZE * n + field for n in layers]

    def _advance(
        self,
        forcing: Forcing | Batch,
        seeds: np.ndarray,
        asked: np.ndarray,
        reads: Sequence[Reading],
        start: State | None,
        scales: dict[int, np.ndarray] | None,
        trace_rows: int,
        room: int,
    ) -> tuple[np.ndarray, np.ndarray]:
        n = len(seeds)
        batch = forcing if isinstance(forcing, Batch) else Batch((forcing,), np.zeros(n, dtype=np.int64))
        t0, t1 = batch.forcings[0].t0, batch.forcings[0].t1
        if len(batch.index) != n:
            raise KindError(f"forcing has {len(batch.index)} members, seeds {n}", where="event engine")
        memory = self._begin(start, t0, n, room, trace_rows)
        floats = memory.view(np.float64)
        for word, values in (scales or {}).items():
            floats[:, word] = np.asarray(values, dtype=np.float64)
        table = np.array([[r.value, r.level, r.touched] for r in reads], dtype=np.int64).reshape(-1, 3)
        seen = np.zeros((n, len(asked), len(reads)))
        drives, offsets = flattened(self.tables, batch)
        words = self.tables.words
        fixed = (np.asarray(seeds, dtype=np.uint64), np.asarray(batch.index, dtype=np.int64), drives, offsets)
        rest = (float(t1), np.asarray(asked, dtype=np.float64), table, seen)
        todo = np.arange(n)
        while len(todo):
            self._call(words, memory, fixed, rest, todo)
            status = memory[todo, at.STATUS]
            todo = todo[(status == at.FULL) | (status == at.TRACE_FULL)]
            if len(todo):
                rows, size = int(memory[0, at.TRACE_ROOM]), int(memory[0, at.ROOM])
                more = 2 * size if (status == at.FULL).any() else size
                rows = 4 * rows + 64 * more if (status == at.TRACE_FULL).any() else rows
                memory = with_room(self.tables, memory, more, rows)
        if (memory[:, at.STATUS] == at.DEADLOCK).any() and trace_rows == 0:
            from vitruvian.engines.event.explained import deadlock

            raise deadlock(self.tables, memory[memory[:, at.STATUS] == at.DEADLOCK][0])
        return memory, seen

    def _begin(self, start: State | None, t0: float, n: int, room: int, trace_rows: int) -> np.ndarray:
        if start is None:
            memory = empty(self.tables, t0, n, room)
            memory[:, at.BEGUN] = at.FRESH
        else:
            if start.version != self.state_version or start.at != t0:
                raise BeliefError(
                    f"state is {start.version} at {start.at:g} s, wanted {self.state_version} at {t0:g} s",
                    where="event engine",
                    fix="recalibrate, or compile from the state's time",
                )
            memory = np.array(start.tree["memory"], dtype=np.int64, order="C")
            if len(memory) != n:
                raise BeliefError(f"state has {len(memory)} members, seeds {n}", where="event engine")
        memory[:, at.TAKEN] = 0
        if start is not None:
            memory[:, at.BEGUN] = np.where(memory[:, at.BEGUN] == at.FRESH, at.FRESH, at.RESUMED)
        if n and trace_rows:
            memory = with_room(self.tables, memory, int(memory[0, at.ROOM]), trace_rows)
            memory[:, at.TRACED] = 0
        return memory

    def _call(
        self, words: np.ndarray, memory: np.ndarray, fixed: tuple[np.ndarray, ...], rest: tuple, todo: np.ndarray
    ) -> None:
        from vitruvian.engines.event import kernel  # lazy: numba

        tables = (words, memory)
        threads = min(self.threads, len(todo), os.cpu_count() or 1)
        if threads <= 1:
            kernel.advance(*tables, *fixed, *rest, todo)
            return
        with ThreadPoolExecutor(threads) as pool:  # the kernel holds no lock
            parts = [todo[k::threads].copy() for k in range(threads)]
            list(pool.map(lambda part: kernel.advance(*tables, *fixed, *rest, part), parts))


def _end(forcing: Forcing | Batch) -> float:
    return forcing.t1 if isinstance(forcing, Forcing) else forcing.forcings[0].t1
