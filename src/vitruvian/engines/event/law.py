"""Laws of durations: what a model says of a stay, a service, a patience or a repair.

    exponential  mean                 fixed      mean                    uniform     low, high
    lognormal    mean, cv             gamma      mean, cv                triangular  low, mode, high
    weibull      mean, shape          normal     mean, cv (0 where below)
    empirical    values: quantiles at equal steps of probability from 0 to 1, straight between them

Reference: Law, Simulation Modeling and Analysis, 5th ed. 2015, chapter 6. `shift` is added to all. Written in `unit`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.engines.event.said import said

SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
NEEDS: dict[str, tuple[str, ...]] = {
    "exponential": ("mean",),
    "fixed": ("mean",),
    "lognormal": ("mean", "cv"),
    "gamma": ("mean", "cv"),
    "weibull": ("mean", "shape"),
    "normal": ("mean", "cv"),
    "uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
    "empirical": ("values",),
}
FAMILIES = tuple(NEEDS)


@dataclass(frozen=True, kw_only=True)
class Law:
    """Law of a duration."""

    law: str = said("family", "exponential", choices=FAMILIES)
    unit: str = said("unit of all its numbers but cv and shape", "min", choices=tuple(SECONDS))
    mean: float | None = said("mean, before the shift", None, low=0.0)
    cv: float | None = said("standard deviation / mean", None, low=0.0)
    shape: float | None = said("Weibull's shape", None, low=0.05)
    low: float | None = said("least value", None, low=0.0)
    mode: float | None = said("most likely value", None, low=0.0)
    high: float | None = said("greatest value", None, low=0.0)
    values: tuple[float, ...] = said("quantiles at probabilities 0, 1/n, ..., 1", (), low=0.0)
    shift: float = said("added to every draw", 0.0, low=0.0)

    def __post_init__(self) -> None:
        where = f"law '{self.law}'"
        if self.law not in NEEDS:
            raise KindError(f"unknown law '{self.law}'", where=where, fix=f"use {', '.join(FAMILIES)}")
        if self.unit not in SECONDS:
            raise KindError(f"unknown unit '{self.unit}'", where=where, fix=f"use {', '.join(SECONDS)}")
        lacking = [n for n in NEEDS[self.law] if getattr(self, n) in (None, ())]
        if lacking:
            raise KindError(f"lacks {', '.join(lacking)}", where=where, fix=f"give {', '.join(NEEDS[self.law])}")
        numbers = [x for n in ("mean", "cv", "shape", "low", "mode", "high") if (x := getattr(self, n)) is not None]
        if bad := [x for x in (*numbers, *self.values, self.shift) if not math.isfinite(x) or x < 0]:
            raise KindError(f"a duration cannot be negative or infinite (got {bad[0]:g})", where=where, fix="give >= 0")
        ends = [x for x in (self.low, self.mode, self.high) if x is not None]
        if ends != sorted(ends):
            raise KindError(f"needs low <= mode <= high (got {ends})", where=where, fix="put them in order")
        if self.law == "empirical" and (len(self.values) < 2 or list(self.values) != sorted(self.values)):
            raise KindError("needs two or more rising values", where=where, fix="give quantiles in order")

    @property
    def scale(self) -> float:
        """Seconds of the unit."""
        return SECONDS[self.unit]

    @cached_property
    def numbers(self) -> tuple[float, float, float]:
        """What the kernel draws with (a, b, c), times in s: see `sampling.draw`."""
        s, mean, cv = self.scale, (self.mean or 0.0) * self.scale, self.cv or 0.0
        if self.law == "lognormal":
            sigma = math.sqrt(math.log1p(cv * cv))
            return mean, sigma, -0.5 * sigma * sigma
        if self.law == "gamma":
            shape = 1.0 / (cv * cv) if cv > 0 else math.inf
            return (mean, 0.0, 0.0) if math.isinf(shape) else (mean / shape, shape, 0.0)
        if self.law == "weibull":
            shape = self.shape or 1.0
            return mean / math.gamma(1.0 + 1.0 / shape), 1.0 / shape, 0.0
        if self.law == "normal":
            return mean, mean * cv, 0.0
        if self.law == "uniform":
            return (self.low or 0.0) * s, ((self.high or 0.0) - (self.low or 0.0)) * s, 0.0
        if self.law == "triangular":
            low, mode, high = (x or 0.0 for x in (self.low, self.mode, self.high))
            return low * s, (high - low) * s, (mode - low) / (high - low) if high > low else 0.0
        return mean, 0.0, 0.0

    @property
    def mean_s(self) -> float:
        """Mean in s, the shift included (a normal's part below 0 left out of account)."""
        a, b, c = self.numbers
        means = {"uniform": a + 0.5 * b, "triangular": a + b * (1.0 + c) / 3.0}
        if self.law == "empirical":
            v = np.asarray(self.values)
            return float((0.5 * (v[1:] + v[:-1])).mean() + self.shift) * self.scale
        return means.get(self.law, (self.mean or 0.0) * self.scale) + self.shift * self.scale

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Duration in s at probability u, elementwise."""
        from scipy import special

        a, b, c = self.numbers
        shift = self.shift * self.scale
        if self.law == "exponential":
            x = -a * np.log1p(-u)
        elif self.law == "lognormal":
            x = a * np.exp(b * special.ndtri(u) + c)
        elif self.law == "gamma" and b > 0:
            x = a * special.gammaincinv(b, u)
        elif self.law == "weibull":
            x = a * (-np.log1p(-u)) ** b
        elif self.law == "normal":
            x = np.maximum(a + b * special.ndtri(u), 0.0)
        elif self.law == "uniform":
            x = a + b * u
        elif self.law == "triangular":
            left = np.sqrt(u * c)
            x = a + b * np.where(u < c, left, 1.0 - np.sqrt((1.0 - u) * (1.0 - c)))
        elif self.law == "empirical":
            x = np.interp(u, np.linspace(0.0, 1.0, len(self.values)), np.asarray(self.values) * self.scale)
        else:
            x = np.full(np.shape(u), a)
        return x + shift

    def chance(self, x: np.ndarray) -> np.ndarray:
        """P(duration <= x), x in s, elementwise."""
        from scipy import special

        a, b, c = self.numbers
        y = np.maximum(np.asarray(x, dtype=np.float64) - self.shift * self.scale, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.law == "exponential":
                p = -np.expm1(-y / a) if a > 0 else np.ones(y.shape)
            elif self.law == "lognormal" and b > 0:
                p = special.ndtr((np.log(y / a) - c) / b)
            elif self.law == "gamma" and b > 0:
                p = special.gammainc(b, y / a)
            elif self.law == "weibull":
                p = -np.expm1(-((y / a) ** (1.0 / b)))
            elif self.law == "normal" and b > 0:
                p = special.ndtr((y - a) / b)
            elif self.law == "uniform" and b > 0:
                p = np.clip((y - a) / b, 0.0, 1.0)
            elif self.law == "triangular" and b > 0:
                z = np.clip((y - a) / b, 0.0, 1.0)
                p = np.where(z < c, z * z / max(c, 1e-300), 1.0 - (1.0 - z) ** 2 / max(1.0 - c, 1e-300))
            elif self.law == "empirical":
                v = np.asarray(self.values) * self.scale
                p = np.interp(y, v, np.linspace(0.0, 1.0, len(v)), left=0.0, right=1.0)
            else:
                p = (y >= a).astype(np.float64)
        return np.where(np.asarray(x) < self.shift * self.scale, 0.0, p)

    def remaining(self, u: np.ndarray, elapsed: np.ndarray) -> np.ndarray:
        """What is left in s, given that `elapsed` s are over: the conditional law at probability u, elementwise.

        Beyond the law's end (it says that none is that long) a stay ends at once.
        """
        if self.law == "exponential" and self.shift == 0.0:
            return self.quantile(u)
        passed = self.chance(elapsed)
        whole = self.quantile(np.minimum(passed + (1.0 - passed) * u, 1.0 - 2.0**-53))
        return np.maximum(whole - elapsed, 0.0)
