"""Ordinary differential equations: the author writes one member, this engine runs many.

x' = rate(t, x, theta, u), with jumps at impulse times. Arrays are states-first, (state, member): every expression of
the author is elementwise over members. One chunk of CHUNK steps is compiled (and cached on disk); a loop on the host
carries the state, so a longer run compiles nothing new. Fixed steps (architecture rule 5); action times are exact.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.kind import AbstractKind, Differentiable, Filterable, Outputs, Theta
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.engines.jaxsetup import Tracer, jax, jnp
from vitruvian.engines.odeplan import Plan
from vitruvian.engines.solvers import RK4, AbstractSolver

CHUNK = 96  # steps in one compiled piece: eight hours of five minutes


class AbstractOdeKind(AbstractKind, Differentiable, Filterable):
    """An ODE kind: `initial`, `rate`, `jump` and `outputs` for one member, elementwise.

    states: names of the state's rows. step: longest step, s. time_unit: seconds per unit of the rates (60: per min).
    """

    states: tuple[str, ...]
    step: float = 60.0
    time_unit: float = 60.0
    solver: AbstractSolver = RK4()

    def derived(self, th: Any, u: Mapping[str, Any]) -> Mapping[str, Any]:
        """What follows from parameters and fixed inputs alone: once a chunk, not in every stage. Joins `th`."""
        return {}

    @abstractmethod
    def initial(self, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        """State at t0 when no state is given."""

    @abstractmethod
    def rate(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        """dx/dt per time_unit at t (s); u holds the forcing's arrays and this step's schedule values."""

    @abstractmethod
    def outputs(self, t: Any, x: Any, th: Any, u: Mapping[str, Any]) -> Mapping[str, Any]:
        """Observables by name."""

    def jump(self, x: Any, th: Any, u: Mapping[str, Any]) -> tuple[Any, ...]:
        """State just after this step's impulses (u[channel], 0 where none)."""
        return tuple(x)

    @property
    def state_version(self) -> str:
        return f"{self.name}-{'-'.join(self.states)}"

    def to_vector(self, state: State) -> np.ndarray:
        return np.asarray(state.tree["x"])

    def from_vector(self, vector: np.ndarray, state: State) -> State:
        return State(state.at, state.version, {"x": np.asarray(vector, dtype=np.float64)})

    def run(
        self,
        theta: Theta,
        forcing: Forcing | Batch,
        request: Request,
        seeds: np.ndarray,
        start: State | None = None,
    ) -> tuple[Outputs, State | None]:
        plan = Plan(self, forcing, request, len(seeds), step=self.step, chunk=CHUNK, least=32)
        traced = any(isinstance(v, Tracer) for v in theta.values())
        th = plan.members(theta, traced)
        x0 = None if start is None else plan.start(start, self.state_version)
        x, folds = _begin_compiled(self, plan.folded, th, plan.static, plan.first, x0)
        pieces = []
        for steps in plan.chunks():
            x, folds, ys = _chunk_compiled(self, plan.names, plan.folded, x, folds, th, plan.static, steps)
            pieces.append(ys)
        outputs = plan.gather(pieces, folds, jnp if traced else np)
        rows = (jnp if traced else np).stack(x)
        return outputs, State(plan.t1, self.state_version, {"x": rows[:, : plan.count].T})

    def sensitivities(
        self, padded_z: np.ndarray, forcing: Forcing | Batch, request: Request, start: State | None = None
    ) -> tuple[Outputs, Outputs]:
        """Forward sensitivities through the chunks: one tangent a latent, all members at once."""
        plan = Plan(self, forcing, request, len(padded_z), step=self.step, chunk=CHUNK, least=1)
        layout = Latents.of(self.parameters, plan.widest)
        x0 = None if start is None else plan.start(start, self.state_version)
        primal, tangent = _begin_tangents(
            self, plan.folded, layout.parameters, _sizes(layout), plan.pad(padded_z), plan.static, plan.first, x0
        )
        pieces, slopes = [], []
        for steps in plan.chunks():
            (x, folds, ys), (dx, dfolds, dys) = _chunk_tangents(
                self, plan.names, plan.folded, primal, tangent, plan.static, steps
            )
            primal, tangent = (x, folds, primal[2]), (dx, dfolds, tangent[2])
            pieces.append(ys)
            slopes.append({k: np.moveaxis(np.asarray(v), 0, -1) for k, v in dys.items()})
        last = {k: np.moveaxis(np.asarray(v), 0, -1) for k, v in tangent[1].items()}
        return plan.gather(pieces, primal[1], np), plan.gather(slopes, last, np)


def _sizes(layout: Latents) -> tuple[int, ...]:
    return tuple(layout.capacity[p.dims[0]] if p.dims else 0 for p in layout.parameters)


def _rows(rows: Any, like: Any) -> tuple[Any, ...]:
    """The author's rows, each (member,)."""
    return tuple(jnp.broadcast_to(jnp.asarray(r, dtype=jnp.float64), like.shape[-1:]) for r in rows)


