"""The laboratory's HbA1c from ten sensor days or more, of people who are not among those it was learnt from."""

from __future__ import annotations

import csv
import gzip
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.models.laboratory_a1c import (
    ADAG,
    CGMACROS,
    GMI,
    LASTING,
    LEAST_DAYS,
    Earlier,
    Estimate,
    Group,
    doubts,
    estimate,
    linear,
)

Progress = Callable[[float], None]
WITHIN = 0.5  # % of HbA1c: specification, idea 8
IFCC = (0.0915, 2.15)  # NGSP % of IFCC mmol/mol: Hoelzel, Clin Chem 50:166 (2004)
A_DAY = {"dexcom": 288.0, "libre": 96.0}
WORN = 9.0  # days that a ten-day Dexcom tells: warm-up and the last day's hours are missing
USED = ("sensor", "fasting_glucose", "age")
ALBUMIN = ("sensor", "fasting_glucose", "glycated_albumin")


@dataclass(frozen=True)
class Someone:
    """One record of a person: HbA1c (%), what is known, sensor days, and conditions told."""

    person: str
    hba1c: float
    known: dict[str, float]
    days: float
    libre: float = np.nan  # mg/dL, mean of a second sensor
    told: tuple[str, ...] = field(default=())


def cgmacros(root: Path) -> list[Someone]:
    """People with a Dexcom; HbA1c and fasting glucose of the laboratory on the first day."""
    folder = root / "cgm" / "cgmacros"
    dexcom, libre = sensor(folder / "dexcom.csv.gz"), sensor(folder / "libre.csv.gz")
    out = []
    for row in _rows(folder / "subjects.csv"):
        mine = dexcom.get(row["subject"], [])
        known = {
            "sensor": float(np.mean(mine)) if mine else np.nan,
            "fasting_glucose": _number(row["Fasting GLU - PDL (Lab)"]),
            "age": _number(row["Age"]),
        }
        other = libre.get(row["subject"], [])
        a1c = _number(row["A1c PDL (Lab)"])
        second = float(np.mean(other)) if other else np.nan
        out.append(Someone(row["subject"], a1c, known, len(mine) / A_DAY["dexcom"], second))
    return [s for s in out if np.isfinite(s.hba1c) and np.isfinite(s.known["sensor"])]


def shanghai(root: Path) -> list[Someone]:
    """Records of ten days or more; laboratory values at admission, sensor days under the hospital's treatment."""
    folder = root / "cgm" / "shanghai_t2dm"
    worn = sensor(folder / "signals_15min.csv.gz", "record", "cgm_mgdl")
    out = []
    for row in _rows(folder / "subjects.csv"):
        mine = worn.get(row["record"], [])
        known = {
            "sensor": float(np.mean(mine)) if mine else np.nan,
            "fasting_glucose": _number(row["Fasting Plasma Glucose (mg/dl)"]),
            "age": _number(row["Age (years)"]),
            "glycated_albumin": _number(row["Glycated Albumin (%)"]),
        }
        egfr = next(_number(v) for k, v in row.items() if k.startswith("Estimated Glomerular"))
        told = doubts(egfr=egfr if np.isfinite(egfr) else None, conditions=row["Comorbidities"])
        a1c = IFCC[0] * _number(row["HbA1c (mmol/mol)"]) + IFCC[1]
        out.append(Someone(row["record"].split("_")[0], a1c, known, len(mine) / A_DAY["libre"], told=told))
    return [s for s in out if np.isfinite(s.hba1c)]


def group(people: list[Someone], names: tuple[str, ...], source: str = "") -> Group:
    """What these people say of the laboratory's HbA1c."""
    known = {n: np.array([s.known.get(n, np.nan) for s in people]) for n in names}
    return Group.of(np.array([s.hba1c for s in people]), known, source)


def judged(
    learnt: list[Someone], scored: list[Someone], names: tuple[str, ...], apart: bool
) -> Iterator[tuple[Someone, Estimate]]:
    """Each of `scored` by the others of `learnt`; apart: the same people, left out in turn."""
    for s in scored:
        others = [o for o in learnt if o.person != s.person] if apart else learnt
        known = {n: s.known[n] for n in names if np.isfinite(s.known.get(n, np.nan))}
        yield s, estimate(group(others, names), known, days=s.days)


