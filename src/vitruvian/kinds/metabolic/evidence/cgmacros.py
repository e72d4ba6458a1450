"""CGMacros (Das et al., PhysioNet 2025, CC BY 4.0): a subject as a person, a case with its meals, and a record.

Native sensor samples only (SOURCE.md of the data set). Times are local without a zone and dates are shifted: they are
read as UTC. Meal rows above 100 % eaten count the dishes, their nutrients are totals already.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np

from vitruvian.core.case import Case, Origin
from vitruvian.core.record import Record
from vitruvian.core.units import convert
from vitruvian.kinds.metabolic.actions import Meal, Person

FOLDER = Path("cgm") / "cgmacros"
LIMITS = {"dexcom": (40.0, 400.0), "libre": (40.0, 500.0)}  # mg/dL, SOURCE.md; Libre's upper limit: its manual
STATUS = {"healthy": "none", "preD": "prediabetes", "T2D": "type2"}


@dataclass(frozen=True)
class Subject:
    """One subject: case with person and meals, and the readings of both sensors."""

    name: str
    case: Case
    record: Record

    @property
    def person(self) -> Person:
        """Who it is."""
        assert isinstance(self.case.subject, Person)
        return self.case.subject

    def sensor(self, name: str) -> Record:
        """Readings of one sensor, "dexcom" or "libre"."""
        return self.record.only("glucose", name)


@cache
def subjects(root: Path) -> tuple[Subject, ...]:
    """All subjects under the root of the data sets, in the order of their numbers."""
    folder = root / FOLDER
    samples = {name: _samples(folder / f"{name}.csv.gz") for name in LIMITS}
    eaten: dict[str, list[dict[str, str]]] = {}
    for row in _rows(folder / "meals.csv"):
        eaten.setdefault(row["subject"], []).append(row)
    people = {row["subject"]: row for row in _rows(folder / "subjects.csv")}
    return tuple(
        _subject(name, people[name], eaten.get(name, []), {s: v[name] for s, v in samples.items() if name in v})
        for name in sorted(people, key=int)
    )


def _subject(
    name: str, row: Mapping[str, str], eaten: list[dict[str, str]], samples: Mapping[str, list[tuple[datetime, float]]]
) -> Subject:
    first = min(t for rows in samples.values() for t, _ in rows)
    origin = Origin(first.replace(hour=0, minute=0, second=0))
    person = Person(
        weight=float(convert(float(row["Body weight"]), "[lb_av]", "kg")),
        height=float(convert(float(row["Height"]), "[in_i]", "cm")),
        diabetes=STATUS[row["status"]],
        age=_number(row["Age"]),
        fasting_glucose=_number(row["Fasting GLU - PDL (Lab)"]),
        fasting_insulin=_number(row["Insulin"]),
        hba1c=_number(row["A1c PDL (Lab)"]),
    )
    meals = tuple(m for m in (_meal(origin, r) for r in eaten) if m is not None)
    return Subject(name, Case(person, meals, origin=origin), _record(origin, samples))


def _meal(origin: Origin, row: Mapping[str, str]) -> Meal | None:
    carb = _number(row["carb_g"])
    if carb is None:
        return None
    amount = _number(row["amount_pct"])
    share = amount / 100 if amount is not None and 10 <= amount < 100 else 1.0
    protein, fat, fibre = (_number(row[k]) for k in ("protein_g", "fat_g", "fiber_g"))
    return Meal(
        at=origin.seconds(_time(row["time"])),
        carbohydrate=min(200.0, share * carb),
        protein=None if protein is None else min(150.0, share * protein),
        fat=None if fat is None else min(150.0, share * fat),
        fibre=None if fibre is None or fibre > 60 else share * fibre,  # a few rows say 2300 g
    )


def _record(origin: Origin, samples: Mapping[str, list[tuple[datetime, float]]]) -> Record:
    parts = []
    for sensor, rows in samples.items():
        low, high = LIMITS[sensor]
        value = np.array([v for _, v in rows])
        limit = np.where(value <= low, -1, np.where(value >= high, 1, 0))
        times = np.array([origin.seconds(t) for t, _ in rows])
        parts.append(Record.of("glucose", times, value, sensor=sensor, limit=limit))
    return Record.join(parts)


def _samples(path: Path) -> dict[str, list[tuple[datetime, float]]]:
    out: dict[str, list[tuple[datetime, float]]] = {}
    for row in _rows(path):
        out.setdefault(row["subject"], []).append((_time(row["time"]), float(row["mg_dl"])))
    return out


def _rows(path: Path) -> list[dict[str, str]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _number(text: str) -> float | None:
    return float(text) if text.strip() else None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
