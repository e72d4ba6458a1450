"""ShanghaiT2DM (Zhao et al., Sci Data 10:35, 2023, CC BY 4.0): a record as a case with meals and doses, and readings.

A record is one wear of a FreeStyle Libre H (15 min, native); a person may have several, so people are told apart by the
patient number before the first "_". Times are local without a zone: read as UTC. Food is text in grams and becomes
nutrients by `models.food`; a meal whose text is not available is kept with its time and unknown nutrients. Of other
patients (`--test`) a record without demographics or events is kept and says so; one that is too short stands aside.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np

from vitruvian.core.case import Case, Origin
from vitruvian.core.fields import infos
from vitruvian.core.record import Record
from vitruvian.kinds.metabolic.actions import Insulin, Meal, Person
from vitruvian.kinds.metabolic.evidence import others
from vitruvian.models.food import parse_food

FOLDER = Path("cgm") / "shanghai_t2dm"
SIGNALS = "signals_15min.csv.gz"
SENSOR = "libre"
LEAST = 48  # readings of a record: half a day (assumed)
LOW, HIGH = 39.6, 500.4  # mg/dL, limits of the sensor (2.2 and 27.8 mmol/L): its manual
ABSENT = ("data not available", "")
NUTRIENTS = ("carbohydrate", "protein", "fat", "fibre")
# product as written (lower case) -> share that acts fast; the rest is intermediate or long
FAST = {"insulin aspart": 1.0, "novolin r": 1.0, "gansulin r": 1.0}
PREMIXED = {
    "insulin aspart 70/30": 0.3,  # share of rapid insulin: the products' labels
    "novolin 30r": 0.3,
    "humulin 70/30": 0.3,
    "scilin m30": 0.3,
    "gansulin 40r": 0.4,
}
LONG = ("insulin degludec", "insulin detemir", "insulin glargine", "insulin glarigine")
DOSE = re.compile(r"^\s*(?P<name>.*?)[\s,]+(?P<amount>\d+(?:\.\d+)?)\s*IU", re.IGNORECASE)
TABLET = re.compile(r"(?P<name>[A-Za-z][A-Za-z/ ]*?)\s*,?\s*(?P<amount>\d+(?:\.\d+)?)\s*(?P<unit>mg|g)\b")


@dataclass(frozen=True)
class Dose:
    """Insulin under the skin: s, units, and which kinetics: rapid, intermediate or long."""

    at: float
    units: float
    acts: str


@dataclass(frozen=True)
class Tablet:
    """A drug other than insulin: s, name, mg."""

    at: float
    name: str
    amount: float


@dataclass(frozen=True)
class Wear:
    """One record: who, the case with meals and doses, readings, and what the case has no action for."""

    name: str
    case: Case
    record: Record
    doses: tuple[Dose, ...]
    tablets: tuple[Tablet, ...]
    pump: tuple[tuple[float, float], ...]  # (s, units/h), from then on
    unsaid: tuple[float, ...]  # s of meals whose content is not available
    labs: Mapping[str, float]
    aside: tuple[str, ...]  # rows that could not be read

    @property
    def patient(self) -> str:
        """The number that all records of a person share."""
        return self.name.split("_")[0]


@dataclass(frozen=True)
class Study:
    """The records of a folder in the order of their names, and what to say of records by name."""

    wears: tuple[Wear, ...]
    aside: Mapping[str, str]


def wears(root: Path) -> tuple[Wear, ...]:
    """All records under the root of the data sets that are long enough."""
    return study(root).wears


@cache
def study(root: Path) -> Study:
    """Every record under this root. Errors: NobodyError where the readings' file is not there."""
    folder = others.found(root, FOLDER, (SIGNALS,))
    readings: dict[str, dict[datetime, float]] = {}
    for row in _rows(folder / SIGNALS):
        at, value = _time(row["time"]), _number(row["cgm_mgdl"])
        if at is not None and value is not None:
            readings.setdefault(row["record"], {})[at] = value
    events: dict[str, list[dict[str, str]]] = {}
    for row in _rows(folder / "events.csv"):
        events.setdefault(row["record"], []).append(row)
    people = {row["record"]: row for row in _rows(folder / "subjects.csv")}
    kept, aside = [], {}
    for name in sorted({*people, *events, *readings}):
        own = sorted(readings.get(name, {}).items())
        if len(own) < LEAST:
            aside[name] = f"not scored: {len(own)} readings, {LEAST} are needed"
            continue
        kept.append(_wear(name, people.get(name, {}), own, events.get(name, [])))
        lacking = [w for w, there in (("no row in subjects.csv", people), ("no events", events)) if name not in there]
        if lacking:
            aside[name] = "; ".join(lacking)
    return Study(tuple(kept), aside)


@cache
def patients(root: Path) -> tuple[others.Whose, ...]:
    """Who they are: by patient number, with the readings of all records, by the calendar."""
    found: dict[str, list[Wear]] = {}
    for w in wears(root):
        found.setdefault(w.patient, []).append(w)
    out = []
    for name, mine in found.items():
        times = [w.case.origin.utc.timestamp() + w.record.valid_time for w in mine]
        out.append(others.Whose.of(name, np.concatenate(times), np.concatenate([w.record.value for w in mine])))
    return tuple(out)


