"""Fields on regular grids by the method of lines: the author writes one member, this engine runs many.

du/dt = div(D grad u) + rate(t, u, theta, f) for one or more fields u on the same 1-D or 3-D grid of cells. Big answers
(maps over the whole grid) are folded inside the kernel; frames are kept only where asked for. One chunk of steps is
compiled; a loop on the host carries the fields. Steps end at every action, question and edge (engines/mesh).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.errors import KindError
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.kind import AbstractKind, Differentiable, Outputs, Resumable, Theta
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Quantity, Request
from vitruvian.engines.fieldplan import FieldPlan, Fold, Layout
from vitruvian.engines.jaxsetup import Tracer, jax, jnp
from vitruvian.engines.stencil import AbstractStep, Diffusion, Field, Implicit, Sides, insulated


class AbstractFieldKind(AbstractKind, Differentiable, Resumable):
    """A field kind: `spacing`, `initial`, `diffusivity`, `sides`, `rate` and `outputs` for one member.

    shape: cells along each axis. step: longest step, s. scheme: Implicit (1-D) or Explicit. maps: observables
    without a time axis, each a Quantity of another observable. precision: of the fields. together: members compiled
    as one; a 3-D kind takes 1. chunk: steps in one compiled piece. A map asked at t covers the run's start to t.
    """

    shape: tuple[int, ...]
    step: float
    scheme: AbstractStep = Implicit()
    maps: tuple[Quantity, ...] = ()
    precision: str = "float64"
    together: int = 256
    chunk: int = 64

    @abstractmethod
    def spacing(self, f: Mapping[str, Any]) -> tuple[Any, ...]:
        """Cell size along each axis, m; f holds the forcing's arrays."""

    @abstractmethod
    def initial(self, th: Any, f: Mapping[str, Any]) -> Field:
        """{field: (grid)} at t0 when no state is given."""

    @abstractmethod
    def diffusivity(self, th: Any, f: Mapping[str, Any]) -> Field:
        """{field: m2/s, scalar or (grid)}; a field not named here does not diffuse."""

    @abstractmethod
    def rate(self, t: Any, u: Field, th: Any, f: Mapping[str, Any]) -> Field:
        """Sources {field: unit per s} at t. f adds this step's schedule values, its start "t" and its length "h"."""

    @abstractmethod
    def outputs(self, t: Any, u: Field, th: Any, f: Mapping[str, Any]) -> Mapping[str, Any]:
        """Observables with a time axis, by name; what is not asked for is not computed."""

    def sides(self, th: Any, f: Mapping[str, Any]) -> Mapping[str, Sides]:
        """{field: ((low, high) per axis)}; default insulated."""
        return {k: insulated(len(self.shape)) for k in self.diffusivity(th, f)}

    @property
    def state_version(self) -> str:
        return f"{self.name}-{'x'.join(map(str, self.shape))}-{self.precision}"

    def run(
        self,
        theta: Theta,
        forcing: Forcing | Batch,
        request: Request,
        seeds: np.ndarray,
        start: State | None = None,
    ) -> tuple[Outputs, State | None]:
        plan = self._plan(forcing, request, len(seeds))
        traced = any(isinstance(v, Tracer) for v in theta.values())
        xp = jnp if traced else np
        given = None if start is None else plan.start(start, self.state_version)
        parts, fields = [], []
        for group, members in self._groups(plan.count, least=8):  # from 8 on bits agree across sizes
            th = {k: xp.asarray(v)[members] for k, v in theta.items()}
            arrays, first = plan.arrays(members), plan.first(members)
            if not traced:
                self._check_step(_bounds(self, th, arrays))
            u0 = None if given is None else {k: v[members] for k, v in given.items()}
            u, folds = _begin_compiled(self, plan.layout, th, arrays, first, u0)
            pieces = []
            for place, steps in enumerate(plan.chunks(members)):
                u, folds, kept = _chunk_compiled(self, plan.layout, u, folds, th, arrays, steps)
                pieces.append({k: xp.asarray(v) for k, v in plan.wanted(place, kept).items()})
            parts.append(_first_rows(plan.gather(members, pieces, folds[0], xp), group))
            fields.append(_first_rows({k: xp.asarray(v) for k, v in u.items()}, group))
        return _joined(parts, xp), State(plan.t1, self.state_version, {"u": _joined(fields, xp)})

    def sensitivities(
        self, padded_z: np.ndarray, forcing: Forcing | Batch, request: Request, start: State | None = None
    ) -> tuple[Outputs, Outputs]:
        """Forward mode through the chunks, one tangent a latent: memory grows with fields x latents."""
        plan = self._plan(forcing, request, len(padded_z))
        layout = Latents.of(self.parameters, plan.widest)
        sizes = tuple(layout.capacity[p.dims[0]] if p.dims else 0 for p in layout.parameters)
        given = None if start is None else plan.start(start, self.state_version)
        values, slopes = [], []
        for group, members in self._groups(plan.count, least=1):
            z, arrays, first = padded_z[members], plan.arrays(members), plan.first(members)
            u0 = None if given is None else {k: v[members] for k, v in given.items()}
            primal, tangent = _begin_tangents(self, plan.layout, sizes, z, arrays, first, u0)
            self._check_step(_bounds(self, primal[2], arrays))
            pieces, dpieces = [], []
            for place, steps in enumerate(plan.chunks(members)):
                (u, folds, kept), (du, dfolds, dkept) = _chunk_tangents(
                    self, plan.layout, primal, tangent, arrays, steps
                )
                primal, tangent = (u, folds, primal[2]), (du, dfolds, tangent[2])
                pieces.append(plan.wanted(place, kept))
                dpieces.append(_width_last(plan.wanted(place, dkept)))
            values.append(_first_rows(plan.gather(members, pieces, primal[1][0], np), group))
            slopes.append(_first_rows(plan.gather(members, dpieces, _width_last(tangent[1][0]), np), group))
        return _joined(values, np), _joined(slopes, np)

    def _plan(self, forcing: Forcing | Batch, request: Request, count: int) -> FieldPlan:
        maps = {q.name: q for q in self.maps}
        return FieldPlan(self, maps, forcing, request, count, step=self.step, chunk=self.chunk)

    def _groups(self, count: int, least: int) -> list[tuple[int, np.ndarray]]:
        """(how many are real, their positions padded to the compiled size): a power of two, at most `together`."""
        size = min(self.together, max(least, 1 << (count - 1).bit_length()))
        starts = range(0, count, size)
        return [(min(size, count - k), np.minimum(np.arange(k, k + size), count - 1)) for k in starts]

    def _check_step(self, bounds: tuple[Any, Any]) -> None:
        """KindError if the declared step is unstable for any member."""
        spacing, D = (np.asarray(b, dtype=np.float64) for b in bounds)
        limits = [self.scheme.limit(s, d) for s, d in zip(spacing, D, strict=True)]
        worst = int(np.argmin(limits))
        if self.step > limits[worst] * (1.0 + 1e-9):
            raise KindError(
                f"a step of {self.step:g} s is unstable at a diffusivity of {D[worst]:g} m2/s",
                where=f"kind '{self.name}'",
                fix=f"declare step <= {limits[worst]:g} s, or an implicit scheme",
            )


