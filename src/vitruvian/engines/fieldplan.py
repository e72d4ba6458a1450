"""One field run laid out: whose members, which steps, which frames and folds, and how the answers are put together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.errors import BeliefError, KindError
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.kind import AbstractKind
from vitruvian.core.quantity import AbstractReducer, Quantity, Request
from vitruvian.engines.jaxsetup import jax
from vitruvian.engines.mesh import build, step_inputs

Tree = Any


@dataclass(frozen=True)
class Fold:
    """An answer folded over time inside the kernel: a quantity, or a map (an observable without a time axis)."""

    name: str
    of: str
    reducer: AbstractReducer
    windows: int


@dataclass(frozen=True)
class Layout:
    """What compiled code must know, and nothing else: so that few shapes are compiled."""

    dense: tuple[str, ...]  # observables kept at every step of a chunk
    frames: tuple[tuple[str, int], ...]  # observables with dims, kept where asked: frames a chunk may hold
    folds: tuple[Fold, ...]


class FieldPlan:
    """Everything about a run that is known before it starts; arrays are members-first."""

    def __init__(
        self,
        kind: AbstractKind,
        maps: dict[str, Quantity],
        forcing: Forcing | Batch,
        request: Request,
        count: int,
        *,
        step: float,
        chunk: int,
    ) -> None:
        batch = forcing if isinstance(forcing, Batch) else Batch((forcing,), np.zeros(count, dtype=int))
        if len(batch.index) != count:
            raise KindError(f"forcing has {len(batch.index)} members, theta {count}", where=kind.name)
        self.kind, self.count, self.chunk, self.index = kind, count, chunk, np.asarray(batch.index)
        self.t0, self.t1 = batch.forcings[0].t0, batch.forcings[0].t1
        self.widest = max(batch.forcings, key=lambda f: sum(f.capacity.values()))
        self.asked, self.windows, self.folded = self._sort(request, maps)
        stops = np.concatenate([np.zeros(0), *self.asked.values(), *(w.ravel() for w in self.windows.values())])
        self._check(stops)
        self.meshes = [build(f, stops, step) for f in batch.forcings]
        self.steps, inputs = step_inputs(self.meshes, batch.forcings, chunk)
        self.inputs = {k: np.ascontiguousarray(v.T) for k, v in inputs.items()} | self._flags(inputs)
        self.static = _arrays(batch)
        dense = tuple(n for n in self.asked if not kind.observable(n).dims)
        frames = tuple((n, self._room(n)) for n in self.asked if kind.observable(n).dims)
        folds = tuple(Fold(n, q.of, r, len(self.windows[n])) for n, (q, r) in self.folded.items())
        self.layout = Layout(dense, frames, folds)
        self.held: dict[str, np.ndarray] = {}  # per framed observable: the chunks of which any frame is asked
        for name, _ in frames:
            self.inputs[f"frame:{name}"] = self._frame_slots(name)
            places = np.concatenate(self._places(name))
            self.held[name] = np.unique(places // chunk) if len(places) else np.zeros(1, dtype=int)

    def _sort(self, request: Request, maps: dict[str, Quantity]) -> Any:
        """Times of observables, windows and (quantity, reducer) of folds."""
        asked: dict[str, np.ndarray] = {}
        windows: dict[str, np.ndarray] = {}
        folded: dict[str, tuple[Quantity, AbstractReducer]] = {}
        grid = {o.name for o in self.kind.observables if o.axis == "grid"}
        for name in sorted(request.items):
            if name in grid:
                asked[name] = np.asarray(request.times(name), dtype=np.float64)
                continue
            quantity = maps[name] if name in maps else self.kind.quantity(name)
            if quantity.reducer is None:
                raise KindError(f"'{name}' has no reducer", where=self.kind.name, fix="give it `of` and `reducer`")
            folded[name] = (quantity, quantity.reducer)
            if name in maps:  # a map asked at t is folded from the run's start to t
                windows[name] = np.stack([np.full_like(request.times(name), self.t0), request.times(name)], axis=1)
            else:
                windows[name] = request.windows(name)
        return asked, windows, folded

    def _check(self, stops: np.ndarray) -> None:
        if stops.size and (stops.min() < self.t0 or stops.max() > self.t1):
            raise KindError(
                f"asked at {stops.min():g} to {stops.max():g} s in a run of {self.t0:g} to {self.t1:g} s",
                where=self.kind.name,
                fix="ask within the run",
            )

    def _flags(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Length of the step that ends where each step starts ("before"), (forcing, steps); and per fold whether that
        step lies inside each window ("in:") and whether the window starts here ("first:"), (forcing, steps, window)."""
        h = inputs["h"].T
        before = np.concatenate([np.zeros((len(h), 1)), h[:, :-1]], axis=1)
        out: dict[str, np.ndarray] = {"before": before}
        now, moved = inputs["t"].T[..., None], (before > 0)[..., None]
        ago = np.concatenate([now[:, :1], now[:, :-1]], axis=1)
        for name, windows in self.windows.items():
            out[f"in:{name}"] = moved & (ago >= windows[:, 0]) & (now <= windows[:, 1])
            out[f"first:{name}"] = now == windows[:, 0]
        return out

    def _places(self, name: str) -> list[np.ndarray]:
        """Step at whose start each distinct asked time lies, per forcing."""
        return [mesh.position(np.unique(self.asked[name])) for mesh in self.meshes]

    def _room(self, name: str) -> int:
        """A power of two that holds the frames of the fullest chunk."""
        fullest = max((np.bincount(p // self.chunk).max() for p in self._places(name) if len(p)), default=1)
        return 1 << int(fullest - 1).bit_length()

    def _frame_slots(self, name: str) -> np.ndarray:
        """(forcing, steps): where in its chunk's buffer a step's frame goes; chunk = nowhere."""
        slots = np.full((len(self.meshes), self.steps), self.chunk, dtype=np.int32)
        for j, places in enumerate(self._places(name)):
            chunks = places // self.chunk
            slots[j, places] = np.arange(len(places)) - np.searchsorted(chunks, chunks)
        return slots

    def chunks(self, members: np.ndarray) -> Iterator[dict[str, np.ndarray]]:
        """Per-step inputs (member, chunk, ...) of these members, one chunk after the other."""
        for k in range(0, self.steps, self.chunk):
            yield {name: v[self.index[members], k : k + self.chunk] for name, v in self.inputs.items()}

    def wanted(self, place: int, kept: Tree) -> dict[str, Any]:
        """What a chunk kept, less the frames of chunks of which none is asked: memory is that of the answer."""
        return {k: v for k, v in kept.items() if k not in self.held or place in self.held[k]}

    def first(self, members: np.ndarray) -> dict[str, np.ndarray]:
        """Inputs of the first step, (member, ...)."""
        return {name: v[self.index[members], 0] for name, v in self.inputs.items()}

    def arrays(self, members: np.ndarray) -> dict[str, np.ndarray]:
        """The forcing's arrays, (member, ...)."""
        return {name: v[self.index[members]] for name, v in self.static.items()}

    def start(self, state: State, version: str) -> dict[str, np.ndarray]:
        """The fields of the given state, checked."""
        if state.version != version or state.at != self.t0:
            raise BeliefError(
                f"state is {state.version} at {state.at:g} s, wanted {version} at {self.t0:g} s",
                where=self.kind.name,
                fix="recalibrate, or compile from the state's time",
            )
        fields = {k: np.asarray(v) for k, v in state.tree["u"].items()}
        if any(len(v) != self.count for v in fields.values()):
            raise BeliefError(f"state does not have {self.count} members", where=self.kind.name, fix="recalibrate")
        return fields

    def gather(self, members: np.ndarray, pieces: list[Tree], folds: Tree, xp: Any) -> dict[str, Any]:
        """Answers of these members: observables and maps (member, time, ...), quantities (member, window)."""
        out: dict[str, Any] = {}
        rows = np.arange(len(members))[:, None]
        frames = dict(self.layout.frames)
        for name, times in self.asked.items():
            kept = xp.concatenate([xp.asarray(p[name]) for p in pieces if name in p], axis=1)
            where = np.stack([m.position(times) for m in self.meshes])[self.index[members]]
            if name in frames:
                slots = self.inputs[f"frame:{name}"][self.index[members]]
                chunk = np.searchsorted(self.held[name], where // self.chunk)
                where = chunk * frames[name] + np.take_along_axis(slots, where, axis=1)
            out[name] = kept[rows, where]
        for name, (quantity, reducer) in self.folded.items():
            total = jax.tree.map(xp.asarray, folds[name])
            leaf = jax.tree.leaves(total)[0]
            windows = self.windows[name]
            length = (windows[:, 1] - windows[:, 0]).reshape(1, -1, *([1] * (leaf.ndim - 2)))
            out[name] = reducer.final(total, length) * quantity.scale
        return out


def _arrays(batch: Batch) -> dict[str, np.ndarray]:
    """Arrays of all forcings stacked, (forcing, ...); first axes padded with zeros to the widest."""
    out: dict[str, np.ndarray] = {}
    for name in batch.forcings[0].arrays:
        parts = [np.asarray(f.arrays[name]) for f in batch.forcings]
        if parts[0].ndim:
            widest = max(len(p) for p in parts)
            parts = [np.pad(p, ((0, widest - len(p)), *([(0, 0)] * (p.ndim - 1)))) for p in parts]
        out[name] = np.stack(parts)
    return out
