"""The linear-Gaussian course of each marker given the baseline, fitted by maximum likelihood at irregular times.

    y(t) = w' T h(t) + a + b s + o(t) + e,   s = t / horizon,  h = (1, s, sqrt(s)),  w = (1, baseline columns)
    (a, b) ~ N(0, P),  o Ornstein-Uhlenbeck (sd q, time constant tau),  e ~ N(0, r^2);  y on its transformed scale

Laird & Ware, Biometrics 38:963 (1982); Taylor, Cumberland & Sy, JASA 89:727 (1994) for the OU term. T by
generalised least squares with a ridge of the covariates; ridge and variances by the likelihood with T integrated
out. Markers share a correlation R of their standardised residuals at the same visit, on every random term alike (a
separable covariance). Missing visits are missing at random given what was seen; that death and dropout depend on
the marker is in the hazard (population.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from vitruvian.core.errors import InferenceError

RIDGES = (0.5, 2.0, 8.0, 32.0, 128.0)  # precisions tried of a covariate's coefficients, in 1 / residual variance
OWN, FREE = 0.5, 1e-3  # of the marker's own baseline value, and of the population's course: assumed
FEWEST = 30  # patients; assumed


@dataclass(frozen=True)
class Spread:
    """The random part of one marker: sd of level and slope, their correlation, OU sd and time constant
    (d), noise sd.
    """

    level: float
    slope: float
    correlation: float
    wander: float
    tau: float
    noise: float

    def covariance(self, t: np.ndarray, horizon: float, noise: bool = True) -> np.ndarray:
        """(..., n, n) at times t (..., n) d."""
        s = t / horizon
        a, b = s[..., :, None], s[..., None, :]
        both = self.correlation * self.level * self.slope
        out = self.level**2 + both * (a + b) + self.slope**2 * a * b
        out = out + self.wander**2 * np.exp(-np.abs(t[..., :, None] - t[..., None, :]) / self.tau)
        return out + self.noise**2 * np.eye(t.shape[-1]) if noise else out


@dataclass(frozen=True)
class Course:
    """One marker: transform, coefficients T (basis, w) as a vector, its spread, and the shape of
    standardised residuals.
    """

    marker: str
    transform: str
    coefficients: np.ndarray
    uncertainty: np.ndarray  # covariance of the coefficients
    spread: Spread
    step: float  # the marker is recorded in multiples of this; 0: of nothing
    shape: np.ndarray  # quantiles of standardised residuals at LEVELS

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        body = {n: getattr(self, n).tolist() for n in ("coefficients", "uncertainty", "shape")}
        return {
            "marker": self.marker,
            "transform": self.transform,
            "step": self.step,
            "spread": dict(vars(self.spread)),
            **body,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Course:
        """Back from `to_json`."""
        spread = Spread(**data["spread"])
        arrays = {n: np.array(data[n]) for n in ("coefficients", "uncertainty", "shape")}
        return cls(data["marker"], data["transform"], spread=spread, step=data["step"], **arrays)


LEVELS = np.concatenate([[0.01, 0.025], np.arange(0.05, 0.96, 0.05), [0.975, 0.99]])


def basis(t: np.ndarray, horizon: float) -> np.ndarray:
    """h (n, 3)."""
    s = np.maximum(t, 0.0) / horizon
    return np.stack([np.ones_like(s), s, np.sqrt(s)], axis=-1)


def fixed(w: np.ndarray, t: np.ndarray, horizon: float) -> np.ndarray:
    """Rows of the fixed part, (n, 3 k): w (n, k) of each row's patient."""
    h = basis(t, horizon)
    return (h[:, :, None] * w[:, None, :]).reshape(len(t), -1)


