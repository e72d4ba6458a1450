"""Remission by weight lost, in a virtual cohort treated as DiRECT treated its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.keys import generator
from vitruvian.core.quantity import Request
from vitruvian.kinds.metabolic_slow.actions import Diet
from vitruvian.kinds.metabolic_slow.cohort import DAY, course, patients
from vitruvian.models.glucose_medicines import Metformin

Progress = Callable[[float], None]
# kg lost; in remission, of how many: Lean et al., Lancet 391:541 (2018), findings
GROUPS = ((-99.0, 0.0, 0, 76), (0.0, 5.0, 6, 89), (5.0, 10.0, 19, 56), (10.0, 15.0, 16, 28), (15.0, 99.0, 31, 36))
REMISSION = 6.5  # % HbA1c, without medicines: there
ON_MEDICINES = 0.75  # of both arms at the start: there, table 1
YEAR = 365


def programme(count: int, seed: int) -> list[tuple[Action, ...]]:
    """By person, half of them treated: medicines stopped, a replaced diet of 4 to 20 weeks, then as each keeps to it.

    How well people keep to it is assumed so that the treated lose 10 kg (sd 8) in the mean, as there.
    """
    rng = generator(seed, "programme")
    weeks, kept, on = rng.uniform(4, 20, count), rng.beta(2.2, 1.4, count), rng.random(count) < ON_MEDICINES
    plans = []
    for k in range(count):
        before = (Metformin(at=-DAY, dose=1500.0),) if on[k] else ()
        diet = (
            Metformin(at=DAY, dose=0.0),
            Diet(at=DAY, change=-1400.0, control=float(0.6 + 0.4 * kept[k])),
            Diet(
                at=float(weeks[k]) * 7 * DAY,
                change=float(-100.0 - 700.0 * kept[k]),
                control=float(0.4 + 0.6 * kept[k]),
            ),
        )
        plans.append((*before, *diet) if k % 2 == 0 else before)
    return plans


def gradient(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Share in remission at a year in each group of weight lost, against the published share's 95 % interval."""
    count = 400 if quick else 4000
    people = patients(count, 5, hba1c=7.7, years=3.0, weight=99.0)
    plans = programme(count, 5)
    end = YEAR * DAY
    found = course(people, plans, Request.of({n: [end] for n in ("hba1c", "weight", "medicines")}), YEAR, 6)
    progress(1.0)
    lost = np.array([p.weight for p in people]) - found["weight"][:, 0]
    free = (found["hba1c"][:, 0] < REMISSION) & (found["medicines"][:, 0] < 0.5)
    rows, inside = [], True
    for low, high, well, of in GROUPS:
        here = (lost >= low) & (lost < high)
        share, (bottom, top) = float(free[here].mean()), interval(well, of)
        slack = 2.6 * float(np.sqrt(max(share * (1 - share), 0.25 / here.sum()) / here.sum())) if quick else 0.0
        inside &= bottom - slack <= share <= top + slack
        rows.append({"lost": [low, high], "here": share, "n": int(here.sum()), "published": [bottom, well / of, top]})
    shares = [row["here"] for row in rows]
    rising = bool(np.all(np.diff(shares) > 0))
    return {
        "measured": "; ".join(f"{100 * r['here']:.0f} %" for r in rows),
        "met": bool(inside and rising),
        "n": count,
        "baseline": "the whole cohort's share for everybody: " + f"{100 * float(free.mean()):.0f} %",
        "detail": {"groups": rows, "lost_by_the_treated": float(lost[::2].mean())},
    }


def interval(well: int, of: int) -> tuple[float, float]:
    """Clopper & Pearson's 95 % interval of a share."""
    from scipy.stats import beta

    low = 0.0 if well == 0 else float(beta.ppf(0.025, well, of - well + 1))
    return low, 1.0 if well == of else float(beta.ppf(0.975, well + 1, of - well))
