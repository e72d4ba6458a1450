"""Analysis of covariance of a randomised trial, with heteroscedasticity-consistent standard errors.

    Y = b0 + b1 A + b2'(X - Xbar) [+ b3' A (X - Xbar)] + e,     average treatment effect = b1
    V = (D'D)^-1 [sum_i w_i e_i^2 d_i d_i'] (D'D)^-1,           h_i = d_i'(D'D)^-1 d_i
    w: HC0 1; HC1 n / (n - p); HC2 1 / (1 - h_i); HC3 1 / (1 - h_i)^2;  intervals by t with n - p degrees of freedom
    HC2-BM: HC2 with Bell & McCaffrey's degrees of freedom, a_i the weight of y_i in b1, w_i^2 = a_i^2 / (1 - h_i):
      df = (sum_i a_i^2)^2 / sum_ij w_i^2 w_j^2 (1{i=j} - h_ij)^2

MacKinnon & White, J Econometrics 29:305 (1985); b1 is consistent whatever the true model, because A is randomised:
Lin, Ann Appl Stat 7:295 (2013). PROCOVA is this with X the prognostic score: EMA qualification opinion of 15
September 2022. HC3 errs on the wide side in small trials (Long & Ervin, Am Stat 54:217, 2000); HC2-BM is nearer to
its level there (Bell & McCaffrey, Surv Methodol 28:169, 2002; Imbens & Kolesar, Rev Econ Stat 98:701, 2016). With
the centred interaction the estimate is that for the mean patient of the trial, and b1's variance treats Xbar as
fixed; `super_population` adds (b3's spread) b3' S b3 / n, what Xbar's own draw from the population adds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.studies.procova.estimate import Estimate

HC = ("HC0", "HC1", "HC2", "HC3")
BM = "HC2-BM"
DEPENDENT = 1e-10  # share of a column that the others leave over, below which it is theirs


@dataclass(frozen=True)
class Fit:
    """Least squares of many trials at once: coefficients (..., p), their covariance (..., p, p) by estimator."""

    coefficients: np.ndarray
    covariance: dict[str, np.ndarray]
    leverage: np.ndarray
    residual: np.ndarray
    df: int
    loads: np.ndarray  # (..., n, p): weight of each outcome in each coefficient
    basis: np.ndarray  # (..., n, p): orthonormal, of the design

    def se(self, hc: str = "HC3") -> np.ndarray:
        """Standard errors (..., p)."""
        return np.sqrt(np.diagonal(self.covariance[hc], axis1=-2, axis2=-1))

    def bell_mccaffrey(self, which: int = 1) -> np.ndarray:
        """Degrees of freedom (...,) of this coefficient's HC2 variance, were all outcomes' variances equal."""
        a, h = self.loads[..., which], self.leverage
        w = a**2 / (1.0 - h)
        cross = np.einsum("...np,...n,...nq->...pq", self.basis, w, self.basis)
        return (a**2).sum(-1) ** 2 / ((w**2 * (1.0 - 2.0 * h)).sum(-1) + (cross**2).sum((-2, -1)))


def least_squares(design: np.ndarray, y: np.ndarray, which: tuple[str, ...] = HC) -> Fit:
    """design (..., n, p), y (..., n). InferenceError where columns are collinear or a row fits itself exactly."""
    n, p = design.shape[-2:]
    if n <= p:
        raise InferenceError(f"{n} rows for {p} coefficients", where="ANCOVA", fix="use fewer covariates")
    q, r = np.linalg.qr(design)
    share = np.abs(np.diagonal(r, axis1=-2, axis2=-1)) / np.maximum(np.sqrt((design**2).sum(axis=-2)), 1e-300)
    if (share < DEPENDENT).any():
        bad = int(np.argmin(share.reshape(-1, p).min(axis=0)))
        raise InferenceError(
            f"column {bad} of the design is constant or a combination of the others",
            where="ANCOVA",
            fix="drop that covariate (0 is the intercept, 1 the arm)",
        )
    qy = np.einsum("...np,...n->...p", q, y)
    b = np.linalg.solve(r, qy[..., None])[..., 0]
    e = y - np.einsum("...np,...p->...n", design, b)
    h = np.einsum("...np,...np->...n", q, q)
    loads = np.swapaxes(np.linalg.solve(r, np.swapaxes(q, -1, -2)), -1, -2)  # (..., n, p): rows of D (D'D)^-1
    return Fit(b, {k: _sandwich(loads, e, h, n - p, k) for k in which}, h, e, n - p, loads, q)


def _sandwich(loads: np.ndarray, e: np.ndarray, h: np.ndarray, df: int, kind: str) -> np.ndarray:
    n = e.shape[-1]
    left = 1.0 - h
    if kind in ("HC2", "HC3") and (left < 1e-12).any():
        fix = "merge rare factor levels, or use HC1"
        raise InferenceError("a row has leverage 1: its covariates are its own", where=f"ANCOVA, {kind}", fix=fix)
    weight = {"HC0": 1.0, "HC1": n / df, "HC2": 1.0 / left, "HC3": 1.0 / left**2}[kind]
    return np.einsum("...n,...np,...nq->...pq", weight * e**2, loads, loads)


def design_of(arm: np.ndarray, covariates: np.ndarray | None = None, *, interaction: bool = False) -> np.ndarray:
    """[1, A, X - Xbar, A (X - Xbar)]: arm (..., n), covariates (..., n, k) -> (..., n, p)."""
    a = np.asarray(arm, dtype=np.float64)
    columns = [np.ones_like(a)[..., None], a[..., None]]
    if covariates is not None and covariates.shape[-1]:
        centred = covariates - covariates.mean(axis=-2, keepdims=True)
        columns.append(centred)
        if interaction:
            columns.append(a[..., None] * centred)
    return np.concatenate(columns, axis=-1)


def ancova(
    y: np.ndarray,
    arm: np.ndarray,
    covariates: np.ndarray | None = None,
    *,
    interaction: bool = False,
    hc: str = "HC3",
    super_population: bool = False,
    margin: float = 0.0,
    name: str = "difference in means",
) -> Estimate:
    """One trial: y (n,), arm (n,) in {0, 1}, covariates (n, k). `margin` is the difference tested against."""
    if hc not in (*HC, BM):
        raise InferenceError(f"no estimator '{hc}'", where="ancova", fix=f"use one of {', '.join((*HC, BM))}")
    check_arms(y, arm)
    if np.ptp(y) == 0.0:
        raise InferenceError(f"the outcome is {y[0]:g} for everybody", where="ancova", fix="check the outcome's column")
    kind = "HC2" if hc == BM else hc
    fit = least_squares(design_of(arm, covariates, interaction=interaction), np.asarray(y, dtype=np.float64), (kind,))
    k = 0 if covariates is None else covariates.shape[1]
    variance = float(fit.covariance[kind][1, 1])
    df = float(fit.bell_mccaffrey()) if hc == BM else fit.df
    if super_population and interaction and covariates is not None and k:
        slopes = fit.coefficients[2 + k :]
        variance += float(slopes @ np.cov(covariates, rowvar=False, ddof=1).reshape(k, k) @ slopes) / len(y)
    said = "unadjusted difference" if k == 0 else f"ANCOVA on {k} covariate{'s' if k > 1 else ''}"
    said += " with centred interaction" if interaction and k else ""
    return Estimate(name, float(fit.coefficients[1]), variance**0.5, df, f"{said}, {hc}, t", len(y), null=margin)


def check_arms(y: np.ndarray, arm: np.ndarray) -> None:
    """InferenceError unless arms are 0 and 1 with two patients each, and outcomes are finite."""
    values = set(np.unique(arm).tolist())
    if values != {0, 1}:
        raise InferenceError(f"arms are {sorted(values)}", where="arm", fix="code control 0 and treated 1")
    for a, label in ((0, "control"), (1, "treated")):
        if int((arm == a).sum()) < 2:
            raise InferenceError(f"fewer than 2 patients in the {label} arm", where="arm", fix="check the arm's column")
    if not np.isfinite(y).all():
        count = int((~np.isfinite(y)).sum())
        fix = "impute them (trial analyse --missing), or analyse by MMRM"
        raise InferenceError(f"{count} outcomes are missing", where="outcome", fix=fix)
