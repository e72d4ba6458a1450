"""Real meals, nothing fitted: two hours after each meal of CGMacros, as the Dexcom saw it and as the physiology says.

The model knows diagnosis, weight, fasting glucose and insulin, and what was logged; it never sees the sensor. Beside it
stands what is learned from everyone else: a line in grams of carbohydrate, one a diagnosis, leaving the subject out.
CGMacros: Das et al., PhysioNet 2025, CC BY 4.0; native samples, local times read as UTC (SOURCE.md of the data set).
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.case import Case, Origin
from vitruvian.core.errors import RecordError
from vitruvian.core.forcing import Batch
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.kinds.metabolic_fast.model import MetabolicFast
from vitruvian.models.glucose_actions import Meal, Person

Progress = Callable[[float], None]
KIND = MetabolicFast()
HOUR, DAY = 3600.0, 86400.0
STATUS = {"healthy": "none", "preD": "prediabetes", "T2D": "type2"}
LEAST, FULL = 15.0, 22  # g that count as a meal; of 25 readings in two hours
PENDING, END = 6 * HOUR, 26 * HOUR  # s before midnight that still act, and the day's end with two hours more
ORIGIN = Origin(datetime(2000, 1, 1, tzinfo=UTC))  # dates of the data set are shifted: only the clock counts


@dataclass(frozen=True)
class Eaten:
    """One meal: who, grams, and both incremental areas over two hours, mg min/dL."""

    subject: str
    status: str
    grams: float
    measured: float
    told: float


def unfitted(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Correlation of the two areas over all meals; quick: every fifth subject."""
    if data is None:
        raise RecordError("CGMacros is needed", where=claim, fix="set VITRUVIAN_DATA to the root of the data sets")
    folder = (test or data) / "cgm" / "cgmacros"
    found = meals(folder, 5 if quick else 1, progress)
    measured, told = np.array([e.measured for e in found]), np.array([e.told for e in found])
    line = from_the_others(found)
    r, base = (float(np.corrcoef(v, measured)[0, 1]) for v in (told, line))
    groups = {}
    for status in STATUS.values():
        own = np.array([e.status == status for e in found])
        groups[status] = {
            "meals": int(own.sum()),
            "r": float(np.corrcoef(told[own], measured[own])[0, 1]) if own.sum() > 2 else None,
            "mean_measured": float(measured[own].mean()) if own.any() else None,
            "mean_told": float(told[own].mean()) if own.any() else None,
        }
    return {
        "measured": r,
        "met": bool(r > base),
        "n": len(found),
        "baseline": f"line in grams, one a diagnosis, learned from the others: r = {base:.2f}",
        "detail": groups,
    }


def from_the_others(found: list[Eaten]) -> np.ndarray:
    """Area by grams and diagnosis, learned without the subject."""
    out = np.zeros(len(found))
    for k, meal in enumerate(found):
        others = [e for e in found if e.subject != meal.subject and e.status == meal.status]
        if len(others) < 3:
            others = [e for e in found if e.subject != meal.subject]
        slope, level = np.polyfit([e.grams for e in others], [e.measured for e in others], 1)
        out[k] = level + slope * meal.grams
    return out


