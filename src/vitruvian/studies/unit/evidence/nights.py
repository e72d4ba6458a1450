"""Counts of simulated nights within the distributions that the true hazards give."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import kstest, poisson

from vitruvian.core.keys import generator
from vitruvian.models.stays.course import courses
from vitruvian.studies.unit.crashes import Risks, crashes

SEED, BEDS, HOURS = 73, 20, 12
FROM = 24  # h after admission: the night that is looked at


def pit(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Callable[[float], None]
) -> dict[str, Any]:
    """Crash: transfer to intensive care, or death, of those still on the simulated ward at the evening.

    The hazards are those of the hour that begins then, given the course of the night: the truth that a perfect model of
    the night would have had. Ends compete, so the risk of an hour is that of a crash and no discharge before it.
    """
    nights = 60 if quick else 600
    ours, poissons = [], []
    rng = generator(SEED, "pit")
    for night in range(nights):
        found = courses(3 * BEDS, SEED + night, hours=FROM + HOURS, unit="ward")
        there = np.flatnonzero(found.end > FROM)[:BEDS]
        hours = slice(FROM, FROM + HOURS)
        death, home, moved = (found.hazard[k][hours, there].T for k in ("death", "discharge", "icu_transfer"))
        crash = -np.expm1(-death) + np.exp(-death - home) * -np.expm1(-moved)
        gone = np.exp(-death) * -np.expm1(-home)
        risks = Risks(reached(crash, gone)[None], tuple(str(i) for i in there))
        count = crashes(risks)
        seen = int(np.sum((found.end[there] <= FROM + HOURS) & np.isin(found.ended[there], ("death", "icu_transfer"))))
        below, u = float(count.probability[:seen].sum()), rng.uniform()
        ours.append(below + u * float(count.probability[seen]))
        poissons.append(float(poisson.cdf(seen - 1, count.mean) + u * poisson.pmf(seen, count.mean)))
        progress((night + 1) / nights)
    p, other = (float(kstest(x, "uniform").pvalue) for x in (ours, poissons))
    return {"measured": p, "met": bool(p >= 0.01), "n": nights, "baseline": {"Poisson": other}}


def reached(crash: np.ndarray, gone: np.ndarray) -> np.ndarray:
    """Hazard of a crash among all who were there (patient, hour) where leaving competes: what `Risks` multiplies up to
    the cumulative incidence."""
    alive = np.cumprod(1.0 - crash - gone, axis=1)
    before = np.concatenate([np.ones((len(crash), 1)), alive[:, :-1]], axis=1)
    incidence = np.cumsum(before * crash, axis=1)
    earlier = np.concatenate([np.zeros((len(crash), 1)), incidence[:, :-1]], axis=1)
    return (incidence - earlier) / (1.0 - earlier)