def _problem(kind: AbstractFieldKind, th: Any, f: Mapping[str, Any]) -> Diffusion:
    def cast(tree: Field) -> dict[str, Any]:
        return {k: jnp.asarray(v).astype(kind.precision) for k, v in tree.items()}

    def rate(t: Any, u: Field) -> dict[str, Any]:
        source = cast(kind.rate(t, u, th, f))
        return {k: jnp.broadcast_to(source[k], v.shape) if k in source else jnp.zeros_like(v) for k, v in u.items()}

    spacing = tuple(jnp.asarray(s).astype(kind.precision) for s in kind.spacing(f))
    return Diffusion(cast(kind.diffusivity(th, f)), kind.sides(th, f), spacing, rate)


def _observe(kind: AbstractFieldKind, t: Any, u: Field, th: Any, f: Mapping[str, Any], names: Sequence[str]) -> Any:
    if not names:
        return {}
    out = kind.outputs(t, u, th, f)
    return {n: jnp.asarray(out[n]) for n in names}


def _begin(kind: AbstractFieldKind, layout: Layout, th: Any, arrays: Any, first: Any, u0: Any) -> tuple[Any, Any]:
    """One member at t0: fields and folds."""
    th, f = _cast(th, kind.precision), _cast(arrays, kind.precision) | first
    fields = kind.initial(th, f) if u0 is None else u0
    u = {k: jnp.broadcast_to(jnp.asarray(v).astype(kind.precision), kind.shape) for k, v in fields.items()}
    last = _observe(kind, first["t"], u, th, f, [fold.of for fold in layout.folds])
    totals = {fold.name: fold.reducer.initial(_windows(fold, last[fold.of])) for fold in layout.folds}
    return u, (totals, last)


def _scan(kind: AbstractFieldKind, layout: Layout, u: Any, folds: Any, th: Any, arrays: Any, steps: Any) -> Any:
    """One member through one chunk: fields, folds, and what is kept: {name: (step or frame, ...)}."""
    th, static = _cast(th, kind.precision), _cast(arrays, kind.precision)
    of = tuple(fold.of for fold in layout.folds)
    names = tuple(sorted({*layout.dense, *of, *(name for name, _ in layout.frames)}))
    shapes = jax.eval_shape(
        lambda s: _observe(kind, s["t"], u, th, static | s, names), {k: v[0] for k, v in steps.items()}
    )
    room = {n: jnp.zeros((size, *shapes[n].shape), shapes[n].dtype) for n, size in layout.frames}

    def body(carry: Any, s: Any) -> Any:
        u, (totals, last), room = carry
        f, h = static | s, s["h"].astype(kind.precision)
        now = _observe(kind, s["t"], u, th, f, names)
        totals = {fold.name: _folded(fold, totals[fold.name], last[fold.of], now[fold.of], s) for fold in layout.folds}
        room = {n: room[n].at[s[f"frame:{n}"]].set(now[n], mode="drop") for n in room}
        moved = kind.scheme.step(_problem(kind, th, f), s["t"], u, h)
        u = {k: jnp.where(h > 0, moved[k], v) for k, v in u.items()}
        return (u, (totals, {n: now[n] for n in last}), room), {n: now[n] for n in layout.dense}

    (u, folds, room), dense = jax.lax.scan(body, (u, folds, room), steps)
    return u, folds, dense | room


