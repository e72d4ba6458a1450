"""What-ifs of real meals: half the carbohydrate, and a walk after it. Ranges were fixed before.

Each twin is calibrated to its person's day before the meal and stands ten minutes before it; all options meet the same
draws and carry the same learned correction, so a difference is the mechanism's.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin
from vitruvian.kinds.metabolic import KIND
from vitruvian.kinds.metabolic.actions import Exercise, Meal
from vitruvian.kinds.metabolic.evidence.asked import asked
from vitruvian.kinds.metabolic.evidence.cgmacros import Subject
from vitruvian.kinds.metabolic.evidence.forecasts import Progress, area
from vitruvian.kinds.metabolic.evidence.others import NobodyError, spread, told
from vitruvian.kinds.metabolic.model import DAY, HOUR
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.compare import compare

HALF, WALK = (-60.0, -25.0), (-15.0, -2.0)  # %, of the area and of the mean: claims.toml, fixed before any run
GRID = np.arange(0.0, 2 * HOUR + 1, 300.0)
MEMBERS, SEED = 50, 5


@told
def options(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Three meals a person, from the second day on; quick: one meal of four people."""
    cast = asked(data, test, DAY)
    chosen = spread(cast.people, 4) if quick else cast.people
    found: list[np.ndarray] = []
    for k, subject in enumerate(chosen):
        found += [_tried(subject, meal) for meal in _meals(subject, 1 if quick else 3)]
        progress((k + 1) / len(chosen))
    if not found:
        raise NobodyError("no meal with a day of readings before it", where=claim, fix="name people who logged meals")
    half, walk, right_half, right_walk, each_half, each_walk = np.array(found).T
    sizes = (float(np.median(half)), float(np.median(walk)))
    right = bool(right_half.min() == 1.0 and right_walk.min() == 1.0)
    inside = HALF[0] <= sizes[0] <= HALF[1] and WALK[0] <= sizes[1] <= WALK[1]
    told = f"right in {100 * np.mean(right_half):.0f} % (half) and {100 * np.mean(right_walk):.0f} % (walk)"
    members = f"{100 * np.mean(each_half):.1f} and {100 * np.mean(each_walk):.1f} % of members"
    return {
        "measured": f"{told}, {members}; half {sizes[0]:.0f} % of the area, walk {sizes[1]:.1f} % of the mean",
        "met": right and inside,
        "n": len(found),
        "baseline": "trees on the same columns: no direction is guaranteed",
        "detail": {"half_percent": half.tolist(), "walk_percent": walk.tolist()},
        "notes": cast.notes,
    }


def _meals(subject: Subject, count: int) -> list[Meal]:
    """Meals of 20 to 150 g carbohydrate after the first day, spread over the days, with no other within 2 h after."""
    readings = subject.sensor("dexcom").valid_time
    if not len(readings):
        return []
    eaten = [m for m in subject.case.actions(Meal) if isinstance(m, Meal)]
    fit = []
    for meal in eaten:
        alone = not any(meal.at < other.at <= meal.at + 2 * HOUR for other in eaten)
        before = meal.at - 600.0
        seen = np.sum((readings > before - DAY) & (readings <= before))
        if alone and 20.0 <= meal.carbohydrate <= 150.0 and before >= readings[0] + DAY and seen > 250:
            fit.append(meal)
    return fit[:: max(1, len(fit) // count)][:count]


def _tried(subject: Subject, meal: Meal) -> np.ndarray:
    """Change (%) of the area by halving, of the mean by walking; both directions; shares of members with them."""
    now = meal.at - 600.0
    case = dataclasses.replace(subject.case, timeline=tuple(a for a in subject.case.timeline if a.at < now))
    twin = Twin(KIND, case, subject.sensor("dexcom").until(now))
    twin = calibrate(twin, known_at=now, seed=SEED, members=MEMBERS)
    smaller = dataclasses.replace(meal, carbohydrate=0.5 * meal.carbohydrate, **_nutrients(meal))
    walk = Exercise(at=meal.at + 900.0, mets=3.5, duration=30.0)
    plans = {"as logged": [meal], "half": [smaller], "walk": [meal, walk]}
    times = meal.at + GRID
    answer = compare(twin, plans, Request({"glucose": times}), seed=SEED, against="as logged", learned=True)
    path = {name: answer.options[name]["glucose"].values for name in plans}
    mean = {name: v.mean(axis=1) for name, v in path.items()}
    rise = {name: area(GRID, v - v[:, :1]).mean() for name, v in path.items()}
    return np.array(
        [
            100 * (rise["half"] / max(rise["as logged"], 1e-6) - 1),
            100 * (mean["walk"].mean() / mean["as logged"].mean() - 1),
            mean["half"].mean() < mean["as logged"].mean(),
            mean["walk"].mean() < mean["as logged"].mean(),
            np.mean(mean["half"] < mean["as logged"]),
            np.mean(mean["walk"] < mean["as logged"]),
        ]
    )


def _nutrients(meal: Meal) -> dict[str, float]:
    """What else the meal holds, as it is, so that only carbohydrate is halved."""
    from vitruvian.kinds.metabolic.inputs import nutrient

    return {name: nutrient(meal, name) for name in ("protein", "fat", "fibre")}