def _observe(kind: AbstractOdeKind, t: Any, x: Any, th: Any, u: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    out = kind.outputs(t, x, th, u) if names else {}
    return {n: jnp.broadcast_to(out[n], x[0].shape) for n in names}


def _begin(
    kind: AbstractOdeKind, folded: tuple[str, ...], th: Any, static: Any, first: Any, x0: Any
) -> tuple[Any, Any]:
    """State and folds at t0."""
    u, like = static | first, next(iter(th.values()))
    th = {**th, **kind.derived(th, static)}
    x = _rows(kind.initial(th, u), like) if x0 is None else tuple(x0)
    seen = _observe(kind, first["t"], x, th, u, _of(kind, folded))
    folds = {}
    for name in folded:
        q = kind.quantity(name)
        assert q.reducer is not None
        folds[name] = q.reducer.initial(jnp.broadcast_to(seen[q.of], (first[f"in:{name}"].shape[0], x[0].shape[0])))
    return x, folds


def _of(kind: AbstractOdeKind, folded: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({kind.quantity(q).of for q in folded}))


def _scan(
    kind: AbstractOdeKind,
    names: tuple[str, ...],
    folded: tuple[str, ...],
    x: Any,
    folds: Any,
    th: Any,
    u: Any,
    steps: Any,
) -> tuple[Any, Any, Any]:
    """One chunk: state and folds carried on; observables at the start of each step, its jump included."""
    of = _of(kind, folded)
    both = tuple(sorted({*names, *of}))
    th = {**th, **kind.derived(th, u)}

    def body(carry: Any, step: Any) -> Any:
        x, folds = carry
        now = u | step
        jumped = _rows(kind.jump(x, th, now), x[0])
        before = _observe(kind, step["t"], jumped, th, now, both)

        def rate(t: Any, y: Any) -> Any:
            return tuple(r / kind.time_unit for r in _rows(kind.rate(t, y, th, now), y[0]))

        stepped = kind.solver.step(rate, step["t"], jumped, step["h"])
        after = _observe(kind, step["t"] + step["h"], stepped, th, now, of)
        folds = {q: _fold(kind, q, folds[q], before, after, step) for q in folded}
        kept = tuple(jnp.where(step["h"] > 0, new, old) for new, old in zip(stepped, x, strict=True))
        return (kept, folds), {n: before[n] for n in names}

    (x, folds), ys = jax.lax.scan(body, (x, folds), steps)
    return x, folds, ys


def _fold(kind: AbstractOdeKind, name: str, total: Any, before: Any, after: Any, step: Any) -> Any:
    """A window's fold starts afresh with its first step inside and stands still outside."""
    q = kind.quantity(name)
    assert q.reducer is not None
    fresh = q.reducer.initial(jnp.broadcast_to(before[q.of], total.shape))
    base = jnp.where(step[f"first:{name}"] > 0, fresh, total)
    return jnp.where(step[f"in:{name}"] > 0, q.reducer.step(base, before[q.of], after[q.of], step["h"]), base)


_begin_compiled = partial(jax.jit, static_argnums=(0, 1))(_begin)
_chunk_compiled = partial(jax.jit, static_argnums=(0, 1, 2))(_scan)


@partial(jax.jit, static_argnums=(0, 1, 2, 3))
def _begin_tangents(
    kind: AbstractOdeKind,
    folded: tuple[str, ...],
    parameters: Any,
    sizes: tuple[int, ...],
    z: Any,
    static: Any,
    first: Any,
    x0: Any,
) -> tuple[Any, Any]:
    """(state, folds, theta) at t0 and their derivatives along every column of z, a leading (width,) axis."""
    slots = {p.dims[0]: s for p, s in zip(parameters, sizes, strict=True) if p.dims}
    layout = Latents(parameters, {}, slots)

    def everything(z: Any) -> Any:
        th = {k: v.T for k, v in layout.theta(z).items()}
        return (*_begin(kind, folded, th, static, first, x0), th)

    def along(direction: Any) -> Any:
        return jax.jvp(everything, (z,), (jnp.broadcast_to(direction, z.shape),))

    return jax.vmap(along, out_axes=(None, 0))(jnp.eye(z.shape[1]))


@partial(jax.jit, static_argnums=(0, 1, 2))
def _chunk_tangents(
    kind: AbstractOdeKind,
    names: tuple[str, ...],
    folded: tuple[str, ...],
    primal: Any,
    tangent: Any,
    u: Any,
    steps: Any,
) -> tuple[Any, Any]:
    """(state, folds, observables) after a chunk and their derivatives."""

    def fn(x: Any, folds: Any, th: Any) -> Any:
        return _scan(kind, names, folded, x, folds, th, u, steps)

    return jax.vmap(lambda d: jax.jvp(fn, primal, d), out_axes=(None, 0))(tangent)
