"""The super covariate: a stack of ridge, splines, boosted trees and forest, weighted by cross-validation, calibrated.

    m(x) = sum_l w_l f_l(x),  w >= 0, sum w = 1: least squares on out-of-fold predictions, towards equal weights
    E[Y | x] = g^-1(a + b g(m(x))),  (a, b) ~ N: fitted on the out-of-fold m; b = 1, a = 0 is a calibrated stack

van der Laan, Polley & Hubbard, Stat Appl Genet Mol Biol 6:25 (2007); Breiman, Mach Learn 24:49 (1996). Time to
event: the target is the martingale residual of the history, and (a, b) are those of a Poisson model of events with
offset log Lambda0(T).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import nnls

from vitruvian.core.errors import InferenceError, RecordError
from vitruvian.core.keys import generator, key
from vitruvian.engines.boosting import Forest
from vitruvian.kinds.prognosis.columns import Columns
from vitruvian.kinds.prognosis.linear import Linear, fit_linear, link, response
from vitruvian.kinds.prognosis.trees import boosted, forest, forest_json, forest_of
from vitruvian.models.trialtable import Frame

LEARNERS = ("ridge", "splines", "boosting", "forest")
FAMILIES = ("continuous", "binary", "count", "time")
FOLDS, FEWEST = 5, 40  # FEWEST patients in a history: assumed
EQUAL = 200.0  # patients that the prior of equal weights is worth: assumed


@dataclass(frozen=True)
class History:
    """Patients under control treatment: baseline frame (its named columns are used), outcome; event for
    family "time".
    """

    frame: Frame
    columns: tuple[str, ...]
    y: np.ndarray
    family: str
    event: np.ndarray | None = None
    outcome: str = "outcome"
    unit: str = "1"
    horizon: float = 365.0  # days after randomisation at which the outcome is read

    def __post_init__(self) -> None:
        where = f"{self.frame.source}, outcome '{self.outcome}'"
        if self.family not in FAMILIES:
            raise RecordError(f"no outcome type '{self.family}'", where=where, fix=f"use one of {', '.join(FAMILIES)}")
        if len(self.y) != len(self.frame) or not np.isfinite(self.y).all():
            raise RecordError("an outcome is missing", where=where, fix="leave such patients out of the history")
        if len(self.y) < FEWEST:
            raise RecordError(f"{len(self.y)} patients", where=where, fix=f"a score needs {FEWEST} at least")
        told = self.y if self.event is None else self.event
        if np.ptp(told) == 0:
            raise RecordError(f"the outcome is {told[0]:g} for everybody", where=where, fix="check the column")
        if self.family == "binary" and not np.isin(self.y, (0, 1)).all():
            raise RecordError("a binary outcome is neither 0 nor 1", where=where, fix="code it 0 and 1")
        if self.family == "count" and (self.y < 0).any():
            raise RecordError("a count is negative", where=where, fix="check the column")
        if (self.family == "time") != (self.event is not None):
            raise RecordError("time to event needs time and event", where=where, fix="name both columns")


@dataclass(frozen=True)
class Stack:
    """Learners, their weights, the calibration (a, b) with covariance, and what cross-validation found."""

    columns: Columns
    family: str
    outcome: str
    unit: str
    horizon: float
    linear: Mapping[str, Linear]
    trees: Mapping[str, Forest]
    weights: Mapping[str, float]
    calibration: np.ndarray
    covariance: np.ndarray
    spread: float  # sd of a continuous outcome around its expectation, out of fold
    hazard: tuple[np.ndarray, np.ndarray]  # times (days) and Lambda0 of the history, family "time"
    report: Mapping[str, Any]
    origin: str

    def raw(self, frame: Frame) -> np.ndarray:
        """m(x) (n,)."""
        x = self.columns.matrix(frame)
        out = np.zeros(len(x))
        for name, weight in self.weights.items():
            if weight > 0:
                learner = self.linear[name] if name in self.linear else self.trees[name]
                out += weight * learner.predict(x)
        return out

    def score(self, frame: Frame) -> np.ndarray:
        """The prognostic score (n,): calibrated expectation, or expected martingale residual for family "time"."""
        m = self.raw(frame)
        return m if self.family == "time" else self.calibrated(m, self.calibration)

    def calibrated(self, m: np.ndarray, ab: np.ndarray) -> np.ndarray:
        """g^-1(a + b g(m)); log relative hazard for family "time"."""
        if self.family == "time":
            return ab[..., :1] + ab[..., 1:] * m
        return response(self.family, ab[..., :1] + ab[..., 1:] * link(self.family, m))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "columns": self.columns.to_json(),
            **{k: getattr(self, k) for k in ("family", "outcome", "unit", "horizon", "spread", "origin")},
            "linear": {k: v.to_json() for k, v in self.linear.items()},
            "trees": {k: forest_json(v) for k, v in self.trees.items()},
            "weights": dict(self.weights),
            "calibration": self.calibration.tolist(),
            "covariance": self.covariance.tolist(),
            "hazard": [h.tolist() for h in self.hazard],
            "report": dict(self.report),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Stack:
        """Back from `to_json`."""
        return cls(
            columns=Columns.from_json(data["columns"]),
            **{k: data[k] for k in ("family", "outcome", "unit", "horizon", "spread", "origin", "weights", "report")},
            linear={k: Linear.from_json(v) for k, v in data["linear"].items()},
            trees={k: forest_of(v) for k, v in data["trees"].items()},
            calibration=np.array(data["calibration"]),
            covariance=np.array(data["covariance"]),
            hazard=(np.array(data["hazard"][0]), np.array(data["hazard"][1])),
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, without the report."""
        body = {k: v for k, v in self.to_json().items() if k != "report"}
        return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def fit_stack(history: History, seed: int, *, folds: int = FOLDS, trees: int | None = None) -> Stack:
    """Learn from a history; the same seed and rows give the same bits."""
    return fit_out_of_fold(history, seed, folds=folds, trees=trees)[0]


