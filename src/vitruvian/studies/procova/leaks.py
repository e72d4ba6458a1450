"""Columns that know the future: a baseline table from which the outcome can be read, and how that is noticed.

A column is refused where it (1) says the outcome almost without error, (2) is missing exactly for some outcomes, or
(3) differs between randomised arms as no baseline can. (1) and (2) work on a history, (3) on a trial. None of them
proves that the others are clean: `post_baseline` in the protocol says what the study team knows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, rankdata

from vitruvian.core.errors import RecordError
from vitruvian.models.trialtable import Frame

SURE = 0.98  # |rank correlation|, or area under the ROC curve, that no baseline column of a trial has: assumed
ALIKE = 0.9  # correlation of being missing with the outcome: assumed
UNBALANCED = 1e-6  # two-sided p of a difference between randomised arms: one in a million by chance


@dataclass(frozen=True)
class Leak:
    """A column and why it cannot be a baseline."""

    column: str
    reason: str


def leaks(frame: Frame, columns: tuple[str, ...], outcome: np.ndarray, arm: np.ndarray | None = None) -> list[Leak]:
    """outcome (n,), arm (n,) of a randomised trial where there is one."""
    out = []
    known = np.isfinite(outcome)
    for name in columns:
        x = _numbers(frame, name)
        here = np.isfinite(x) & known
        reason = _tells(x[here], outcome[here]) or _gaps(np.isfinite(x)[known], outcome[known])
        if not reason and arm is not None:
            reason = _unbalanced(x, arm)
        if reason:
            out.append(Leak(name, reason))
    return out


def refuse_leaks(frame: Frame, columns: tuple[str, ...], outcome: np.ndarray, arm: np.ndarray | None = None) -> None:
    """RecordError for the first leaked column."""
    found = leaks(frame, columns, outcome, arm)
    if found:
        where = f"{frame.source}, column '{found[0].column}'"
        rest = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        fix = "take it out of covariates and adjust; a score may see the baseline only"
        raise RecordError(f"{found[0].reason}: it cannot be a baseline{rest}", where=where, fix=fix)


def _numbers(frame: Frame, name: str) -> np.ndarray:
    column = frame.column(name)
    if column.dtype != object:
        return column
    levels = {v: float(k) for k, v in enumerate(sorted(set(column.tolist()) - {""}))}
    return np.array([levels.get(v, np.nan) for v in column])


def _tells(x: np.ndarray, y: np.ndarray) -> str:
    if len(y) < 20 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return ""
    if len(np.unique(y)) == 2:
        event = y == y.max()
        n = event.sum()
        area = (rankdata(x)[event].sum() - n * (n + 1) / 2) / (n * (len(y) - n))
        area = max(area, 1 - area)
        return f"separates the outcome (area under the ROC curve {area:.3f})" if area > SURE else ""
    r = float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
    return f"says the outcome almost exactly (rank correlation {r:.3f})" if abs(r) > SURE else ""


def _gaps(there: np.ndarray, y: np.ndarray) -> str:
    if there.all() or not there.any() or np.ptp(y) == 0:
        return ""
    r = float(np.corrcoef(there, y)[0, 1])
    return f"is missing by outcome (correlation {r:.2f})" if abs(r) > ALIKE else ""


def _unbalanced(x: np.ndarray, arm: np.ndarray) -> str:
    groups = [x[(arm == a) & np.isfinite(x)] for a in (0, 1)]
    if min(len(g) for g in groups) < 10:
        return ""
    ranks = rankdata(np.concatenate(groups))
    n0, n1 = len(groups[0]), len(groups[1])
    spread = float(np.var(ranks)) * n0 * n1 / (n0 + n1 - 1)
    if spread == 0:
        return ""
    z = (ranks[n0:].sum() - n1 * (n0 + n1 + 1) / 2) / np.sqrt(spread)
    p = float(2 * norm.sf(abs(z)))
    return f"differs between randomised arms (p = {p:.0e})" if p < UNBALANCED else ""
