"""The root of a monotone function between two ends: Brent's method."""

from __future__ import annotations

from collections.abc import Callable

from scipy.optimize import brentq

EXACT = 1e-10


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """x with function(x) = 0; the signs at the ends must differ."""
    found = brentq(function, low, high, xtol=EXACT)
    assert isinstance(found, float)
    return found
