"""Designs explored on virtual patients: n, duration and enrichment, each trial drawn with common random numbers.

Trial k of every design draws from the same shuffled queue of patients, with the same luck of measurement and
dropout, so that the difference between two designs is the designs' alone. Enrichment keeps patients whose baseline
lies above a quantile. Dropout is exponential; what it means is the estimand: "treatment policy" (after leaving, a
treated patient's outcome is that under control) or "hypothetical" (the outcome had nobody left; leavers are
missing). Analysis: ANCOVA on the measured baseline, HC3, t.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, stdtr

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator
from vitruvian.studies.in_silico_trial.patients import Course
from vitruvian.studies.procova.ancova import design_of, least_squares

POLICY, HYPOTHETICAL = "treatment policy", "hypothetical"


@dataclass(frozen=True)
class Design:
    """n randomised 1 : 1; judged at `visit` (index); baseline above this quantile; dropout a visit; measurement sd.

    lowest, highest: eligible by the baseline as measured. below: the outcome is a success where it is measured below
    this (and nothing of the course's `without` is taken); the effect is then a difference in shares.
    """

    n: int
    visit: int = -1
    enrichment: float = 0.0
    dropout: float = 0.0
    noise: float = 0.0
    estimand: str = POLICY
    lowest: float = -math.inf
    highest: float = math.inf
    below: float | None = None

    def __post_init__(self) -> None:
        if self.n < 8 or not 0 <= self.enrichment < 1 or not 0 <= self.dropout < 1 or self.noise < 0:
            fix = "n >= 8, enrichment and dropout in [0, 1), noise >= 0"
            raise InferenceError("no design", where=f"Design(n={self.n})", fix=fix)
        if self.estimand not in (POLICY, HYPOTHETICAL):
            raise InferenceError(f"no estimand '{self.estimand}'", where="Design", fix=f"{POLICY} or {HYPOTHETICAL}")
        if not self.lowest < self.highest:
            told = f"eligible from {self.lowest:g} to {self.highest:g}"
            raise InferenceError(told, where="Design", fix="give lowest below highest")


@dataclass(frozen=True)
class Result:
    """Of one design: power with its Monte Carlo se, mean estimate, the truth it is of, patients screened."""

    design: Design
    power: float
    se: float
    estimate: float
    truth: float
    covered: float
    screened: float


@dataclass(frozen=True)
class Explored:
    """Results in the order of the designs."""

    results: tuple[Result, ...]
    trials: int
    seed: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        rows = [asdict(r) for r in self.results]
        for row in rows:  # JSON has no infinity
            row["design"] = {k: v for k, v in row["design"].items() if v not in (None, -math.inf, math.inf)}
        return {"trials": self.trials, "seed": self.seed, "designs": rows}

    def plot(self, ax: Any = None) -> Any:
        """Power by n, a line a combination of the rest (matplotlib axes)."""
        import matplotlib.pyplot as plt

        ax = ax or plt.subplots(layout="constrained")[1]
        lines: dict[tuple[Any, ...], list[Result]] = {}
        for r in self.results:
            lines.setdefault((r.design.visit, r.design.enrichment, r.design.estimand), []).append(r)
        for (visit, enrichment, what), rows in lines.items():
            rows = sorted(rows, key=lambda r: r.design.n)
            label = f"visit {visit}, above {enrichment:.0%}, {what}"
            ax.plot([r.design.n for r in rows], [r.power for r in rows], "o-", label=label)
        ax.set_xlabel("patients randomised")
        ax.set_ylabel("power")
        ax.legend()
        return ax


def explore(
    course: Course,
    treated: str,
    control: str,
    designs: list[Design],
    *,
    trials: int = 500,
    seed: int = 0,
    alpha: float = 0.05,
) -> Explored:
    """Every design with the same `trials` streams of luck."""
    for name in (treated, control):
        if name not in course.outcomes:
            raise InferenceError(f"no arm '{name}'", where="explore", fix=f"there are {', '.join(course.outcomes)}")
    return Explored(tuple(_design(course, treated, control, d, trials, seed, alpha) for d in designs), trials, seed)


def _design(course: Course, treated: str, control: str, d: Design, trials: int, seed: int, alpha: float) -> Result:
    y1, y0 = (_at(course, arm, d) for arm in (treated, control))
    noted, eligible = _screened(course, d, seed)
    if eligible.sum() < d.n:
        fix = "simulate more patients, or enrich less"
        raise InferenceError(f"{int(eligible.sum())} eligible virtual patients for n = {d.n}", where="explore", fix=fix)
    effects, hits, inside = np.empty(trials), np.empty(trials, bool), np.empty(trials, bool)
    visits = d.visit % course.outcomes[treated].shape[1] + 1
    stay = (1 - d.dropout) ** visits
    truth = float((_expected(y1, d) - _expected(y0, d))[eligible].mean()) * (stay if d.estimand == POLICY else 1.0)
    for k in range(trials):
        queue = generator(seed, "queue", k).permutation(len(y0))
        who = queue[eligible[queue]][: d.n]
        arm = np.zeros(d.n)
        arm[generator(seed, "arms", k).permutation(d.n)[: d.n // 2]] = 1.0
        left = generator(seed, "dropout", k).random(len(y0))[who] > stay
        on = (arm == 1) & ~left if d.estimand == POLICY else arm == 1
        y = np.where(on, y1[who], y0[who]) + d.noise * generator(seed, "measured", k).standard_normal(len(y0))[who]
        y = y if d.below is None else (y < d.below).astype(np.float64)
        keep = np.ones(d.n, bool) if d.estimand == POLICY else ~left
        if np.ptp(y[keep]) == 0.0:  # nobody, or everybody: no trial finds anything then
            effects[k], hits[k], inside[k] = 0.0, False, truth == 0.0
            continue
        fit = least_squares(design_of(arm[keep], noted[who][keep, None]), y[keep], ("HC3",))
        effects[k], se = fit.coefficients[1], float(fit.se("HC3")[1])
        hits[k] = 2 * stdtr(fit.df, -abs(effects[k]) / se) < alpha
        inside[k] = 2 * stdtr(fit.df, -abs(effects[k] - truth) / se) >= 0.05
    power = float(hits.mean())
    screened = d.n / float(eligible.mean())
    error = float(np.sqrt(power * (1 - power) / trials))
    return Result(d, power, error, float(effects.mean()), truth, float(inside.mean()), screened)


def _screened(course: Course, d: Design, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The baseline as measured at screening, and who is eligible by it."""
    luck = generator(seed, "screening").standard_normal(len(course.baseline))
    noted = course.baseline + d.noise * luck
    within = (noted >= d.lowest) & (noted <= d.highest)
    if not within.any():
        fix = "widen lowest and highest"
        raise InferenceError("nobody is eligible", where="explore", fix=f"{fix}; baselines are {noted.mean():.3g}")
    return noted, within & (noted >= np.quantile(noted[within], d.enrichment))


def _at(course: Course, arm: str, d: Design) -> np.ndarray:
    """Outcomes at the design's visit (patient,); out of reach of success where something is still taken."""
    y = course.outcomes[arm][:, d.visit]
    return y if d.below is None or course.spared is None else np.where(course.spared[arm][:, d.visit], y, np.inf)


def _expected(y: np.ndarray, d: Design) -> np.ndarray:
    """The outcome's mean over the luck of measurement (patient,)."""
    if d.below is None:
        return y
    return ndtr((d.below - y) / d.noise) if d.noise else (y < d.below).astype(np.float64)
