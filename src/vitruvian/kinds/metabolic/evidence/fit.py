"""One sensor day, fitted to a full posterior: how long it takes and how well the model's curve follows the readings.

The curve is the mechanism at the posterior mode, without the discrepancy (which would follow any reading). Days are
calendar days of CGMacros' Dexcom with at least 90 % of their 288 readings; every meal of the day is known.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.forcing import Forcing
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.kinds.metabolic import KIND
from vitruvian.kinds.metabolic.evidence.asked import asked
from vitruvian.kinds.metabolic.evidence.cgmacros import Subject
from vitruvian.kinds.metabolic.evidence.others import NobodyError, spread, told
from vitruvian.kinds.metabolic.model import DAY
from vitruvian.verbs.posterior import Problem, mode_of

Progress = Callable[[float], None]
ENOUGH = 0.9 * 288  # readings of a day
SECONDS, MARD = 0.1, 10.0  # targets: s a day, %


@dataclass(frozen=True)
class Day:
    """One fitted day: CPU seconds, mean absolute relative difference (%), Gauss-Newton steps."""

    subject: str
    status: str
    seconds: float
    mard: float
    steps: int


@told
def sensor_day(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Median CPU time a day and MARD over all days; quick: two days of six people."""
    cast = asked(data, test, DAY)
    chosen = spread(cast.people, 6) if quick else cast.people
    days: list[Day] = []
    for k, subject in enumerate(chosen):
        starts = full_days(subject)
        for start in (starts[1:3] or starts) if quick else starts:
            days.append(fit_day(subject, start))
        progress((k + 1) / len(chosen))
    if not days:
        raise NobodyError(
            "no calendar day has 90 % of its readings", where=claim, fix="name people with longer records"
        )
    mard = np.array([d.mard for d in days])
    seconds = float(np.median([d.seconds for d in days]))
    t2d = np.array([d.mard for d in days if d.status == "type2"])
    share = float(np.mean(mard < MARD))
    return {
        "measured": f"{seconds:.3f} s per patient-day; MARD {mard.mean():.1f} % (median {np.median(mard):.1f} %)",
        "met": bool(seconds < SECONDS and mard.mean() < MARD),
        "n": len(days),
        "baseline": f"the day's own mean as a constant: MARD {_constant(chosen, days):.1f} %",
        "detail": {
            "mard_type2": float(t2d.mean()) if len(t2d) else None,
            "share_of_days_below_target": share,
            "seconds_worst": max(d.seconds for d in days),
            "steps_median": float(np.median([d.steps for d in days])),
            "days": [vars(d) for d in days],
        },
        "notes": cast.notes,
    }


def full_days(subject: Subject) -> list[float]:
    """Midnights (s) of the days with enough Dexcom readings."""
    times = subject.sensor("dexcom").valid_time
    midnights = np.arange(np.floor(times[0] / DAY), np.ceil(times[-1] / DAY)) * DAY
    return [float(m) for m in midnights if np.sum((times >= m) & (times < m + DAY)) >= ENOUGH]


def fit_day(subject: Subject, start: float) -> Day:
    """Mode and Laplace covariance from the kind's prior of such a person; CPU time of the second, compiled pass."""
    record = subject.sensor("dexcom").between(start, start + DAY - 1.0)
    end = float(record.valid_time.max())
    forcing = KIND.compile(subject.case, record, start, end, np.inf)
    _warm(forcing, subject, record)
    began = time.process_time()
    problem = Problem(KIND, subject.case, record, forcing, end, KIND.population(subject.case), 0, 1)
    found = mode_of(problem)
    seconds = time.process_time() - began
    theta = problem.layout.theta(problem.layout.pad(found.mode[None, :]))
    request = Request({"glucose": record.valid_time})
    outputs, _ = KIND.run(theta, forcing, request, np.zeros(1, dtype=np.uint64))
    curve = np.asarray(outputs["glucose"])[0]
    mard = 100 * float(np.mean(np.abs(curve - record.value) / record.value))
    return Day(subject.name, subject.person.diabetes, seconds, mard, found.steps)


_COMPILED: set[tuple[int, ...]] = set()


def _warm(forcing: Forcing, subject: Subject, record: Record) -> None:
    """Compile this shape once, outside the clock."""
    shape = (forcing.capacity["meal"], len(forcing.schedules))
    if shape in _COMPILED:
        return
    problem = Problem(KIND, subject.case, record, forcing, forcing.t1, KIND.population(subject.case), 0, 1)
    mode_of(problem)
    _COMPILED.add(shape)


def _constant(chosen: tuple[Subject, ...], days: list[Day]) -> float:
    """MARD of a constant at each day's mean."""
    out = []
    wanted = {d.subject for d in days}
    for subject in (s for s in chosen if s.name in wanted):
        for start in full_days(subject):
            y = subject.sensor("dexcom").between(start, start + DAY - 1.0).value
            out.append(np.mean(np.abs(y - y.mean()) / y))
    return 100 * float(np.mean(out))
