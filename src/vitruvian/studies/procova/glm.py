"""Generalised linear models with canonical link, fitted by iteratively reweighted least squares, many at once.

binary: logit; count: log; continuous: identity. McCullagh & Nelder, Generalized Linear Models (1989), section 2.5.
Separation (a covariate that predicts the outcome perfectly) is found and said, not fitted towards infinity.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from vitruvian.core.errors import InferenceError

FAMILIES = ("continuous", "binary", "count")
STEPS, TOLERANCE = 40, 1e-10
FLAT = 25.0  # |logit| or |log| beyond which a fitted value has left every data set: assumed


def mean(family: str, eta: np.ndarray) -> np.ndarray:
    """Inverse link."""
    if family == "binary":
        return expit(eta)
    return np.exp(np.minimum(eta, 700.0)) if family == "count" else eta


def variance(family: str, mu: np.ndarray) -> np.ndarray:
    """Var(Y | mu) up to dispersion, which is d mu / d eta for a canonical link."""
    if family == "binary":
        return mu * (1.0 - mu)
    return mu if family == "count" else np.ones_like(mu)


def check_outcome(family: str, y: np.ndarray) -> None:
    """InferenceError unless the outcome is of the family."""
    if family not in FAMILIES:
        raise InferenceError(f"no outcome type '{family}'", where="outcome", fix=f"use one of {', '.join(FAMILIES)}")
    if family == "binary" and not np.isin(y, (0.0, 1.0)).all():
        raise InferenceError("a binary outcome is neither 0 nor 1", where="outcome", fix="code it 0 and 1")
    if family == "count" and ((y < 0).any() or (y != np.round(y)).any()):
        raise InferenceError("a count is negative or no whole number", where="outcome", fix="check the column")
    if np.ptp(y) == 0.0:
        raise InferenceError(f"the outcome is {y[0]:g} for everybody", where="outcome", fix="check the column")


def fit(family: str, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, ridge: float = 0.0) -> np.ndarray:
    """Coefficients (..., p) for x (n, p), y (n,) and weights (..., n); ridge on all but the first column."""
    w = np.ones_like(y) if weight is None else weight
    b = np.zeros((*w.shape[:-1], x.shape[1]))
    if family != "continuous":
        level = np.clip((w * y).sum(-1) / w.sum(-1), 1e-6, None)
        b[..., 0] = np.log(level / (1 - np.minimum(level, 1 - 1e-6))) if family == "binary" else np.log(level)
    penalty = ridge * np.append(0.0, np.ones(x.shape[1] - 1))
    for _ in range(STEPS):
        mu = mean(family, b @ x.T)
        v = np.maximum(variance(family, mu), 1e-12) * w
        gradient = (w * (y - mu)) @ x - penalty * b
        curvature = np.einsum("...n,np,nq->...pq", v, x, x, optimize=True) + np.diag(penalty)
        try:
            step = np.linalg.solve(curvature, gradient[..., None])[..., 0]
        except np.linalg.LinAlgError as err:
            fix = "drop constant columns and combinations of others"
            raise InferenceError("columns are collinear", where=f"{family} model", fix=fix) from err
        size = np.abs(step @ x.T).max()
        step *= min(1.0, 5.0 / max(float(size), 1e-300))
        b = b + step
        if family == "continuous" or float(np.abs(gradient * step).max()) < TOLERANCE:
            break
    else:
        _refuse_separated(family, b @ x.T)
        raise InferenceError(f"no convergence in {STEPS} steps", where=f"{family} model", fix="use fewer covariates")
    _refuse_separated(family, b @ x.T)
    return b


def _refuse_separated(family: str, eta: np.ndarray) -> None:
    far = np.abs(eta) > FLAT if family == "binary" else eta < -FLAT
    if family != "continuous" and far.any():
        raise InferenceError(
            "perfect separation: the covariates or the arm predict the outcome without error",
            where=f"{family} model",
            fix="drop the covariate that does so (measured after randomisation?), merge rare levels, or use ANCOVA",
        )
