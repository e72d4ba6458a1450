"""Mixed model for repeated measures: visit-wise arm means with an unstructured covariance, by restricted likelihood.

    y_i = X_i b + e_i,  e_i ~ N(0, S_{visits of i}),   X: visit, arm x visit, covariate x visit

Missing outcomes are missing at random given what was seen. Mallinckrodt et al., Drug Inf J 42:303 (2008). Degrees
of freedom by Satterthwaite: 2 v^2 / (g' H^-1 g), v = c' C c, g its gradient and H the Hessian of the restricted
likelihood in the Cholesky factor of S (numerical; Fai & Cornelius, J Stat Comput Simul 54:363, 1996).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from vitruvian.core.errors import InferenceError
from vitruvian.studies.procova.estimate import Estimate

MOST = 8  # visits: an unstructured covariance has 36 numbers then


@dataclass(frozen=True)
class Repeated:
    """Coefficients, their covariance, and the covariance of visits."""

    coefficients: np.ndarray
    covariance: np.ndarray
    visits: np.ndarray
    effects: tuple[Estimate, ...]  # arm difference at each visit


def mmrm(y: np.ndarray, arm: np.ndarray, covariates: np.ndarray | None = None) -> Repeated:
    """y (n, visit) with NaN where missing, arm (n,), covariates (n, k) centred here."""
    visits = y.shape[1]
    if visits > MOST:
        raise InferenceError(f"{visits} visits", where="MMRM", fix=f"use {MOST} at most, or model the course")
    for k in range(visits):
        for a in (0, 1):
            if np.isfinite(y[arm == a, k]).sum() < 2:
                raise InferenceError(f"arm {a} has fewer than 2 outcomes at visit {k}", where="MMRM", fix="drop it")
    kept = np.isfinite(y).any(axis=1)
    y, arm = y[kept], np.asarray(arm, float)[kept]
    base = [np.ones(len(y)), arm]
    if covariates is not None and covariates.shape[1]:
        base += list((covariates[kept] - covariates[kept].mean(axis=0)).T)
    b = np.stack(base, axis=1)
    x = np.einsum("vu,nk->nvuk", np.eye(visits), b).reshape(len(y), visits, visits * b.shape[1])
    groups = _patterns(y, x)
    start = _start(y, visits)
    found = minimize(lambda f: _restricted(f, groups, visits)[0], start, method="BFGS", options={"gtol": 1e-5})
    if not np.isfinite(found.fun):
        raise InferenceError(
            "the restricted likelihood has no maximum", where="MMRM", fix="use fewer visits or covariates"
        )
    _, beta, cov = _restricted(found.x, groups, visits)
    inverse = np.linalg.pinv(_hessian(lambda f: _restricted(f, groups, visits)[0], found.x))
    effects = []
    for k in range(visits):
        at = k * b.shape[1] + 1
        gradient = _gradient(lambda f, i=at: _restricted(f, groups, visits)[2][i, i], found.x)
        df = float(2 * cov[at, at] ** 2 / max(gradient @ inverse @ gradient, 1e-300))
        df = float(np.clip(df, 1.0, len(y)))
        effects.append(Estimate(f"visit {k + 1}", float(beta[at]), float(cov[at, at] ** 0.5), df,
                                "MMRM, unstructured, REML, Satterthwaite", len(y)))  # fmt: skip
    root = _root(found.x, visits)
    return Repeated(beta, cov, root @ root.T, tuple(effects))


def _patterns(y: np.ndarray, x: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(visits seen, outcomes (m, v), design (m, v, p)) by pattern of missing visits."""
    seen = np.isfinite(y)
    patterns, index = np.unique(seen, axis=0, return_inverse=True)
    out = []
    for k, pattern in enumerate(patterns):
        mine, at = index.ravel() == k, np.flatnonzero(pattern)
        out.append((at, y[mine][:, at], x[mine][:, at]))
    return out


def _start(y: np.ndarray, visits: int) -> np.ndarray:
    sd = np.nanstd(y, axis=0)
    s = np.outer(sd, sd) * (0.5 + 0.5 * np.eye(visits))
    root = np.linalg.cholesky(s)
    return np.concatenate([np.log(np.diag(root)), root[np.tril_indices(visits, -1)]])


def _root(free: np.ndarray, visits: int) -> np.ndarray:
    root = np.diag(np.exp(np.clip(free[:visits], -20, 20)))
    root[np.tril_indices(visits, -1)] = free[visits:]
    return root


def _restricted(
    free: np.ndarray, groups: list[tuple[np.ndarray, np.ndarray, np.ndarray]], visits: int
) -> tuple[float, np.ndarray, np.ndarray]:
    """Minus the restricted log likelihood, coefficients, their covariance."""
    root = _root(free, visits)
    s = root @ root.T
    p = groups[0][2].shape[2]
    gram, right, yy, half = np.zeros((p, p)), np.zeros(p), 0.0, 0.0
    for at, y, x in groups:
        low = np.linalg.cholesky(s[np.ix_(at, at)])
        z = np.linalg.solve(low, np.concatenate([x, y[:, :, None]], axis=2))
        zx, zy = z[:, :, :-1].reshape(-1, p), z[:, :, -1].ravel()
        gram += zx.T @ zx
        right += zx.T @ zy
        yy += float(zy @ zy)
        half += len(y) * float(np.log(np.diag(low)).sum())
    cov = np.linalg.inv(gram)
    beta = cov @ right
    return half + 0.5 * (yy - float(right @ beta)) + 0.5 * float(np.linalg.slogdet(gram)[1]), beta, cov


def _gradient(f, at: np.ndarray, step: float = 1e-4) -> np.ndarray:
    return np.array([(f(at + step * e) - f(at - step * e)) / (2 * step) for e in np.eye(len(at))])


def _hessian(f, at: np.ndarray, step: float = 1e-3) -> np.ndarray:
    rows = np.array([_gradient(f, at + step * e, step) - _gradient(f, at - step * e, step) for e in np.eye(len(at))])
    h = rows / (2 * step)
    return (h + h.T) / 2
