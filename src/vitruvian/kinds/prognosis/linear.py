"""Penalised generalised linear learners: ridge on the columns, and an additive model of natural cubic splines.

eta = b0 + sum_k f_k(x_k), penalty l |b|^2 on standardised columns, l by generalised cross-validation of the last
working response (Golub, Heath & Wahba, Technometrics 21:215, 1979; O'Sullivan et al., JASA 81:96, 1986). Natural
splines: Hastie, Tibshirani & Friedman, The Elements of Statistical Learning (2009), section 5.2.1, knots at
quantiles of the history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

PENALTIES = np.geomspace(1e-3, 1e4, 15)  # tried, relative to the number of rows / 100
KNOTS = (0.05, 0.275, 0.5, 0.725, 0.95)  # quantiles: Harrell, Regression Modeling Strategies (2015), table 2.3
DISTINCT = 12  # values from which on a column is bent: assumed


@dataclass(frozen=True)
class Linear:
    """Coefficients on standardised columns; knots (per column, () where straight)."""

    family: str
    knots: tuple[tuple[float, ...], ...]
    centre: np.ndarray
    scale: np.ndarray
    weights: np.ndarray

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Mean outcome (n,)."""
        z = (bent(x, self.knots) - self.centre) / self.scale
        eta = np.full(len(x), self.weights[0])
        for k in range(z.shape[1]):  # column by column: a row's bits know no other row
            eta += self.weights[k + 1] * z[:, k]
        return response(self.family, eta)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        arrays = {n: getattr(self, n).tolist() for n in ("centre", "scale", "weights")}
        return {"family": self.family, "knots": [list(k) for k in self.knots], **arrays}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Linear:
        """Back from `to_json`."""
        arrays = {n: np.array(data[n]) for n in ("centre", "scale", "weights")}
        return cls(data["family"], tuple(tuple(k) for k in data["knots"]), **arrays)


def response(family: str, eta: np.ndarray) -> np.ndarray:
    """Inverse canonical link."""
    if family == "binary":
        return expit(eta)
    return np.exp(np.clip(eta, -30.0, 30.0)) if family == "count" else eta


def link(family: str, mu: np.ndarray) -> np.ndarray:
    """Canonical link, away from its ends."""
    if family == "binary":
        p = np.clip(mu, 1e-4, 1 - 1e-4)
        return np.log(p / (1 - p))
    return np.log(np.maximum(mu, 1e-4)) if family == "count" else mu


def knots_of(x: np.ndarray) -> tuple[tuple[float, ...], ...]:
    """Knots per column; none for columns of few values."""
    out = []
    for column in x.T:
        found = np.unique(np.quantile(column, KNOTS)) if len(np.unique(column)) >= DISTINCT else np.zeros(0)
        out.append(tuple(found.tolist()) if len(found) >= 3 else ())
    return tuple(out)


def bent(x: np.ndarray, knots: tuple[tuple[float, ...], ...]) -> np.ndarray:
    """x beside the non-linear part of its natural cubic spline basis, (n, k')."""
    parts = []
    for column, at in zip(x.T, knots, strict=True):
        parts.append(column)
        if at:
            last, before = at[-1], at[-2]
            width = (at[-1] - at[0]) ** 2

            def piece(k: float, c: np.ndarray = column, end: float = last) -> np.ndarray:
                return (np.maximum(c - k, 0.0) ** 3 - np.maximum(c - end, 0.0) ** 3) / (end - k)

            parts += [(piece(k) - piece(before)) / width for k in at[:-2]]
    return np.stack(parts, axis=1) if parts else np.zeros((len(x), 0))


def fit_linear(family: str, x: np.ndarray, y: np.ndarray, *, splines: bool) -> Linear:
    """Ridge (splines=False) or additive natural splines, penalty chosen by GCV."""
    knots = knots_of(x) if splines else ((),) * x.shape[1]
    basis = bent(x, knots)
    centre, scale = basis.mean(axis=0), basis.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    z = np.column_stack([np.ones(len(y)), (basis - centre) / scale])
    if family == "continuous":
        best = _by_gcv(z, y, np.ones(len(y)))
        return Linear(family, knots, centre, scale, best)
    b = np.zeros(z.shape[1])
    b[0] = link(family, np.array([y.mean()]))[0]
    penalty = 0.0
    for step in range(8):  # the penalty is chosen anew in the first steps, then kept
        mu = response(family, z @ b)
        v = np.maximum(mu * (1 - mu) if family == "binary" else mu, 1e-6)
        working = z @ b + np.clip((y - mu) / v, -20.0, 20.0)
        if step < 4:
            b, penalty = _chosen(z, working, v)
        else:
            b = _solved(z, working, v, penalty)
    return Linear(family, knots, centre, scale, b)


def _by_gcv(z: np.ndarray, y: np.ndarray, v: np.ndarray) -> np.ndarray:
    return _chosen(z, y, v)[0]


def _chosen(z: np.ndarray, y: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, float]:
    """Coefficients at the penalty of least GCV score; the intercept is not penalised."""
    n, root = len(y), np.sqrt(v)
    mid = (v @ z[:, 1:]) / v.sum()
    level = float(v @ y / v.sum())
    u, s, vt = np.linalg.svd((z[:, 1:] - mid) * root[:, None], full_matrices=False)
    r = root * (y - level)
    uy = u.T @ r
    rest = float(r @ r - uy @ uy)
    scores = []
    for penalty in PENALTIES * n / 100:
        shrink = s**2 / (s**2 + penalty)
        loss = rest + float((((1 - shrink) * uy) ** 2).sum())
        scores.append(loss / (1 - (1 + shrink.sum()) / n) ** 2)
    penalty = float(PENALTIES[int(np.argmin(scores))] * n / 100)
    b = vt.T @ (s / (s**2 + penalty) * uy)
    return np.append(level - mid @ b, b), penalty


def _solved(z: np.ndarray, y: np.ndarray, v: np.ndarray, penalty: float) -> np.ndarray:
    diagonal = penalty * np.append(1e-9, np.ones(z.shape[1] - 1))
    return np.linalg.solve((z * v[:, None]).T @ z + np.diag(diagonal), z.T @ (v * y))
