"""eICU and MIMIC demo stays: onset of kidney injury and of sepsis hour by hour, and death from the first 24 hours.

An onset is scored at every full hour while at risk (before it): does it come within 6 h? The hours after an onset are
not scored: then it is known. Five folds by stay, or the stays of `--test`. What PhysioNet 2012 taught about the same
outcome is one learner more here, "from 2012": a risk of patients of another decade, hospital and charting. Beside
it: one LightGBM of 220 trees on the same columns (without that one), NEWS2 (no coma score and no oxygen are in these
tables: the score says so), a clock that knows only the hours in the unit, and which things were charted.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from vitruvian.engines.crossfit import Ensemble, Recipe, stacked
from vitruvian.engines.oddsforest import Growth, grow
from vitruvian.kinds.deterioration import beside
from vitruvian.kinds.deterioration.evidence import measures
from vitruvian.kinds.deterioration.evidence.challenge import ORDERED, PLAIN
from vitruvian.kinds.deterioration.evidence.data import AbsentError, demo, physionet
from vitruvian.kinds.deterioration.evidence.parts import SEED, at_size, cast, told
from vitruvian.kinds.deterioration.learning import (
    RECIPES,
    Table,
    death_table,
    fit_table,
    learn_death,
    learn_onset,
    onset_table,
    varying,
)
from vitruvian.models.icu.columns import Known
from vitruvian.models.icu.kdigo import onsets
from vitruvian.models.icu.stays import Stays

FOLDS, FEW = 5, 300
DAY = 24.0
STACK = 0.3  # prior sd of the two weights about a half (assumed)
TODAY = Recipe(
    (
        Growth(150, 0.04, 8, 20, 0.2, 0.7, 10.0, monotone=True),
        Growth(200, 0.06, 8, 20, 0.3, 0.7, 10.0, random=True, monotone=True),
    ),
    penalty=1000.0,
)
KIDNEY_2012 = Recipe((Growth(120, 0.08, 16, 60, 0.15, 0.5, 10.0, monotone=True),), folds=2)
FROM_2012 = Recipe((Growth(200, 0.04, 16, 40, 0.2, 0.6, 5.0, monotone=True),), folds=3)


@dataclass(eq=False)
class Rows:
    """Rows that are scored: the stays, whose row (n,), when (n,) h, what came (n,), risk by method (n,)."""

    asked: Stays
    whose: np.ndarray
    at: np.ndarray
    y: np.ndarray
    risk: dict[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def put(self, method: str, rows: np.ndarray, risk: np.ndarray) -> None:
        """Risks of some rows."""
        self.risk.setdefault(method, np.full(len(self.y), np.nan))[rows] = risk


@cache
def kidney(data: Path, test: Path | None, quick: bool) -> Rows:
    """Every hour at risk of every stay scored, with its risks of an onset of kidney injury within 6 h."""
    return _hourly("aki", data, test, quick, _taught_kidney(data, quick))


@cache
def septic(data: Path, test: Path | None, quick: bool) -> Rows:
    """The same of sepsis, which PhysioNet 2012 does not label."""
    return _hourly("sepsis", data, test, quick, None)


def _hourly(task: str, data: Path, test: Path | None, quick: bool, taught: Ensemble | None) -> Rows:
    people = cast(partial(demo, task=task), data, test, FEW if quick else None)
    asked = onset_table(people.asked, every=1.0)
    asked = _with_old(asked.of(~np.isnan(asked.y)), taught)
    out = Rows(people.asked, asked.whose, asked.at, asked.y, notes=people.notes)
    event = ~np.isnan(people.asked.outcomes["onset"])
    for learners, _, where in people.parts(event.astype(np.float64), 2 if quick else FOLDS):
        table = onset_table(learners)
        table = _with_old(table.of(~np.isnan(table.y)), taught)
        rows = np.flatnonzero(np.isin(out.whose, where))
        _methods(out, table, Known(asked.known.names, asked.known.x[rows]), rows, at_size(RECIPES[task], quick))
    return out


@cache
def today(data: Path, test: Path | None, quick: bool) -> Rows:
    """Death of every stay scored, from its first 24 h."""
    people = cast(partial(demo, task="mortality24"), data, test, FEW if quick else None)
    taught = _taught(data, quick)
    asked = _first_day(people.asked, taught)
    out = Rows(people.asked, asked.whose, asked.at, asked.y, notes=people.notes)
    for learners, _, where in people.parts(asked.y, 2 if quick else FOLDS):
        rows = np.flatnonzero(np.isin(out.whose, where))
        _methods(
            out,
            _first_day(learners, taught),
            Known(asked.known.names, asked.known.x[rows]),
            rows,
            at_size(TODAY, quick),
        )
    return out


NOT_IN_DEMOS = ("gcs", "ventilated", "weight", "arterial_line")


def _older(data: Path, quick: bool) -> Stays | None:
    """PhysioNet 2012 stays with what the demos chart too; None where they are not here. Quick: an eighth."""
    try:
        stays = physionet(data)
    except AbsentError:
        return None
    stays = stays.of(np.arange(len(stays)) % 8 == 0) if quick else stays
    return replace(stays, readings={n: r for n, r in stays.readings.items() if n not in NOT_IN_DEMOS})


def _taught(data: Path, quick: bool) -> Ensemble | None:
    """Death from the first day, as PhysioNet 2012 teaches it."""
    stays = _older(data, quick)
    return None if stays is None else learn_death(stays, SEED, at_size(FROM_2012, quick), (12.0, 24.0)).ensemble


def _taught_kidney(data: Path, quick: bool) -> Ensemble | None:
    """Onset of kidney injury within 6 h, as PhysioNet 2012 teaches it by creatinine alone."""
    stays = _older(data, quick)
    if stays is None:
        return None
    onset = onsets(stays.readings["creatinine"], len(stays))
    return learn_onset(replace(stays, outcomes={"onset": onset}), SEED, KIDNEY_2012).fitted.ensemble


def _first_day(stays: Stays, taught: Ensemble | None) -> Table:
    return _with_old(death_table(replace(stays, outcomes={"death": stays.outcomes["label"]}), (DAY,)), taught)


def _with_old(table: Table, taught: Ensemble | None) -> Table:
    """One column more: the logit of what was taught elsewhere; gaps where nothing was."""
    x, names = table.known.x, table.known.names
    old = np.full(len(x), np.nan)
    if taught is not None:
        old = taught.logit(x[:, [names.index(n) for n in taught.names]])
    return Table(Known((*names, "from 2012"), np.column_stack([x, old])), table.y, table.whose, table.at, table.also)


def _methods(out: Rows, table: Table, asked: Known, rows: np.ndarray, recipe: Recipe) -> None:
    """Learn on `table`, answer the rows asked."""
    columns = varying(table)
    same = asked.x[:, [asked.names.index(n) for n in columns.names]]
    found = fit_table(table, columns, SEED, recipe, more={"from 2012": 1})
    if "from 2012" in columns.names:  # what another decade taught is one more learner, weighed like the others
        old = [t[:, columns.names.index("from 2012")] for t in (columns.x, same)]
        weight = stacked(np.stack([found.held_out, old[0]]), table.y, STACK)
        out.put("2012 alone", rows, expit(old[1]))
        out.put("ensemble", rows, expit(weight[0] + weight[1] * found.ensemble.logit(same) + weight[2] * old[1]))
    else:
        out.put("ensemble", rows, found.ensemble.risk(same))
    own = np.array([n != "from 2012" for n in columns.names])
    out.put("LightGBM", rows, expit(grow(columns.x[:, own], table.y, PLAIN, SEED).predict(same[:, own])))
    charted = np.array([".count" in n or n.endswith(".age") for n in columns.names])
    out.put("tests ordered", rows, expit(grow(columns.x[:, charted], table.y, ORDERED, SEED).predict(same[:, charted])))
    out.put("clock", rows, clock(table, asked["hours"]))
    out.put("NEWS2", rows, beside.news2_of(asked, oxygen=False).total)
    out.put("qSOFA", rows, beside.qsofa_of(asked).total)


def clock(table: Table, hours: np.ndarray) -> np.ndarray:
    """Risk by nothing but hours in the unit: the share of events in the nearest landmarks, 12 h either side."""
    order = np.argsort(table.at)
    at, sums = table.at[order], np.concatenate([[0.0], np.cumsum(table.y[order])])
    low, high = np.searchsorted(at, hours - 12.0), np.searchsorted(at, hours + 12.0)
    return (sums[high] - sums[low] + table.y.mean()) / (high - low + 1.0)


WITHOUT = "NEWS2 without coma score and oxygen, which the demos do not chart; counted as normal"


@told
def both(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Any) -> dict[str, Any]:
    """mon.demo: areas of both outcomes; above plain boosting and the clock by a paired bootstrap of whole stays."""
    assert data is not None
    parts = {"AKI within 6 h, hourly": kidney, "death, at 24 h": today}
    return _told({name: read(data, test, quick) for name, read in parts.items()}, quick)


@told
def sepsis(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Any) -> dict[str, Any]:
    """mon.sepsis: the same of the onset of sepsis."""
    assert data is not None
    return _told({"sepsis within 6 h, hourly": septic(data, test, quick)}, quick)


def _told(parts: dict[str, Rows], quick: bool) -> dict[str, Any]:
    measured, beside_it, detail, met, n = {}, {}, {}, True, 0
    for name, rows in parts.items():
        areas = {m: measures.area(r, rows.y) for m, r in rows.risk.items()}
        samples = measures.resampled(rows.whose, 60 if quick else 500, 2)
        p = rows.risk["ensemble"]
        found = {m: measures.paired(measures.area, p, rows.risk[m], rows.y, samples) for m in ("LightGBM", "clock")}
        met = met and all(d.low > 0.0 for d in found.values())
        measured[name] = areas.pop("ensemble")
        beside_it[name] = areas
        detail[name] = {
            "rows": len(rows.y),
            "stays": len(rows.asked),
            "events": int(rows.y.sum()) if rows.y.sum() < len(rows.asked) else None,
            "onsets": int(np.sum(~np.isnan(rows.asked.outcomes["onset"]))) if "onset" in rows.asked.outcomes else None,
            "above": {m: vars(d) for m, d in found.items()},
            "slope": measures.slope_intercept(p, rows.y)[0],
            "ECE": measures.expected_error(p, rows.y),
            "average precision": measures.precision_recall(p, rows.y),
            "doubted values": dict(rows.asked.doubted),
        }
        n += len(rows.asked)
    notes = (*next(iter(parts.values())).notes, WITHOUT)
    return {"measured": measured, "met": met, "n": n, "baseline": beside_it, "detail": detail, "notes": notes}
