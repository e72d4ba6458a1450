"""Forecasts of every patient of ShanghaiT2DM by trees that never saw that patient, and bands from the errors of others.

Five folds by patient number; with `test`, everybody under `data` but those who are scored (`others`). Everybody is also
corrected by the forecaster's own earlier errors on that person. `own` adds the first three days of the patients that
are tested, and scores what comes after. Bands are CV+ (Barber et al., Ann Stat 49:486, 2021) on errors scaled twice: by
what a small forest, grown on other patients, expects of their size, and by how far this person's own past errors
exceeded that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from vitruvian.engines.boosting import Growth, grow
from vitruvian.kinds.metabolic.evidence import others
from vitruvian.kinds.metabolic.evidence.shanghai import patients
from vitruvian.kinds.metabolic.evidence.shanghai_rows import CONTEXT, SENSOR, Rows, rows
from vitruvian.models.ownerrors import correction
from vitruvian.models.sensorpast import MISSING

FOLDS, OWN_DAYS, OWN_WEIGHT = 5, 3 * 86400.0, 3.0  # rows of the tested person count thrice: assumed
GROWTH = Growth(trees=250, rate=0.05, leaves=31, least=200, columns=0.3, ridge=20.0)
SCALE = Growth(trees=100, rate=0.06, leaves=15, least=400, columns=0.5, ridge=20.0)
ALARM = Growth(trees=200, rate=0.03, leaves=15, least=40, columns=0.3, ridge=20.0)
LOW, NEAR = 70.0, 150.0  # mg/dL; from above NEAR no low began within 30 min in the shared data
STRIDE = 3  # every third origin is fitted on: neighbours say the same
MEMORY = 96.0  # readings of own errors after which they weigh as much as everybody's: a day
ALL = (SENSOR, CONTEXT)


@dataclass(frozen=True)
class Task:
    """What is forecast from what: root of the data, root of other subjects, lead (s), groups of columns, size."""

    data: Path
    test: Path | None
    lead: float
    groups: tuple[str, ...] = ALL
    own: bool = False
    quick: bool = False

    @property
    def growth(self) -> Growth:
        """As GROWTH; quick: fewer trees."""
        return replace(GROWTH, trees=80, rate=0.1) if self.quick else GROWTH


def fold_of(patient: np.ndarray) -> np.ndarray:
    """Fold (n,) by patient number."""
    return np.array([int(p) for p in patient.tolist()]) % FOLDS


def scored(task: Task) -> Rows:
    """The rows that are forecast."""
    return rows(task.data if task.test is None else task.test, task.lead, task.quick)


def folds(task: Task) -> Iterator[tuple[Rows, np.ndarray, np.ndarray]]:
    """Rows to fit on, those chosen (n,), and which of the scored rows are forecast from them (m,)."""
    known, asked = rows(task.data, task.lead, task.quick), scored(task)
    if task.test is not None:
        mine, theirs = patients(task.data), patients(task.test)
        for part in others.parts(mine, theirs, FOLDS):
            learners, tested = [mine[i].name for i in part.learners], [theirs[i].name for i in part.tested]
            yield known, np.isin(known.patient, learners), np.isin(asked.patient, tested)
        return
    fold = fold_of(known.patient)
    for k in range(FOLDS):
        yield known, fold != k, fold == k


@cache
def forecast(task: Task) -> np.ndarray:
    """Forecast change (n,) of each scored row, NaN where it is not asked (own: the first days), with what the person's
    earlier errors add. own: the mean of a learner for everybody and one that was fitted on the person's days too."""
    if task.own:
        return 0.5 * (forecast(replace(task, own=False)) + _adapted(task, learned(task)))
    return _adapted(task, learned(task))


def _adapted(task: Task, found: np.ndarray) -> np.ndarray:
    """What was forecast (n,) and the correction from each person's own errors before."""
    asked, out = scored(task), found.copy()
    slope = asked.x[SENSOR][:, asked.names[SENSOR].index("change_15")]
    for name in np.unique(asked.wear):
        mine = np.flatnonzero(asked.wear == name)
        meals = asked.meals[name] if CONTEXT in task.groups else np.zeros(0)
        steep = np.where(slope[mine] > MISSING, slope[mine], 0.0)
        error = asked.change[mine] - found[mine]
        out[mine] += correction(asked.at[mine], task.lead, error, asked.now[mine], steep, meals)
    return out


