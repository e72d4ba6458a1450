"""GUSTO-I: 30-day death, streptokinase against tPA, with a score from streptokinase patients of other regions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.kinds.prognosis.columns import Columns
from vitruvian.kinds.prognosis.stack import History, fit_stack
from vitruvian.models.trialtable import Frame
from vitruvian.studies.procova import glm
from vitruvian.studies.procova.ancova import ancova
from vitruvian.studies.procova.evidence.files import independent, table
from vitruvian.studies.procova.marginal import standardised

Progress = Callable[[float], None]
NOT_BASELINE = ("day30", "ttr", "regl", "grpl", "grps", "tpa", "tx")  # outcome, measured later, place, treatment
GROUPS = 5  # trials are pairs of regions: each is judged by a score of the eight others
CONTROL, TREATED = "SK", "tPA"


def _splits(data: Path | None, test: Path | None, quick: bool) -> list[tuple[Frame, Frame]]:
    """(history, trial) with different regions."""
    frame = table(data, "gusto", "gusto*.parquet")
    control = frame.factor("tx") == CONTROL
    region = frame.number("regl")
    if test is not None:
        trial = table(test, "gusto", "gusto*.parquet")
        apart = ~np.isin(region, np.unique(trial.number("regl")))
        return [(frame.take(control & apart), _both(trial))]
    pairs = np.array_split(np.unique(region), GROUPS)
    if quick:
        some = np.arange(len(frame)) % 4 == 0  # a quarter of the history
        return [
            (frame.take(control & ~np.isin(region, p) & some), _both(frame.take(np.isin(region, p))))
            for p in pairs[-1:]
        ]
    return [(frame.take(control & ~np.isin(region, p)), _both(frame.take(np.isin(region, p)))) for p in pairs]


def _both(frame: Frame) -> Frame:
    return frame.take(np.isin(frame.factor("tx"), (CONTROL, TREATED)))


def deaths(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Relative efficiency of the score, over unadjusted and over linear ANCOVA on the covariates; calibration slope."""
    splits = _splits(data, test, quick)
    columns = tuple(n for n in splits[0][0].columns if n not in NOT_BASELINE)
    rows, told, count = [], [], 0
    for k, (history, trial) in enumerate(splits):
        stack = fit_stack(History(history, columns, history.number("day30"), "binary", None, "30-day death"), k)
        y, a = trial.number("day30"), (trial.factor("tx") != CONTROL).astype(float)
        m = stack.score(trial)
        x = independent(_indicators(trial, columns))
        later = independent(np.column_stack([x, np.nan_to_num(trial.number("ttr"))]))
        logit = np.log(m / (1 - m))[:, None]
        adjustments = (None, m[:, None], x, later, np.column_stack([m, x]))
        v = [ancova(y, a, z).se ** 2 for z in adjustments]
        rows.append([v[0] / w for w in v[1:]] + [v[0] / standardised("binary", y, a, logit).se ** 2])
        told.append((logit[a == 0], y[a == 0]))
        count += len(y)
        progress((k + 1) / len(splits))
    score, linear, with_ttr, both, marginal = np.mean(rows, axis=0)
    best = max(linear, with_ttr)
    slope = _slope(np.concatenate([t[0] for t in told]), np.concatenate([t[1] for t in told]))
    measured = {"score": float(score), "over linear ANCOVA": float(score / best), "calibration slope": slope}
    limits = (1.10, 0.98, 0.8, 1.2) if quick else (1.18, 1.035, 0.9, 1.1)
    met = bool(score >= limits[0] and score / best >= limits[1] and limits[2] <= slope <= limits[3])
    base = {"unadjusted": 1.0, "22 covariates, linear": float(linear), "with ttr": float(with_ttr)}
    detail = {
        "score + 22 covariates": float(both),
        "g-computation on the score": float(marginal),
        "trials": len(splits),
    }
    return {"measured": measured, "met": met, "n": count, "baseline": base, "detail": detail}


def _indicators(frame: Frame, columns: tuple[str, ...]) -> np.ndarray:
    return Columns.learned(frame, columns).matrix(frame)


def _slope(logit: np.ndarray, y: np.ndarray) -> float:
    return float(glm.fit("binary", np.column_stack([np.ones(len(y)), logit]), y)[1])
