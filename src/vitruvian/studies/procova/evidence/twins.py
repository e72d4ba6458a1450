"""Twins of unseen control patients in three trials: coverage by visit window, distinguishability, worth as a score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binom

from vitruvian.core.errors import RecordError
from vitruvian.core.keys import generator
from vitruvian.kinds.progression.checks import check
from vitruvian.kinds.progression.population import fit_population
from vitruvian.kinds.progression.visits import Visits
from vitruvian.models.trialtable import Frame
from vitruvian.studies.procova.evidence.files import found_table

Progress = Callable[[float], None]
MONTH, YEAR = 30.4375, 365.25
FOLDS, DRAWS, ENOUGH = 5, 400, 100


@dataclass(frozen=True)
class Told:
    """How a trial's file is read, and the visit windows (days) it is judged in."""

    folder: str
    pattern: str
    arm: tuple[str, str]
    how: dict[str, Any]
    horizon: float
    windows: tuple[tuple[float, float], ...]

    def visits(self, frame: Frame) -> Visits:
        """Control patients of the file."""
        return Visits.of_long(self.ready(frame), **self.how)

    def ready(self, frame: Frame) -> Frame:
        """The control arm; pbcseq's status 1 (transplanted) and 2 (died) both end follow-up."""
        kept = frame.take(frame.factor(self.arm[0]) == self.arm[1])
        return kept.plus("gone", (kept.number("status") > 0).astype(float)) if "status" in kept.columns else kept


TRIALS = {
    "aids": Told(
        "jm_longitudinal", "aids*.csv", ("drug", "ddC"),
        {"identity": "patient", "time": "obstime", "markers": ["CD4"], "covariates": ["gender", "prevOI", "AZT"],
         "days": MONTH, "end": "Time", "gone": "death"},
        18 * MONTH, tuple(((m - 1.5) * MONTH, (m + 1.5) * MONTH) for m in (2.5, 6, 12, 18)),
    ),
    "CSL-1": Told(
        "jm_longitudinal", "prothro.csv", ("treat", "placebo"),
        {"identity": "id", "time": "time", "markers": ["pro"], "covariates": [], "days": YEAR, "end": "Time",
         "gone": "death"},
        4 * YEAR,
        tuple((a * YEAR, b * YEAR) for a, b in ((0.1, 0.35), (0.35, 0.75), (0.75, 1.5), (1.5, 2.5), (2.5, 3.5))),
    ),
    "pbcseq": Told(
        "r_classics", "*pbcseq*.csv", ("trt", "0"),
        {"identity": "id", "time": "day", "markers": ["bili", "albumin", "protime"],
         "covariates": ["age", "sex", "edema", "stage", "hepato"], "end": "futime", "gone": "gone"},
        4 * YEAR, ((90.0, 270.0), (270.0, 540.0), (540.0, 900.0), (900.0, 1280.0)),
    ),
}  # fmt: skip


