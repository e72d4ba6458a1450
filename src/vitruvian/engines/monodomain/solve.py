"""The run of a tissue: steps on the processor (numba) or on a GPU (JAX), activation folded in, finiteness asserted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.engines.cell import AbstractCell
from vitruvian.engines.compiled import compiled
from vitruvian.engines.jaxsetup import jax, jnp
from vitruvian.engines.monodomain.scheme import Scheme
from vitruvian.engines.monodomain.tissue import Tissue
from vitruvian.engines.monodomain.wave import Wave


@dataclass(frozen=True, eq=False)
class Stimulus:
    """A current (mV/ms, inwards) into nodes by their weight (node,), from `at` for `duration`, ms."""

    weight: np.ndarray
    at: float = 0.0
    duration: float = 2.0
    current: float = 50.0

    def over(self, t: float, dt: float) -> float:
        """Mean current over the step from t, so that no step length distorts its charge."""
        return self.current * max(0.0, min(t + dt, self.at + self.duration) - max(t, self.at)) / dt


@dataclass(frozen=True, eq=False)
class Watch:
    """What is kept: sums of V, weight (row, node), every `every` ms: electrodes, probes, the whole map."""

    weight: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    every: float = 1.0


def solve(
    tissue: Tissue,
    cell: AbstractCell,
    stimuli: Sequence[Stimulus],
    until: float,
    *,
    dt: float = 0.02,
    variant: np.ndarray | None = None,
    watch: Watch | None = None,
    start: np.ndarray | None = None,
    scheme: Scheme | None = None,
    on: str = "processor",
    stop: bool = False,
) -> Wave:
    """Run from 0 to `until` ms; variant (node,) of the cell; start: states (state, node) of an earlier Wave.

    on: "processor", or "jax" for what JAX finds. stop: end as soon as every node has been activated.
    Errors: KindError for a step that is unstable, and as soon as a potential is not finite.
    """
    scheme = scheme or Scheme.of(tissue)
    scheme.checked(dt)
    count = len(tissue.nodes)
    kind = np.zeros(count, dtype=np.int64) if variant is None else np.asarray(variant)
    begin = cell.start(kind) if start is None else start
    if kind.shape != (count,) or begin.shape != (len(cell.states), count):
        raise KindError(f"variant and start must be of {count} nodes", where="monodomain", fix="one entry a node")
    given = [s for s in stimuli if s.at < until]
    job = _Job(tissue, cell, scheme, kind, begin, given, watch or Watch(), dt, round(until / dt), stop)
    return _on_processor(job) if on == "processor" else _on_jax(job)


@dataclass(frozen=True, eq=False)
class _Job:
    tissue: Tissue
    cell: AbstractCell
    scheme: Scheme
    variant: np.ndarray
    start: np.ndarray
    stimuli: list[Stimulus]
    watch: Watch
    dt: float
    steps: int
    stop: bool

    @property
    def chunk(self) -> int:
        """Steps between two looks at the fields."""
        return max(1, round(self.watch.every / self.dt))

    def check(self, V: np.ndarray, step: int) -> None:
        """KindError at the first chunk that holds a potential that no cell has."""
        if not np.isfinite(V).all():
            bad = int(np.flatnonzero(~np.isfinite(V))[0])
            where = np.round(self.tissue.nodes[bad], 2).tolist()
            raise KindError(
                f"the potential at {where} mm is not finite after {step * self.dt:g} ms",
                where="monodomain",
                fix=f"a step below {self.dt:g} ms (diffusion holds to {self.scheme.longest:.3g}), or a weaker stimulus",
            )

    def wave(self, activation: np.ndarray, kept: list[np.ndarray], steps: int, states: np.ndarray) -> Wave:
        """The answer."""
        when = np.minimum(np.arange(len(kept)) * self.chunk, steps) * self.dt
        return Wave(self.tissue, self.cell, activation, when, np.array(kept), states, steps * self.dt)


def _on_processor(job: _Job) -> Wave:
    cells = job.cell.stepper(job.variant, job.dt)
    cells.load(job.start)
    V, dt = cells.V, job.dt
    flow, before, smooth = np.empty_like(V), np.empty_like(V), np.empty_like(V)
    activation = np.full(len(V), np.nan, dtype=np.float64)
    weights = [np.asarray(s.weight, dtype=np.float32) for s in job.stimuli]
    look = np.asarray(job.watch.weight, dtype=np.float32)
    kept, done = [look @ V] if look.size else [], 0
    for k in range(job.steps):
        t = k * dt
        job.scheme.flow.into(V, flow)
        before[:] = V
        smooth[:] = flow  # what flows is not smoothed: held back until the membranes have added theirs
        np.negative(flow, out=flow)
        for s, w in zip(job.stimuli, weights, strict=True):
            if current := s.over(t, dt):
                flow += np.float32(current) * w
        cells.step(flow)
        _added(V, before, smooth, dt)
        job.scheme.blend.into(smooth, flow)
        _finish(V, before, flow, activation, t, dt, job.cell.threshold)
        done = k + 1
        if done % job.chunk == 0 or done == job.steps:
            job.check(V, done)
            if look.size:
                kept.append(look @ V)
            if job.stop and not np.isnan(activation).any():
                break
    return job.wave(activation, kept, done, cells.save())


@compiled("void(f4[::1],f4[::1],f4[::1],f8)")
def _added(V: np.ndarray, before: np.ndarray, w: np.ndarray, dt: float) -> None:
    """w <- what the membranes added: V - before + dt w."""
    step = np.float32(dt)
    for n in range(len(V)):
        w[n] = V[n] - before[n] + step * w[n]


@compiled("void(f4[::1],f4[::1],f4[::1],f8[::1],f8,f8,f8)")
def _finish(
    V: np.ndarray, before: np.ndarray, smooth: np.ndarray, activation: np.ndarray, t: float, dt: float, level: float
) -> None:
    """Take the smoothing off, and note who crossed the level for the first time."""
    edge = np.float32(level)
    for n in range(len(V)):
        v, old = V[n] - smooth[n], before[n]
        V[n] = v
        if v >= edge and old < edge and activation[n] != activation[n]:
            activation[n] = t + dt * (level - old) / (v - old)


def _on_jax(job: _Job) -> Wave:
    y = jnp.asarray(job.start, dtype=jnp.float32)
    variant = jnp.asarray(job.variant)
    weights = jnp.asarray(np.array([s.weight for s in job.stimuli]).reshape(len(job.stimuli), -1), dtype=jnp.float32)
    look = np.asarray(job.watch.weight, dtype=np.float32)
    activation = jnp.full(y.shape[1], jnp.nan, dtype=jnp.float32)
    kept, done = [look @ np.asarray(y[0])] if look.size else [], 0
    advance = jax.jit(partial(_chunk, job), donate_argnums=(0, 1))
    fixed = (variant, weights, job.scheme.flow.arrays, job.scheme.blend.arrays)
    while done < job.steps:
        times = (done + np.arange(job.chunk)) * job.dt
        currents = np.array([[s.over(t, job.dt) for s in job.stimuli] for t in times]).reshape(job.chunk, -1)
        y, activation = advance(y, activation, fixed, (jnp.asarray(times), jnp.asarray(currents)))
        done += job.chunk
        V = np.asarray(y[0])
        job.check(V, done)
        if look.size:
            kept.append(look @ V)
        if job.stop and not np.isnan(np.asarray(activation)).any():
            break
    return job.wave(np.asarray(activation, dtype=np.float64), kept, done, np.asarray(y, dtype=np.float64))


def _chunk(job: _Job, y: Any, activation: Any, fixed: Any, steps: Any) -> Any:
    variant, weights, flowing, blending = fixed
    dt, level = job.dt, job.cell.threshold

    def body(carry: Any, step: Any) -> Any:
        y, activation = carry
        t, current = step
        w = job.scheme.flow.traced(y[0], flowing)
        flow = (current.astype(y.dtype) @ weights if len(job.stimuli) else 0.0) - w
        new = job.cell.step(y, variant, flow, dt)
        V = new[0] - job.scheme.blend.traced(new[0] - y[0] + dt * w, blending)
        crossed = (level <= V) & (y[0] < level) & jnp.isnan(activation)
        at = t + dt * (level - y[0]) / jnp.where(crossed, V - y[0], 1.0)
        activation = jnp.where(crossed, at, activation).astype(jnp.float32)
        return (new.at[0].set(V).astype(jnp.float32), activation), None

    (y, activation), _ = jax.lax.scan(body, (y, activation), steps)
    return y, activation
