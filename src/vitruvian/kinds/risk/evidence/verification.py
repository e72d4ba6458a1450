"""Verification of the risk: a calibrated fit; calibration and ranking on synthetic patients it was not fitted on."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit, logit, ndtr
from scipy.stats import kstest, norm, rankdata

from vitruvian.core.keys import generator
from vitruvian.engines.logistic import Weights, fit_logistic, linear
from vitruvian.engines.table import HOUR, Table, landmark_table
from vitruvian.kinds.risk.evidence.score import score_risk
from vitruvian.kinds.risk.generator import ward
from vitruvian.kinds.risk.patient import COLUMNS, EVENT
from vitruvian.kinds.risk.prior import PRIOR_MEAN, PRIOR_SD
from vitruvian.kinds.risk.shipped import PATIENTS, SEED, shipped_weights, synthetic_table

Progress = Callable[[float], None]
SBC_PATIENTS, TEST_PATIENTS, TEST_SEED = 120, 3000, 20260202


def calibrated_fit(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Ranks of the true weights in their Laplace posteriors."""
    replications = 50 if quick else 200
    table = synthetic_table(SBC_PATIENTS, 1)
    ranks = np.empty((replications, len(PRIOR_MEAN)))
    for r in range(replications):
        rng = generator(11, "risk.sbc", r)
        truth = PRIOR_MEAN + PRIOR_SD * rng.standard_normal(len(PRIOR_MEAN))
        found = refitted(table, truth, rng)
        ranks[r] = ndtr((truth - found.mean) / np.sqrt(np.diag(found.covariance)))
        progress((r + 1) / replications)
    p = {name: float(kstest(u, "uniform").pvalue) for name, u in zip(("intercept", *table.names), ranks.T, strict=True)}
    measured = min(1.0, min(p.values()) * len(p))
    return {"measured": measured, "met": measured >= 0.01, "n": replications, "baseline": None, "detail": p}


def refitted(table: Table, truth: np.ndarray, rng: np.random.Generator) -> Weights:
    """Fit to outcomes drawn with these weights on the table's own standardised columns."""
    blank = fit_logistic(
        Table(table.names, table.x, 0 * table.y, table.subject, table.at, ""), PRIOR_MEAN, PRIOR_SD, ""
    )
    eta = linear(blank.standardised(table.x), truth)
    y = (rng.uniform(size=len(eta)) < expit(eta)).astype(np.float64)
    return fit_logistic(Table(table.names, table.x, y, table.subject, table.at, ""), PRIOR_MEAN, PRIOR_SD, "simulated")


@cache
def _held_out(quick: bool) -> tuple[Table, np.ndarray, np.ndarray, np.ndarray]:
    """Test table, posterior mean risk of the shipped weights, the score's, the generator's own, a landmark."""
    train = synthetic_table(PATIENTS, SEED)
    told = ward(TEST_PATIENTS if not quick else 800, TEST_SEED)
    table = landmark_table(told.patients, COLUMNS, EVENT, every=HOUR, within=HOUR, source="synthetic, held out")
    weights = shipped_weights()
    draws = weights.draws(generator(3, "risk.held_out").standard_normal((100, len(weights.mean))))
    x = weights.standardised(table.x)
    risk = np.mean([expit(linear(x, w)) for w in draws], axis=0)
    hours = (table.at / HOUR).astype(int)
    own = np.array([told.hazard[who][h] for who, h in zip(table.subject.tolist(), hours, strict=True)])
    return table, risk, score_risk(train, table), own


def slope(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Calibration slope with its 99 % band."""
    table, risk, score, own = _held_out(quick)
    (found, sd), (baseline, _), (truth, _) = (slope_of(p, table) for p in (risk, score, own))
    band = max(0.15, float(norm.ppf(0.995)) * sd)
    detail = {"sd": sd, "observed": float(table.y.mean()), "predicted": float(risk.mean()), "generator": truth}
    return {
        "measured": found,
        "met": abs(found - 1.0) <= band,
        "n": len(table.y),
        "baseline": {"early-warning score": baseline},
        "detail": detail,
    }


def slope_of(p: np.ndarray, table: Table) -> tuple[float, float]:
    """Slope of the outcome on logit(p), and its sd."""
    single = Table(("logit",), logit(p)[:, None], table.y, table.subject, table.at, "")
    w = fit_logistic(single, np.array([-5.0, 0.0]), np.array([100.0, 100.0]), "")
    return float(w.mean[1] / w.scale[0]), float(np.sqrt(w.covariance[1, 1]) / w.scale[0])


def auc(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Area under the ROC curve beside the score's and the generator's own."""
    table, *predictions = _held_out(quick)
    found, baseline, best = (area(p, table.y) for p in predictions)
    return {
        "measured": found,
        "met": found > baseline and found >= best - 0.08,
        "n": len(table.y),
        "baseline": {"early-warning score": baseline, "prevalence": 0.5, "generator": best},
        "detail": {"events": int(table.y.sum())},
    }


def area(p: np.ndarray, y: np.ndarray) -> float:
    """Probability that an event's landmark ranks above another one (Mann & Whitney), ties half."""
    events = y == 1.0
    n = float(events.sum())
    return float((rankdata(p)[events].sum() - n * (n + 1) / 2) / (n * (len(y) - n)))


def logloss(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Log loss as a share of that of the training prevalence."""
    table, risk, score, own = _held_out(quick)
    prevalence = np.full(len(table.y), synthetic_table(PATIENTS, SEED).y.mean())
    losses = [-np.mean(np.where(table.y == 1, np.log(p), np.log1p(-p))) for p in (risk, score, own, prevalence)]
    found, baseline, best = (float(v / losses[3]) for v in losses[:3])
    return {
        "measured": found,
        "met": found < min(0.98, baseline),
        "n": len(table.y),
        "baseline": {"prevalence": 1.0, "early-warning score": baseline, "generator": best},
    }
