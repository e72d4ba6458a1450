"""The queue as a twin: its calibration is calibrated, and its comparisons share their luck."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.keys import member_seeds
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.kinds.queue.actions import Clinic, OpenServers
from vitruvian.kinds.queue.desk import HOUR
from vitruvian.kinds.queue.model import Queue
from vitruvian.verbs.sbc import sbc

Progress = Callable[[float], None]
KIND = Queue()


def calibrated(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Simulation-based calibration with the exact likelihood."""
    found = sbc(KIND, 50 if quick else 200, seed=3, progress=progress)
    worst = max(found.excess.values())
    return {
        "measured": worst,
        "met": found.inside,
        "n": found.replications,
        "baseline": None,
        "detail": found.to_json(),
    }


def paired(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Variance of one more server's effect on the mean wait with other seeds, over that with the same."""
    n, end = 1000 if quick else 10000, 12 * HOUR
    theta = {"arrival_rate": np.full(n, 20.0), "service_mean": np.full(n, 0.25)}
    asked, waits = Request({"mean_wait": np.array([[4 * HOUR, end]])}), []
    for more, seeds in ((0, member_seeds(1, n)), (1, member_seeds(1, n)), (1, member_seeds(2, n))):
        case = Case(Clinic(servers=6), (OpenServers(at=4 * HOUR, servers=more),))
        forcing = KIND.compile(case, Record.empty(), 0.0, end, end)
        waits.append(KIND.run(theta, forcing, asked, seeds)[0]["mean_wait"][:, 0])
        progress(len(waits) / 3)
    ratio = float(np.var(waits[2] - waits[0]) / np.var(waits[1] - waits[0]))
    return {"measured": ratio, "met": ratio >= 2.0, "n": n, "baseline": 1.0}
