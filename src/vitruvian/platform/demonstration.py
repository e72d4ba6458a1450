"""The demonstration: an export taken in as anybody's, calibrated, asked, and reported on one page.

A synthetic person ships with the metabolic kind. Where the CGMacros data set is present, one of its subjects is written
out as a plain export and a table of meals, and taken in by the same door.
"""

from __future__ import annotations

import csv
import gzip
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vitruvian.platform.evidence import data_root, folder
from vitruvian.platform.live import LiveTwin
from vitruvian.platform.session import Session

KIND, ZONE = "metabolic", "America/Chicago"  # the synthetic person's zone; CGMacros was recorded in Texas
SYNTHETIC, REAL = "Demonstration (synthetic)", "CGMacros subject 5"
FILES = ("clarity_export.csv", "meals.csv")
SUBJECT = "5"  # type 2 diabetes, 46 logged meals in 10 days
STATUS = {"healthy": "none", "preD": "prediabetes", "T2D": "type2"}
CARBOHYDRATE = 60.0  # g, the meal of the what-ifs
HOURS = 4.0


@dataclass(frozen=True)
class Demonstrated:
    """One twin of the demonstration and its page."""

    title: str
    twin: str
    path: str


def demonstrate(session: Session, out: Path, progress: Callable[[float, str], None]) -> list[Demonstrated]:
    """A twin and a page for the synthetic person and, where the data are here, for a real one. Twins are reused."""
    out.mkdir(parents=True, exist_ok=True)
    progress(0.0, "synthetic person")
    files = [folder(KIND) / "demo" / name for name in FILES]
    fields = {"weight": "91 kg", "diabetes": "type2"}  # Dalla Man 2007, type 2: evidence/demonstration.py
    twin = _twin(session, SYNTHETIC, files, fields)
    made = [_page(twin, out / "demonstration.html", "A synthetic person, made by another model", synthetic=True)]
    root = data_root()
    if root is not None and (root / "cgm" / "cgmacros").is_dir():
        progress(0.5, "CGMacros subject")
        with tempfile.TemporaryDirectory() as scratch:
            real = written(root / "cgm" / "cgmacros", SUBJECT, Path(scratch))
            twin = _twin(session, REAL, real, person(root / "cgm" / "cgmacros", SUBJECT))
        title = "A real person: CGMacros (Das et al., PhysioNet 2025, CC BY 4.0), subject 5"
        made.append(_page(twin, out / "cgmacros.html", title, synthetic=False))
    return made


def export(out: Path) -> list[Path]:
    """The synthetic person's files, copied to a folder: something to follow a tutorial with."""
    out.mkdir(parents=True, exist_ok=True)
    return [Path(shutil.copy(folder(KIND) / "demo" / name, out / name)) for name in FILES]


def written(data: Path, subject: str, out: Path) -> list[Path]:
    """A subject of CGMacros as two files that a person could have: sensor readings, and meals."""
    with gzip.open(data / "dexcom.csv.gz", "rt", encoding="utf-8", newline="") as file:
        readings = [(r["time"], r["mg_dl"], "dexcom") for r in csv.DictReader(file) if r["subject"] == subject]
    with open(data / "meals.csv", encoding="utf-8", newline="") as file:
        meals = [_eaten(r) for r in csv.DictReader(file) if r["subject"] == subject and r["carb_g"]]
    glucose = _table(out / "glucose.csv", ("time", "glucose (mg/dL)", "sensor"), readings)
    return [glucose, _table(out / "meals.csv", ("time", "carbs_g", "protein_g", "fat_g", "fibre_g"), meals)]


def person(data: Path, subject: str) -> dict[str, str]:
    """Fields of the kind's subject, with the units of the data set."""
    with open(data / "subjects.csv", encoding="utf-8", newline="") as file:
        row = next(r for r in csv.DictReader(file) if r["subject"] == subject)
    return {
        "weight": f"{row['Body weight']} lb",
        "height": f"{row['Height']} in",
        "age": row["Age"],
        "diabetes": STATUS[row["status"]],
        "fasting_glucose": f"{row['Fasting GLU - PDL (Lab)']} mg/dL",
        "hba1c": f"{row['A1c PDL (Lab)']} %",
    }


def _twin(session: Session, name: str, files: list[Path], fields: Mapping[str, str]) -> LiveTwin:
    held = [t for t in session.twins() if t.name == name]
    twin = held[0] if held else session.create(KIND, name, zone=ZONE, fields=fields)[0]
    if twin.know.belief(None) is None:  # new, or left unfinished: what is there already is not doubled
        twin.observe(*files)
        twin.calibrate()
    return twin


def _page(twin: LiveTwin, path: Path, title: str, *, synthetic: bool) -> Demonstrated:
    meal = twin.plan("Meal", at="+30min", carbohydrate=CARBOHYDRATE)
    half = twin.plan("Meal", at="+30min", carbohydrate=CARBOHYDRATE / 2)
    walk = twin.plan("Exercise", at="+60min", mets=3.5, duration=30.0)
    options = {f"meal, {CARBOHYDRATE:g} g": [meal], "half of it": [half], "the meal, then a 30-min walk": [meal, walk]}
    page = twin.report(path, hours=HOURS, options=options, synthetic=synthetic)
    return Demonstrated(title, twin.row.id, str(page))


def _eaten(row: Mapping[str, str]) -> tuple[str, ...]:
    """Nutrients eaten: amount_pct below 100 is the share eaten, above it counts dishes (SOURCE.md of the data set)."""
    amount = float(row["amount_pct"] or 100.0)
    share = amount / 100.0 if 10.0 <= amount < 100.0 else 1.0
    grams = {
        name: float(row[name]) * share if row[name] else None for name in ("carb_g", "protein_g", "fat_g", "fiber_g")
    }
    if (grams["fiber_g"] or 0.0) > 60.0:  # a few rows say 2300 g
        grams["fiber_g"] = None
    return (row["time"], *("" if g is None else f"{g:g}" for g in grams.values()))


def _table(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Path:
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path
