"""One-step solvers for ODE kinds: x' = f(t, x), x a tuple of rows, one a state, each (member,).

Rows kept apart let the compiler fuse a whole step; stacking them in every stage costs half as much again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vitruvian.engines.jaxsetup import jax, jnp

Rows = tuple[Any, ...]
Rate = Callable[[Any, Rows], Rows]


class AbstractSolver(ABC):
    """Advances x by one step of h (s, scalar or (member,)); h = 0 must return x unchanged."""

    @abstractmethod
    def step(self, rate: Rate, t: Any, x: Rows, h: Any) -> Rows:
        """x at t + h; rate(t, x) is per second."""


@dataclass(frozen=True)
class RK4(AbstractSolver):
    """The classical fourth-order Runge-Kutta method (Kutta 1901)."""

    def step(self, rate: Rate, t: Any, x: Rows, h: Any) -> Rows:
        def ahead(h: Any, k: Rows) -> Rows:
            return tuple(r + h * s for r, s in zip(x, k, strict=True))

        k1 = rate(t, x)
        k2 = rate(t + 0.5 * h, ahead(0.5 * h, k1))
        k3 = rate(t + 0.5 * h, ahead(0.5 * h, k2))
        k4 = rate(t + h, ahead(h, k3))
        stages = zip(x, k1, k2, k3, k4, strict=True)
        return tuple(r + (h / 6.0) * (a + 2.0 * b + 2.0 * c + d) for r, a, b, c, d in stages)


@dataclass(frozen=True)
class Rosenbrock23(AbstractSolver):
    """L-stable, second order, linearly implicit: ode23s of Shampine & Reichelt, SIAM J Sci Comput 18:1 (1997), eq. 6.

    For stiff kinds; the Jacobian is by forward differentiation, one dense solve a member and step.
    """

    def step(self, rate: Rate, t: Any, x: Rows, h: Any) -> Rows:
        def stacked(t: Any, y: Any) -> Any:
            return jnp.stack(rate(t, tuple(y)))

        return tuple(self._step(stacked, t, jnp.stack(x), h))

    def _step(self, rate: Callable[[Any, Any], Any], t: Any, x: Any, h: Any) -> Any:
        d = 1.0 / (2.0 + 2.0**0.5)
        jacobian = _jacobian(lambda y: rate(t, y), x)
        time_slope = jax.jvp(lambda s: rate(s, x), (t,), (jnp.ones_like(t),))[1]
        matrix = jnp.eye(x.shape[0]) - jnp.moveaxis(h * d * jacobian, -1, 0)

        def solve(b: Any) -> Any:
            return jnp.linalg.solve(matrix, jnp.moveaxis(b, -1, 0)[..., None])[..., 0].T

        k1 = solve(rate(t, x) + h * d * time_slope)
        f1 = rate(t + 0.5 * h, x + 0.5 * h * k1)
        k2 = solve(f1 - k1) + k1
        return x + h * k2


def _jacobian(fn: Callable[[Any], Any], x: Any) -> Any:
    """(state, state, member): members do not see one another, so one tangent a state serves all."""
    basis = jnp.eye(x.shape[0])

    def column(direction: Any) -> Any:
        return jax.jvp(fn, (x,), (jnp.broadcast_to(direction[:, None], x.shape),))[1]

    return jnp.moveaxis(jax.vmap(column)(basis), 0, 1)
