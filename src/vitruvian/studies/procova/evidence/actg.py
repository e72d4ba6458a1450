"""ACTG 175: what a score is worth beyond the baseline CD4, and in the log-rank test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.kinds.prognosis.stack import History, Stack, fit_stack
from vitruvian.models.trialtable import Frame
from vitruvian.studies.procova.ancova import ancova
from vitruvian.studies.procova.evidence.files import independent, table, without
from vitruvian.studies.procova.survival import log_rank, martingale

Progress = Callable[[float], None]
COLUMNS = (
    "age", "wtkg", "hemo", "homo", "drugs", "karnof", "oprior", "z30", "preanti", "race", "gender", "str2", "strat",
    "symptom", "cd40", "cd80",
)  # fmt: skip
CONTRASTS = {1: "ZDV + ddI", 2: "ZDV + ddC", 3: "ddI"}  # each against 0, ZDV alone
SPLITS, SURVIVAL_SPLITS, TREES = 200, 40, 60


def _splits(data: Path | None, test: Path | None, count: int) -> list[tuple[Frame, Frame]]:
    """(history, trial): half of the controls and everybody else, or all controls and the trial of another root."""
    frame = table(data, "actg175", "*.csv")
    control = np.flatnonzero(frame.number("arms") == 0)
    if test is not None:
        trial = table(test, "actg175", "*.csv")
        return [(without(frame.take(control), trial, "pidnum"), trial)]
    out = []
    for k in range(count):
        mixed = generator(175, "actg split", k).permutation(control)
        half = len(mixed) // 2
        rest = np.concatenate([mixed[half:], np.flatnonzero(frame.number("arms") != 0)])
        out.append((frame.take(mixed[:half]), frame.take(rest)))
    return out


def _contrast(trial: Frame, arm: int) -> Frame:
    return trial.take(np.isin(trial.number("arms"), (0, arm)))


def _balanced(trial: Frame, seed: int) -> Frame:
    """As many treated as controls: at 1 : 2 and under an effect the arms weigh unequally in the variance saved."""
    arm = trial.number("arms")
    control, treated = np.flatnonzero(arm == 0), np.flatnonzero(arm != 0)
    fewer = min(len(control), len(treated))
    mixed = generator(175, "actg balanced", seed).permutation(treated)
    return trial.take(np.concatenate([control[:fewer], mixed[:fewer]]))


def _score(history: Frame, seed: int, survival: bool = False) -> Stack:
    y = history.number("days" if survival else "cd420")
    event = history.number("cens") if survival else None
    family = "time" if survival else "continuous"
    return fit_stack(History(history, COLUMNS, y, family, event, "CD4", "/uL", 140.0), seed, trees=TREES)


def variance(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Ratios of HC3 variances by contrast, mean over splits."""
    splits = _splits(data, test, 6 if quick else SPLITS)
    rows, count = [], 0
    for k, (history, trial) in enumerate(splits):
        stack, row = _score(history, k), []
        for arm in CONTRASTS:
            part = _contrast(trial, arm)
            y, a = part.number("cd420"), (part.number("arms") != 0).astype(float)
            m, base = stack.score(part), part.number("cd40")
            adjustments = (base[:, None], np.column_stack([m, base]), m[:, None], None, _all(part))
            row.append([ancova(y, a, x).se ** 2 for x in adjustments])
            count = max(count, len(y))
        rows.append(row)
        progress((k + 1) / len(splits))
    v = np.array(rows)  # (split, contrast, adjustment)
    ratio = (v[:, :, :1] / v).mean(axis=0)  # (contrast, adjustment): cd40 ANCOVA over each
    found = float(ratio[:, 1].mean())
    unadjusted = (v[:, :, 3:4] / v).mean(axis=0)
    detail = {
        "by contrast": dict(zip(CONTRASTS.values(), ratio[:, 1].tolist(), strict=True)),
        "score alone over cd40": ratio[:, 2].tolist(),
        "against unadjusted: cd40, score + cd40, score": unadjusted[:, :3].tolist(),
        "standard error over splits": float((v[:, :, 0] / v[:, :, 1]).mean(axis=1).std() / np.sqrt(len(v))),
        "splits": len(splits),
    }
    base = {"cd40": 1.0, "16 covariates": float(ratio[:, 4].mean()), "unadjusted": float(ratio[:, 3].mean())}
    return {
        "measured": found,
        "met": found >= (1.02 if quick else 1.04),
        "n": count,
        "baseline": base,
        "detail": detail,
    }


def _all(part: Frame) -> np.ndarray:
    x = np.column_stack([part.number(c) for c in COLUMNS])
    return independent(np.where(np.isfinite(x), x, np.nanmedian(x, axis=0)))


def survival(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Variance saved in the log-rank test beside the square of the score's correlation with martingale residuals."""
    splits = _splits(data, test, 3 if quick else SURVIVAL_SPLITS)
    rows, events = [], 0
    for k, (history, trial) in enumerate(splits):
        stack = _score(history, k, survival=True)
        for arm in CONTRASTS:
            row = []
            for part in (_balanced(_contrast(trial, arm), k), _contrast(trial, arm)):
                t, d, a = part.number("days"), part.number("cens"), (part.number("arms") != 0).astype(float)
                residual = martingale(t, d)
                for x in (stack.score(part), part.number("cd40")):
                    row += [log_rank(t, d, a, x[:, None]).detail["variance_saved"], np.corrcoef(x, residual)[0, 1] ** 2]
            rows.append(row)
            events = max(events, int(trial.number("cens").sum()))
        progress((k + 1) / len(splits))
    saved, r2, base_saved, base_r2, all_saved, all_r2, *_ = np.mean(rows, axis=0)
    found = float(saved / r2)
    detail = {"saved": float(saved), "r2": float(r2), "events": events, "splits": len(splits)}
    detail["ratio with all treated patients (1 : 2)"] = float(all_saved / all_r2)
    baseline = {"cd40 alone: saved": float(base_saved), "r2": float(base_r2)}
    met = bool(0.8 <= found <= 1.2) if not quick else bool(0.6 <= found <= 1.4)
    return {"measured": found, "met": met, "n": len(splits[0][1]), "baseline": baseline, "detail": detail}
