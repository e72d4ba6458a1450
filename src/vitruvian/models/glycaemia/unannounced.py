"""Meals that nobody logged, from a sensor alone: when, how much, how sure, and when it could be told.

    P(a meal of 20 g or more began 20 to 60 min before) = 1 / (1 + exp(-w'x))          at each reading
    x = (1, rise over the lowest of 45 min, change in 15 min, level over the mean of 24 h, rise / (sd of 24 h + 5),
         two harmonics of the local clock)                                              standardised
    log g = a + b log(highest of the 90 min after the start less the glucose there) + N(0, s)

A meal is told when P has reached the threshold for LASTING s; its start is that lowest reading, and no other is told
for APART s. The rate of rise is what published detectors look at (GRID: Harvey et al., J Diabetes Sci Technol 8:307,
2014); others add a model of the body (Turksoy et al., IEEE Trans Biomed Eng 63:1032, 2016) or shapes (Samadi et al.,
2017). A matched filter on the surprises of a Kalman filter was tried and found fewer (README of the kind `metabolic`).
What was learned from whom stands in mealweights.py. Dawn, stress, the end of exercise look alike: *likely* is the word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.models.glycaemia.trace import DAY, HOUR, MINUTE, Trace

RISING, CHANGE, LEVEL = 45 * MINUTE, 15 * MINUTE, 24 * HOUR  # s: windows of the columns
FLOOR = 5.0  # mg/dL, so that a calm day does not blow up the scaled rise: assumed
LASTING = 10 * MINUTE  # s for which the probability must hold
APART, SETTLED = 75 * MINUTE, 90 * MINUTE  # s between two meals told; s after a start in which its rise is measured
EARLY, AFTER = 45 * MINUTE, 120 * MINUTE  # s before and after a log in which a start is the logged meal's
LEAST = 20.0  # g: a smaller meal is not looked for
NAMES = ("rise", "change", "level", "scaled rise", "day cos", "day sin", "half-day cos", "half-day sin")


@dataclass(frozen=True)
class LikelyMeal:
    """A meal nobody logged: start (s of the trace), its sd, g with a 90 % range, probability, when it was told (s)."""

    at: float
    at_sd: float
    grams: float
    low: float
    high: float
    probability: float
    told_at: float


@dataclass(frozen=True, eq=False)
class LikelyMeals:
    """All likely meals of a trace, the probability (n,) at its readings, and the threshold."""

    trace: Trace
    found: tuple[LikelyMeal, ...]
    probability: np.ndarray
    threshold: float

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; times in s since the trace's midnight."""
        return {"threshold": self.threshold, "days": self.trace.days, "meals": [dict(vars(m)) for m in self.found]}

    def plot(self, ax: Any = None) -> Any:
        """The last three days with each likely meal (matplotlib axes)."""
        from vitruvian.models.glycaemia.pictures import draw_meals

        return draw_meals(self, ax)


@dataclass(frozen=True)
class Detector:
    """What was learned: standardisation and weights (intercept first) of NAMES, threshold, (a, b, s) of sizes, sd of a
    start (min), and from whom."""

    centre: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    threshold: float
    size: tuple[float, float, float]
    start_sd: float
    source: str

    def probability(self, trace: Trace) -> np.ndarray:
        """At each reading (n,); 0 where the last 45 min are not there."""
        x = columns(trace)
        z = (x - np.array(self.centre)) / np.array(self.scale)
        return np.where(np.isfinite(z).all(axis=1), _logistic(self.weights[0] + z @ np.array(self.weights[1:])), 0.0)

    def find(self, trace: Trace, logged: Sequence[float] | np.ndarray = ()) -> LikelyMeals:
        """Meals beside those logged (s of the trace). What is told at a time rests on readings up to it, its size on
        those of the 90 min after its start."""
        p = self.probability(trace)
        at = np.sort(np.asarray(logged, dtype=np.float64))
        out = []
        for k in told(trace, p, self.threshold):
            start = lowest(trace, k)
            when = trace.times[start]
            if not np.any((when >= at - EARLY) & (when <= at + AFTER)):
                most = float(p[k : k + max(1, round(LASTING / trace.step)) + 1].max())
                out.append(self._meal(trace, k, start, most))
        return LikelyMeals(trace, tuple(out), p, self.threshold)

    def _meal(self, trace: Trace, k: int, start: int, probability: float) -> LikelyMeal:
        a, b, s = self.size
        grams = float(np.exp(a + b * np.log(risen(trace, start))))
        wide = float(np.exp(1.645 * s))
        when = float(trace.times[start])
        told_at = float(trace.times[k])
        return LikelyMeal(when, 60 * self.start_sd, grams, grams / wide, grams * wide, probability, told_at)


def columns(trace: Trace) -> np.ndarray:
    """NAMES at each reading, (n, 8), from readings up to it; NaN where those of the last 45 min are not there."""
    t, g = trace.times, trace.values
    window, first = round(RISING / trace.step), np.searchsorted(t, t - LEVEL)
    before = np.lib.stride_tricks.sliding_window_view(np.append(np.full(window, np.nan), g), window + 1)
    whole = np.append(np.full(window, -np.inf), t)[: len(t)] >= t - RISING - trace.step
    rise = np.where(whole, g - before.min(axis=1), np.nan)
    count = np.arange(1, len(g) + 1) - first
    sums = [np.append(0.0, np.cumsum(v)) for v in (g, g**2)]
    mean, square = ((s[1:] - s[first]) / count for s in sums)
    sd = np.sqrt(np.maximum(square - mean**2, 0.0))
    change = g - before[:, -1 - max(1, round(CHANGE / trace.step))]
    angle = 2 * np.pi * trace.civil / DAY
    clock = (np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle))
    return np.column_stack([rise, change, g - mean, rise / (sd + FLOOR), *clock])


def told(trace: Trace, probability: np.ndarray, threshold: float) -> list[int]:
    """Readings at which a meal is told."""
    needed = max(1, round(LASTING / trace.step))
    out: list[int] = []
    held, free = 0, -np.inf
    for k in range(len(probability)):
        held = held + 1 if probability[k] >= threshold else 0
        if held >= needed and trace.times[k] >= free:
            out.append(k)
            free = trace.times[k] + APART
    return out


def lowest(trace: Trace, k: int) -> int:
    """The last of the lowest readings of the 45 min up to reading k: where the rise began."""
    first = max(0, k - round(RISING / trace.step))
    window = trace.values[first : k + 1]
    return first + len(window) - 1 - int(np.argmin(window[::-1]))


def risen(trace: Trace, start: int) -> float:
    """By how much glucose rose in the 90 min after a start, mg/dL, at least 1."""
    inside = (trace.times >= trace.times[start]) & (trace.times <= trace.times[start] + SETTLED)
    return max(1.0, float(trace.values[inside].max() - trace.values[start]))


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -50.0, 50.0)))