def fit_course(
    marker: str,
    transform: str,
    w: np.ndarray,
    own: int,
    patient: np.ndarray,
    t: np.ndarray,
    y: np.ndarray,
    horizon: float,
) -> Course:
    """From rows (n,) of finite y on the transformed scale; w (patient, k): the intercept first, the own
    baseline at `own`.
    """
    if len(np.unique(patient)) < FEWEST:
        raise InferenceError(
            f"{len(np.unique(patient))} patients with visits", where=marker, fix=f"give {FEWEST} or more"
        )
    x = fixed(w[patient], t, horizon)
    padded = _padded(patient, t, x, y)
    scale = float(np.std(y - x @ np.linalg.lstsq(x, y, rcond=None)[0]))
    gap = float(np.median(np.diff(np.unique(t)))) if len(np.unique(t)) > 1 else horizon / 10
    start = np.array([np.log(0.6), np.log(0.6), 0.0, np.log(0.4), np.log(max(horizon / 4, gap)), np.log(0.5)])

    def loss(free: np.ndarray) -> float:
        return _profile(_spread(free, scale, horizon), padded, horizon, precision)[0] + 0.02 * float(
            ((free - start) ** 2).sum()
        )

    precision = _precision(w.shape[1], own, RIDGES[1])
    found = minimize(loss, start, method="L-BFGS-B", options={"maxiter": 40, "ftol": 1e-7})
    spread = _spread(found.x, scale, horizon)
    tried = [_profile(spread, padded, horizon, _precision(w.shape[1], own, ridge)) for ridge in RIDGES]
    _, coefficients, uncertainty = min(tried, key=lambda told: told[0])
    within = _marginal(spread, t, horizon)
    told = np.einsum("nj,jk,nk->n", x, uncertainty, x)  # residuals of the fit are smaller than those of new patients
    residual = (y - x @ coefficients) / np.sqrt(np.maximum(within - told, 0.3 * within))
    return Course(marker, transform, coefficients, uncertainty, spread, 0.0, np.quantile(residual, LEVELS))


def _marginal(spread: Spread, t: np.ndarray, horizon: float) -> np.ndarray:
    return spread.covariance(t[:, None], horizon)[:, 0, 0]


def _spread(free: np.ndarray, scale: float, horizon: float) -> Spread:
    level, slope, wander, noise = (scale * float(np.exp(np.clip(free[k], -6, 3))) for k in (0, 1, 3, 5))
    tau = float(np.exp(np.clip(free[4], np.log(horizon / 200), np.log(5 * horizon))))
    return Spread(level, slope, float(0.95 * np.tanh(free[2])), wander, tau, noise)


@dataclass(frozen=True)
class _Padded:
    t: np.ndarray  # (patient, K); padded rows have unit variance and nothing to say
    x: np.ndarray
    y: np.ndarray
    seen: np.ndarray


def _padded(patient: np.ndarray, t: np.ndarray, x: np.ndarray, y: np.ndarray) -> _Padded:
    order = np.lexsort((t, patient))
    _, index, counts = np.unique(patient[order], return_inverse=True, return_counts=True)
    column = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    shape = (len(counts), int(counts.max()))
    out_t, out_y, seen = np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=bool)
    out_x = np.zeros((*shape, x.shape[1]))
    out_t[index, column], out_y[index, column], seen[index, column] = t[order], y[order], True
    out_x[index, column] = x[order]
    return _Padded(out_t, out_x, out_y, seen)


def _precision(columns: int, own: int, ridge: float) -> np.ndarray:
    """Of every coefficient of T (basis x w), in units of 1 / residual variance."""
    one = np.full(columns, ridge)
    one[0], one[own] = FREE, OWN
    return np.tile(one, 3)


def _profile(spread: Spread, p: _Padded, horizon: float, precision: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Minus the log likelihood with T integrated out, the posterior mean of T, and its covariance."""
    both = p.seen[:, :, None] & p.seen[:, None, :]
    v = np.where(both, spread.covariance(p.t, horizon), np.eye(p.t.shape[1]))
    root = np.linalg.cholesky(v)
    z = np.linalg.solve(root, np.concatenate([p.x, p.y[:, :, None]], axis=2))
    white_x, white_y = z[:, :, :-1].reshape(-1, p.x.shape[2]), z[:, :, -1].ravel()
    residual = spread.noise**2 + spread.wander**2 + spread.level**2
    gram = white_x.T @ white_x + np.diag(precision / residual)
    b = np.linalg.solve(gram, white_x.T @ white_y)
    e = white_y - white_x @ b
    half = 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum()
    told = float(e @ e + b**2 @ (precision / residual) + half)
    told += float(np.linalg.slogdet(gram)[1] - np.log(precision / residual).sum())
    return 0.5 * told, b, np.linalg.inv(gram)


def reshaped(z: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Standard normal scores to the residuals' own shape; linear beyond the outer quantiles."""
    from scipy.special import ndtri

    at = ndtri(LEVELS)
    inner = np.interp(z, at, shape)
    low = shape[0] + (z - at[0]) * max((shape[1] - shape[0]) / (at[1] - at[0]), 0.2)
    high = shape[-1] + (z - at[-1]) * max((shape[-1] - shape[-2]) / (at[-1] - at[-2]), 0.2)
    return np.where(z < at[0], low, np.where(z > at[-1], high, inner))
