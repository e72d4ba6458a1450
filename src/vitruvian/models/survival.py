"""Laws of durations learned from stays that ended and stays still in progress, by censored maximum likelihood.

    l(theta) = sum over ended  log f(t)  +  sum over in progress  log S(t)  -  sum log S(entry)

A stay first seen when it had lasted `entry` (in bed when the log begins) counts from there on: left truncation. Time
stamps have a resolution d (minutes, days): a stay below 5 d counts as F(t + d / 2) - F(t - d / 2), zeros too. The
family is chosen by AIC; intervals are Wald's on the log scale (logit for shares), the mean's by the delta method. Where
no family fits (Kolmogorov-Smirnov at 1 %, nearly all stays ended), the law is the stays' own quantiles.

Reference: Klein & Moeschberger, Survival Analysis, 2nd ed. 2003, chapters 3 and 12; Akaike 1974.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.models.durations import FAMILIES, Law, log_density, log_survival

CHOICE = ("exponential", "gamma", "weibull", "lognormal", "hyperexponential")
FEW = 8  # ended stays per parameter below which no family with that many parameters is tried; assumed
SMOOTH = 0.8  # coefficient of variation (censored ones count as ended) below which no mixture is tried: its own is >= 1
COARSE = 5.0  # resolutions below which a duration is an interval
MISFIT = 1.63  # Kolmogorov's 1 % point; parameters are fitted, so what is refused is refused at less than 1 %
OWN, STEPS = 100, 100  # ended stays from which quantiles can stand for a law, and their number of steps
Z95 = 1.959963984540054
Interval = tuple[float, float]


@dataclass(frozen=True)
class Durations:
    """Stays (n,): how long, whether ended, and how long each had lasted when first seen; one unit throughout."""

    time: np.ndarray
    ended: np.ndarray
    entry: np.ndarray
    resolution: float = 0.0

    @staticmethod
    def of(time: Any, ended: Any = True, entry: Any = 0.0, resolution: float = 0.0) -> Durations:
        """Broadcast and checked; InferenceError names the first stay that cannot be."""
        t = np.atleast_1d(np.asarray(time, dtype=float))
        e, b = np.broadcast_to(ended, t.shape), np.broadcast_to(np.asarray(entry, dtype=float), t.shape)
        bad = np.flatnonzero(~np.isfinite(t) | (t < 0) | (b < 0) | (b > t))
        if len(bad):
            i = int(bad[0])
            raise InferenceError(
                f"stay {i} lasts {t[i]:g} and was first seen at {b[i]:g}",
                where="Durations",
                fix="a stay is not negative and is seen before it ends; see the repairs of the log",
            )
        return Durations(t, e.astype(bool), b, resolution)

    @property
    def count(self) -> int:
        """How many ended."""
        return int(self.ended.sum())


@dataclass(frozen=True)
class LearnedLaw:
    """The chosen law, 95 % intervals of its parameters and its mean, and how the other families did (AIC)."""

    law: Law
    intervals: tuple[Interval, ...]
    mean_interval: Interval
    ended: int
    in_progress: int
    aic: Mapping[str, float] = field(default_factory=dict)
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        names = FAMILIES[self.law.family]
        return {
            **self.law.to_json(),
            "interval95": dict(zip(names, map(list, self.intervals), strict=True)),  # none of quantiles
            "mean": self.law.mean,
            "mean_interval95": list(self.mean_interval),
            "ended": self.ended,
            "in_progress": self.in_progress,
            "aic": dict(self.aic),
            **({"note": self.note} if self.note else {}),
        }


def learn(stays: Durations, families: Sequence[str] = CHOICE, *, quantiles: bool = True) -> LearnedLaw:
    """The family with the least AIC, its parameters and their intervals; `quantiles`: may the stays' own stand in."""
    if stays.count == 0:
        raise InferenceError(
            f"none of {len(stays.time)} stays has ended", where="survival.learn", fix="give a longer log"
        )
    spread = float(np.ptp(stays.time[stays.ended]))
    if spread <= max(stays.resolution, 1e-9 * float(stays.time.max())) and stays.ended.all():
        return _constant(stays)
    scale = float(np.mean(stays.time)) or 1.0
    unit = Durations(stays.time / scale, stays.ended, stays.entry / scale, stays.resolution / scale)
    found = {}
    for family in families:
        rough = family != "hyperexponential" or np.std(stays.time) >= SMOOTH * np.mean(stays.time)
        if rough and (stays.count >= FEW * len(FAMILIES[family]) or family == "exponential"):
            fitted = _fit(family, unit)
            if fitted is not None:
                found[family] = fitted
    if not found:
        raise InferenceError("no family fits these stays", where="survival.learn", fix="look at the durations")
    aic = {f: round(2.0 * (cost + len(x)), 3) for f, (x, cost) in found.items()}
    best = min(aic, key=lambda f: aic[f])
    fitted = _described(best, found[best][0], unit, scale, aic)
    return _own_quantiles(stays, fitted) if quantiles and _misfits(stays, fitted.law) else fitted


def _misfits(stays: Durations, law: Law) -> bool:
    if stays.count < OWN or stays.count < 0.98 * len(stays.time) or (stays.entry > 0).any():
        return False
    return misfit(stays.time[stays.ended], law, stays.resolution) > MISFIT / np.sqrt(stays.count)


def misfit(times: np.ndarray, law: Law, resolution: float = 0.0) -> float:
    """Kolmogorov's distance between the times and a law, both rounded to the resolution."""
    at, n = np.unique(times, return_counts=True)
    upto = np.cumsum(n) / len(times)
    return float(np.max(np.abs(upto - (1.0 - law.survival(at + 0.5 * resolution)))))


