"""Meals hidden from the detector, on CGMacros: how many it finds, how soon, how often it errs; what a rate finds.

A meal: logs less than 30 min apart, 20 g of carbohydrate or more together. It is found if it is told within two hours
with a start from 30 min before its log to 90 min after; what has no log of 5 g or more from 90 min before its start to
30 min after is a false detection (some are meals that nobody logged: that cannot be known). Two halves of the people,
each by what was learned on the other; with `test`, people of `data` for those under `test`. The threshold is the one
of one false detection a day on those learned from. `python -m ...evidence.unannounced DATA` prints what ships.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.kinds.metabolic.actions import Meal
from vitruvian.kinds.metabolic.evidence.asked import asked
from vitruvian.kinds.metabolic.evidence.cgmacros import Subject
from vitruvian.kinds.metabolic.evidence.others import NobodyError, told
from vitruvian.models.glycaemia import unannounced as un
from vitruvian.models.glycaemia.trace import DAY, HOUR, MINUTE, Trace

FOLDS = 2
FALSE, MOST = 1.0, 1.15  # a day: on those learned from, on others
TARGET = 0.6  # sensitivity at it
RIDGE = 1.0  # of the standardised weights: assumed
THRESHOLDS = np.concatenate([np.arange(0.02, 0.2, 0.02), np.arange(0.2, 0.96, 0.05)])
RATES = np.arange(0.4, 3.3, 0.05)  # mg/dL/min, thresholds of the rate tried
SHARP = 3.0  # mg/dL/min, most that a reading may move: GRID's filter
SMOOTH, GLUCOSE = 6.0, 130.0  # min, mg/dL: GRID's low pass, and the level it asks for (Harvey et al. 2014)
Find = Callable[["Eater"], list[tuple[float, float]]]
Progress = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Eater:
    """A person's trace, every log (s, g) of it, and the meals that count (s, g)."""

    name: str
    trace: Trace
    logs: np.ndarray
    meals: np.ndarray

    @classmethod
    def of(cls, subject: Subject) -> Eater:
        """From the Dexcom; meals of the last two hours cannot be judged."""
        record = subject.sensor("dexcom")
        trace = Trace.of_record(record, subject.case.origin, sensor="dexcom")
        shift = trace.times[0] - record.valid_time[0]
        eaten = sorted((m.at + shift, m.carbohydrate) for m in subject.case.actions(Meal) if isinstance(m, Meal))
        joined: list[list[float]] = []
        for at, grams in eaten:
            if joined and at - joined[-1][0] < 30 * MINUTE:
                joined[-1][1] += grams
            else:
                joined.append([at, grams])
        inside = (trace.times[0] + HOUR, trace.times[-1] - 2 * HOUR)
        counted = [m for m in joined if m[1] >= un.LEAST and inside[0] <= m[0] <= inside[1]]
        shaped = [np.array(x, dtype=np.float64).reshape(-1, 2) for x in (eaten, counted)]
        return cls(subject.name, trace, *shaped)

    def matched(self, found: Sequence[tuple[float, float]]) -> tuple[list[tuple[int, int]], int]:
        """(meal, detection) of each meal found, and how many detections have no log; found: (told, start), s."""
        pairs = []
        for i, (at, _) in enumerate(self.meals):
            hit = [j for j, (t, s) in enumerate(found) if t <= at + 2 * HOUR and -30 * MINUTE <= s - at <= 90 * MINUTE]
            pairs += [(i, hit[0])] if hit else []
        logs = self.logs[self.logs[:, 1] >= 5.0, 0]
        false = sum(not np.any((logs >= s - 90 * MINUTE) & (logs <= s + 30 * MINUTE)) for _, s in found)
        return pairs, int(false)


@dataclass(frozen=True)
class Score:
    """Counts over people: meals, meals found, false detections, days; minutes from log to telling."""

    meals: int
    caught: int
    false: int
    days: float
    minutes: tuple[float, ...]

    @property
    def sensitivity(self) -> float:
        """Share of meals found."""
        return self.caught / max(self.meals, 1)

    @property
    def per_day(self) -> float:
        """False detections a day."""
        return self.false / max(self.days, 1e-9)

    @classmethod
    def join(cls, parts: Iterable[Score]) -> Score:
        """Counts added up."""
        all_ = list(parts)
        sums = (sum(getattr(p, n) for p in all_) for n in ("meals", "caught", "false", "days"))
        return cls(*sums, minutes=tuple(m for p in all_ for m in p.minutes))


