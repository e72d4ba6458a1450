"""The slow layer against closed forms, published values, an independent implementation, and itself."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.kinds.metabolic_slow.model import MetabolicSlow
from vitruvian.models import betacell, bodyweight, redcells
from vitruvian.verbs.sbc import sbc

Progress = Callable[[float], None]
Rate = Callable[[float, np.ndarray], np.ndarray]
KIND = MetabolicSlow()
FAIR = 0.2  # kg: data/cgm/oracle_weight/SOURCE.md


def steps(rate: Rate, x: np.ndarray, days: float, h: float) -> np.ndarray:
    """Classical Runge-Kutta with step h days."""
    for k in range(round(days / h)):
        a = rate(k * h, x)
        b = rate(k * h + h / 2, x + h / 2 * a)
        c = rate(k * h + h / 2, x + h / 2 * b)
        x = x + h / 6 * (a + 2 * b + 2 * c + rate(k * h + h, x + h * c))
    return x


def weight_after(row: dict[str, str], change: float, sodium: float, days: float, h: float = 1.0) -> float:
    """kg, of a case of the reference tables whose intake changes by this from day 0."""
    male = float(row["sex"] == "male")
    b = bodyweight.build(float(row["weight_kg"]), float(row["height_m"]), float(row["age_y"]), male, float(row["pal"]))
    carbohydrate = bodyweight.CARBOHYDRATE * (b.intake + change)

    def rate(t: float, x: np.ndarray) -> np.ndarray:
        return np.array(bodyweight.rate(b, bodyweight.Body(*x), change, carbohydrate, sodium))

    return float(bodyweight.weight(b, bodyweight.Body(*steps(rate, np.array(bodyweight.begin(b)), days, h))))


def planner(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Largest distance from the planner's goals and from the nine trajectories, kg."""
    assert data is not None
    folder = (test or data) / "cgm" / "oracle_weight"
    planned, course = _rows(folder / "planner_reference.csv"), _rows(folder / "bw_trajectories.csv")
    gaps: dict[str, float] = {}
    for row in planned:
        start, reach = float(row["kcal_to_maintain_start"]), float(row["kcal_to_reach_goal"])
        found = weight_after(row, reach - start, 0.0, float(row["days"]))
        gaps[f"planner {row['case']}"] = abs(found - float(row["goal_weight_kg"]))
    kept = course if not quick else [r for r in course if float(r["day"]) <= 180]
    still = 0.0
    for k, row in enumerate(kept):
        change, sodium = float(row["delta_intake_kcal_d"]), float(row["delta_sodium_mg_d"])
        found, true = weight_after(row, change, sodium, float(row["day"])), float(row["body_weight_kg"])
        gaps[row["case"]] = max(gaps.get(row["case"], 0.0), abs(found - true))
        still = max(still, abs(float(row["weight_kg"]) - true))
        progress((k + 1) / len(kept))
    worst = max(gaps.values())
    return {
        "measured": worst,
        "met": worst < FAIR,
        "n": len(planned) + len(kept),
        "baseline": f"no change of weight: {still:.1f} kg",
        "detail": gaps,
    }


def kernel(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Largest relative difference of the ageing chain from the integral of glucose over its kernel."""
    days = 400

    def glucose(t: Any) -> Any:
        return np.where(np.asarray(t) < 0, 150.0, 150.0 + 40.0 * np.sin(np.asarray(t) / 20.0) + 0.1 * np.asarray(t))

    back = np.linspace(0.0, 900.0, 90_001 if quick else 900_001)
    weight, worst = redcells.kernel(back), 0.0
    x = np.array(redcells.begin(150.0))
    for start in range(0, days, 50):

        def rate(t: float, x: np.ndarray, start: int = start) -> np.ndarray:
            return np.array(redcells.rate(tuple(x), glucose(start + t)))

        x = steps(rate, x, 50, 0.25)
        told = float(np.trapezoid(weight * glucose(start + 50 - back), back))
        worst = max(worst, abs(redcells.seen(tuple(x)) / told - 1.0))
        progress((start + 50) / days)
    return {"measured": worst, "met": worst < 1e-6, "n": days // 50, "baseline": None}


def fixed_points(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Largest relative distance of the rest points of Topp's model from 100 and 250 mg/dL, and of `balance` from it."""
    gaps = []
    for G in (100.0, 250.0):
        B = float(betacell.mass(G, betacell.SI))
        insulin = float(betacell.insulin(G, B))
        scale = (betacell.R0, betacell.K * insulin, betacell.D0 * B)
        gaps += [abs(r) / s for r, s in zip(betacell.rate(G, insulin, B), scale, strict=True)]
        gaps.append(abs(float(betacell.balance(1.0, betacell.SI, B)) / G - 1.0))
    roots = np.sort(np.roots([-betacell.R2, betacell.R1, -betacell.D0]).real)
    gaps += [abs(roots[0] / 100.0 - 1.0), abs(roots[1] / 250.0 - 1.0)]
    slope = [betacell.R1 - 2 * betacell.R2 * G for G in (100.0, 250.0)]  # of growth in G: mass falls back, or runs away
    progress(1.0)
    worst = max(gaps)
    return {"measured": worst, "met": worst < 1e-9 and slope[0] > 0 > slope[1], "n": len(gaps), "baseline": None}


def calibrated(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Simulation-based calibration with Laplace, at the example's density of readings."""
    n = 10 if quick else 200
    found = sbc(KIND, n, seed=3, progress=progress)
    worst = max(found.excess.values())
    return {"measured": worst, "met": found.inside, "n": n, "baseline": None, "detail": found.to_json()}


def _rows(path: Path) -> Sequence[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [r for r in csv.DictReader(file) if not math.isnan(float(r["weight_kg"]))]
