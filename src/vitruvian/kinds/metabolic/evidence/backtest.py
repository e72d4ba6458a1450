"""Forecasts of real sensors by rolling origin: only what was known then, meals announced, on people never fitted on.

Nothing is fitted across people but the autoregression beside the twin (on the other folds, or on `data` when `test`
names other people); the twin starts each person from the parameters' own priors and learns from that person's past.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from vitruvian.core.belief import PopulationPrior
from vitruvian.core.twin import Twin
from vitruvian.kinds.metabolic import KIND  # one kind for all: compiled code is kept by kind
from vitruvian.kinds.metabolic.evidence.asked import Asked, asked
from vitruvian.kinds.metabolic.evidence.cgmacros import Subject
from vitruvian.kinds.metabolic.evidence.others import spread, told
from vitruvian.verbs.backtest import backtest
from vitruvian.verbs.backtested import TWIN, Backtest
from vitruvian.verbs.baselines import History, Line, autoregression

HOUR, DAY = 3600.0, 86400.0
HORIZONS = (1800.0, 3600.0, 7200.0)
FOLDS, SENSOR, MEMBERS = 5, "dexcom", 100
LEAST = 1.5 * DAY  # s of readings: the first day is learned from
Progress = Callable[[float], None]


@told
def rolling(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """RMSE, MAE, CRPS and 90 % coverage at 30, 60 and 120 min beside persistence and AR2, on the same origins.

    Full: every subject, an origin an hour from the second day on. Quick: three subjects, six-hourly for two days.
    """
    cast = asked(data, test, LEAST)
    people = spread(cast.people, 3) if quick else cast.people
    found: list[Backtest] = []
    for learners, tested in Asked(cast.known, people).parts(FOLDS):
        lines = _lines([cast.known[i] for i in learners])
        for i in tested:
            found.append(_one(people[i], lines, quick))
            progress(len(found) / len(people))
    return {**_said(Backtest.join(found), len(people)), "notes": cast.notes}


def _one(subject: Subject, lines: dict[float, Line], quick: bool) -> Backtest:
    record = subject.sensor(SENSOR)
    first = float(record.valid_time.min())
    return backtest(
        Twin(KIND, subject.case, record),
        HORIZONS,
        step=6 * HOUR if quick else HOUR,
        start=first + DAY,
        end=first + 3 * DAY if quick else None,
        refit=DAY / 2,
        prior=PopulationPrior(),  # the shipped population was learned from these very people
        members=MEMBERS,
        subject=subject.name,
        ar=lines,
    )


def _lines(people: Sequence[Subject]) -> dict[float, Line]:
    """AR2 by horizon: linear in level and slope, fitted on these people."""
    past = [History.of(r.valid_time, r.value) for r in (s.sensor(SENSOR) for s in people)]
    return {h: autoregression(past, h) for h in HORIZONS}


def _said(found: Backtest, people: int) -> dict[str, Any]:
    """RMSE by horizon of the twin and of both baselines; met when the twin's is the lowest at every horizon."""
    table = {int(row["horizon"] / 60): row for row in found.table()}
    others = ("persistence", "autoregression")
    mine = {f"{h} min": f"RMSE {r[TWIN]['rmse']:.1f}, cover {100 * r[TWIN]['cover90']:.0f} %" for h, r in table.items()}
    beside = {f"{h} min": ", ".join(f"{o} {r[o]['rmse']:.1f}" for o in others) for h, r in table.items()}
    met = all(row[TWIN]["rmse"] < row[o]["rmse"] for row in table.values() for o in others)
    origins = sum(row["n"] for row in table.values())
    detail = {"table": found.table(), "subjects": people, "plans": found.plans, "notes": list(found.notes)}
    return {"measured": mine, "met": met, "n": origins, "baseline": beside, "detail": detail}
