"""Bayesian logistic regression: Gaussian prior, Laplace posterior, and its content-hashed artefact.

log p(w | x, y) = sum_i [y_i eta_i - log(1 + exp(eta_i))] - |(w - m0) / s0|^2 / 2,   eta = w_0 + sum_k w_k x_k;
the mode by Newton's method, covariance C the inverse Hessian there (Bishop, Pattern Recognition and Machine Learning,
2006, section 4.5); the mean is the mode and its first correction, -C sum_i x_i p_i (1 - p_i) (1 - 2 p_i) x_i' C x_i / 2
(Lindley 1980, in Tierney & Kadane, J Am Stat Assoc 1986;81:82): with few events the posterior is skewed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from vitruvian.core.errors import InferenceError
from vitruvian.engines.table import Table

DIGITS = 9  # significant digits kept: what two machines agree on, and far below any posterior sd


@dataclass(frozen=True)
class Weights:
    """Posterior of the weights, intercept first: mean (k + 1,), covariance (k + 1, k + 1), on x standardised.

    centre, scale (k,): how x was standardised; a missing entry counts as the centre. origin: what it was fitted on.
    """

    names: tuple[str, ...]
    centre: np.ndarray
    scale: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    origin: str

    def standardised(self, x: np.ndarray) -> np.ndarray:
        """(n, k) to zero mean and unit sd as in the fit; NaN to 0."""
        z = (x - self.centre) / self.scale
        return np.where(np.isnan(z), 0.0, z)

    def draws(self, u: np.ndarray) -> np.ndarray:
        """Weights (member, k + 1) of latents u (member, k + 1) ~ N(0, I): mean + L u, L the lower Cholesky factor."""
        root = np.linalg.cholesky(self.covariance)
        out = np.tile(self.mean, (len(u), 1))
        for j in range(u.shape[1]):  # column by column: a member's bits know no other member
            out += u[:, j, None] * root[:, j]
        return out

    def to_json(self) -> dict[str, Any]:
        """Plain lists, rounded."""
        arrays = {k: _rounded(getattr(self, k)) for k in ("centre", "scale", "mean", "covariance")}
        return {"names": list(self.names), **arrays, "origin": self.origin}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Weights:
        """Back from `to_json`."""
        arrays = {k: np.array(data[k], dtype=np.float64) for k in ("centre", "scale", "mean", "covariance")}
        return cls(names=tuple(data["names"]), origin=data["origin"], **arrays)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical bytes: sorted keys, no spaces, 9 significant digits."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def linear(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """eta (..., n) for x (n, k) and w (..., k + 1), summed column by column: a row's bits know no other row."""
    eta = np.broadcast_to(w[..., :1], (*w.shape[:-1], len(x))).copy()
    for k in range(x.shape[1]):
        eta += w[..., k + 1, None] * x[:, k]
    return eta


def fit_logistic(table: Table, prior_mean: np.ndarray, prior_sd: np.ndarray, origin: str, steps: int = 50) -> Weights:
    """Mode and Laplace covariance; prior on the standardised scale, intercept first. InferenceError if it diverges."""
    if not np.isin(table.y, (0.0, 1.0)).all():
        raise InferenceError("an outcome is neither 0 nor 1", where="fit_logistic", fix="leave such rows out")
    centre, scale = _moments(table.x)
    blank = Weights(table.names, centre, scale, prior_mean, np.diag(prior_sd**2), origin)
    x = np.column_stack([np.ones(len(table.y)), blank.standardised(table.x)])
    precision = 1.0 / prior_sd**2

    def objective(w: np.ndarray) -> float:
        eta = x @ w
        return float(np.logaddexp(0.0, eta).sum() - table.y @ eta + 0.5 * precision @ (w - prior_mean) ** 2)

    def slopes(w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        p = expit(x @ w)
        return p, x.T @ (p - table.y) + precision * (w - prior_mean), (x * (p * (1 - p))[:, None]).T @ x

    w = prior_mean.copy()
    for _ in range(steps):
        _, gradient, curvature = slopes(w)
        move = np.linalg.solve(curvature + np.diag(precision), gradient)
        decrement = float(gradient @ move)
        if decrement < 1e-12:  # the log posterior gains no more than this; the last step squares the error
            return _corrected(blank, x, w - move, slopes)
        step, value = 1.0, objective(w)
        while decrement > 1e-6 and objective(w - step * move) > value and step > 1e-8:
            step *= 0.5
        w = w - step * move
    raise InferenceError(f"no mode after {steps} Newton steps", where="fit_logistic", fix="check the table's columns")


def _corrected(blank: Weights, x: np.ndarray, w: np.ndarray, slopes: Callable[[np.ndarray], Any]) -> Weights:
    """Posterior at the mode w, its mean corrected for skewness."""
    p, _, curvature = slopes(w)
    covariance = np.linalg.inv(curvature + np.linalg.inv(blank.covariance))
    skew = p * (1 - p) * (1 - 2 * p) * ((x @ covariance) * x).sum(axis=1)
    return dataclasses.replace(blank, mean=w - 0.5 * covariance @ (x.T @ skew), covariance=covariance)


def _moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and sd of each column without its missing entries; sd 1 where a column does not vary."""
    seen = ~np.isnan(x)
    count = np.maximum(seen.sum(axis=0), 1)
    centre = np.where(seen, x, 0.0).sum(axis=0) / count
    sd = np.sqrt(np.where(seen, (x - centre) ** 2, 0.0).sum(axis=0) / count)
    return centre, np.where(sd > 1e-12, sd, 1.0)


def _rounded(values: Sequence[Any] | np.ndarray) -> list[Any]:
    return [_rounded(v) if np.ndim(v) else float(f"{float(v):.{DIGITS}g}") for v in values]
