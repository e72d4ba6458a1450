"""The call of a simulated response: what a twin infers from its readings, and a chance from that.

Gains are inferred by one update of an ensemble smoother over members run beforehand (Evensen, Data Assimilation,
2nd ed. 2009). The chance is a logistic function of the inferred gains, of the scar as read and of the readings,
averaged over members; its weights are learned from other simulated twins. Readings stand beside what is inferred from
them because members hold the form that an image told: where that is wrong, readings still say something of the truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.kinds.electrophysiology.seen import NOISES


@dataclass(frozen=True, eq=False)
class Known:
    """Members of a heart with a scar of this depth: readings (member, reading) and gains (member, gain)."""

    depth: float
    y: np.ndarray
    gain: np.ndarray


def updated(members: Known, y: np.ndarray, seed: int) -> np.ndarray:
    """(member, gain) after the readings y (reading,)."""
    R = np.diag([float(n.covariance(np.zeros(1))[0, 0]) for n in NOISES])
    Y, D = members.y - members.y.mean(axis=0), members.gain - members.gain.mean(axis=0)
    eps = generator(seed, "ep.crt eps").standard_normal(members.y.shape) @ np.sqrt(R)
    K = (D.T @ Y) @ np.linalg.inv(Y.T @ Y + (len(Y) - 1) * R)
    return members.gain + (y + eps - members.y) @ K.T


def believed(kept: list[Known], depth: float, y: np.ndarray, seed: int) -> np.ndarray:
    """(member, gain) at this depth, in proportion between the depths that members were run with; the same members,
    so each is interpolated along its own way."""
    depths = [one.depth for one in kept]
    above = min(int(np.searchsorted(depths, depth)), len(kept) - 1)
    below = max(above - 1, 0)
    if above == below or depth >= depths[above]:
        return updated(kept[above], y, seed)
    share = (depth - depths[below]) / (depths[above] - depths[below])
    return (1.0 - share) * updated(kept[below], y, seed) + share * updated(kept[above], y, seed)


def logistic(x: np.ndarray, y: np.ndarray, ridge: float = 1.0) -> np.ndarray:
    """Weights (1 + feature,) by Newton's method."""
    X = np.column_stack([np.ones(len(x)), x])
    w = np.zeros(X.shape[1])
    penalty = ridge * np.eye(X.shape[1])
    penalty[0, 0] = 0.0
    for _ in range(30):
        p = 1.0 / (1.0 + np.exp(-X @ w))
        w = w + np.linalg.solve(X.T * (p * (1 - p)) @ X + penalty, X.T @ (y - p) - penalty @ w)
    return w


@dataclass(frozen=True, eq=False)
class Call:
    """Chance of response from features standardised by the mean and sd of those it was learned from."""

    mean: np.ndarray
    sd: np.ndarray
    weights: np.ndarray

    @classmethod
    def learned(cls, x: np.ndarray, responds: np.ndarray) -> Call:
        """From (twin, member, feature), members' means, and who responded (twin,)."""
        means = x.mean(axis=1)
        mean, sd = means.mean(axis=0), means.std(axis=0)
        sd = np.where(sd > 1e-12 * (1.0 + np.abs(mean)), sd, 1.0)  # a feature that never varies weighs nothing
        return cls(mean, sd, logistic((means - mean) / sd, responds.astype(float)))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """(..., member, feature) -> (...), averaged over members."""
        score = self.weights[0] + (x - self.mean) / self.sd @ self.weights[1:]
        return np.mean(1.0 / (1.0 + np.exp(-score)), axis=-1)


def slope(chance: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Intercept and slope of calibration, on the logit."""
    kept = np.clip(chance, 1e-6, 1.0 - 1e-6)
    return logistic(np.log(kept / (1.0 - kept))[:, None], truth.astype(float), ridge=1e-6)


def area(score: np.ndarray, truth: np.ndarray) -> float:
    """Under the receiver's curve."""
    from scipy.stats import rankdata

    ranks, n = rankdata(score), int(truth.sum())
    return float((ranks[truth].sum() - n * (n + 1) / 2) / (n * (len(truth) - n)))
