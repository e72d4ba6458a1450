"""From many stays to weights: which landmarks, which columns, which learners.

Landmarks of death: 12, 24 and 48 h in the unit, so that one fit answers at any hour of the first days. Landmarks of
onsets: every 4 h while at risk; outcome: an onset within the next 6 h. The recipe was chosen by cross-validation on
PhysioNet 2012 set A (README, "What was chosen").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from vitruvian.engines.crossfit import Ensemble, Fitted, Recipe, fit
from vitruvian.engines.oddsforest import Growth
from vitruvian.engines.pasts import Landmarks
from vitruvian.kinds.deterioration.patient import signs
from vitruvian.kinds.deterioration.timing import Ends, Onset
from vitruvian.kinds.deterioration.weights import Weights
from vitruvian.models.icu.columns import Known, known
from vitruvian.models.icu.stays import Stays

DEATH_AT = (12.0, 24.0, 48.0)  # h in the unit
EVERY, WITHIN, LEADS = 4.0, 6.0, 24  # h between landmarks of an onset; h ahead; h of leads with an offset of their own
SOON = 12.0  # h: a related outcome of onsets, with twice the events
DEATH = Recipe(
    (
        Growth(200, 0.08, 24, 40, 0.15, 0.7, 5.0, random=True, monotone=True),
        Growth(180, 0.06, 16, 40, 0.1, 0.6, 5.0, monotone=True, target="year"),
        Growth(220, 0.05, 31, 20, 0.3, stages="hours"),
        Growth(220, 0.06, 16, 15, 0.2, 0.7, 3.0, random=True, stages="hours"),
    ),
    sharpen=1.1,
)
SLOW = Growth(120, 0.06, 16, 60, 0.1, 0.5, 10.0, monotone=True)
RANDOM = Growth(150, 0.08, 16, 60, 0.15, 0.5, 10.0, random=True, monotone=True)
ONSET = Recipe((SLOW, RANDOM))
RECIPES = {  # of onsets that were studied; others take ONSET
    "aki": Recipe(
        (SLOW, Growth(150, 0.06, 31, 40, 0.2, 0.7, 3.0), Growth(220, 0.05, 31, 20, 0.3), replace(SLOW, target="soon"))
    ),
    "sepsis": Recipe((RANDOM,), penalty=1000.0),  # few onsets: a ridge overfits less than trees
}
LEAVING = Recipe((Growth(60, 0.1, 8, 60, 0.3, 0.7, 10.0),), folds=2)  # who leaves is easily told: assumed enough


@dataclass(frozen=True, eq=False)
class Table:
    """Rows to learn from: columns, outcome y (n,), position of the stay (n,), hour of the landmark (n,); also {name:
    (n,)}: related outcomes that a learner may learn instead."""

    known: Known
    y: np.ndarray
    whose: np.ndarray
    at: np.ndarray
    also: Mapping[str, np.ndarray] = field(default_factory=dict)

    def of(self, keep: np.ndarray) -> Table:
        """The rows where `keep` (n,) is true."""
        rows = Known(self.known.names, self.known.x[keep])
        also = {name: y[keep] for name, y in self.also.items()}
        return Table(rows, self.y[keep], self.whose[keep], self.at[keep], also)


def death_table(stays: Stays, hours: tuple[float, ...] = DEATH_AT) -> Table:
    """A row a stay and landmark; y: the stay's outcome `death`; also `year`: who is known to have died within one, who
    are three times as many, and whose last values look alike."""
    whose = np.tile(np.arange(len(stays)), len(hours))
    at = np.repeat(np.array(hours), len(stays))
    rows = known(stays.readings, stays.static, Landmarks(whose, at))
    also = {"year": within_a_year(stays)[whose]} if "survival" in stays.outcomes else {}
    return Table(rows, stays.outcomes["death"][whose], whose, at, also)


def onset_table(stays: Stays, every: float = EVERY) -> Table:
    """Landmarks each `every` h from hour 1 on while at risk; y: onset in (t, t + WITHIN], NaN where nobody would know:
    watching was to end sooner (`until`, by default the stay's hours), with an onset or without, else the late hours
    would hold nothing but onsets. Who is known to have left without one (`left`) had none. Also `soon`: an onset
    known to come in (t, t + SOON]."""
    onset, hours = stays.outcomes["onset"], stays.hours
    until = np.maximum(stays.outcomes.get("until", hours), hours)
    first = np.where(np.isnan(onset), np.inf, onset)
    last = np.minimum(first - 1e-9, hours)
    count = np.maximum(0, np.floor((last - 1.0) / every).astype(int) + 1)
    whose = np.repeat(np.arange(len(stays)), count)
    at = 1.0 + every * (np.arange(len(whose)) - np.repeat(np.cumsum(count) - count, count))
    y = (first[whose] <= at + WITHIN).astype(np.float64)
    unknown = hours < left_of(stays)
    y[(y == 0.0) & (hours[whose] < at + WITHIN) & unknown[whose]] = np.nan
    y[until[whose] < at + WITHIN] = np.nan
    soon = (first[whose] <= at + SOON).astype(np.float64)
    return Table(known(stays.readings, stays.static, Landmarks(whose, at)), y, whose, at, {"soon": soon})


def left_of(stays: Stays) -> np.ndarray:
    """Hour at which each stay is known to have ended without the onset, inf where nobody knows, (stay,)."""
    left = stays.outcomes.get("left", np.full(len(stays), np.nan))
    return np.where(np.isnan(left), np.inf, left)


def varying(table: Table) -> Known:
    """The columns that say anything: seen at least once, and not always the same."""
    x = table.known.x
    some = ~np.isnan(x)
    high = np.where(some, x, -np.inf).max(axis=0)
    low = np.where(some, x, np.inf).min(axis=0)
    return table.known.only((high > low) & (some.sum(axis=0) >= 20))


def learn_death(stays: Stays, seed: int, recipe: Recipe = DEATH, hours: tuple[float, ...] = DEATH_AT) -> Fitted:
    """Of death in hospital; held-out logits in order of `death_table`."""
    table = death_table(stays, hours)
    columns = varying(table)
    origin = f"{len(stays)} stays, {int(stays.outcomes['death'].sum())} deaths"
    return fit_table(table, columns, seed, recipe, origin)


def fit_table(
    table: Table, columns: Known, seed: int, recipe: Recipe, origin: str = "", more: Mapping[str, int] | None = None
) -> Fitted:
    """From a table and those of its columns that say anything; more {column: sign} beside those medicine knows."""
    sign = {**signs(columns.names), **(more or {})}
    return fit(
        columns.names,
        columns.x,
        table.y,
        table.whose,
        recipe,
        seed=seed,
        origin=origin,
        signs=sign,
        also=table.also,
    )


def within_a_year(stays: Stays) -> np.ndarray:
    """Who is known to have died within 365 days of admission, in hospital or after, (stay,)."""
    days = stays.outcomes["survival"]
    return (((days >= 0) & (days <= 365)) | (stays.outcomes["death"] > 0)).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Timed:
    """What is learned of an onset: how likely within WITHIN hours, how the two hazards run on from a landmark, and how
    likely it is to leave without one (None: the stays do not say who left)."""

    fitted: Fitted
    onset: Onset
    leaving: Ensemble | None


def learn_onset(stays: Stays, seed: int, recipe: Recipe = ONSET, origin: str = "") -> Timed:
    """Of an onset within WITHIN hours, with leaving as its competing end where the stays say who left."""
    table = onset_table(stays)
    table = table.of(~np.isnan(table.y))
    columns = varying(table)
    onset, left = stays.outcomes["onset"], left_of(stays)
    origin += f"{len(stays)} stays, {int(np.sum(~np.isnan(onset)))} onsets"
    found = fit_table(table, columns, seed, recipe, origin)
    lead, end = onset[table.whose] - table.at, stays.hours[table.whose] - table.at
    if not np.isfinite(left).any():
        return Timed(found, Onset.of(found.held_out, lead, end, LEADS), None)
    away = left[table.whose] - table.at
    goes = ((away <= WITHIN) & ~(lead <= away)).astype(np.float64)
    gone = fit(columns.names, columns.x, goes, table.whose, LEAVING, seed=seed, origin=origin)
    away = np.where(np.isinf(away), np.nan, away)
    return Timed(found, Onset.of(found.held_out, lead, end, LEADS, gone.held_out, away), gone.ensemble)


def learn(stays: Mapping[str, Stays], seed: int, origin: str = "") -> Weights:
    """Everything: stays by outcome ("death", "aki", "sepsis", ...), each with what it needs; origin: begins what is
    said of where they come from."""
    ensembles, onsets, leaving, ends = {}, {}, {}, None
    for name, mine in stays.items():
        if name == "death":
            ensembles[name] = learn_death(mine, seed).ensemble
            ends = ends_of(mine)
            continue
        found = learn_onset(mine, seed, RECIPES.get(name, ONSET), origin)
        ensembles[name], onsets[name] = found.fitted.ensemble, found.onset
        if found.leaving is not None:
            leaving[name] = found.leaving
    return Weights(ensembles, ends, onsets, leaving)


def ends_of(stays: Stays) -> Ends:
    """Days from a landmark, a day into the stay, to death or discharge; stays of unknown length stay aside."""
    died = stays.outcomes["death"]
    day = np.where(died > 0, stays.outcomes["survival"], stays.outcomes["length_of_stay"])
    told = day >= 0
    return Ends.of(np.maximum(day[told] - 1.0, 0.0), died[told])