@told
def hidden(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Sensitivity at one false detection a day, beside the rate of rise at as many; it is quick as it is."""
    cast = asked(data, test, DAY)
    eaters = [Eater.of(s) for s in cast.people]
    known = eaters if cast.people is cast.known else [Eater.of(s) for s in cast.known]
    parts: dict[str, list[Score]] = {"detector": [], "rate": [], "GRID": []}
    sizes: list[tuple[float, un.LikelyMeal]] = []
    for learners, tested in cast.parts(FOLDS):
        finders, detector = _finders([known[i] for i in learners])
        for i in tested:
            for name, find in finders.items():
                parts[name].append(_scored(eaters[i], find))
            meals = detector.find(eaters[i].trace).found
            pairs, _ = eaters[i].matched([(m.told_at, m.at) for m in meals])
            sizes += [(float(eaters[i].meals[m, 1]), meals[j]) for m, j in pairs]
        progress(len(tested) / len(eaters))
    scores = {n: Score.join(p) for n, p in parts.items()}
    if scores["detector"].meals == 0:
        raise NobodyError("no meal of 20 g was logged", where=claim, fix="name people who logged meals")
    return _said(scores, sizes) | {"notes": cast.notes}


def _said(scores: dict[str, Score], sizes: list[tuple[float, un.LikelyMeal]]) -> dict[str, Any]:
    mine, rate = scores["detector"], scores["rate"]
    detail = {n: {"sensitivity": s.sensitivity, "false_per_day": s.per_day} for n, s in scores.items()}
    grams = np.array([[g, m.grams, m.low, m.high] for g, m in sizes])
    inside = float(np.mean((grams[:, 0] >= grams[:, 2]) & (grams[:, 0] <= grams[:, 3]))) if sizes else None
    off = float(np.median(np.abs(grams[:, 1] - grams[:, 0]))) if sizes else None
    met = mine.sensitivity >= TARGET and mine.per_day <= MOST and mine.sensitivity > rate.sensitivity
    return {
        "measured": f"{_told(mine)}, told {_median(mine):.0f} min after the log; size within its 90 % range in "
        f"{100 * (inside or 0):.0f} %, off by {off or 0:.0f} g (median)",
        "met": bool(met),
        "n": mine.meals,
        "baseline": f"rate of rise over 15 min: {_told(rate)}; GRID as published: {_told(scores['GRID'])}",
        "detail": {**detail, "size_inside_90": inside, "size_median_error_g": off},
    }


def _told(s: Score) -> str:
    return f"sensitivity {s.sensitivity:.2f} at {s.per_day:.2f} false detections a day"


def _median(s: Score) -> float:
    return float(np.median(s.minutes)) if s.minutes else float("nan")


def _scored(eater: Eater, find: Find) -> Score:
    found = find(eater)
    pairs, false = eater.matched(found)
    minutes = tuple((found[j][0] - eater.meals[i, 0]) / MINUTE for i, j in pairs)
    return Score(len(eater.meals), len(pairs), false, eater.trace.grid.recorded, minutes)


def _finders(people: Sequence[Eater]) -> tuple[dict[str, Find], un.Detector]:
    """The detector and the rate with thresholds of FALSE a day on these people, and GRID as published."""
    detector = learn(people, "those learned from")

    def found(e: Eater, d: un.Detector = detector) -> list[tuple[float, float]]:
        return [(m.told_at, m.at) for m in d.find(e.trace).found]

    def rising(threshold: float) -> Find:
        return lambda e: rate(e, threshold)

    chosen = _allowed(people, [(r, rising(float(r))) for r in RATES])
    return {"detector": found, "rate": rising(chosen), "GRID": grid}, detector


def _allowed(people: Sequence[Eater], options: Sequence[tuple[float, Find]]) -> float:
    """The option of highest sensitivity with FALSE detections a day or fewer."""
    scores = [(value, Score.join(_scored(e, f) for e in people)) for value, f in options]
    fit = [(v, s) for v, s in scores if s.per_day <= FALSE]
    return max(fit, key=lambda pair: pair[1].sensitivity)[0] if fit else scores[-1][0]


def learn(people: Sequence[Eater], source: str) -> un.Detector:
    """Weights by ridged maximum likelihood, the threshold, the line of sizes and the sd of starts."""
    rows, labels = zip(*(_labelled(e) for e in people), strict=True)
    x, y = np.concatenate(rows), np.concatenate(labels)
    centre, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    weights = _newton(np.column_stack([np.ones(len(x)), (x - centre) / scale]), y)
    plain = un.Detector(tuple(centre), tuple(scale), tuple(weights), 0.5, (0.0, 0.0, 0.0), 0.0, source)

    def at(threshold: float) -> Find:
        one = replace(plain, threshold=threshold)
        return lambda e: [(m.told_at, m.at) for m in one.find(e.trace).found]

    kept = replace(plain, threshold=_allowed(people, [(float(t), at(float(t))) for t in THRESHOLDS]))
    return replace(kept, **_sized(people, kept))


def _labelled(e: Eater) -> tuple[np.ndarray, np.ndarray]:
    """Readings 20 to 60 min after a meal (1), and those that no log is near to (0)."""
    x, t = un.columns(e.trace), e.trace.times
    after = t[:, None] - e.meals[None, :, 0]
    eating = np.any((after >= 20 * MINUTE) & (after <= 60 * MINUTE), axis=1)
    near = t[:, None] - e.logs[None, :, 0]
    quiet = ~np.any((near >= -30 * MINUTE) & (near <= 120 * MINUTE), axis=1)
    keep = np.flatnonzero((eating | quiet) & np.isfinite(x).all(axis=1))
    return x[keep], np.asarray(eating, dtype=np.float64)[keep]


def _newton(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weights of a logistic regression, ridged but for the intercept."""
    w, ridge = np.zeros(x.shape[1]), RIDGE * np.eye(x.shape[1])
    ridge[0, 0] = 0.0
    for _ in range(25):
        p = 1 / (1 + np.exp(-x @ w))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + ridge
        w = w - np.linalg.solve(hessian, x.T @ (p - y) + ridge @ w)
    return w


def _sized(people: Sequence[Eater], detector: un.Detector) -> dict[str, Any]:
    """(a, b, s) of log grams on log rise, and the sd of starts about their logs, min, over the meals found."""
    grams, rises, late = [], [], []
    for e in people:
        found = detector.find(e.trace).found
        for i, j in e.matched([(m.told_at, m.at) for m in found])[0]:
            grams.append(np.log(e.meals[i, 1]))
            rises.append(np.log(un.risen(e.trace, int(np.searchsorted(e.trace.times, found[j].at)))))
            late.append((found[j].at - e.meals[i, 0]) / MINUTE)
    b, a = np.polyfit(rises, grams, 1)
    spread = float(np.std(np.array(grams) - a - b * np.array(rises)))
    return {"size": (float(a), float(b), spread), "start_sd": float(np.std(late))}


def rate(e: Eater, threshold: float) -> list[tuple[float, float]]:
    """The simple baseline: the change in 15 min is above a threshold for 10 min."""
    change = un.columns(e.trace)[:, 1] / (un.CHANGE / MINUTE)
    hits = un.told(e.trace, np.nan_to_num(change, nan=-1.0), threshold)
    return [(float(e.trace.times[k]), float(e.trace.times[un.lowest(e.trace, k)])) for k in hits]


def grid(e: Eater) -> list[tuple[float, float]]:
    """GRID as published: 3-point slope of the filtered sensor above 1.5 (three readings) or 1.6 (two)."""
    t, g = e.trace.times / MINUTE, e.trace.values
    held, smooth = g[0], np.full(len(g), g[0])
    for k in range(1, len(g)):
        dt = t[k] - t[k - 1]
        held = float(np.clip(g[k], held - SHARP * dt, held + SHARP * dt))
        smooth[k] = smooth[k - 1] + dt / (SMOOTH + dt) * (held - smooth[k - 1])
    slope = np.zeros(len(g))
    for k in range(2, len(g)):
        a, b, c = t[k - 2 : k + 1]
        weights = ((c - b) / ((a - b) * (a - c)), (c - a) / ((b - a) * (b - c)), (2 * c - a - b) / ((c - a) * (c - b)))
        slope[k] = float(np.dot(weights, smooth[k - 2 : k + 1]))
    out: list[tuple[float, float]] = []
    for k in range(4, len(g)):
        steep = slope[k - 2 : k + 1].min() > 1.5 or slope[k - 1 : k + 1].min() > 1.6
        if steep and smooth[k] > GLUCOSE and (not out or e.trace.times[k] - out[-1][0] >= un.APART):
            out.append((float(e.trace.times[k]), float(e.trace.times[un.lowest(e.trace, k)])))
    return out


if __name__ == "__main__":
    print(learn([Eater.of(s) for s in asked(Path(sys.argv[1]), None, DAY).people], "CGMacros"))  # noqa: T201
