"""CGMacros (Das et al., PhysioNet 2025, CC BY 4.0): a subject as a person, a case with its meals, and a record.

Native sensor samples only (SOURCE.md of the data set). Times are local without a zone and dates are shifted: they are
read as UTC. Meal rows above 100 % eaten count the dishes, their nutrients are totals already. What a folder of other
subjects lacks (a row of demographics, meals, one of the sensors) is said in the subject's notes; who has no sensor at
all, or rows that cannot be read, stands aside.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np

from vitruvian.core.case import Case, Origin
from vitruvian.core.errors import FieldError
from vitruvian.core.fields import infos
from vitruvian.core.record import Record
from vitruvian.core.units import convert
from vitruvian.kinds.metabolic.actions import Meal, Person
from vitruvian.kinds.metabolic.evidence.others import found, in_order

FOLDER = Path("cgm") / "cgmacros"
LIMITS = {"dexcom": (40.0, 400.0), "libre": (40.0, 500.0)}  # mg/dL, SOURCE.md; Libre's upper limit: its manual
FILES = tuple(f"{name}.csv.gz" for name in LIMITS)
STATUS = {"healthy": "none", "preD": "prediabetes", "T2D": "type2"}
# column of subjects.csv, its unit, the unit of Person's field
FIELDS = {
    "weight": ("Body weight", "[lb_av]", "kg"),
    "height": ("Height", "[in_i]", "cm"),
    "age": ("Age", "a", "a"),
    "fasting_glucose": ("Fasting GLU - PDL (Lab)", "mg/dL", "mg/dL"),
    "fasting_insulin": ("Insulin", "u[iU]/mL", "u[iU]/mL"),
    "hba1c": ("A1c PDL (Lab)", "%", "%"),
}


@dataclass(frozen=True)
class Subject:
    """One subject: case with person and meals, the readings of both sensors, and what is not known of it."""

    name: str
    case: Case
    record: Record
    notes: tuple[str, ...] = ()

    @property
    def person(self) -> Person:
        """Who it is."""
        assert isinstance(self.case.subject, Person)
        return self.case.subject

    def sensor(self, name: str) -> Record:
        """Readings of one sensor, "dexcom" or "libre"."""
        return self.record.only("glucose", name)


@dataclass(frozen=True)
class Study:
    """The subjects of a folder in the order of their numbers, and why others stand aside, by name."""

    subjects: tuple[Subject, ...]
    aside: Mapping[str, str]


def subjects(root: Path) -> tuple[Subject, ...]:
    """All subjects under the root of the data sets that have readings."""
    return study(root).subjects


@cache
def study(root: Path) -> Study:
    """Everybody under this root. Errors: NobodyError where no sensor's file is there."""
    folder = found(root, FOLDER, FILES)
    unread: Counter[str] = Counter()
    samples = {name: _samples(folder / f"{name}.csv.gz", unread) for name in LIMITS}
    eaten: dict[str, list[dict[str, str]]] = {}
    for row in _rows(folder / "meals.csv"):
        eaten.setdefault(row["subject"], []).append(row)
    people = {row["subject"]: row for row in _rows(folder / "subjects.csv")}
    kept, aside = [], {}
    for name in sorted({*people, *eaten, *(n for s in samples.values() for n in s)}, key=in_order):
        own = {s: v[name] for s, v in samples.items() if name in v}
        if own:
            kept.append(_subject(name, people.get(name), eaten.get(name, []), own, unread[name]))
        else:
            aside[name] = "no readings of a sensor"
    return Study(tuple(kept), aside)


def _subject(
    name: str,
    row: Mapping[str, str] | None,
    eaten: list[dict[str, str]],
    samples: Mapping[str, list[tuple[datetime, float]]],
    unread: int,
) -> Subject:
    first = min(t for rows in samples.values() for t, _ in rows)
    origin = Origin(first.replace(hour=0, minute=0, second=0))
    person, notes = _person(row)
    read = [_meal(origin, r) for r in eaten]
    meals = tuple(m for m in read if m is not None)
    notes += [] if meals else ["no meals"]
    if unread := unread + sum(m is None and bool(r["carb_g"].strip()) for m, r in zip(read, eaten, strict=True)):
        notes.append(f"{unread} rows could not be read")
    return Subject(name, Case(person, meals, origin=origin), _record(origin, samples), tuple(notes))


def _person(row: Mapping[str, str] | None) -> tuple[Person, list[str]]:
    """Who it is, and what had to be left out: a usual value stands in for it (population.py)."""
    if row is None:
        return Person(), ["no row in subjects.csv: a usual person without diabetes stands in"]
    known: dict[str, float] = {}
    notes: list[str] = []
    for field, (column, unit, wanted) in FIELDS.items():
        value, bounds = _number(row.get(column, "")), infos(Person)[field]
        if value is None:
            notes.append(f"{field} is not known")
        elif not bounds.low <= (value := float(convert(value, unit, wanted))) <= bounds.high:
            notes.append(f"{field} {value:g} {wanted} is left out")
        else:
            known[field] = value
    status = row.get("status", "").strip()
    if status not in STATUS:
        notes.append(f"diagnosis '{status}' is not known: taken from HbA1c")
        status = _by_a1c(known.get("hba1c", 0.0))
    return Person(diabetes=STATUS[status], **known), notes


def _by_a1c(a1c: float) -> str:
    """ADA, Standards of Care 2024, section 2: 5.7 to 6.4 % prediabetes, 6.5 % and above diabetes."""
    return "T2D" if a1c >= 6.5 else "preD" if a1c >= 5.7 else "healthy"


def _meal(origin: Origin, row: Mapping[str, str]) -> Meal | None:
    at, carb = _time(row["time"]), _number(row["carb_g"])
    if carb is None or at is None:
        return None
    amount = _number(row["amount_pct"])
    share = amount / 100 if amount is not None and 10 <= amount < 100 else 1.0
    protein, fat, fibre = (_number(row[k]) for k in ("protein_g", "fat_g", "fiber_g"))
    try:
        return Meal(
            at=origin.seconds(at),
            carbohydrate=min(200.0, share * carb),
            protein=None if protein is None else min(150.0, share * protein),
            fat=None if fat is None else min(150.0, share * fat),
            fibre=None if fibre is None or fibre > 60 else share * fibre,  # a few rows say 2300 g
        )
    except FieldError:
        return None


def _record(origin: Origin, samples: Mapping[str, list[tuple[datetime, float]]]) -> Record:
    parts = []
    for sensor, rows in samples.items():
        low, high = LIMITS[sensor]
        value = np.array([v for _, v in rows])
        limit = np.where(value <= low, -1, np.where(value >= high, 1, 0))
        times = np.array([origin.seconds(t) for t, _ in rows])
        parts.append(Record.of("glucose", times, value, sensor=sensor, limit=limit))
    return Record.join(parts)


def _samples(path: Path, unread: Counter[str]) -> dict[str, list[tuple[datetime, float]]]:
    """Readings by subject, one an instant; rows that cannot be read are counted."""
    out: dict[str, dict[datetime, float]] = {}
    for row in _rows(path):
        at, value = _time(row["time"]), _number(row["mg_dl"])
        if at is None or value is None or not 10.0 <= value <= 1000.0:  # mg/dL; beyond: another unit
            unread[row["subject"]] += 1
        else:
            out.setdefault(row["subject"], {})[at] = value
    return {name: sorted(rows.items()) for name, rows in out.items()}


def _rows(path: Path) -> list[dict[str, str]]:
    """Rows of a table, none where there is no such file."""
    if not path.exists():
        return []
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, restval=""))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
