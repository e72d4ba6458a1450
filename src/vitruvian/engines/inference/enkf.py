"""Ensemble Kalman filter: two update steps for an augmented vector (state, parameters), one instant at a time.

With members x_j, predictions h_j = h(x_j), y = h(x) + e, e ~ N(0, R), and sample covariances C:

    stochastic     x_j <- x_j + C_xh (C_hh + R)^-1 (y + e_j - h_j),  e_j ~ N(0, R)
                   Burgers, van Leeuwen & Evensen, Monthly Weather Review 1998;126:1719
    square_root    mean: K (y - mean h);  anomalies: x'_j <- x'_j - a K h'_j,  a = 1 / (1 + sqrt(r / (c_hh + r))),
                   one datum at a time, correlated data whitened first
                   Whitaker & Hamill, Monthly Weather Review 2002;130:1913 (serial square-root filter)

square_root gives the Kalman filter's mean and covariance for the sample moments exactly; stochastic does so on
average and keeps more of a non-Gaussian shape. Both hold for linear h and Gaussian x; neither fits binary or hazard
noise.

A sample correlation r of N members errs by (1 - r^2) / sqrt(N), so each datum takes about w (1 - r^2)^2 / (N - 1) of
a column's variance for nothing, w = c_hh / (c_hh + r) being its weight (Sacher & Bartello, Monthly Weather Review
2008;136:3035). A state forgets this, a parameter does not: after 10^3 readings it would be sure of what no reading
showed. The variance of the `parameters` columns is therefore multiplied by 1 + that share. `spent`, the sum of w / (N
- 1) over all data, says how far to trust them: at 0.6 an unseen parameter is 1.1 (square_root) or 1.3 (stochastic)
times too sure, without the correction 1.5 or 1.7 (measured in tests/unit/inference/test_enkf.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cholesky, solve_triangular

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator
from vitruvian.core.noise import clip_residual


@dataclass(frozen=True)
class Updated:
    """Members after the update, x (member, k).

    fit (m,): squared normalised innovations, mean 1 when all is well. spent: weight of the data / (N - 1).
    log_likelihood: log density of y under the Gaussian N(mean h, C_hh + R) before the update.
    """

    x: np.ndarray
    fit: np.ndarray
    spent: float
    log_likelihood: float


def perturbations(seed: int, ids: Sequence[str], members: int) -> np.ndarray:
    """Standard normal draws (member, m) for these observations: a function of (seed, id) alone, whatever the order."""
    columns = [generator(seed, "filter", name).standard_normal(members) for name in ids]
    return np.stack(columns, axis=1) if columns else np.zeros((members, 0))


def stochastic(
    x: np.ndarray,
    predicted: np.ndarray,
    y: np.ndarray,
    covariance: np.ndarray,
    draws: np.ndarray,
    *,
    limit: np.ndarray | None = None,
    parameters: np.ndarray | None = None,
) -> Updated:
    """x (member, k), predicted (member, m), y (m,), covariance (m, m), draws (member, m) standard normal.

    limit (m,) in {-1, 0, 1} marks readings at a sensor's limit; parameters (k,) the columns that do not forget.
    """
    root, chol = np.sqrt(len(x) - 1), _root(covariance)
    innovation = _white(chol, clip_residual(y + draws @ chol.T - predicted, limit))
    dx = (x - x.mean(axis=0)) / root
    dh = _white(chol, predicted - predicted.mean(axis=0)) / root
    # left: modes over members; right: modes over data
    left, s, right = np.linalg.svd(dh, full_matrices=False)
    cross = dx.T @ left
    moved = x + innovation @ right.T * (s / (s**2 + 1.0)) @ cross.T
    weight = s**2 / (s**2 + 1.0)
    bias = _white(chol, clip_residual(y - predicted.mean(axis=0), limit)[None, :])[0] @ right.T
    total = s**2 + 1.0
    share = (weight * (1.0 - _squared_correlation(cross, dx)) ** 2).sum(axis=1) / (len(x) - 1)
    said = -0.5 * float((bias**2 / total + np.log(2 * np.pi * total)).sum()) - _log_volume(chol)
    return Updated(_restored(moved, share, parameters), bias**2 / total, float(weight.sum()) / (len(x) - 1), said)


def square_root(
    x: np.ndarray,
    predicted: np.ndarray,
    y: np.ndarray,
    covariance: np.ndarray,
    *,
    limit: np.ndarray | None = None,
    parameters: np.ndarray | None = None,
) -> Updated:
    """As `stochastic`, without draws: exact in the sample's mean and covariance (before the parameters' correction)."""
    root, width = np.sqrt(len(x) - 1), x.shape[1]
    heard = np.ones(len(y), dtype=bool)
    if limit is not None:  # a reading at its limit that the mean agrees with says nothing
        heard = (np.asarray(limit) == 0) | (clip_residual(y - predicted.mean(axis=0), limit) != 0.0)
    chol = _root(covariance[np.ix_(heard, heard)])
    target, fit, totals = _white(chol, y[None, heard])[0], np.zeros(len(y)), np.ones(len(y))
    # predictions ride along as further columns, so that each datum updates those after it
    joint = np.hstack([x, _white(chol, predicted[:, heard])])
    share = np.zeros(width)
    for i, row in enumerate(np.flatnonzero(heard)):
        mean = joint.mean(axis=0)
        anomalies = (joint - mean) / root
        h = anomalies[:, width + i]
        size = float(h @ h)
        total = totals[row] = size + 1.0
        cross = anomalies.T @ h
        innovation = target[i] - mean[width + i]
        fit[row] = innovation**2 / total
        unit = cross[:width, None] / np.sqrt(size) if size > 0 else np.zeros((width, 1))
        share += size / total * (1.0 - _squared_correlation(unit, anomalies[:, :width])[:, 0]) ** 2 / (len(x) - 1)
        shrink = 1.0 / (1.0 + np.sqrt(1.0 / total))
        joint = joint + cross / total * (innovation - shrink * root * h[:, None])
    spent = float(((totals - 1.0) / totals).sum()) / (len(x) - 1)
    said = -0.5 * float((fit + np.log(2 * np.pi * totals))[heard].sum()) - _log_volume(chol)
    return Updated(_restored(joint[:, :width], share, parameters), fit, spent, said)


def _restored(x: np.ndarray, share: np.ndarray, parameters: np.ndarray | None) -> np.ndarray:
    """Variance of the parameters' columns times 1 + share."""
    if parameters is None or not parameters.any():
        return x
    mean = x.mean(axis=0)
    return mean + (x - mean) * np.where(parameters, np.sqrt(1.0 + share), 1.0)


def _squared_correlation(cross: np.ndarray, dx: np.ndarray) -> np.ndarray:
    """r^2 (k, modes) from inner products with unit vectors over members; 0 where a column does not vary."""
    size = (dx**2).sum(axis=0)
    return np.clip(cross**2 / np.where(size > 0, size, np.inf)[:, None], 0.0, 1.0)


def _log_volume(chol: np.ndarray) -> float:
    return float(np.log(np.diag(chol)).sum())


def _white(chol: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return solve_triangular(chol, rows.T, lower=True).T


def _root(covariance: np.ndarray) -> np.ndarray:
    try:
        return cholesky(covariance, lower=True)
    except LinAlgError as err:
        raise InferenceError(
            "the errors' covariance is not positive definite", where="EnKF", fix="look for readings given twice"
        ) from err
