"""Reducers about a level: how long above it, and when first reached; linear between steps, so second order in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vitruvian.core.prior import namespace
from vitruvian.core.quantity import AbstractReducer


@dataclass(frozen=True)
class TimeAbove(AbstractReducer):
    """Seconds at or above `level`."""

    level: float = 0.0

    def initial(self, y: Any) -> Any:
        return 0.0 * y

    def step(self, total: Any, before: Any, after: Any, dt: Any) -> Any:
        return total + share_above(before, after, self.level) * dt


@dataclass(frozen=True)
class FirstAbove(AbstractReducer):
    """Seconds from the window's start to the first moment at or above `level` (activation, arrival); NaN if never."""

    level: float = 0.0

    def initial(self, y: Any) -> Any:
        xp = namespace(y)
        return 0.0 * y, xp.where(y >= self.level, 0.0 * y, 0.0 * y + xp.nan)

    def step(self, total: Any, before: Any, after: Any, dt: Any) -> Any:
        xp = namespace(after)
        elapsed, arrival = total
        reached = xp.isnan(arrival) & (after >= self.level) & (dt > 0)
        moment = elapsed + (1.0 - share_above(before, after, self.level)) * dt
        return elapsed + dt, xp.where(reached, moment, arrival)

    def final(self, total: Any, duration: Any) -> Any:
        return total[1]


def share_above(before: Any, after: Any, level: float) -> Any:
    """Share of a step with the straight line from `before` to `after` at or above `level`."""
    xp = namespace(after)
    top, bottom = xp.maximum(before, after) - level, xp.minimum(before, after) - level
    crosses = (top > 0) & (bottom < 0)
    rise = xp.where(crosses, top - bottom, 1.0)
    return xp.where(crosses, top / rise, xp.where(bottom >= 0, 1.0, 0.0))
