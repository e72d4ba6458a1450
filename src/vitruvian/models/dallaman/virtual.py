"""The 30 virtual patients with type 1 diabetes of UVA/Padova (2008): 10 adolescents, 10 adults, 10 children.

Values: `virtual_patients.csv`, a copy of the columns used from the table of simglucose 0.2.11 (MIT licence, Copyright
2017 Jinyu Xie; see NOTICE), shipped so that type 1 diabetes needs no simulator installed. What follows from the basal
state (Vm0, kp1, u2ss) is computed, and equals that table's (tests/science).
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from vitruvian.models.dallaman.sets import NUMBERS, ParameterSet, averaged

SOURCE = "Kovatchev et al., J Diabetes Sci Technol 3:44 (2009), virtual patient of simglucose 0.2.11 (MIT)"
ABSENT = {"kp4": 0.0, "m5": 0.0, "K": 0.0, "alpha": 0.05, "beta": 0.0, "gamma": 0.5, "secreting": 0.0}  # no secretion
AGES = ("child", "adolescent", "adult")


@cache
def patients() -> tuple[ParameterSet, ...]:
    """All 30, in the order of their table."""
    table = files("vitruvian.models.dallaman") / "virtual_patients.csv"
    rows = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    return tuple(_patient(row) for row in rows)


def patient(name: str) -> ParameterSet:
    """By name: "adult#001"."""
    return next(p for p in patients() if p.name == name)


@cache
def average(age: str) -> ParameterSet:
    """Geometric mean of the ten patients of an age group: child, adolescent or adult."""
    group = [p for p in patients() if p.name.startswith(age)]
    return averaged(group, f"UVA/Padova 2008 {age}", f"{SOURCE}: geometric mean of its ten {age} patients")


def _patient(row: dict[str, str]) -> ParameterSet:
    values = {n: float(row[n]) for n in NUMBERS if n not in ABSENT}
    return ParameterSet(name=row["name"], source=SOURCE, **values, **ABSENT)
