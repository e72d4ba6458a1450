"""The fast layer against print: the healthy meal of Dalla Man 2007, the constants of its table, and a fast of a day.

How much was eaten is not in the digitised files. The table's constants tell: a = 5 / (2 D (1 - b)) and c = 5 / (2 D d)
with the printed c = 0.00236, d = 0.010 (normal) make D = 106 g, and 0.00023, 0.09 (type 2) 121 g. The area below the
printed Ra, 1.25 g/kg x 78 kg by 420 min, asks for at least 109 g. sbmlutils' copy of the model starts with 78 g: the
same measure at 78 g stands beside.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.errors import RecordError
from vitruvian.models.dallaman import (
    NORMAL,
    PREDIABETES,
    TYPE2,
    Day,
    ParameterSet,
    average,
    basal,
    patients,
    run,
    stacked,
)

Progress = Callable[[float], None]
CURVES = {"glc": "glucose", "ins": "insulin", "egp": "EGP", "gra": "Ra", "gu": "U", "inssec": "S"}
PRINTED_C = {NORMAL.name: 0.00236, TYPE2.name: 0.00023}  # /mg: table I, as transcribed in two public copies
PRINTED = {  # table I, the numbers that we compute from the basal state
    NORMAL.name: {"kp1": 2.70, "Vm0": 2.50, "m6": 0.6471},
    TYPE2.name: {"kp1": 3.09, "Vm0": 4.65, "m6": 0.8118},
}
RMSE, DRIFT, PRINT = 10.0, 0.1, 0.01  # mg/dL, mg/dL, relative
SETS = (NORMAL, PREDIABETES, TYPE2, *(average(age) for age in ("child", "adolescent", "adult")), *patients())


def published(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """RMSE of glucose on the digitised meal, printed constants, and the drift of every set in a fast of 24 h."""
    if data is None:
        raise RecordError("the digitised curves are needed", where=claim, fix="set VITRUVIAN_DATA")
    folder = data / "cgm" / "oracle_dallaman"
    curves = {name: read(folder / f"{name}.csv") for name in CURVES}
    grams = {s.name: meal_of(s) for s in (NORMAL, TYPE2)}
    healthy = distances(curves, meal(NORMAL, grams[NORMAL.name]))
    at78 = distances(curves, meal(NORMAL, 78.0))
    progress(0.6)
    drift = float(np.abs(run(stacked(SETS), np.zeros((1440, 1))).glucose - np.array([s.Gb for s in SETS])).max())
    print_gap = max(abs(v / p - 1) for s in (NORMAL, TYPE2) for v, p in printed(s).values())
    glucose = healthy["glc"]["rmse"]
    return {
        "measured": f"RMSE G {glucose:.1f} mg/dL at {grams[NORMAL.name]:.0f} g (at 78 g: {at78['glc']['rmse']:.1f}); "
        f"printed constants of both columns within {100 * print_gap:.2f} %; drift {drift:.1g} mg/dL",
        "met": bool(glucose < RMSE and drift < DRIFT and print_gap < PRINT),
        "n": sum(len(c) for c in curves.values()),
        "baseline": f"the basal level as a constant: RMSE G {_constant(curves['glc']):.1f} mg/dL",
        "detail": {
            "curves": healthy,
            "curves_at_78_g": at78,
            "type2": {
                "constants": {k: {"computed": v, "printed": p} for k, (v, p) in printed(TYPE2).items()},
                "meal_g": grams[TYPE2.name],
                "peak_mg_dl": float(meal(TYPE2, grams[TYPE2.name]).glucose.max()),
                "note": "no digitised curve of type 2 is at hand: only the table is compared",
            },
            "sets_in_the_fast": len(SETS),
        },
    }


def read(path: Path) -> np.ndarray:
    """A digitised curve: (point, [minute, mean, mean + sd, sd])."""
    if not path.exists():
        raise RecordError(f"no file {path.name}", where=str(path.parent), fix="see its SOURCE.md")
    return np.array([[float(v) for v in row] for row in list(csv.reader(path.read_text("utf-8").splitlines()))[1:]])


def meal_of(person: ParameterSet) -> float:
    """g of glucose that the printed c and d stand for."""
    return 5.0 / (2.0 * PRINTED_C[person.name] * person.d) / 1000.0


def meal(person: ParameterSet, grams: float, minutes: int = 430) -> Day:
    """Glucose and its fluxes after `grams` at once."""
    eaten = np.zeros((minutes, 1))
    eaten[0] = grams
    return run(person, eaten, parts=8, flows=True)  # a meal in one minute: short steps


def distances(curves: Mapping[str, np.ndarray], day: Day) -> dict[str, dict[str, float]]:
    """Per curve: RMSE, and the share of points within one printed sd."""
    out = {}
    for name, field in CURVES.items():
        values = getattr(day, field)[:, 0]
        gap = np.interp(curves[name][:, 0], np.arange(len(values)), values) - curves[name][:, 1]
        within = np.mean(np.abs(gap) <= np.abs(curves[name][:, 3]))
        out[name] = {"rmse": float(np.sqrt(np.mean(gap**2))), "within_sd": float(within)}
    return out


def printed(person: ParameterSet) -> dict[str, tuple[float, float]]:
    """Computed and printed value of what follows from the basal state."""
    b = basal(person)
    return {name: (float(getattr(b, name)), value) for name, value in PRINTED[person.name].items()}


def _constant(curve: np.ndarray) -> float:
    return float(np.sqrt(np.mean((curve[:, 1] - curve[0, 1]) ** 2)))
