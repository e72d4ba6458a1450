"""What a clinic sees of its flow: who comes, how long a service takes, how many are there; and its schedules.

Arrivals are Poisson with rate lambda f(t): the count in [a, b] has mean lambda int_a^b f. A service duration is
exponential with mean m; one still in progress (limit +1) says only that it is longer: S(y) = exp(-y / m).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from vitruvian.core.forcing import Schedule, bucket, padded
from vitruvian.core.noise import AbstractNoise


@final
@dataclass(frozen=True)
class Durations(AbstractNoise):
    """Readings are durations, exponential with the observable as their mean; limit +1: still in progress."""

    def log_likelihood(
        self, y: np.ndarray, mean: Any, times: np.ndarray, theta: Mapping[str, Any], limit: np.ndarray | None = None
    ) -> Any:
        share = np.asarray(y) / mean
        if limit is None:
            return (-np.log(mean) - share).sum(axis=-1)
        below = np.log(-np.expm1(-np.maximum(share, 1e-300)))
        whole = np.where(limit > 0, -share, np.where(limit < 0, below, -np.log(mean) - share))
        return whole.sum(axis=-1)

    def sample(
        self, rng: np.random.Generator, mean: np.ndarray, times: np.ndarray, theta: Mapping[str, Any]
    ) -> np.ndarray:
        return rng.exponential(mean)


@final
@dataclass(frozen=True)
class HeadCount(AbstractNoise):
    """Readings are head counts, wrong by one up or down with probability `miscount` each; never below zero."""

    miscount: float = 0.01  # assumed: one round in fifty is off by one

    def log_likelihood(
        self, y: np.ndarray, mean: Any, times: np.ndarray, theta: Mapping[str, Any], limit: np.ndarray | None = None
    ) -> Any:
        off = np.abs(np.asarray(y) - mean)
        right = np.where(np.asarray(mean) < 0.5, 1.0 - self.miscount, 1.0 - 2.0 * self.miscount)
        chance = np.where(off < 0.5, right, np.where(off < 1.5, self.miscount, 1e-12))
        return np.log(chance).sum(axis=-1)

    def sample(
        self, rng: np.random.Generator, mean: np.ndarray, times: np.ndarray, theta: Mapping[str, Any]
    ) -> np.ndarray:
        u = rng.uniform(size=np.shape(mean))
        off = np.where(
            u < self.miscount, 1.0, np.where((u > 1.0 - self.miscount) & (np.asarray(mean) > 0.5), -1.0, 0.0)
        )
        return np.asarray(mean) + off


def stepped(before: float, changes: Iterable[tuple[float, float]]) -> Schedule:
    """A level (open servers, an infusion rate): `before`, then each (at, change) adds to it; never below zero."""
    steps = sorted(changes)
    levels = np.maximum(before + np.cumsum([change for _, change in steps]), 0.0)
    return _held([at for at, _ in steps], levels.tolist(), before)


def pulses(spans: Iterable[tuple[float, float, float]]) -> Schedule:
    """A factor that is 1 but for spans (start, end, factor); where spans meet, their factors multiply."""
    known = list(spans)
    edges = sorted({t for start, end, _ in known for t in (start, end)})
    values = [float(np.prod([f for start, end, f in known if start <= t < end])) for t in edges]
    return _held(edges, values, 1.0)


def integral(schedule: Schedule, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Integral of a schedule over [start, end], elementwise."""
    edges = schedule.times[np.isfinite(schedule.times)]
    levels = np.concatenate([[schedule.before], schedule.values[: len(edges)]])
    at = np.concatenate([[0.0], np.cumsum(levels[1:-1] * np.diff(edges))]) if len(edges) else np.zeros(1)

    def upto(t: np.ndarray) -> np.ndarray:
        if not len(edges):
            return levels[0] * t
        i = np.searchsorted(edges, t, side="right")
        before = levels[0] * (t - edges[0])
        return np.where(i == 0, before, at[np.maximum(i - 1, 0)] + levels[i] * (t - edges[np.maximum(i - 1, 0)]))

    return upto(np.asarray(end, dtype=np.float64)) - upto(np.asarray(start, dtype=np.float64))


def _held(times: list[float], values: list[float], before: float) -> Schedule:
    """A schedule padded to its bucket: one more action keeps its length."""
    size = bucket(len(times))
    last = values[-1] if values else before
    return Schedule(padded(times, size, np.inf), padded(values, size, last), before)