def _folded(fold: Fold, total: Any, last: Any, now: Any, s: Any) -> Any:
    """The step that ends now is folded now: so the new field has one use, and XLA computes it once.

    A window's fold starts afresh at its start and stands still outside.
    """
    axes = (fold.windows, *([1] * jnp.ndim(now)))
    first, inside = (s[f"{key}:{fold.name}"].reshape(axes) for key in ("first", "in"))
    dt = jnp.where(inside, s["before"], 0.0).astype(jnp.asarray(now).dtype)
    step = fold.reducer.step(total, last, now, dt)
    kept = jax.tree.map(lambda new, old: jnp.where(inside, new, old), step, total)
    fresh = fold.reducer.initial(_windows(fold, now))
    return jax.tree.map(lambda new, old: jnp.where(first, new, old), fresh, kept)


def _windows(fold: Fold, y: Any) -> Any:
    """One copy for each window, (window, ...)."""
    return jnp.broadcast_to(y, (fold.windows, *jnp.shape(y)))


def _cast(arrays: Any, precision: str) -> dict[str, Any]:
    """Floats to the declared precision; integers and flags stay."""
    return {k: v.astype(precision) if jnp.issubdtype(v.dtype, jnp.floating) else v for k, v in arrays.items()}


def _begin_members(kind: Any, layout: Any, th: Any, arrays: Any, first: Any, u0: Any) -> Any:
    return jax.vmap(lambda *a: _begin(kind, layout, *a))(th, arrays, first, u0)


def _scan_members(kind: Any, layout: Any, u: Any, folds: Any, th: Any, arrays: Any, steps: Any) -> Any:
    return jax.vmap(lambda *a: _scan(kind, layout, *a))(u, folds, th, arrays, steps)


@partial(jax.jit, static_argnums=0)
def _bounds(kind: AbstractFieldKind, th: Any, arrays: Any) -> Any:
    """Spacing (member, axis) and the largest diffusivity (member,)."""

    def one(th: Any, f: Any) -> Any:
        D = [jnp.max(jnp.asarray(d, dtype=jnp.float64)) for d in kind.diffusivity(th, f).values()]
        return jnp.stack([jnp.asarray(s, dtype=jnp.float64) for s in kind.spacing(f)]), jnp.max(jnp.stack([*D, 0.0]))

    return jax.vmap(one)(th, arrays)


_begin_compiled = partial(jax.jit, static_argnums=(0, 1))(_begin_members)
_chunk_compiled = partial(jax.jit, static_argnums=(0, 1))(_scan_members)


@partial(jax.jit, static_argnums=(0, 1, 2))
def _begin_tangents(
    kind: AbstractFieldKind, layout: Layout, sizes: tuple[int, ...], z: Any, arrays: Any, first: Any, u0: Any
) -> Any:
    """(fields, folds, theta) at t0 and their derivatives along every column of z, a leading (width,) axis."""
    slots = {p.dims[0]: s for p, s in zip(kind.parameters, sizes, strict=True) if p.dims}
    latents = Latents(kind.parameters, {}, slots)

    def everything(z: Any) -> Any:
        th = latents.theta(z)
        return (*_begin_members(kind, layout, th, arrays, first, u0), th)

    def along(direction: Any) -> Any:
        return jax.jvp(everything, (z,), (jnp.broadcast_to(direction, z.shape),))

    return jax.vmap(along, out_axes=(None, 0))(jnp.eye(z.shape[1]))


@partial(jax.jit, static_argnums=(0, 1))
def _chunk_tangents(kind: AbstractFieldKind, layout: Layout, primal: Any, tangent: Any, arrays: Any, steps: Any) -> Any:
    """(fields, folds, kept) after a chunk and their derivatives."""

    def fn(u: Any, folds: Any, th: Any) -> Any:
        return _scan_members(kind, layout, u, folds, th, arrays, steps)

    return jax.vmap(lambda d: jax.jvp(fn, primal, d), out_axes=(None, 0))(tangent)


def _width_last(tree: Any) -> Any:
    return jax.tree.map(lambda v: np.moveaxis(np.asarray(v), 0, -1), tree)


def _first_rows(tree: Mapping[str, Any], rows: int) -> dict[str, Any]:
    return {k: v[:rows] for k, v in tree.items()}


def _joined(parts: Sequence[Mapping[str, Any]], xp: Any) -> dict[str, Any]:
    return {k: xp.concatenate([p[k] for p in parts], axis=0) for k in parts[0]}
