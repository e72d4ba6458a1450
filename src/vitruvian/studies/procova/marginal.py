"""Marginal effects by g-computation: any outcome model, a population estimand, and its influence function.

    Psi_a = mean_i mu(a, X_i),   phi_a,i = 1{A_i = a} / pi_a (Y_i - mu(a, X_i)) + mu(a, X_i) - Psi_a
    r(Psi_1, Psi_0): difference, log ratio, log odds ratio;   Var = mean_i (r1' phi_1,i + r0' phi_0,i)^2 / n

Randomisation alone makes it valid, the model only makes it precise: Rosenblum & van der Laan, Int J Biostat 6:13
(2010); FDA guidance "Adjusting for covariates in randomized clinical trials" (May 2023). With a canonical link and
an arm term the plug-in needs no correction. n - p in the denominator and, on request, cross-validated residuals for
small samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.studies.procova import glm
from vitruvian.studies.procova.ancova import check_arms, design_of
from vitruvian.studies.procova.estimate import Estimate


@dataclass(frozen=True)
class Estimand:
    """r(psi1, psi0) with its derivatives; on the log scale for ratios."""

    name: str
    scale: str
    value: Callable[[float, float], float]
    slopes: Callable[[float, float], tuple[float, float]]


ESTIMANDS = {
    "difference": Estimand("difference", "linear", lambda p1, p0: p1 - p0, lambda p1, p0: (1.0, -1.0)),
    "ratio": Estimand("ratio", "log", lambda p1, p0: math.log(p1 / p0), lambda p1, p0: (1.0 / p1, -1.0 / p0)),
    "odds ratio": Estimand(
        "odds ratio",
        "log",
        lambda p1, p0: math.log(p1 / (1 - p1)) - math.log(p0 / (1 - p0)),
        lambda p1, p0: (1.0 / (p1 * (1 - p1)), -1.0 / (p0 * (1 - p0))),
    ),
}


def estimand(name: str, family: str) -> Estimand:
    """By name; InferenceError where it makes no sense for the outcome."""
    if name not in ESTIMANDS:
        raise InferenceError(f"no estimand '{name}'", where="estimand", fix=f"use one of {', '.join(ESTIMANDS)}")
    if name == "odds ratio" and family != "binary":
        raise InferenceError("odds are of a binary outcome", where="estimand", fix="use difference or ratio")
    if name == "ratio" and family == "continuous":
        raise InferenceError("a ratio needs a positive outcome", where="estimand", fix="use difference")
    return ESTIMANDS[name]


def predictions(
    family: str, y: np.ndarray, arm: np.ndarray, x: np.ndarray | None, weight: np.ndarray | None, interaction: bool
) -> tuple[np.ndarray, np.ndarray]:
    """mu(1, X), mu(0, X), each (..., n), of the working model fitted with these weights (..., n)."""
    d = design_of(arm, x, interaction=interaction)
    b = glm.fit(family, d, y, weight)
    ones, zeros = (design_of(np.full(len(y), a), x, interaction=interaction) for a in (1.0, 0.0))
    return glm.mean(family, b @ ones.T), glm.mean(family, b @ zeros.T)


def standardised(
    family: str,
    y: np.ndarray,
    arm: np.ndarray,
    covariates: np.ndarray | None = None,
    *,
    effect: str = "difference",
    interaction: bool = False,
    folds: int = 0,
    seed: int = 0,
    margin: float = 0.0,
) -> Estimate:
    """One trial. folds > 0: residuals of the influence function from models that have not seen the patient."""
    target = estimand(effect, family)
    check_arms(y, arm)
    glm.check_outcome(family, y)
    _refuse_no_events(family, y, arm)
    y = np.asarray(y, dtype=np.float64)
    mu1, mu0 = predictions(family, y, arm, covariates, None, interaction)
    psi1, psi0 = float(np.mean(mu1)), float(np.mean(mu0))
    r1, r0 = target.slopes(psi1, psi0)
    seen1, seen0 = (mu1, mu0) if folds == 0 else _cross_fitted(family, y, arm, covariates, interaction, folds, seed)
    pi1 = float(np.mean(arm))
    phi = r1 * (arm / pi1 * (y - seen1) + mu1 - psi1) + r0 * ((1 - arm) / (1 - pi1) * (y - seen0) + mu0 - psi0)
    p = 2 + (0 if covariates is None else covariates.shape[1]) * (2 if interaction else 1)
    se = float(np.sqrt((phi**2).sum() / (len(y) - (p if folds == 0 else 1)) / len(y)))
    said = (
        f"g-computation, {family} outcome, {p - 2} covariates{', cross-validated' if folds else ''}, influence function"
    )
    detail = {"psi1": psi1, "psi0": psi0}
    value = target.value(psi1, psi0)
    return Estimate(effect, value, se, len(y) - p, said, len(y), target.scale, margin, detail)


def _cross_fitted(
    family: str, y: np.ndarray, arm: np.ndarray, x: np.ndarray | None, interaction: bool, folds: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    from vitruvian.core.keys import generator

    fold = generator(seed, "marginal.folds").permutation(len(y)) % folds
    weights = (np.arange(folds)[:, None] != fold).astype(np.float64)
    mu1, mu0 = predictions(family, y, arm, x, weights, interaction)
    here = np.arange(len(y))
    return mu1[fold, here], mu0[fold, here]


def _refuse_no_events(family: str, y: np.ndarray, arm: np.ndarray) -> None:
    if family == "continuous":
        return
    for a, label in ((0, "control"), (1, "treated")):
        mine = y[arm == a]
        if mine.sum() == 0:
            fix = "report the risk difference by ANCOVA (continuous); ratios and odds do not exist"
            raise InferenceError(f"no event in the {label} arm", where="outcome", fix=fix)
        if family == "binary" and mine.min() == 1.0:
            fix = "report the risk difference by ANCOVA (continuous); odds do not exist"
            raise InferenceError(f"everybody in the {label} arm has the event", where="outcome", fix=fix)
