"""Logistic regression with a ridge on what a column's value, its rank and its absence say: many weak columns at once.

    logit P(y = 1 | x) = b + sum_k (u_k v_k + s_k r_k + m_k 1[k missing]),    penalty / 2 (|u|^2 + |s|^2 + |m|^2)

v: the value between its 1st and 99th percentile, r: its rank in [0, 1] (piecewise linear through 33 quantiles); all
standardised; a missing value counts as the median. Hoerl & Kennard, Technometrics 1970;12:55; le Cessie & van
Houwelingen, Appl Stat 1992;41:191. Mode by L-BFGS.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

KNOTS = 33
ARRAYS = ("quantile", "middle", "centre", "scale", "weight")


@dataclass(frozen=True, eq=False)
class Ridge:
    """quantile (KNOTS, k) of each column, middle (k,), centre, scale (3k,) of the design, weight (3k + 1,), b first."""

    quantile: np.ndarray
    middle: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    weight: np.ndarray

    def design(self, x: np.ndarray) -> np.ndarray:
        """(n, 3k) standardised columns of x (n, k)."""
        filled = np.where(np.isnan(x), self.middle, x)
        value = np.clip(filled, self.quantile[0], self.quantile[-1])
        below = np.zeros(x.shape, dtype=int)  # how many knots are at or below the value
        for knot in self.quantile:
            below += value >= knot
        left, right = np.maximum(below - 1, 0), np.minimum(below, KNOTS - 1)
        column = np.arange(x.shape[1])
        start, step = self.quantile[left, column], self.quantile[right, column] - self.quantile[left, column]
        rank = (left + np.where(step > 0, (value - start) / np.where(step > 0, step, 1.0), 0.0)) / (KNOTS - 1)
        return (np.hstack([value, rank, np.isnan(x).astype(np.float64)]) - self.centre) / self.scale

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Log odds (n,), summed row by row: a row's bits know no other row."""
        return self.weight[0] + np.add.reduce(self.design(x) * self.weight[1:], axis=1)

    @property
    def digest(self) -> str:
        """SHA-256 of the arrays."""
        told = hashlib.sha256()
        for name in ARRAYS:
            told.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        return told.hexdigest()

    def to_arrays(self) -> dict[str, np.ndarray]:
        """For numpy.savez."""
        return {name: getattr(self, name) for name in ARRAYS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Ridge:
        """Back from `to_arrays`."""
        return cls(*(np.asarray(arrays[name], dtype=np.float64) for name in ARRAYS))


def fit_ridge(x: np.ndarray, y: np.ndarray, penalty: float) -> Ridge:
    """Mode for x (n, k), NaN where missing, y (n,) in {0, 1}."""
    width = x.shape[1]
    some = ~np.isnan(x).all(axis=0)
    quantile, middle = np.zeros((KNOTS, width)), np.zeros(width)
    quantile[:, some] = np.nanquantile(x[:, some], np.linspace(0.01, 0.99, KNOTS), axis=0)
    middle[some] = np.nanmedian(x[:, some], axis=0)
    blank = Ridge(quantile, middle, np.zeros(3 * width), np.ones(3 * width), np.zeros(3 * width + 1))
    raw = blank.design(x)
    centre, scale = raw.mean(axis=0), raw.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    design = (raw - centre) / scale

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        eta = w[0] + design @ w[1:]
        value = np.logaddexp(0.0, eta).sum() - y @ eta + 0.5 * penalty * w[1:] @ w[1:]
        off = expit(eta) - y
        return float(value), np.append(off.sum(), design.T @ off + penalty * w[1:])

    start = np.zeros(3 * width + 1)
    weight = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 120, "ftol": 1e-7}).x
    return Ridge(quantile, middle, centre, scale, weight)