def twins(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Coverage, AUROC and worth in every trial that is there."""
    detail, tested, notes = {}, 0, []
    chosen = dict(list(TRIALS.items())[:1]) if quick else TRIALS
    for k, (name, told) in enumerate(chosen.items()):
        try:
            detail[name] = _trial(told, data, test)
            tested += detail[name]["patients"]
        except RecordError as err:
            notes.append(f"{name} is not measured: {err.message}")
        progress((k + 1) / len(chosen))
    if not detail:
        return {"measured": "not measured: no trial is here", "met": None, "n": 0, "baseline": None, "notes": notes}
    shares = [(c, n) for d in detail.values() for c, n in d["coverage"]]
    figures = len(shares)
    met = all(_within(c, n, figures) for c, n in shares)
    auroc = max(d["auroc"] for d in detail.values())
    worth = float(np.mean([d["worth"] for d in detail.values()]))
    measured = {
        "coverage": [min(c for c, _ in shares), max(c for c, _ in shares)],
        "outside 0.87 to 0.93": sum(not 0.87 <= c <= 0.93 for c, _ in shares),
        "windows": figures,
        "AUROC": auroc,
        "worth": worth,
    }
    met = met and auroc <= (0.65 if quick else 0.60) and worth >= (0.98 if quick else 1.0)
    base = {n: d["coverage of the history's own quantiles"] for n, d in detail.items()}
    return {"measured": measured, "met": bool(met), "n": tested, "baseline": base, "detail": detail, "notes": notes}


def _within(share: float, n: int, figures: int) -> bool:
    tail = 0.005 / figures
    low, high = binom.ppf([tail, 1 - tail], n, 0.9) / n
    return bool(min(0.87, low) <= share <= max(0.93, high))


def _trial(told: Told, data: Path | None, test: Path | None) -> dict[str, Any]:
    frame = found_table(data, told.folder, told.pattern)
    if frame is None:
        raise RecordError("its file is not here", where=f"trials/{told.folder}/{told.pattern}")
    everyone = told.visits(frame)
    if test is not None:
        other = found_table(test, told.folder, told.pattern)
        if other is None:
            raise RecordError("its file is not in the test root", where=f"trials/{told.folder}/{told.pattern}")
        judged, folds = told.visits(other), [(everyone, np.ones(0, dtype=bool))]
    else:
        fold = generator(7, "twins.folds").permutation(len(everyone)) % FOLDS
        judged, folds = everyone, [(everyone.take(fold != k), fold == k) for k in range(FOLDS)]
    middle = np.array([(a + b) / 2 for a, b in told.windows])
    shape = (len(judged), DRAWS, len(middle), len(judged.markers))
    values, staying, w = np.empty(shape), np.empty(shape[:3]), np.zeros((0, 0))
    own, expected = np.empty((2, len(judged), *shape[2:])), np.empty((len(judged), *shape[2:]))
    for k, (past, here) in enumerate(folds):
        mine = here if len(here) else np.ones(len(judged), dtype=bool)
        population = fit_population(past, told.horizon)
        drawn = population.draws(judged.base.take(mine), middle, DRAWS, k)
        values[mine], staying[mine] = drawn.values, drawn.staying
        expected[mine] = population.expected(judged.base.take(mine), middle)
        w = population.coding.w(judged.base)
        own[:, mine] = np.nanquantile(_windows(past, told), [0.05, 0.95], axis=0)[:, None]
    first = folds[0][1] if len(folds[0][1]) else np.ones(len(judged), dtype=bool)
    return _judged(
        judged, _windows(judged, told), expected, values, staying, own, w, _windows(folds[0][0], told), first
    )


def _windows(v: Visits, told: Told) -> np.ndarray:
    out = np.full((len(v), len(told.windows), len(v.markers)), np.nan)
    for k, (a, b) in enumerate(told.windows):
        rows = v.window(a, b)
        out[rows >= 0, k] = v.values[rows[rows >= 0]]
    return out


def _judged(
    v: Visits,
    truth: np.ndarray,
    expected: np.ndarray,
    values: np.ndarray,
    staying: np.ndarray,
    own: np.ndarray,
    w: np.ndarray,
    past: np.ndarray,
    first: np.ndarray,
) -> dict[str, Any]:
    enough = np.isfinite(truth).sum(axis=0).min(axis=1) >= ENOUGH
    if not enough.any():
        raise RecordError(f"no window has {ENOUGH} patients", where=v.base.source)
    expected = expected[:, enough]
    truth, values, staying, own, past = (
        truth[:, enough],
        values[:, :, enough],
        staying[:, :, enough],
        own[:, :, enough],
        past[:, enough],
    )
    found = check(values, staying, truth, w[:, 1:], past)
    apart = check(values[first], staying[first], truth[first], w[first, 1:], past)  # whose training rows are `past`
    seen = np.isfinite(truth)
    crude = np.where(seen, (truth >= own[0]) & (truth <= own[1]), np.nan)
    ratios = {}
    for j, marker in enumerate(v.markers):
        start = v.base.number(marker)
        ratios[marker] = [_ratio(truth[s, k, j], start[s], expected[s, k, j]) for k, s in enumerate(seen[..., j].T)]
    flat = [r for rows in ratios.values() for r in rows]
    return {
        "patients": len(v),
        "coverage": [(float(c), int(n)) for c, n in zip(found.coverage[2].ravel(), found.seen.ravel(), strict=True)],
        "coverage of the history's own quantiles": [
            float(np.nanmin(np.nanmean(crude, 0))),
            float(np.nanmax(np.nanmean(crude, 0))),
        ],
        "auroc": found.auroc,
        "worth": float(np.mean([r["both"] for r in flat])),
        "score alone over baseline alone": float(np.mean([r["alone"] for r in flat])),
        "nearest training row": apart.nearest,
        "largest gap of cross-visit correlations": float(found.correlation.max()),
    }


def _ratio(y: np.ndarray, start: np.ndarray, score: np.ndarray) -> dict[str, float]:
    """Residual variance of y on the baseline value, over that on the score with and without it."""

    def left(*columns: np.ndarray) -> float:
        d = np.column_stack([np.ones(len(y)), *columns])
        e = y - d @ np.linalg.lstsq(d, y, rcond=None)[0]
        return float(e @ e) / (len(y) - d.shape[1])

    base = left(start)
    return {"both": base / left(start, score), "alone": base / left(score)}
