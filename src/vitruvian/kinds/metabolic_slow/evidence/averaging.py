"""The coupled twin: its averaging against full resolution, its cohort's means, and the kind's own day against it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.quantity import Request
from vitruvian.kinds.metabolic_slow import coupled
from vitruvian.kinds.metabolic_slow.actions import Diet, Move
from vitruvian.kinds.metabolic_slow.cohort import DAY, KIND, patients, theta_of
from vitruvian.kinds.metabolic_slow.evidence.drugs import PUBLISHED
from vitruvian.models import glucose_medicines as given
from vitruvian.models.glucose_medicines import DOING, MEDICINES

Progress = Callable[[float], None]
PLANS: tuple[tuple[Action, ...], ...] = (
    (),
    (given.Metformin(at=10 * DAY, dose=2000.0),),
    (given.Empagliflozin(at=10 * DAY, dose=25.0),),
    (given.Semaglutide(at=10 * DAY, dose=1.0),),
    (given.Tirzepatide(at=10 * DAY, dose=15.0),),
    (given.Glimepiride(at=10 * DAY, dose=4.0),),
    (given.Acarbose(at=10 * DAY, dose=300.0),),
    (given.BasalInsulin(at=10 * DAY, dose=30.0), given.PrandialInsulin(at=30 * DAY, dose=30.0)),
    (given.Metformin(at=-DAY, dose=2000.0), Diet(at=5 * DAY, change=-1200.0, control=1.0)),
    (given.Semaglutide(at=-DAY, dose=1.0), given.Semaglutide(at=20 * DAY, dose=0.0), Move(at=10 * DAY, minutes=30.0)),
)
COMPARED = ("weight", "hba1c", "mean_glucose", "time_in_range", "insulin")


def resolution(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Largest relative difference over 90 days of ten people; time in range in points of a hundred of the day."""
    days = 30 if quick else 90
    people = patients(len(PLANS), 7)
    theta, forcings = theta_of(people, PLANS, days, 7)
    full = coupled.resolved(theta, forcings, days)
    progress(0.6)
    daily, weekly = coupled.averaged(theta, forcings, days), coupled.averaged(theta, forcings, days, every=7)
    found = {n: _apart(daily[n], full[n], n) for n in COMPARED}
    coarse = {n: _apart(weekly[n][: len(full[n][3::7])], full[n][3::7][: len(weekly[n])], n) for n in COMPARED}
    progress(1.0)
    worst = max(found.values())
    return {
        "measured": worst,
        "met": worst < 0.02,
        "n": len(PLANS),
        "baseline": f"a day a week instead of every day: {max(coarse.values()):.2%}",
        "detail": {"daily": found, "weekly": coarse},
    }


def _apart(a: np.ndarray, b: np.ndarray, name: str) -> float:
    return float(np.max(np.abs(a - b) / (100.0 if name == "time_in_range" else np.abs(b))))


def classes(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Of the 20 means of evidence.drugs how many lie outside in the coupled twin, a day a week."""
    count = 40 if quick else 300
    people, longest = patients(count, 1), max(row[0] for row in PUBLISHED.values())
    days = 7 * (longest + 1)
    none = coupled.averaged(*theta_of(people, [()] * count, days, 1), days, every=7)
    rows, outside = [], 0
    for k, (medicine, (weeks, a1c, kg, source)) in enumerate(PUBLISHED.items()):
        plan = (medicine(at=1.0, dose=DOING[medicine].full),)
        found = coupled.averaged(*theta_of(people, [plan] * count, days, 1), days, every=7)
        row: dict[str, Any] = {"medicine": medicine.__name__, "source": source}
        for name, (low, high) in (("hba1c", a1c), ("weight", kg)):
            change = (found[name] - none[name])[weeks]
            slack = 2.6 * float(change.std()) / np.sqrt(count) if quick else 0.0
            outside += not low - slack <= change.mean() <= high + slack
            row |= {name: float(change.mean()), f"{name}_published": [low, high]}
        row["time_in_range"] = float((found["time_in_range"] - none["time_in_range"])[weeks].mean())
        rows.append(row)
        progress((k + 1) / len(PUBLISHED))
    told = "; ".join(f"{r['medicine'].lower()} {r['hba1c']:+.2f} %, {r['time_in_range']:+.0f} in range" for r in rows)
    return {
        "measured": f"{outside} outside: {told}",
        "met": outside == 0,
        "n": count,
        "baseline": "five numbers were set to these means: this shows that the coupled twin keeps them",
        "detail": rows,
    }


def day(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """The kind against the coupled twin over a year of programmes by chance: mean distance of time in range, points."""
    count, days = (60, 182) if quick else (300, 364)
    people, plans = patients(count, 31, hba1c=7.6), by_chance(count, 31)
    theta, forcings = theta_of(people, plans, days, 31)
    full = coupled.averaged(theta, forcings, days, every=7)
    progress(0.7)
    times = full.days[4::4] * DAY
    names = ("time_in_range", "hba1c", "weight", "mean_glucose")
    told, _ = KIND.run(theta, forcings, Request.of(dict.fromkeys(names, times)), member_seeds(31, count))
    gaps = {n: np.asarray(told[n]) - full[n][4::4].T for n in names}
    size = {n: float(np.mean(np.abs(g))) for n, g in gaps.items()}
    same = float(np.mean(np.abs(full["time_in_range"][4::4] - full["time_in_range"][4::4].mean())))
    progress(1.0)
    kept = [(np.asarray(told["time_in_range"]) >= 70.0), (full["time_in_range"][4::4].T >= 70.0)]
    return {
        "measured": size["time_in_range"],
        "met": size["time_in_range"] < 6.0 and size["hba1c"] < 0.3,
        "n": count,
        "baseline": f"everybody's mean time in range: {same:.1f} points",
        "detail": {
            "mean_distance": size,
            "mean_difference": {n: float(g.mean()) for n, g in gaps.items()},
            "same_verdict_on_70": float(np.mean(kept[0] == kept[1])),
        },
    }


def by_chance(count: int, seed: int) -> list[tuple[Action, ...]]:
    """Up to three medicines a person at a dose by chance, half of them with a diet."""
    rng = generator(seed, "plans")
    plans = []
    for _ in range(count):
        chosen = rng.permutation(len(MEDICINES))[: rng.integers(0, 4)]
        plan: list[Action] = [
            MEDICINES[j](at=float(rng.integers(1, 120)) * DAY, dose=DOING[MEDICINES[j]].full * rng.uniform(0.3, 1.0))
            for j in chosen
        ]
        if rng.random() < 0.5:
            change, share, control = rng.uniform(-1200, 0), rng.uniform(0.2, 0.6), rng.uniform(0.4, 1.0)
            at = float(rng.integers(5, 100)) * DAY
            plan.append(Diet(at=at, change=float(change), carbohydrate=float(share), control=float(control)))
        plans.append(tuple(plan))
    return plans