def by_sensor(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """CGMacros: share within 0.5 % of the laboratory's value; each by the others, or the test's by the data's."""
    assert data is not None
    learnt, scored = cgmacros(data), cgmacros(test or data)
    scored = [s for s in scored if s.days >= WORN]
    found = list(judged(learnt, scored, USED, test is None))
    progress(0.5)
    share = _within([e.value - s.hba1c for s, e in found])
    others = {
        "GMI": [linear(GMI, s.known["sensor"]) - s.hba1c for s in scored],
        "ADAG": [linear(ADAG, s.known["sensor"]) - s.hba1c for s in scored],
        "line of the sensor's mean": _errors(learnt, scored, ("sensor",), test is None),
        "fasting glucose and age, no sensor": _errors(learnt, scored, ("fasting_glucose", "age"), test is None),
    }
    progress(1.0)
    told = "; ".join(f"{n}: {_within(e):.0%} (error sd {np.std(e):.2f})" for n, e in others.items())
    errors = np.array([e.value - s.hba1c for s, e in found])
    return {
        "measured": share,
        "met": share >= 0.70,
        "n": len(found),
        "baseline": told,
        "detail": {
            "error_mean": float(errors.mean()),
            "error_sd": float(errors.std()),
            "held_out": "the test's people" if test else "each left out in turn",
            "sensor_and_age": _within(_errors(learnt, scored, ("sensor", "age"), test is None)),
        },
    }


def band(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Share of laboratory values inside the 90 % band, both sets of data together."""
    assert data is not None
    inside, told = [], {}
    for name, reader, names in (("cgmacros", cgmacros, USED), ("shanghai", _long, ALBUMIN)):
        found = list(judged(reader(data), reader(test or data), names, test is None))
        here = [e.band()[0] <= s.hba1c <= e.band()[1] for s, e in found]
        width = [e.band()[1] - e.band()[0] for _, e in found]
        told[name] = {"share": float(np.mean(here)), "n": len(here), "mean_width": float(np.mean(width))}
        inside += here
    share = float(np.mean(inside))
    low, high = _band_of(len(inside), 0.9)
    progress(1.0)
    return {"measured": share, "met": low <= share <= high, "n": len(inside), "baseline": None, "detail": told}


def in_hospital(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Shanghai, ten days or more: share within 0.5 %, patients left out in turn, against GMI; and the gap."""
    assert data is not None
    learnt, scored = _long(data), _long(test or data)
    found = list(judged(learnt, scored, ALBUMIN, test is None))
    share = _within([e.value - s.hba1c for s, e in found])
    gmi = [linear(GMI, s.known["sensor"]) - s.hba1c for s in scored]
    others = {
        "GMI": gmi,
        "ADAG": [linear(ADAG, s.known["sensor"]) - s.hba1c for s in scored],
        "line of the sensor's mean": _errors(learnt, scored, ("sensor",), test is None),
        "sensor and fasting glucose": _errors(learnt, scored, ("sensor", "fasting_glucose"), test is None),
    }
    every = [linear(GMI, s.known["sensor"]) - s.hba1c for s in shanghai(test or data)]
    clear = [e for s, e in zip(scored, gmi, strict=True) if not s.told]
    progress(1.0)
    return {
        "measured": share,
        "met": share > _within(gmi),
        "n": len(found),
        "baseline": "; ".join(f"{n}: {_within(e):.0%} (error sd {np.std(e):.2f})" for n, e in others.items()),
        "detail": {
            "gmi_of_all_records_of_any_length": _within(every),
            "mean_hba1c": float(np.mean([s.hba1c for s in scored])),
            "mean_gap_lab_less_gmi": float(-np.mean(gmi)),
            "mean_gap_where_nothing_bends_hba1c": float(-np.mean(clear)),
            "records_told_to_bend_hba1c": sum(bool(s.told) for s in scored),
            "seen_again": _again(learnt),
        },
    }


def shipped(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Largest difference of the shipped group's numbers from those of the data."""
    assert data is not None
    own = group(cgmacros(data), USED)
    pairs = zip((CGMACROS.mean, CGMACROS.sd, CGMACROS.correlation), (own.mean, own.sd, own.correlation), strict=True)
    worst = max(float(np.max(np.abs(a / b - 1.0))) for a, b in pairs)
    progress(1.0)
    return {"measured": worst, "met": worst < 1e-3 and own.n == CGMACROS.n, "n": own.n, "baseline": None}


def _again(people: list[Someone]) -> dict[str, Any]:
    """Those seen twice: error of the later value with and without the earlier one's gap."""
    by_person: dict[str, list[Someone]] = defaultdict(list)
    for s in people:
        by_person[s.person].append(s)
    plain, own = [], []
    for several in by_person.values():
        for before, after in itertools.pairwise(several):
            rest = group([o for o in people if o.person != after.person], ALBUMIN)
            first, now = (
                {n: s.known[n] for n in ALBUMIN if np.isfinite(s.known.get(n, np.nan))} for s in (before, after)
            )
            plain.append(abs(estimate(rest, now).value - after.hba1c))
            with_gap = estimate(rest, now, earlier=(Earlier(before.hba1c, first),))
            own.append(abs(with_gap.value - after.hba1c))
    if not plain:
        return {"visits": 0}
    return {
        "visits": len(plain),
        "mean_error_without_the_own_gap": float(np.mean(plain)),
        "mean_error_with_it": float(np.mean(own)),
        "share_of_the_gap_taken_as_lasting": LASTING,
    }


def _long(root: Path) -> list[Someone]:
    return [s for s in shanghai(root) if s.days >= LEAST_DAYS]


def _errors(learnt: list[Someone], scored: list[Someone], names: tuple[str, ...], apart: bool) -> list[float]:
    return [e.value - s.hba1c for s, e in judged(learnt, scored, names, apart)]


def _within(errors: Any) -> float:
    return float(np.mean(np.abs(np.asarray(errors)) <= WITHIN))


def _band_of(n: int, share: float) -> tuple[float, float]:
    """99 % binomial band of a share."""
    from scipy.stats import binom

    return float(binom.ppf(0.005, n, share) / n), float(binom.ppf(0.995, n, share) / n)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:  # "/", "none" and the empty cell: not recorded
        return np.nan


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sensor(path: Path, who: str = "subject", value: str = "mg_dl") -> dict[str, list[float]]:
    """{who: its readings, mg/dL}."""
    out: dict[str, list[float]] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row[value]:
                out[row[who]].append(float(row[value]))
    return out
