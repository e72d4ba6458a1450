"""One run laid out: mesh, per-step inputs, who is padded, and where each answer stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.errors import BeliefError, KindError
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.kind import AbstractKind, Theta
from vitruvian.core.quantity import Request
from vitruvian.engines.jaxsetup import jnp
from vitruvian.engines.mesh import Mesh, asked_times, build, step_inputs

SIZES = (1, 8, 32, 64, 128, 256, 512)  # members are padded to one of these, or to a multiple of the last


def padded_size(count: int, least: int) -> int:
    """How many members compiled code sees. Bits agree across sizes from 32 on: fewer may be compiled without a loop."""
    return next((s for s in SIZES if s >= max(count, least)), SIZES[-1] * -(-count // SIZES[-1]))


class Plan:
    """Everything about a run that is known before it starts."""

    def __init__(
        self,
        kind: AbstractKind,
        forcing: Forcing | Batch,
        request: Request,
        count: int,
        *,
        step: float,
        chunk: int,
        least: int,
    ) -> None:
        batch = forcing if isinstance(forcing, Batch) else Batch((forcing,), np.zeros(count, dtype=int))
        if len(batch.index) != count:
            raise KindError(f"forcing has {len(batch.index)} members, theta {count}", where=kind.name)
        self.kind, self.count, self.request = kind, count, request
        self.t0, self.t1 = batch.forcings[0].t0, batch.forcings[0].t1
        self.size, self.chunk = padded_size(count, least), chunk
        self.names = tuple(sorted(n for n in request.items if any(o.name == n for o in kind.observables)))
        self.folded = tuple(sorted(n for n in request.items if n not in self.names))
        for name in self.folded:
            if kind.quantity(name).reducer is None:
                raise KindError(f"quantity '{name}' has no reducer", where=kind.name, fix="give it `of` and `reducer`")
        self._check_times()
        asked = asked_times(request, set(self.names))
        meshes = [build(f, asked, step) for f in batch.forcings]
        index = np.append(batch.index, np.full(self.size - count, batch.index[-1] if count else 0))
        self.meshes, self.index = meshes, index
        self.widest = max(batch.forcings, key=lambda f: sum(f.capacity.values()))
        self.steps, inputs = step_inputs(meshes, batch.forcings, chunk)
        single = len(batch.forcings) == 1
        self.inputs = {k: v if single else v[:, index] for k, v in inputs.items()}
        self.static = self._static(batch, single)
        self.inputs |= self._window_flags(meshes, single)
        self.first = {k: v[0] for k, v in self.inputs.items()}

    def _check_times(self) -> None:
        for name in (*self.names, *self.folded):
            asked = self.request.items[name]
            if np.size(asked) and (np.min(asked) < self.t0 or np.max(asked) > self.t1):
                raise KindError(
                    f"'{name}' asked at {np.min(asked):g} to {np.max(asked):g} s, run {self.t0:g} to {self.t1:g}",
                    where=self.kind.name,
                    fix="ask within the run",
                )

    def _static(self, batch: Batch, single: bool) -> dict[str, np.ndarray]:
        """Forcing arrays with the member axis last: (..., 1) when shared, (..., member) otherwise."""
        out: dict[str, np.ndarray] = {}
        for name in batch.forcings[0].arrays:
            arrays = [np.asarray(f.arrays[name], dtype=np.float64) for f in batch.forcings]
            if arrays[0].ndim:
                widest = max(a.shape[0] for a in arrays)
                pads = [((0, widest - a.shape[0]), *([(0, 0)] * (a.ndim - 1))) for a in arrays]
                arrays = [np.pad(a, p, constant_values=0.0) for a, p in zip(arrays, pads, strict=True)]
            stacked = np.stack(arrays, axis=-1)
            out[name] = stacked if single else stacked[..., self.index]
        return out

    def _window_flags(self, meshes: list[Mesh], single: bool) -> dict[str, np.ndarray]:
        """Per quantity: steps that lie in each window ("in:") or begin it ("first:"), (steps, window, forcing)."""
        out: dict[str, np.ndarray] = {}
        for name in self.folded:
            windows = self.request.windows(name)
            flags = np.zeros((2, self.steps, len(windows), len(meshes)))
            for j, mesh in enumerate(meshes):
                starts, ends = mesh.times[:-1, None], mesh.times[1:, None]
                flags[0, : len(starts), :, j] = (starts >= windows[:, 0]) & (ends <= windows[:, 1])
                flags[1, : len(starts), :, j] = starts == windows[:, 0]
            for key, flag in zip(("in", "first"), flags, strict=True):
                out[f"{key}:{name}"] = flag if single else flag[..., self.index]
        return out

    def chunks(self) -> Iterator[dict[str, np.ndarray]]:
        """Per-step inputs, one chunk after the other."""
        for k in range(0, self.steps, self.chunk):
            yield {name: v[k : k + self.chunk] for name, v in self.inputs.items()}

    def pad(self, a: np.ndarray) -> np.ndarray:
        """Members repeated up to the compiled size (row 0 onwards is untouched)."""
        if len(a) == self.size:
            return a
        return np.concatenate([a, np.repeat(a[-1:], self.size - len(a), axis=0)], axis=0)

    def members(self, theta: Theta, traced: bool) -> dict[str, Any]:
        """Theta with the member axis last, padded."""
        if traced:
            pad = self.size - self.count
            return {k: jnp.concatenate([v, jnp.repeat(v[-1:], pad, axis=0)], axis=0).T for k, v in theta.items()}
        return {k: self.pad(np.asarray(v, dtype=np.float64)).T for k, v in theta.items()}

    def start(self, state: State, version: str) -> np.ndarray:
        """The given state, (state, member), checked."""
        if state.version != version or state.at != self.t0:
            raise BeliefError(
                f"state is {state.version} at {state.at:g} s, wanted {version} at {self.t0:g} s",
                where=self.kind.name,
                fix="recalibrate, or compile from the state's time",
            )
        x = np.asarray(state.tree["x"])
        if len(x) != self.count:
            raise BeliefError(f"state has {len(x)} members, theta {self.count}", where=self.kind.name)
        return self.pad(x).T

    def gather(self, pieces: list[Any], folds: Any, xp: Any) -> dict[str, Any]:
        """Pick the asked times: (member, n); quantities (member, k)."""
        out: dict[str, Any] = {}
        for name in self.names:
            dense = xp.concatenate([xp.asarray(p[name]) for p in pieces], axis=0)
            times = self.request.times(name)
            where = np.stack([m.position(times) for m in self.meshes], axis=0)
            if len(where) == 1:
                picked = dense[where[0], : self.count]
            else:
                picked = dense[where[self.index[: self.count]].T, np.arange(self.count)[None, :]]
            out[name] = xp.moveaxis(picked, 0, 1)
        for name in self.folded:
            q = self.kind.quantity(name)
            windows = self.request.windows(name)
            total = xp.asarray(folds[name])[:, : self.count]
            length = (windows[:, 1] - windows[:, 0]).reshape(-1, *([1] * (total.ndim - 1)))
            assert q.reducer is not None
            out[name] = xp.moveaxis(q.reducer.final(total, length) * q.scale, 0, 1)
        return out
