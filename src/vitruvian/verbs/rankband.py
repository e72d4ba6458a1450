"""A simultaneous band for the empirical distribution of values that should be uniform.

Under uniformity N F(x_i) is binomial at each of K points and a Markov chain along them. The band takes the equal-tailed
binomial interval at every point, with the tail gamma at which a uniform sample leaves the band anywhere with
probability 1 - confidence. Säilynoja, Bürkner & Vehtari, Statistics and Computing 2022;32:32, section 2 (their
optimisation method): gamma is found exactly, without simulation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from vitruvian.core.errors import InferenceError

LARGE = 2000  # beyond it the tail is kept: the confidence changes by less than 0.001, and the chain costs n per point


@dataclass(frozen=True)
class RankBand:
    """Points in (0, 1), and the lowest and highest count of the n values at or below each."""

    n: int
    confidence: float
    points: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def holds(self, values: np.ndarray) -> bool:
        """Whether these n values in [0, 1] stay inside at every point."""
        return self.excess(values) <= 0.0

    def excess(self, values: np.ndarray) -> float:
        """Largest distance of the empirical distribution beyond the band, as a share of n; <= 0 inside."""
        if len(values) != self.n:
            raise InferenceError(f"the band is for {self.n} values (got {len(values)})", where="RankBand")
        count = np.searchsorted(np.sort(values), self.points, side="right")
        return float(np.maximum(count - self.high, self.low - count).max() / self.n)


@cache
def rank_band(n: int, confidence: float = 0.99, at: tuple[float, ...] = ()) -> RankBand:
    """The band for n values; a uniform sample stays inside with at least this probability (to 0.001 beyond LARGE).

    at: the points, increasing, inside (0, 1); default up to 49 equally spaced ones.
    """
    if n < 2:
        raise InferenceError(f"a band needs at least 2 values (got {n})", where="rank_band")
    points = np.array(at) if at else np.arange(1, min(n, 50)) / min(n, 50)
    tail = _tail(min(n, LARGE), confidence, points)
    return RankBand(n, confidence, points, *_limits(n, points, tail))


def _tail(n: int, confidence: float, points: np.ndarray) -> float:
    """The largest pointwise tail whose limits hold everywhere with this confidence."""
    low_tail, high_tail = 0.0, 1.0 - confidence
    for _ in range(25):  # bisection on the pointwise tail: coverage falls with it
        tail = 0.5 * (low_tail + high_tail)
        if _coverage(n, points, *_limits(n, points, tail)) >= confidence:
            low_tail = tail
        else:
            high_tail = tail
    return low_tail


def _limits(n: int, points: np.ndarray, tail: float) -> tuple[np.ndarray, np.ndarray]:
    from scipy.stats import binom

    return binom.ppf(0.5 * tail, n, points).astype(int), binom.ppf(1.0 - 0.5 * tail, n, points).astype(int)


def _coverage(n: int, points: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    """Probability that a uniform sample's counts stay within [low, high] at all points."""
    from scipy.stats import binom

    before, at = 0.0, np.array([0])  # counts possible at the last point, and their joint probability
    probability = np.array([1.0])
    for x, a, b in zip(points, low, high, strict=True):
        now = np.arange(a, b + 1)
        step = now[None, :] - at[:, None]  # of the n - at values left, each falls in (before, x] with this chance:
        move = binom.pmf(step, n - at[:, None], (x - before) / (1.0 - before))
        probability, at, before = probability @ move, now, float(x)
    return float(probability.sum())
