"""Proper scores of ensembles against what came: CRPS, interval score, randomised PIT; weights are allowed everywhere.

values (member, n), weights (member,) that add up to 1, truth (n,); every score is (n,), one a reading.
"""

from __future__ import annotations

import numpy as np

from vitruvian.verbs.rankband import rank_band


def crps(values: np.ndarray, weights: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score, fair: unbiased for the distribution that the members were drawn from.

    E|X - y| - E|X - X'| / 2 with the second mean over distinct pairs of members, as Ferro, Q J R Meteorol Soc
    2014;140:1917, weighted: sum over pairs w_i w_j / (1 - sum w^2). One member scores its absolute error.
    """
    order = np.argsort(values, axis=0)
    x, w = np.take_along_axis(values, order, axis=0), weights[order]
    miss = np.sum(w * np.abs(x - truth), axis=0)
    below = np.cumsum(w, axis=0) - w
    pairs = np.sum(w * x * (2.0 * below + w - 1.0), axis=0)
    distinct = 1.0 - float(np.sum(weights**2))
    return miss - pairs / distinct if distinct > 1e-12 else miss


def crps_gaussian(mean: np.ndarray, sd: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """CRPS of N(mean, sd^2): sd (u (2 Phi(u) - 1) + 2 phi(u) - 1 / sqrt(pi)), u = (y - mean) / sd.

    Gneiting et al., Mon Weather Rev 2005;133:1098, equation 5.
    """
    from scipy.stats import norm

    u = (truth - mean) / sd
    return sd * (u * (2.0 * norm.cdf(u) - 1.0) + 2.0 * norm.pdf(u) - 1.0 / np.sqrt(np.pi))


def winkler(low: np.ndarray, high: np.ndarray, truth: np.ndarray, level: float) -> np.ndarray:
    """Interval score of the central interval [low, high] of probability `level`: width plus 2 / (1 - level) x miss.

    Winkler, J Am Stat Assoc 1972;67:187; Gneiting & Raftery, J Am Stat Assoc 2007;102:359, equation 43.
    """
    return high - low + 2.0 / (1.0 - level) * (np.maximum(low - truth, 0.0) + np.maximum(truth - high, 0.0))


def pit(values: np.ndarray, weights: np.ndarray, truth: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """Randomised probability integral transform, uniform on (0, 1) where forecast and truth are exchangeable.

    With M equal members it is (rank + U) / (M + 1), ties and the rank's own step shared out by U: exact for counts and
    for small ensembles. Unequal weights count as 1 / sum w^2 members. uniforms (n,).
    """
    size = 1.0 / float(np.sum(weights**2))
    below = weights @ (values < truth)
    tied = weights @ (values == truth)
    return (size * below + uniforms * (size * tied + 1.0)) / (size + 1.0)


def central(pits: np.ndarray) -> np.ndarray:
    """The smallest level of a central interval that holds the reading: |2 PIT - 1|, uniform when calibrated."""
    return np.abs(2.0 * pits - 1.0)


def effective_size(held: np.ndarray, levels: np.ndarray, clusters: np.ndarray) -> float:
    """How many independent readings these n are worth, given that readings of one cluster hang together.

    held (n, k): reading inside the interval of each level. n over the design effect (between-cluster variance of the
    coverage over binomial variance, mean over levels; Kish 1965, ch. 5), never below the number of clusters.
    """
    n = len(held)
    _, which = np.unique(clusters.astype(str), return_inverse=True)
    count = int(which.max(initial=-1)) + 1
    if count < 2 or count == n:
        return float(n)
    sums = np.zeros((count, held.shape[1]))
    np.add.at(sums, which, held - held.mean(axis=0))
    effect = np.sum(sums**2, axis=0) * count / (count - 1) / (n * levels * (1.0 - levels))
    return max(n / max(float(effect.mean()), 1.0), float(count))


def coverage_band(n: float, levels: tuple[float, ...], confidence: float = 0.99) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest share of n readings inside central intervals of these levels, all at once.

    Exact simultaneous binomial band: the counts at nested levels are a Markov chain (rankband.py).
    """
    order = np.argsort(levels)
    band = rank_band(max(int(n), 2), confidence, tuple(levels[i] for i in order))
    low, high = np.empty(len(levels)), np.empty(len(levels))
    low[order], high[order] = band.low / band.n, band.high / band.n
    return low, high
