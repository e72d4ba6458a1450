"""hosp.trace and hosp.crn: two kernels tell one story, and options share their luck."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.forcing import Schedule
from vitruvian.core.keys import member_seeds
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.engines.event.drive import forcing
from vitruvian.engines.event.reference import Reference
from vitruvian.engines.event.simulate import Simulation
from vitruvian.engines.event.tables import Tables
from vitruvian.kinds.hospital.evidence.random_models import random_model
from vitruvian.kinds.hospital.model import Hospital
from vitruvian.kinds.hospital.shipped import shipped

Progress = Callable[[float], None]
HOUR, DAY = 3600.0, 86400.0


def traces(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Random models of two days on which the compiled kernel and the reference differ in any bit of any event."""
    models, events, differ = 40 if quick else 200, 0, []
    for seed in range(models):
        tables = Tables(random_model(seed), {"p0": 1}, layers=3)
        changes = {
            "mode:fast track": Schedule(np.array([30000.0, 50000.0]), np.array([1.0, 0.0]), 0.0),
            "factor:s0": Schedule(np.array([20000.0, 60000.0]), np.array([2.4, 0.5]), 1.0),
        }
        drive = forcing(tables.model, 0.0, 2 * DAY, changes=changes)
        rows = Simulation(tables).trace(drive, seed)
        if rows != Reference(tables, drive, seed).run():
            differ.append(seed)
        events += len(rows)
        progress((seed + 1) / models)
    return {
        "measured": float(len(differ)), "met": not differ and events > 200 * models, "n": models, "baseline": None,
        "detail": {"events": events, "differ": differ},
    }  # fmt: skip


def paired(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """One more doctor for a shift: variance of the difference with other seeds, over that with the same."""
    kind, n = Hospital(shipped("emergency")), 400 if quick else 4000
    theta = {p.name: np.ones(n) for p in kind.parameters}
    case = kind.example().case
    add = kind.action_type("ChangeStaff")(at=9 * HOUR, pool="doctor", staff=1, duration=8.0)  # pyright: ignore[reportCallIssue]
    names = ("mean_wait", "wait_yellow", "utilisation_doctor", "cost")
    asked = Request({q: np.array([[9 * HOUR, 17 * HOUR]]) for q in names})
    first, other = member_seeds(1, n), member_seeds(2, n)
    runs = []
    for what, seeds in ((case, first), (case.plus(add), first), (case.plus(add), other)):
        drive = kind.compile(what, Record.empty(), 0.0, 17 * HOUR, 17 * HOUR)
        runs.append(kind.run(theta, drive, asked, seeds)[0])
        progress(len(runs) / 3)
    plain, same, apart = runs
    ratio = {q: float(np.var(apart[q] - plain[q]) / np.var(same[q] - plain[q])) for q in names}
    worst = min(ratio.values())
    return {"measured": worst, "met": worst >= 5.0, "n": n, "baseline": 1.0, "detail": ratio}
