"""Diffusion on regular grids: cell-centred finite volumes, exchange through the end faces, one time step.

div(D grad u) in cell i is the sum over its faces of flux / spacing; inside, flux = D_face (u_next - u_i) / h with the
harmonic mean of D, so what leaves one cell enters the next. Second order in space (Patankar 1980, chapter 4).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vitruvian.core.errors import KindError
from vitruvian.engines.jaxsetup import jax, jnp

Field = Mapping[str, Any]


@dataclass(frozen=True)
class Side:
    """What happens at an end face. Flux in (unit m/s) = given + (outside - u_face) / resistance (s/m).

    Any value may depend on parameters; a resistance of infinity insulates, one of 0 holds the face at `outside`.
    """

    resistance: Any = math.inf
    outside: Any = 0.0
    given: Any = 0.0

    @classmethod
    def held(cls, value: Any) -> Side:
        """Dirichlet: the face is at this value."""
        return cls(0.0, value)

    @classmethod
    def insulated(cls) -> Side:
        """Neumann without flux."""
        return cls()

    @classmethod
    def fed(cls, flux: Any) -> Side:
        """Neumann: this flux enters, unit m/s (heat flux over volumetric heat capacity)."""
        return cls(given=flux)

    @classmethod
    def exchanging(cls, coefficient: Any, outside: Any) -> Side:
        """Robin: coefficient (m/s) x (outside - u) enters."""
        return cls(1.0 / coefficient, outside)

    def conductance(self, D: Any, h: Any) -> Any:
        """m/s from outside to the centre of the end cell, half a cell (h / 2) behind the face."""
        return 1.0 / (self.resistance + 0.5 * h / D)


Sides = Sequence[tuple[Side, Side]]


def insulated(axes: int) -> Sides:
    """No exchange on any axis."""
    return ((Side.insulated(), Side.insulated()),) * axes


def diffuse(u: Any, D: Any, spacing: Sequence[Any], sides: Sides) -> Any:
    """div(D grad u), unit per s; u (grid), D m2/s scalar or (grid), spacing m per axis."""
    total = jnp.zeros_like(u)
    for axis, (h, (low, high)) in enumerate(zip(spacing, sides, strict=True)):
        inner = _faces(D, axis) * jnp.diff(u, axis=axis) / h
        first = low.given + low.conductance(_end(D, axis, 0), h) * (low.outside - _end(u, axis, 0))
        last = high.given + high.conductance(_end(D, axis, -1), h) * (high.outside - _end(u, axis, -1))
        along = jnp.concatenate([-first, inner, last], axis=axis)  # flux towards lower indices
        total = total + jnp.diff(along, axis=axis) / h
    return total


def _end(a: Any, axis: int, index: int) -> Any:
    """First or last slice along an axis, the axis kept; a scalar is its own slice."""
    return a if jnp.ndim(a) == 0 else jax.lax.index_in_dim(a, index % a.shape[axis], axis)


def _faces(D: Any, axis: int) -> Any:
    """Harmonic mean on the inner faces."""
    if jnp.ndim(D) == 0:
        return D
    n = D.shape[axis]
    a, b = jax.lax.slice_in_dim(D, 0, n - 1, axis=axis), jax.lax.slice_in_dim(D, 1, n, axis=axis)
    return 2.0 * a * b / (a + b)


def probe(u: Any, place: Sequence[Any]) -> Any:
    """u at a point, linear between cell centres; place: share (0 to 1) of each axis's length."""
    for share in place:
        n = u.shape[0]
        position = share * n - 0.5
        first = jnp.clip(jnp.floor(position), 0, n - 2).astype(jnp.int32)
        low, high = (jax.lax.dynamic_index_in_dim(u, first + k, keepdims=False) for k in (0, 1))
        u = low + (position - first).astype(u.dtype) * (high - low)
    return u


@dataclass(frozen=True)
class Diffusion:
    """One member's transport: diffusivity and sides by field, the spacing, and the source rate(t, u)."""

    D: Field
    sides: Mapping[str, Sides]
    spacing: Sequence[Any]
    rate: Callable[[Any, Field], Field]

    def transport(self, u: Field) -> dict[str, Any]:
        """Diffusive part of du/dt; zero for fields without diffusivity."""
        out = {k: jnp.zeros_like(v) for k, v in u.items()}
        return out | {k: diffuse(u[k], D, self.spacing, self.sides[k]) for k, D in self.D.items()}


