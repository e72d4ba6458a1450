"""Verification of the generators on synthetic patients of another truth, and of the likelihood on its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binom

from vitruvian.core.keys import generator
from vitruvian.kinds.progression.copula import fit_copula
from vitruvian.kinds.progression.generator import HORIZON, PLAN, visits
from vitruvian.kinds.progression.latent import Spread, fit_course
from vitruvian.kinds.progression.population import fit_population, weighted_quantile
from vitruvian.kinds.progression.visits import Visits

Progress = Callable[[float], None]
MIDDLE = PLAN + 10.0
TRAIN, TEST = 71, 72


def table(v: Visits) -> np.ndarray:
    """(patient, window, marker) of the synthetic plan; NaN where not seen."""
    out = np.full((len(v), len(PLAN), len(v.markers)), np.nan)
    for k, at in enumerate(PLAN):
        rows = v.window(at - 1.0, at + 25.0)
        out[rows >= 0, k] = v.values[rows[rows >= 0]]
    return out


@cache
def _drawn(quick: bool) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], np.ndarray, np.ndarray]:
    """Bands (low, high) by generator and by the history's own quantiles; truth; bands' widths are theirs."""
    train, test = visits(200 if quick else 400, TRAIN), visits(250 if quick else 800, TEST)
    population = fit_population(train, HORIZON)
    truth, past = table(test), table(train)
    latent = population.draws(test.base, MIDDLE, 200, 5)
    w, first = (population.coding.w(v.base) for v in (train, test)), [_first(v) for v in (train, test)]
    w_train, w_test = w
    gone = (train.gone[:, None] == 1) & (train.end[:, None] < PLAN)
    model = fit_copula(w_train[:, 1:], first[0], past, gone.astype(float), np.zeros(2, bool), 3)
    values, staying = model.draws(w_test[:, 1:], first[1], 50 if quick else 60, 7)
    bands = {"latent": _bands(latent.values, latent.staying), "copula": _bands(values, staying)}
    own = np.nanquantile(past, [0.05, 0.95], axis=0)
    bands["history alone"] = (np.broadcast_to(own[0], truth.shape), np.broadcast_to(own[1], truth.shape))
    return bands, truth, past


def _first(v: Visits) -> np.ndarray:
    return np.stack([v.base.number(m) for m in v.markers], axis=1)


def _bands(values: np.ndarray, staying: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ends = [
        np.stack([weighted_quantile(values[..., j], staying, p) for j in range(values.shape[3])], axis=2)
        for p in (0.05, 0.95)
    ]
    return ends[0], ends[1]


def coverage(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Coverage by visit and marker."""
    bands, truth, _ = _drawn(quick)
    seen = np.isfinite(truth)
    found: dict[str, np.ndarray] = {}
    for name, (low, high) in bands.items():
        inside = np.where(seen, (truth >= low) & (truth <= high), np.nan)
        found[name] = np.nanmean(inside, axis=0)
    mine = np.stack([found["latent"], found["copula"]])
    met = all(
        within(float(c), int(n), mine.size) for c, n in zip(mine.ravel(), np.tile(seen.sum(0).ravel(), 2), strict=True)
    )
    low, high = float(mine.min()), float(mine.max())
    own = found["history alone"]
    detail = {n: f.tolist() for n, f in found.items()}
    base = {"history alone": [float(own.min()), float(own.max())]}
    return {"measured": [low, high], "met": met, "n": len(truth), "baseline": base, "detail": detail}


def within(share: float, n: int, tests: int, low: float = 0.87, high: float = 0.93) -> bool:
    """Inside the printed range, or inside the simultaneous (Bonferroni) 99 % binomial band of 0.9 for this n."""
    a = 0.005 / tests
    band = binom.ppf([a, 1 - a], n, 0.9) / n
    return min(low, band[0]) <= share <= max(high, band[1])


def sharpness(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Width of the latent model's bands over the history's."""
    bands, truth, _ = _drawn(quick)
    width = {n: np.mean(high - low, axis=0) for n, (low, high) in bands.items()}
    ratio = {n: float(np.mean(w / width["history alone"])) for n, w in width.items()}
    found = ratio["latent"]
    return {"measured": found, "met": found < 0.9, "n": len(truth), "baseline": {"history alone": 1.0}, "detail": ratio}


TRUTH = Spread(4.0, 3.0, 0.3, 2.5, 90.0, 2.0)


def recovered(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Simulated with the model's own equations at irregular times, fitted again."""
    count = 150 if quick else 400
    rng = generator(9, "progression.recovered")
    t = np.sort(rng.uniform(20, HORIZON, (count, 7)), axis=1)
    w = np.column_stack([np.ones(count), rng.standard_normal(count)])
    root = np.linalg.cholesky(TRUTH.covariance(t, HORIZON))
    y = 50 + 3 * w[:, 1:] - 6 * t / HORIZON + np.einsum("nij,nj->ni", root, rng.standard_normal(t.shape))
    patient = np.repeat(np.arange(count), 7)
    course = fit_course("y", "identity", w, 1, patient, t.ravel(), y.ravel(), HORIZON)
    grid = np.linspace(60, HORIZON, 6)
    truth, found = (s.covariance(grid, HORIZON) for s in (TRUTH, course.spread))
    error = float(np.max(np.abs(np.sqrt(np.diag(found) / np.diag(truth)) - 1)))
    flat = float(np.max(np.abs(y.std() / np.sqrt(np.diag(truth)) - 1)))
    corr = [c / np.sqrt(np.outer(np.diag(c), np.diag(c))) for c in (truth, found)]
    detail = {"largest correlation error": float(np.max(np.abs(corr[0] - corr[1])))}
    met = error <= (0.2 if quick else 0.1)
    return {"measured": 100 * error, "met": met, "n": count, "baseline": {"one sd": 100 * flat}, "detail": detail}