def _own_quantiles(stays: Durations, best: LearnedLaw) -> LearnedLaw:
    t = stays.time[stays.ended]
    law = Law("empirical", tuple(np.quantile(t, np.linspace(0.0, 1.0, STEPS + 1)).tolist()))
    half = Z95 * float(np.std(t, ddof=1)) / np.sqrt(len(t))
    note = f"no family fits ({best.law.family} is the nearest); the stays' own quantiles are kept"
    mean = float(np.mean(t))
    return LearnedLaw(law, (), (mean - half, mean + half), len(t), len(stays.time) - len(t), best.aic, note)


def _constant(stays: Durations) -> LearnedLaw:
    value = float(np.median(stays.time))
    note = "every stay lasts the same" if stays.count > 1 else "one stay only: its law is not identifiable"
    return LearnedLaw(Law("constant", (value,)), ((value, value),), (value, value), stays.count, 0, {}, note)


def _described(family: str, x: np.ndarray, unit: Durations, scale: float, aic: Mapping[str, float]) -> LearnedLaw:
    cov = _covariance(family, x, unit)
    law = Law(family, tuple(_scaled(family, _raw(family, x), scale)))
    sd = np.sqrt(np.diag(cov))
    ends = [_scaled(family, _raw(family, x + side * Z95 * sd), scale) for side in (-1.0, 1.0)]
    slope = np.array([_log_mean(family, x + h) - _log_mean(family, x - h) for h in 1e-5 * np.eye(len(x))]) / 2e-5
    half = float(np.exp(Z95 * np.sqrt(max(slope @ cov @ slope, 0.0))))
    return LearnedLaw(
        law,
        tuple((float(min(a, b)), float(max(a, b))) for a, b in zip(*ends, strict=True)),
        (law.mean / half, law.mean * half),
        unit.count,
        int(len(unit.time) - unit.count),
        aic,
    )


def _raw(family: str, x: np.ndarray) -> np.ndarray:
    """Parameters from unbounded ones: exp, and the logistic of a share. The long mean is the short one plus more."""
    x = np.clip(x, -30.0, 30.0)
    if family != "hyperexponential":
        return np.exp(x)
    short = np.exp(x[1])
    return np.array([1.0 / (1.0 + np.exp(-x[0])), short, short * (1.0 + np.exp(x[2]))])


def _scaled(family: str, p: np.ndarray, scale: float) -> np.ndarray:
    """In the unit of the data: means, scales and medians carry it, shapes and shares do not."""
    carries = [name in ("mean", "scale", "median", "short", "long") for name in FAMILIES[family]]
    return np.where(carries, p * scale, p)


def _log_mean(family: str, x: np.ndarray) -> float:
    return float(np.log(Law(family, tuple(_raw(family, x))).mean))


def _starts(family: str, stays: Durations) -> list[np.ndarray]:
    """Moments of all stays, ended or not, as a first guess; scaled data have mean 1."""
    t = np.maximum(stays.time, max(0.5 * stays.resolution, 1e-6))
    logs, cv = np.log(t), max(float(np.std(t)), 0.05)
    match family:
        case "exponential":
            return [np.array([np.log(stays.time.sum() / max(stays.count, 1))])]
        case "gamma":
            return [np.array([0.0, np.log(cv)])]
        case "weibull":
            return [np.array([np.clip(-np.log(cv), -2.0, 2.0), 0.0])]
        case "lognormal":
            return [np.array([float(np.mean(logs)), np.log(max(float(np.std(logs)), 0.05))])]
    return [np.array([0.0, -1.0, 1.0]), np.array([1.5, -0.5, 2.5])]


def _fit(family: str, stays: Durations) -> tuple[np.ndarray, float] | None:
    """Unbounded parameters at the maximum and minus the log likelihood there."""
    from scipy.optimize import minimize

    best: tuple[np.ndarray, float] | None = None
    for start in _starts(family, stays):
        limits = [(-12.0, 12.0)] * len(start)
        found = minimize(_cost, start, args=(family, stays), method="L-BFGS-B", bounds=limits, options={"maxiter": 100})
        if np.isfinite(found.fun) and found.fun < 1e29 and (best is None or found.fun < best[1]):
            best = found.x, float(found.fun)
    return best


def _cost(x: np.ndarray, family: str, stays: Durations) -> float:
    p, d = _raw(family, x), stays.resolution
    with np.errstate(all="ignore"):
        coarse = stays.ended & (stays.time < COARSE * d)
        sharp = stays.ended & ~coarse
        total = log_density(family, p, np.maximum(stays.time[sharp], 1e-12)).sum()
        if not stays.ended.all():
            total += log_survival(family, p, stays.time[~stays.ended]).sum()
        if coarse.any():
            t = stays.time[coarse]
            from_, to = log_survival(family, p, np.maximum(t - d / 2, 0.0)), log_survival(family, p, t + d / 2)
            total += (from_ + np.log(-np.expm1(np.minimum(to - from_, -1e-300))) - np.log(d)).sum()
        late = stays.entry > 0
        if late.any():
            total -= log_survival(family, p, stays.entry[late]).sum()
    return float(-total) if np.isfinite(total) else 1e30


def _covariance(family: str, x: np.ndarray, stays: Durations) -> np.ndarray:
    """Inverse of the observed information, by central differences; directions the data say nothing of get sd 10."""
    n, h = len(x), 1e-3
    steps = h * np.eye(n)
    info = np.array(
        [
            [sum(a * b * _cost(x + a * i + b * j, family, stays) for a in (1, -1) for b in (1, -1)) for j in steps]
            for i in steps
        ]
    ) / (4.0 * h * h)
    values, vectors = np.linalg.eigh(0.5 * (info + info.T))
    return (vectors / np.maximum(values, 1e-2)) @ vectors.T