class AbstractStep(ABC):
    """One time step of h seconds; h = 0 leaves u unchanged. Sources are asked from t on, never at the end."""

    @abstractmethod
    def step(self, problem: Diffusion, t: Any, u: Field, h: Any) -> dict[str, Any]:
        """u at t + h."""

    @abstractmethod
    def limit(self, spacing: Sequence[float], D: float) -> float:
        """Longest stable step, s."""


@dataclass(frozen=True)
class Explicit(AbstractStep):
    """Midpoint rule; stable for D h sum(1 / spacing^2) <= 1/2 (the diffusion number). For 3-D grids."""

    def step(self, problem: Diffusion, t: Any, u: Field, h: Any) -> dict[str, Any]:
        def move(start: Field, at: Any, seen: Field, dt: Any) -> dict[str, Any]:
            flow, source = problem.transport(seen), problem.rate(at, seen)
            return {k: start[k] + dt * (flow[k] + source[k]) for k in start}

        middle = move(u, t, u, 0.5 * h)
        return move(u, t + 0.5 * h, middle, h)

    def limit(self, spacing: Sequence[float], D: float) -> float:
        return 0.5 / (D * sum(1.0 / h**2 for h in spacing)) if D > 0 else math.inf


GAMMA = 1.0 - math.sqrt(0.5)
DELTA = 1.0 - 0.5 / GAMMA


@dataclass(frozen=True)
class Implicit(AbstractStep):
    """Diffusion implicit, sources explicit: second order, L-stable (no ringing at any step). 1-D only.

    ARS(2,2,2) of Ascher, Ruuth & Spiteri, Appl Numer Math 1997;25:151, section 2.6: two solves with one matrix. A
    steady state of the equation is one of the scheme.
    """

    def step(self, problem: Diffusion, t: Any, u: Field, h: Any) -> dict[str, Any]:
        flow, source = problem.transport(u), problem.rate(t, u)
        solvers = {k: self._solver(problem, k, u[k], GAMMA * h) for k in u}
        middle = {k: u[k] + solvers[k](GAMMA * h * (flow[k] + source[k])) for k in u}
        later, there = problem.transport(middle), problem.rate(t + GAMMA * h, middle)
        out = {}
        for k in u:
            change = (1 - GAMMA) * later[k] + GAMMA * flow[k] + DELTA * source[k] + (1 - DELTA) * there[k]
            out[k] = u[k] + solvers[k](h * change)
        return out

    def limit(self, spacing: Sequence[float], D: float) -> float:
        return math.inf

    def _solver(self, problem: Diffusion, name: str, u: Any, h: Any) -> Callable[[Any], Any]:
        """d -> (I - h A)^-1 d, with A the linear part of the transport."""
        if name not in problem.D:
            return lambda d: d
        if len(problem.spacing) != 1:
            raise KindError("Implicit is for 1-D grids", fix="use Explicit in 3-D")
        D, dx, (low, high) = problem.D[name], problem.spacing[0], problem.sides[name][0]
        inner = jnp.broadcast_to(_faces(D, 0) / dx, (u.shape[0] - 1,))
        ends = [low.conductance(_end(D, 0, 0), dx), high.conductance(_end(D, 0, -1), dx)]
        first, last = (jnp.reshape(jnp.asarray(e, dtype=u.dtype), (1,)) for e in ends)
        g = h * jnp.concatenate([first, inner, last]) / dx
        off = g.at[jnp.array([0, -1])].set(0.0)
        return tridiagonal(-off[:-1], 1.0 + g[:-1] + g[1:], -off[1:])


def tridiagonal(lower: Any, diagonal: Any, upper: Any) -> Callable[[Any], Any]:
    """Solver d -> x of a diagonally dominant tridiagonal system (n,), lower[0] = upper[-1] = 0 (Thomas's algorithm).

    Cell by cell, hence elementwise over members: the same bits for every batch, and little to compile.
    """

    def eliminate(carry: Any, row: Any) -> Any:
        a, b, c = row
        pivot = 1.0 / (b - a * carry)
        return c * pivot, (c * pivot, pivot)

    zero = jnp.zeros_like(diagonal[0])
    _, (ratio, pivot) = jax.lax.scan(eliminate, zero, (lower, diagonal, upper))

    def forward(y: Any, row: Any) -> Any:
        a, p, d = row
        y = (d - a * y) * p
        return y, y

    def backward(x: Any, row: Any) -> Any:
        r, y = row
        x = y - r * x
        return x, x

    def solve(d: Any) -> Any:
        _, y = jax.lax.scan(forward, zero, (lower, pivot, d))
        return jax.lax.scan(backward, zero, (ratio, y), reverse=True)[1]

    return solve