@cache
def learned(task: Task) -> np.ndarray:
    """What the trees say (n,), NaN where it is not asked."""
    asked = scored(task)
    names, x = asked.columns(task.groups)
    out = np.full(len(asked.now), np.nan)
    early = asked.since < OWN_DAYS - task.lead
    for known, mine, theirs in folds(task):
        fit_x, fit_y = known.columns(task.groups)[1][mine][::STRIDE], known.change[mine][::STRIDE]
        weight = np.ones(len(fit_y))
        if task.own:
            first = theirs & early
            fit_x, fit_y = np.concatenate([fit_x, x[first]]), np.concatenate([fit_y, asked.change[first]])
            weight = np.concatenate([weight, np.full(int(first.sum()), OWN_WEIGHT)])
            theirs = theirs & (asked.since >= OWN_DAYS)
        trees = grow(names, fit_x, fit_y, seed=0, growth=task.growth, weight=weight)
        out[theirs] = trees.predict(x[theirs])
    return out


@cache
def low_probability(task: Task) -> np.ndarray:
    """Probability (n,) that a low begins before the lead; 0 where glucose is low already or far above."""
    asked = scored(task)
    near = _near(asked)
    out = np.zeros(len(asked.now))
    for known, mine, theirs in folds(task):
        taken = mine & _near(known)
        names, x = _towards(known, task.groups)
        trees = grow(names, x[taken], known.low[taken].astype(np.float64), seed=0, growth=ALARM)
        which = theirs & near
        out[which] = np.clip(trees.predict(_towards(asked, task.groups)[1][which]), 0.0, 1.0)
    return out


def _near(part: Rows) -> np.ndarray:
    """Readings from which a low may begin within half an hour."""
    return (part.now >= LOW) & (part.now < NEAR)


def _towards(part: Rows, groups: tuple[str, ...]) -> tuple[tuple[str, ...], np.ndarray]:
    """The columns, and where straight lines through the last readings lead: trees part a slope badly."""
    names, x = part.columns(groups)
    level, slope, slower = (x[:, names.index(n)] for n in ("now", "change_15", "change_30"))
    extra = {f"line_{k}": level + k * np.maximum(slope, -100.0) for k in (1, 2)}
    extra |= {"line_slow": level + np.maximum(slower, -100.0)}
    return (*names, *extra), np.column_stack([x, *extra.values()])


@dataclass(frozen=True, eq=False)
class Bands:
    """Ends (n,) of the 90 % band of each scored row, mg/dL of change."""

    low: np.ndarray
    high: np.ndarray


def bands(task: Task, level: float = 0.9) -> Bands:
    """90 % bands from the errors of other patients and this person's own past ones."""
    source = replace(task, test=None)
    known, error = scored(source), scored(source).change - forecast(source)
    expected = _sizes(source, error)
    scaled = error / expected
    usual = float(np.mean(np.abs(scaled)))
    width = expected * _personal(known, scaled, task.lead, usual)
    asked, found, wide = known, forecast(source), width
    if task.test is not None:
        asked, found, expected = scored(task), forecast(task), _sizes(task, error)
        wide = expected * _personal(asked, (asked.change - found) / expected, task.lead, usual)
    low, high = np.zeros(len(found)), np.zeros(len(found))
    for _, mine, theirs in folds(task):
        a, b = np.quantile((error / width)[mine], [(1 - level) / 2, (1 + level) / 2])
        low[theirs], high[theirs] = (a * wide)[theirs], (b * wide)[theirs]
    return Bands(found + low, found + high)


def _sizes(task: Task, error: np.ndarray) -> np.ndarray:
    """Expected size of each scored row's error, from those of others; error: of the rows of `data`."""
    asked = scored(task)
    out = np.full(len(asked.now), np.nan)
    for known, mine, theirs in folds(task):
        out[theirs] = _expected(task, known, error, mine)(asked)[theirs]
    return out


class _expected:
    """Expected size of an error, grown on the errors of some rows."""

    def __init__(self, task: Task, known: Rows, error: np.ndarray, mine: np.ndarray) -> None:
        names, x = known.columns(task.groups)
        self.groups = task.groups
        self.trees = grow(names, x[mine][::STRIDE], np.abs(error[mine][::STRIDE]), seed=0, growth=SCALE)

    def __call__(self, asked: Rows) -> np.ndarray:
        return np.maximum(self.trees.predict(asked.columns(self.groups)[1]), 2.0)


def _personal(asked: Rows, scaled: np.ndarray, lead: float, usual: float) -> np.ndarray:
    """How far a person's errors whose target had come exceeded what is usual, 1 on average, (n,)."""
    out = np.ones(len(scaled))
    for name in np.unique(asked.wear):
        mine = np.flatnonzero(asked.wear == name)
        total = np.append(0.0, np.cumsum(np.abs(scaled[mine])))
        come = np.searchsorted(asked.at[mine], asked.at[mine] - lead, side="right")
        out[mine] = (total[come] / usual + MEMORY) / (come + MEMORY)
    return out
