"""Observables, quantities of them, and the request: what is not asked for is not computed."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.core.prior import namespace


@dataclass(frozen=True)
class Observable:
    """Something a kind can be asked for and a sensor may see.

    axis: "grid" = any time may be asked; "none" = no time axis (a map); "own" = its own events (one a beat).
    dims: names of further axes, e.g. ("x",). low, high: physiological or operational limits of the model's answers.
    """

    name: str
    unit: str
    code: str = ""
    axis: str = "grid"
    dims: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    meaning: str = ""


class AbstractReducer(ABC):
    """Folds an observable over time inside the kernel; elementwise on numpy or JAX arrays."""

    @abstractmethod
    def initial(self, y: Any) -> Any:
        """Accumulator at the window's start, where the observable is y."""

    @abstractmethod
    def step(self, total: Any, before: Any, after: Any, dt: Any) -> Any:
        """Accumulator after a step of dt seconds from `before` to `after`."""

    def final(self, total: Any, duration: Any) -> Any:
        """The answer after `duration` seconds."""
        return total


@dataclass(frozen=True)
class Mean(AbstractReducer):
    """Time average (trapezoid)."""

    def initial(self, y: Any) -> Any:
        return 0.0 * y

    def step(self, total: Any, before: Any, after: Any, dt: Any) -> Any:
        return total + 0.5 * (before + after) * dt

    def final(self, total: Any, duration: Any) -> Any:
        return total / duration


@dataclass(frozen=True)
class Minimum(AbstractReducer):
    """Lowest value."""

    def initial(self, y: Any) -> Any:
        return y

    def step(self, total: Any, before: Any, after: Any, dt: Any) -> Any:
        return namespace(after).where(dt > 0, namespace(after).minimum(total, after), total)


@dataclass(frozen=True)
class Maximum(AbstractReducer):
    """Highest value."""

    def initial(self, y: Any) -> Any:
        return y

    def step(self, total: Any, before: Any, after: Any, dt: Any) -> Any:
        return namespace(after).where(dt > 0, namespace(after).maximum(total, after), total)


@dataclass(frozen=True)
class Final(AbstractReducer):
    """Value at the window's end."""

    def initial(self, y: Any) -> Any:
        return y

    def step(self, total: Any, before: Any, after: Any, dt: Any) -> Any:
        return namespace(after).where(dt > 0, after, total)


@dataclass(frozen=True)
class FractionWithin(AbstractReducer):
    """Share of time with low <= y < high (linear between steps is not assumed: half weight to each end)."""

    low: float = -math.inf
    high: float = math.inf

    def initial(self, y: Any) -> Any:
        return 0.0 * y

    def step(self, total: Any, before: Any, after: Any, dt: Any) -> Any:
        xp = namespace(after)
        a = xp.where((before >= self.low) & (before < self.high), 0.5, 0.0)
        b = xp.where((after >= self.low) & (after < self.high), 0.5, 0.0)
        return total + (a + b) * dt

    def final(self, total: Any, duration: Any) -> Any:
        return total / duration


@dataclass(frozen=True)
class AreaAbove(AbstractReducer):
    """Integral of max(y - level, 0) in unit x s (trapezoid)."""

    level: float = 0.0

    def initial(self, y: Any) -> Any:
        return 0.0 * y

    def step(self, total: Any, before: Any, after: Any, dt: Any) -> Any:
        xp = namespace(after)
        return total + 0.5 * (xp.maximum(before - self.level, 0.0) + xp.maximum(after - self.level, 0.0)) * dt


@dataclass(frozen=True)
class Quantity:
    """A named, unit-bearing function of the outputs over a window: goals, constraints and claims refer to it by name.

    With `of` and `reducer` the engine folds it; without, the kind's own run computes it. scale turns the reducer's
    unit into `unit` (an area in mg/dL s to mg/dL h: 1/3600).
    """

    name: str
    unit: str
    meaning: str
    of: str = ""
    reducer: AbstractReducer | None = None
    scale: float = 1.0
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True)
class Request:
    """{observable: times (n,)} and {quantity: windows (k, 2)}, all in seconds."""

    items: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, items: Mapping[str, Any]) -> Request:
        """From plain lists; a window may be given as one pair."""
        out: dict[str, np.ndarray] = {}
        for name, value in items.items():
            array = np.asarray(value, dtype=np.float64)
            out[name] = array
        return cls(out)

    def times(self, name: str) -> np.ndarray:
        """Times of an observable, (n,)."""
        return np.atleast_1d(self.items[name])

    def windows(self, name: str) -> np.ndarray:
        """Windows of a quantity, (k, 2)."""
        array = np.atleast_2d(self.items[name])
        if array.shape[1] != 2 or (array[:, 1] < array[:, 0]).any():
            raise KindError(
                f"quantity '{name}' needs windows (start, end)",
                where="Request",
                fix="give pairs of seconds",
            )
        return array

    def last(self) -> float:
        """The latest time asked for."""
        return max((float(np.max(a)) for a in self.items.values() if np.size(a)), default=-math.inf)