def fit_out_of_fold(
    history: History,
    seed: int,
    *,
    folds: int = FOLDS,
    trees: int | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[Stack, np.ndarray]:
    """The stack, and what its learners said of each patient (n,) in the fold that left the patient out."""
    columns = Columns.learned(history.frame, history.columns)
    x = columns.matrix(history.frame)
    if not x.shape[1]:
        raise RecordError("no baseline column", where=history.frame.source, fix="name covariates for the score")
    target, hazard = _target(history)
    family = "continuous" if history.family == "time" else history.family
    fold = _folds(history, seed, folds)
    out = np.empty((len(LEARNERS), len(target)))
    for k in range(folds):
        train, test = fold != k, fold == k
        models = _learn(columns.names, family, x[train], target[train], key(seed, "stack", k), trees)
        for j, name in enumerate(LEARNERS):
            out[j, test] = models[name].predict(x[test])
        progress((k + 1) / (folds + 1))
    weights = _weights(out, target)
    crossed = weights @ out
    ab, covariance, spread = _calibration(history, crossed, target)
    models = _learn(columns.names, family, x, target, key(seed, "stack", "all"), trees)
    used = {n: float(w) for n, w in zip(LEARNERS, weights, strict=True)}
    stack = Stack(
        columns, history.family, history.outcome, history.unit, history.horizon,
        {n: m for n, m in models.items() if isinstance(m, Linear) and used[n] > 0},
        {n: m for n, m in models.items() if isinstance(m, Forest) and used[n] > 0},
        used, ab, covariance, spread, hazard,
        _report(history, columns, x, out, crossed, target, ab, covariance),
        f"{history.frame.source}: {len(target)} patients",
    )  # fmt: skip
    return stack, crossed


def cross_fitted(history: History, seed: int, folds: int = FOLDS, trees: int | None = None) -> np.ndarray:
    """Scores (n,) of in-trial controls by stacks that have not seen them. NOT PROCOVA proper: no external history."""
    fold = _folds(history, seed, folds)
    out = np.empty(len(history.y))
    for k in range(folds):
        rest = fold != k
        event = None if history.event is None else history.event[rest]
        mine = dataclasses.replace(history, frame=history.frame.take(rest), y=history.y[rest], event=event)
        out[fold == k] = fit_stack(mine, key(seed, "cross", k), trees=trees).score(history.frame.take(fold == k))
    return out


def _learn(
    names: tuple[str, ...], family: str, x: np.ndarray, y: np.ndarray, seed: int, trees: int | None
) -> dict[str, Linear | Forest]:
    size = {} if trees is None else {"trees": trees}
    return {
        "ridge": fit_linear(family, x, y, splines=False),
        "splines": fit_linear(family, x, y, splines=True),
        "boosting": boosted(names, x, y, seed, **size),
        "forest": forest(names, x, y, seed, **size),
    }


def _weights(out: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Non-negative least squares, with equal weights as a prior worth EQUAL patients: few patients cannot choose."""
    root = np.sqrt(EQUAL * target.var())
    rows = np.concatenate([out.T - target.mean(), root * np.eye(len(out))])
    weights, _ = nnls(rows, np.append(target - target.mean(), np.full(len(out), root / len(out))))
    return weights / weights.sum()


def _folds(history: History, seed: int, folds: int) -> np.ndarray:
    """Fold of each patient, with outcomes spread evenly."""
    rng = generator(seed, "stack.folds")
    told = history.y if history.event is None else history.event
    order = np.lexsort((rng.random(len(told)), told))
    fold = np.empty(len(told), dtype=int)
    for start in range(0, len(told), folds):
        group = order[start : start + folds]
        fold[group] = rng.permutation(folds)[: len(group)]
    return fold


def _target(history: History) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    if history.event is None:
        return history.y.astype(np.float64), (np.zeros(0), np.zeros(0))
    times, deaths = np.unique(history.y[history.event == 1], return_counts=True)
    risk = len(history.y) - np.searchsorted(np.sort(history.y), times, side="left")
    hazard = np.cumsum(deaths / risk)
    at = np.append(0.0, hazard)[np.searchsorted(times, history.y, side="right")]
    return history.event - at, (times, hazard)


def _calibration(history: History, m: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """(a, b), their covariance, and the residual sd, from out-of-fold predictions m."""
    if history.family == "continuous":
        d = np.column_stack([np.ones(len(m)), m])
        inverse = np.linalg.inv(d.T @ d + 1e-9 * np.eye(2))
        ab = inverse @ d.T @ target
        spread = float(np.sqrt(((target - d @ ab) ** 2).sum() / (len(m) - 2)))
        return ab, inverse * spread**2, spread
    d = np.column_stack([np.ones(len(m)), m if history.family == "time" else link(history.family, m)])
    offset, y = np.zeros(len(m)), history.y
    if history.event is not None:
        offset, y = np.log(np.maximum(history.event - target, 1e-6)), history.event
    ab = np.array([0.0, 1.0])
    family = "count" if history.family == "time" else history.family
    for _ in range(50):
        mu = response(family, offset + d @ ab)
        v = np.maximum(mu * (1 - mu) if family == "binary" else mu, 1e-9)
        curvature = (d * v[:, None]).T @ d + 1e-6 * np.eye(2)
        step = np.linalg.solve(curvature, d.T @ (y - mu))
        ab = ab + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-10:
            return ab, np.linalg.inv(curvature), 0.0
    raise InferenceError("the score cannot be calibrated", where="prognosis", fix="use fewer columns or more patients")


def _report(
    history: History, columns: Columns, x: np.ndarray, out: np.ndarray, crossed: np.ndarray, target: np.ndarray,
    ab: np.ndarray, covariance: np.ndarray,
) -> dict[str, Any]:  # fmt: skip
    single = {n: abs(_correlation(x[:, k], target)) for k, n in enumerate(columns.names)}
    best = max(single, key=lambda n: single[n])
    return {
        "patients": len(target),
        "correlation": _correlation(crossed, target),
        "learners": {n: _correlation(out[j], target) for j, n in enumerate(LEARNERS)},
        "best single covariate": {"name": best, "correlation": single[best]},
        "calibration": {"intercept": float(ab[0]), "slope": float(ab[1]), "slope_sd": float(covariance[1, 1] ** 0.5)},
        "deciles": deciles(crossed, target),
    }


def deciles(predicted: np.ndarray, observed: np.ndarray, groups: int = 10) -> list[dict[str, float]]:
    """Mean prediction and outcome by tenth of the prediction: the calibration curve."""
    parts = np.array_split(np.argsort(predicted, kind="stable"), groups)
    return [
        {"predicted": float(predicted[p].mean()), "observed": float(observed[p].mean()), "n": len(p)} for p in parts
    ]


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    sa, sb = a.std(), b.std()
    return float(((a - a.mean()) * (b - b.mean())).mean() / (sa * sb)) if sa > 0 and sb > 0 else 0.0
