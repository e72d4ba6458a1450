"""Verification of the stack: calibration and precision on synthetic patients it was not fitted on."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.kinds.prognosis.generator import history
from vitruvian.kinds.prognosis.linear import link
from vitruvian.kinds.prognosis.stack import FAMILIES, History, Stack, fit_stack

Progress = Callable[[float], None]
TRAIN_SEED, TEST_SEED = 31, 47


@cache
def _fitted(family: str, quick: bool) -> tuple[Stack, History]:
    """A stack of 600 patients (300 quick) and 4,000 others (1,500)."""
    return fit_stack(history(300 if quick else 600, TRAIN_SEED, family), 5), history(
        1500 if quick else 4000, TEST_SEED, family
    )


def _slope(family: str, m: np.ndarray, test: History, hazard: tuple[np.ndarray, np.ndarray]) -> tuple[float, float]:
    """Slope of the outcome on the calibrated linear predictor, and its sd: IRLS with the canonical link."""
    eta = m if family in ("time", "continuous") else link(family, m)
    y, offset = test.y, np.zeros(len(eta))
    if test.event is not None:
        y, offset = (
            test.event,
            np.log(np.maximum(np.append(0.0, hazard[1])[np.searchsorted(hazard[0], test.y, "right")], 1e-6)),
        )
    d = np.column_stack([np.ones(len(eta)), eta])
    b = np.array([0.0, 1.0])
    v = np.ones(len(eta))
    mu = d @ b
    for _ in range(30):
        if family == "continuous":
            mu = d @ b
        elif family == "binary":
            mu = 1 / (1 + np.exp(-d @ b))
            v = mu * (1 - mu)
        else:
            mu = np.exp(offset + d @ b)
            v = mu
        b = b + np.linalg.solve((d * v[:, None]).T @ d, d.T @ (y - mu))
    inverse = np.linalg.inv((d * v[:, None]).T @ d)
    meat = (d * ((y - mu) ** 2)[:, None]).T @ d
    return float(b[1]), float(np.sqrt((inverse @ meat @ inverse)[1, 1]))


def slope(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Slopes of calibrated scores with their 99 % bands."""
    found, baseline, met, count = {}, {}, True, 0
    for k, family in enumerate(FAMILIES):
        stack, others = _fitted(family, quick)
        raw = stack.raw(others.frame)
        value = stack.calibrated(raw, stack.calibration)
        found[family], sd = _slope(family, value, others, stack.hazard)
        own = float(stack.covariance[1, 1]) / float(stack.calibration[1]) ** 2
        met &= abs(found[family] - 1) <= max(0.15, 2.576 * float(np.sqrt(sd**2 + own)))
        if "ridge" in stack.linear:
            straight = stack.linear["ridge"].predict(stack.columns.matrix(others.frame))
            baseline[family] = _slope(family, straight, others, stack.hazard)[0]
        count += len(others.y)
        progress((k + 1) / len(FAMILIES))
    return {"measured": found, "met": bool(met), "n": count, "baseline": {"ridge": baseline}}


def stacked(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Squared correlations with the outcome, of the stack, its learners and the best single covariate."""
    ratios, detail, better = {}, {}, True
    for k, family in enumerate(FAMILIES):
        stack, others = _fitted(family, quick)
        x, y = stack.columns.matrix(others.frame), others.y if others.event is None else _residual(others)
        told = {"stack": _squared(stack.raw(others.frame), y)}
        for name in (*stack.linear, *stack.trees):
            learner = stack.linear.get(name) or stack.trees[name]
            told[name] = _squared(learner.predict(x), y)
        single = stack.columns.names.index(stack.report["best single covariate"]["name"])
        told["single"] = _squared(x[:, single], y)
        ratios[family] = told["stack"] / max(v for n, v in told.items() if n not in ("stack", "single"))
        better &= told["stack"] > told["single"]
        detail[family] = told
        progress((k + 1) / len(FAMILIES))
    smallest = min(ratios.values())
    singles = {f: d["single"] / d["stack"] for f, d in detail.items()}
    count = 4 * (1500 if quick else 4000)
    met = bool(better and smallest >= (0.94 if quick else 0.97))
    return {
        "measured": smallest,
        "met": met,
        "n": count,
        "baseline": {"best single covariate": singles},
        "detail": detail,
    }


def _residual(h: History) -> np.ndarray:
    assert h.event is not None
    times, deaths = np.unique(h.y[h.event == 1], return_counts=True)
    hazard = np.cumsum(deaths / (len(h.y) - np.searchsorted(np.sort(h.y), times)))
    return h.event - np.append(0.0, hazard)[np.searchsorted(times, h.y, side="right")]


def _squared(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1] ** 2)