def _wear(
    name: str, row: Mapping[str, str], readings: list[tuple[datetime, float]], events: list[dict[str, str]]
) -> Wear:
    origin = Origin(readings[0][0].replace(hour=0, minute=0, second=0))
    times = np.array([origin.seconds(t) for t, _ in readings])
    value = np.array([v for _, v in readings])
    limit = np.where(value <= LOW, -1, np.where(value >= HIGH, 1, 0))
    meals, unsaid, doses, tablets, pump, aside = [], [], [], [], [], []
    for event in sorted(events, key=lambda e: e["time"]):
        moment, kind, text = _time(event["time"]), event["kind"], event["text"].replace("\xa0", " ").strip()
        if moment is None:
            aside.append(f"{event['time']} {kind}: {text}")
            continue
        at = origin.seconds(moment)
        if kind == "diet":
            meal = _meal(at, text)
            meals.append(meal) if meal else unsaid.append(at)
        elif kind == "insulin_sc":
            found = _doses(at, text)
            doses += found
            aside += [] if found else [f"{event['time']} {kind}: {text}"]
        elif kind == "oral_agent":
            found = _tablets(at, text)
            tablets += found
            aside += [] if found else [f"{event['time']} {kind}: {text}"]
        elif kind in ("csii_bolus_iu", "csii_basal_iu_h"):
            amount = 0.0 if "suspend" in text else _number(text)
            if amount is None:
                aside.append(f"{event['time']} {kind}: {text}")
            elif kind == "csii_bolus_iu":
                doses.append(Dose(at, amount, "rapid"))
            else:
                pump.append((at, amount))
        else:
            aside.append(f"{event['time']} {kind}: {text}")
    labs = _labs(row)
    actions = (*meals, *(_action(d) for d in doses if 0 < d.units <= 60))
    return Wear(
        name,
        Case(_person(labs), tuple(sorted(actions, key=lambda a: a.at)), origin=origin),
        Record.of("glucose", times, value, sensor=SENSOR, limit=limit),
        tuple(doses),
        tuple(tablets),
        tuple(pump),
        tuple(unsaid),
        labs,
        tuple(aside),
    )


def _meal(at: float, text: str) -> Meal | None:
    if text.lower().strip(" ;.") in ABSENT:
        return None
    food = parse_food(text)
    if food.known == 0.0:
        return None
    limits = {"carbohydrate": 200.0, "protein": 150.0, "fat": 150.0, "fibre": 60.0}
    return Meal(at=at, **{n: min(limits[n], getattr(food, n)) for n in NUTRIENTS})


def _action(dose: Dose) -> Insulin:
    return Insulin(at=dose.at, units=dose.units, formulation="fast" if dose.acts == "rapid" else "basal")


def _doses(at: float, text: str) -> list[Dose]:
    """A premixed dose is its fast part and its intermediate part."""
    found = DOSE.match(text)
    if not found:
        return []
    name, units = re.sub(r"\s+", " ", found["name"].lower()).strip(" ,"), float(found["amount"])
    if name in LONG:
        return [Dose(at, units, "long")]
    if name in FAST:
        return [Dose(at, units, "rapid")]
    if name in PREMIXED:
        share = PREMIXED[name]
        return [Dose(at, share * units, "rapid"), Dose(at, (1 - share) * units, "intermediate")]
    return []


def _tablets(at: float, text: str) -> list[Tablet]:
    """Name and mg of each drug in the text."""
    out = []
    for found in TABLET.finditer(text):
        amount = float(found["amount"]) * (1000.0 if found["unit"] == "g" else 1.0)
        out.append(Tablet(at, found["name"].strip().lower(), amount))
    return out


LABS = {
    "weight": "Weight (kg)",
    "height": "Height (m)",
    "age": "Age (years)",
    "bmi": "BMI (kg/m2)",
    "duration": "Duration of Diabetes (years)",
    "fasting_glucose": "Fasting Plasma Glucose (mg/dl)",
    "after_2h_glucose": "2-hour Postprandial Plasma Glucose (mg/dl)",
    "fasting_c_peptide": "Fasting C-peptide (nmol/L)",
    "after_2h_c_peptide": "2-hour Postprandial C-peptide (nmol/L)",
    "fasting_insulin": "Fasting Insulin (pmol/L)",
    "hba1c": "HbA1c (mmol/mol)",
    "egfr": "Estimated Glomerular Filtration Rate  (ml/min/1.73m2) ",
    "sex": "Gender (Female=1, Male=2)",
}


def _labs(row: Mapping[str, str]) -> dict[str, float]:
    """What is known, in the file's units."""
    found = {name: _number(row.get(column, "")) for name, column in LABS.items()}
    return {name: value for name, value in found.items() if value is not None}


def _person(labs: Mapping[str, float]) -> Person:
    """What is known and possible; 6.0 pmol per mIU (Knopp et al., Metabolites 2019), NGSP = 0.0915 IFCC + 2.15 (Hoelzel
    et al., Clin Chem 2004)."""
    told = {
        "weight": labs.get("weight"),
        "height": 100 * labs["height"] if "height" in labs else None,
        "age": labs.get("age"),
        "fasting_glucose": labs.get("fasting_glucose"),
        "fasting_insulin": float(np.clip(labs["fasting_insulin"] / 6.0, 0.2, 300.0))
        if "fasting_insulin" in labs
        else None,
        "hba1c": 0.0915 * labs["hba1c"] + 2.15 if "hba1c" in labs else None,
    }
    bounds = infos(Person)
    known = {n: v for n, v in told.items() if v is not None and bounds[n].low <= v <= bounds[n].high}
    return Person(diabetes="type2", **known)


def _rows(path: Path) -> list[dict[str, str]]:
    """Rows of a table, none where there is no such file."""
    if not path.exists():
        return []
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, restval=""))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