def meals(folder: Path, every: int, progress: Progress) -> list[Eaten]:
    """All meals of at least LEAST g with a full sensor and no other food within two hours."""
    people = rows(folder / "subjects.csv")[::every]
    logged, sensor = by_subject(rows(folder / "meals.csv")), by_subject(rows(folder / "dexcom.csv.gz"))
    days: list[tuple[Mapping[str, str], Case]] = []
    readings: list[tuple[np.ndarray, np.ndarray]] = []
    for row in people:
        name = row["subject"]
        times = np.array([seconds(r["time"]) for r in sensor.get(name, [])])
        values = np.array([float(r["mg_dl"]) for r in sensor.get(name, [])])
        eaten = [m for m in (meal(r) for r in logged.get(name, [])) if m is not None]
        for midnight in sorted({DAY * (m.at // DAY) for m in eaten}):
            near = [m for m in eaten if midnight - PENDING <= m.at < midnight + DAY]
            days.append((row, Case(person(row), tuple(shifted(m, midnight) for m in near), origin=ORIGIN)))
            readings.append((times - midnight, values))
    progress(0.3)
    grid = np.arange(-PENDING, END + 1, 300.0)
    curves = told([case for _, case in days], grid)
    progress(0.8)
    out: list[Eaten] = []
    for (row, case), (times, values), curve in zip(days, readings, curves, strict=True):
        out += areas(row, case, times, values, grid, curve)
    return out


def told(cases: list[Case], grid: np.ndarray) -> np.ndarray:
    """Sensor glucose of every day at the population's mean, (day, time): one call."""
    forcings = [KIND.compile(case, Record.empty(), grid[0], grid[-1], np.inf) for case in cases]
    layout = Latents.of(KIND.parameters, forcings[0])
    z = np.stack([KIND.population(case).moments(layout.names)[0] for case in cases])
    batch = Batch(tuple(forcings), np.arange(len(cases)))
    return np.asarray(
        KIND.run(layout.theta(layout.pad(z)), batch, Request({"glucose": grid}), np.arange(len(cases)))[0]["glucose"]
    )


def areas(
    row: Mapping[str, str], case: Case, times: np.ndarray, values: np.ndarray, grid: np.ndarray, curve: np.ndarray
) -> list[Eaten]:
    """The meals of a day."""
    out, eaten = [], [a for a in case.actions(Meal) if isinstance(a, Meal)]
    for one in eaten:
        alone = not any(other is not one and 0 <= other.at - one.at < 2 * HOUR for other in eaten)
        seen = (times >= one.at - 300) & (times <= one.at + 2 * HOUR + 300)
        if one.at < 0 or one.carbohydrate < LEAST or not alone or seen.sum() < FULL:
            continue
        at = one.at + np.arange(0.0, 2 * HOUR + 1, 300.0)
        both = (np.interp(at, times[seen], values[seen]), np.interp(at, grid, curve))
        measured, said = (float(np.trapezoid(np.maximum(y - y[0], 0.0), at) / 60.0) for y in both)
        out.append(Eaten(row["subject"], STATUS[row["status"]], one.carbohydrate, measured, said))
    return out


def person(row: Mapping[str, str]) -> Person:
    """Who it is; weight is in pounds there."""
    return Person(
        weight=0.45359237 * float(row["Body weight"]),
        diabetes=STATUS[row["status"]],
        age=number(row["Age"]),
        fasting_glucose=number(row["Fasting GLU - PDL (Lab)"]),
        fasting_insulin=number(row["Insulin"]),
    )


def meal(row: Mapping[str, str]) -> Meal | None:
    """A logged meal; above 100 % eaten the column counts dishes, and a few rows say 2300 g of fibre."""
    carb, amount = number(row["carb_g"]), number(row["amount_pct"])
    if carb is None:
        return None
    share = amount / 100 if amount is not None and 10 <= amount < 100 else 1.0
    protein, fat, fibre = (number(row[k]) for k in ("protein_g", "fat_g", "fiber_g"))
    return Meal(
        at=seconds(row["time"]),
        carbohydrate=min(200.0, share * carb),
        protein=None if protein is None else min(150.0, share * protein),
        fat=None if fat is None else min(150.0, share * fat),
        fibre=None if fibre is None or fibre > 60 else share * fibre,
    )


def shifted(one: Meal, midnight: float) -> Meal:
    """The meal with its day's midnight as zero."""
    nutrients = {n: getattr(one, n) for n in ("carbohydrate", "protein", "fat", "fibre")}
    return Meal(at=one.at - midnight, known_at=-PENDING, **nutrients)


def rows(path: Path) -> list[dict[str, str]]:
    """A table of the data set."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def by_subject(table: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    """Rows of each subject."""
    out: dict[str, list[dict[str, str]]] = {}
    for row in table:
        out.setdefault(row["subject"], []).append(row)
    return out


def seconds(text: str) -> float:
    """Seconds of a local time since 2000."""
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - ORIGIN.utc).total_seconds()


def number(text: str) -> float | None:
    """A number, or None where the cell is empty."""
    return float(text) if text.strip() else None
