"""One-step solvers for ODE kinds: x' = f(t, x) on states-first arrays (state, member)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vitruvian.engines.jaxsetup import jax, jnp

Rate = Callable[[Any, Any], Any]


class AbstractSolver(ABC):
    """Advances x by one step of h (s, scalar or (member,)); h = 0 must return x unchanged."""

    @abstractmethod
    def step(self, rate: Rate, t: Any, x: Any, h: Any) -> Any:
        """x at t + h; rate(t, x) is per second."""


@dataclass(frozen=True)
class RK4(AbstractSolver):
    """The classical fourth-order Runge-Kutta method (Kutta 1901)."""

    def step(self, rate: Rate, t: Any, x: Any, h: Any) -> Any:
        k1 = rate(t, x)
        k2 = rate(t + 0.5 * h, x + 0.5 * h * k1)
        k3 = rate(t + 0.5 * h, x + 0.5 * h * k2)
        k4 = rate(t + h, x + h * k3)
        return x + (h / 6.0) * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


@dataclass(frozen=True)
class Rosenbrock23(AbstractSolver):
    """L-stable, second order, linearly implicit: ode23s of Shampine & Reichelt, SIAM J Sci Comput 18:1 (1997), eq. 6.

    For stiff kinds; the Jacobian is by forward differentiation, one dense solve a member and step.
    """

    def step(self, rate: Rate, t: Any, x: Any, h: Any) -> Any:
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
