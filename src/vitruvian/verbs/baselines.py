"""The simple forecasts that every twin must beat: the last reading, and a line through the last two.

persistence: y(t + lead) ~ N(y(t), sd^2).  AR: y(t + lead) ~ N(a + b y(t) + c slope(t), sd^2), slope from the last two
readings. Their coefficients and sd come from the subject's own past, known at the origin, or are given (fitted on other
subjects). With little past, least squares is held towards persistence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

GAP = 3.0  # sampling intervals over which two readings still make a slope: assumed
HELD = 3.0  # pairs that the pull towards persistence is worth: assumed, gone after a few hours of readings


@dataclass(frozen=True)
class History:
    """Readings of one sensor in order: times (n,) s, values (n,), and their usual interval, s."""

    times: np.ndarray
    values: np.ndarray
    interval: float

    @classmethod
    def of(cls, times: np.ndarray, values: np.ndarray) -> History:
        """The interval is the median distance of readings."""
        steps = np.diff(times)
        return cls(times, values, float(np.median(steps)) if len(steps) else np.inf)

    def slopes(self) -> np.ndarray:
        """(n,) per s, from the reading before; 0 across a gap and at the start."""
        out = np.zeros(len(self.times))
        steps = np.diff(self.times)
        near = (steps > 0) & (steps <= GAP * self.interval)
        out[1:][near] = np.diff(self.values)[near] / steps[near]
        return out

    def pairs(self, lead: float) -> tuple[np.ndarray, np.ndarray]:
        """Positions (i, j) of readings `lead` s apart, to within half an interval."""
        if len(self.times) < 2:
            return np.zeros(0, dtype=int), np.zeros(0, dtype=int)
        i, j = np.arange(len(self.times)), nearest(self.times, self.times + lead)
        fits = (np.abs(self.times[j] - self.times - lead) <= self.interval / 2) & (j > i)
        return i[fits], j[fits]


@dataclass(frozen=True)
class Line:
    """y(t + lead) = intercept + level y(t) + slope dy/dt (t), with error sd."""

    intercept: float
    level: float
    slope: float
    sd: float

    def ahead(self, value: float, slope: float) -> float:
        """Mean `lead` seconds after a reading with this value and slope."""
        return self.intercept + self.level * value + self.slope * slope


def nearest(times: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Position of the time nearest to each wanted one; times (n,) in order, n > 0."""
    right = np.clip(np.searchsorted(times, wanted), 1, max(len(times) - 1, 1))
    left = right - 1
    right = np.minimum(right, len(times) - 1)
    return np.where(np.abs(times[right] - wanted) < np.abs(times[left] - wanted), right, left)


def persistence(past: Iterable[History], lead: float) -> Line:
    """The last reading, with the spread of such changes in the past."""
    told = tuple(past)
    _, now, then = _table(told, lead)
    return Line(0.0, 1.0, 0.0, _spread(then - now, told))


def autoregression(past: Iterable[History], lead: float) -> Line:
    """Least squares on (1, level, slope) over all pairs of these histories."""
    told = tuple(past)
    slope, now, then = _table(told, lead)
    if len(now) < 2:
        return Line(0.0, 1.0, 0.0, _spread(then - now, told))
    centre, scale = now.mean(), max(float(now.std()), 1e-9)
    x = np.stack([np.ones(len(now)), (now - centre) / scale, slope * lead / scale], axis=1)
    change = then - now  # regressed instead of the level: the pull to zero is then a pull to persistence
    a, b, c = np.linalg.solve(x.T @ x + HELD * np.eye(3), x.T @ change)
    error = change - x @ np.array([a, b, c])
    return Line(float(a - b * centre / scale), float(1.0 + b / scale), float(c * lead / scale), _spread(error, told))


def _table(past: tuple[History, ...], lead: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    parts = []
    for history in past:
        i, j = history.pairs(lead)
        parts.append(np.stack([history.slopes()[i], history.values[i], history.values[j]]))
    table = np.concatenate(parts, axis=1)
    return table[0], table[1], table[2]


def _spread(error: np.ndarray, past: tuple[History, ...]) -> float:
    """Root mean square; without pairs yet, that of the readings around their mean."""
    if len(error) < 2:
        error = np.concatenate([h.values - h.values.mean() for h in past if len(h.values)] or [np.zeros(1)])
    return max(float(np.sqrt((error**2).mean())), 1e-6)
