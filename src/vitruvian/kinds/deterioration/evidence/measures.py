"""How good risks are: discrimination, the challenge's two scores, calibration, and what a bootstrap by patient says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import rankdata

from vitruvian.core.keys import generator

Measure = Callable[[np.ndarray, np.ndarray], float]


def area(score: np.ndarray, y: np.ndarray) -> float:
    """Area under the ROC curve: chance that an event ranks above another row (Mann & Whitney), ties half."""
    events = y > 0
    n = float(events.sum())
    if n == 0 or n == len(y):
        return float("nan")
    return float((rankdata(score)[events].sum() - n * (n + 1) / 2) / (n * (len(y) - n)))


def precision_recall(score: np.ndarray, y: np.ndarray) -> float:
    """Average precision."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(y[order] > 0)
    return float(np.sum((hits / np.arange(1, len(y) + 1))[y[order] > 0]) / max(hits[-1], 1))


def event1(called: np.ndarray, y: np.ndarray) -> float:
    """The challenge's first score: the lower of sensitivity and positive predictive value."""
    right = float(np.sum(called & (y > 0)))
    return min(right / max(float(y.sum()), 1.0), right / max(float(called.sum()), 1.0))


def best_cut(risk: np.ndarray, y: np.ndarray) -> float:
    """The threshold with the highest `event1` on these rows: where as many are called as died, or beside it."""
    order = np.sort(risk)[::-1]
    k = np.arange(1, len(risk))
    hits = np.cumsum((y > 0)[np.argsort(-risk, kind="stable")])[:-1]
    both = np.minimum(hits / max(float(y.sum()), 1.0), hits / k)
    best = np.flatnonzero(both >= both.max() - 1e-12)
    at = int(best[len(best) // 2])
    return float(0.5 * (order[at] + order[at + 1]))


def hosmer_lemeshow(p: np.ndarray, y: np.ndarray) -> float:
    """The challenge's second score: sum over deciles (O - M p)^2 / (M p (1 - p) + 0.001), over the spread of p."""
    parts = np.array_split(np.argsort(p, kind="stable"), 10)
    size = np.array([len(i) for i in parts])
    mean, seen = np.array([p[i].mean() for i in parts]), np.array([y[i].sum() for i in parts])
    return float(np.sum((seen - size * mean) ** 2 / (size * mean * (1 - mean) + 0.001)) / (mean[-1] - mean[0]))


def slope_intercept(p: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope of the outcome on logit p, and calibration in the large (intercept at slope 1)."""
    z = logit(np.clip(p, 1e-6, 1 - 1e-6))

    def loss(w: np.ndarray) -> float:
        eta = w[0] + w[1] * z
        return float(np.logaddexp(0, eta).sum() - y @ eta)

    slope = float(minimize(loss, np.array([0.0, 1.0]), method="BFGS").x[1])
    low, high = -10.0, 10.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if expit(z + middle).sum() < y.sum() else (low, middle)
    return slope, 0.5 * (low + high)


def expected_error(p: np.ndarray, y: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error over bins of equal size."""
    parts = np.array_split(np.argsort(p, kind="stable"), bins)
    return float(sum(len(i) * abs(p[i].mean() - y[i].mean()) for i in parts) / len(p))


@dataclass(frozen=True)
class Paired:
    """A difference of two measures on the same rows, its 95 % interval and the share of resamples above 0."""

    difference: float
    low: float
    high: float
    above: float


def resampled(whose: np.ndarray, count: int, seed: int) -> list[np.ndarray]:
    """Rows of `count` bootstrap samples of whole patients."""
    order = np.argsort(whose, kind="stable")
    names, start = np.unique(whose[order], return_index=True)
    pieces = np.split(order, start[1:])
    rng = generator(seed, "bootstrap by patient")
    return [np.concatenate([pieces[i] for i in rng.integers(0, len(names), len(names))]) for _ in range(count)]


def paired(measure: Measure, a: np.ndarray, b: np.ndarray, y: np.ndarray, samples: list[np.ndarray]) -> Paired:
    """measure(a, y) - measure(b, y), with the bootstrap by patient."""
    found = np.array([measure(a[i], y[i]) - measure(b[i], y[i]) for i in samples])
    found = found[np.isfinite(found)]
    low, high = np.quantile(found, [0.025, 0.975])
    return Paired(measure(a, y) - measure(b, y), float(low), float(high), float(np.mean(found > 0)))


def interval(measure: Measure, a: np.ndarray, y: np.ndarray, samples: list[np.ndarray]) -> tuple[float, float]:
    """95 % bootstrap interval of a measure."""
    found = np.array([measure(a[i], y[i]) for i in samples])
    low, high = np.nanquantile(found, [0.025, 0.975])
    return float(low), float(high)


def wilson(hits: float, n: float, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a share (Wilson, J Am Stat Assoc 1927;22:209)."""
    if n == 0:
        return 0.0, 1.0
    p = hits / n
    centre, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return float((centre - half) / (1 + z * z / n)), float((centre + half) / (1 + z * z / n))
