"""Glucose metrics against the outputs of the R package iglu on its example data (data/cgm/oracle_iglu/SOURCE.md)."""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.models.glycaemia import indices, variability
from vitruvian.models.glycaemia.episodes import episodes
from vitruvian.models.glycaemia.mage import mage
from vitruvian.models.glycaemia.ranges import OTHERS, RANGES
from vitruvian.models.glycaemia.state import personal_state
from vitruvian.models.glycaemia.trace import Trace

FOLDER = Path("cgm") / "oracle_iglu"
LIMIT = 1e-6  # relative
NOT_GIVEN = ("auc", "summary_glu")  # its pages do not say which hours count; the same as quantile_glu
SIDES = {"hypo": "low", "hyper": "high"}
LEVELS = {"lv1": "level 1", "lv2": "level 2", "extended": "extended", "lv1_excl": "level 1 only"}
Progress = Callable[[float], None]


def compared(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Largest relative difference over all metrics, episodes and MAGE segments; quick: the same (it takes seconds)."""
    assert data is not None
    folder = (test or data) / FOLDER
    traces, rows = people(folder)
    found = {s: values(t) for s, t in traces.items()}
    differences = _metrics(folder, found) | _episodes(folder, traces) | _segments(folder, rows)
    progress(1.0)
    kinds = ("metrics", "episodes", "MAGE segments")
    worst = {k: max(v for (kind, _), v in differences.items() if kind == k) for k in kinds}
    many = {k: sum(kind == k for kind, _ in differences) for k in kinds}
    top = sorted(differences.items(), key=lambda kv: -kv[1])[:5]
    return {
        "measured": {**{k: f"{v:.1e}" for k, v in worst.items()}, "MAGE against manual": _manual(folder, rows)},
        "met": max(worst.values()) < LIMIT,
        "n": sum(many.values()),
        "baseline": "iglu itself against manual MAGE: 1.4 % median over 45 traces (its vignette)",
        "detail": {"compared": many, "largest": [{"what": k[1], "relative": v} for k, v in top], "left": NOT_GIVEN},
    }


def people(folder: Path) -> tuple[dict[str, Trace], list[tuple[datetime, float]]]:
    """The five people's traces, and all rows in the order of the file."""
    by: dict[str, list[tuple[datetime, float]]] = {}
    with gzip.open(folder / "example_data_5_subject.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by.setdefault(row["subject"], []).append((datetime.fromisoformat(row["time"]), float(row["gl"])))
    return {s: trace(rows) for s, rows in by.items()}, [r for rows in by.values() for r in rows]


def trace(rows: list[tuple[datetime, float]]) -> Trace:
    """Readings with local times as a trace."""
    midnight = rows[0][0].replace(hour=0, minute=0, second=0)
    times = np.array([(t - midnight).total_seconds() for t, _ in rows])
    return Trace.of(times, np.array([g for _, g in rows]))


def values(t: Trace) -> dict[str, float]:
    """Every metric by iglu's "function metric", with iglu's default arguments."""
    g, grid, m = t.values, t.grid, mage(t.grid)
    cv_mean, cv_sd = variability.daily_cv(grid)
    inside = {n: float(indices.share(r.holds(g))) for n, r in (RANGES | OTHERS).items()}
    hypo, hyper = float(indices.hypo_index(g)), float(indices.hyper_index(g))
    out = {
        "adrr ADRR": indices.adrr(t.on(np.unique(t.day))),
        "active_percent active_percent": t.active,
        "above_percent above_140": float(indices.share(g > 140)),
        "above_percent above_180": inside["above_180"],
        "above_percent above_250": inside["very_high"],
        "below_percent below_54": inside["very_low"],
        "below_percent below_70": inside["below_70"],
        "in_range_percent in_range_70_180": inside["in_range"],
        "in_range_percent in_range_63_140": inside["pregnancy_range"],
        "cogi COGI": indices.cogi(g),
        "conga CONGA": variability.conga(grid, 24),
        "conga(n) CONGA_n1": variability.conga(grid, 1),
        "conga(n) CONGA_n4": variability.conga(grid, 4),
        "cv_glu CV": indices.cv(g),
        "cv_measures CVmean": cv_mean,
        "cv_measures CVsd": cv_sd,
        "ea1c eA1C": indices.ea1c(g),
        "gmi GMI": indices.gmi(g),
        "grade GRADE": indices.grade(g),
        "grade_hypo GRADE_hypo": indices.grade_share(g, high=math.nextafter(80, 0)),
        "grade_eugly GRADE_eugly": indices.grade_share(g, 70, 140),
        "grade_hyper GRADE_hyper": indices.grade_share(g, low=math.nextafter(140, math.inf)),
        "gri GRI": indices.gri(g),
        "gvp GVP": variability.gvp(grid),
        "hbgi HBGI": indices.hbgi(g),
        "lbgi LBGI": indices.lbgi(g),
        "hyper_index hyper_index": hyper,
        "hypo_index hypo_index": hypo,
        "igc IGC": hyper + hypo,
        "iqr_glu IQR": indices.iqr(g),
        "j_index J_index": indices.j_index(g),
        "m_value M_value": indices.m_value(g),
        "mad_glu MAD": indices.mad(g),
        "mag MAG": variability.mag(grid),
        "mean_glu mean": indices.mean(g),
        "median_glu median": indices.quantile(g, 0.5),
        "range_glu range": np.ptp(g),
        "modd MODD": variability.modd(grid),
        "pgs PGS": personal_state(t),
        "sd_glu SD": indices.sd(g),
        "sd_measures SDw": variability.sd_within_day(grid),
        "sd_measures SDhhmm": variability.sd_between_times(grid),
        "sd_measures SDwsh": variability.sd_within_hour(grid),
        "sd_measures SDdm": variability.sd_of_daily_means(grid),
        "sd_measures SDb": variability.sd_between_days(grid),
        "sd_measures SDbdm": variability.sd_between_days_level(grid),
        "sd_roc sd_roc": variability.sd_rate(grid),
        "mage MAGE": m.mean,
        "mage(direction) MAGE_plus": m.rise,
        "mage(direction) MAGE_minus": m.fall,
        "mage(direction) MAGE_avg": m.mean,
        "mage(direction) MAGE_max": m.largest,
        "mage(direction) MAGE_service": m.first,
    }
    quantiles = {f"quantile_glu {q}": indices.quantile(g, q / 100) for q in (0, 25, 50, 75, 100)}
    return {name: float(v) for name, v in (out | quantiles).items()}


def _metrics(folder: Path, found: Mapping[str, Mapping[str, float]]) -> dict[tuple[str, str], float]:
    out = {}
    for row in _rows(folder / "expected_metrics.csv"):
        if row["fun"] not in NOT_GIVEN:
            name = f"{row['fun']} {row['metric']}"
            out["metrics", f"{row['subject']} {name}"] = _apart(found[row["subject"]][name], float(row["value"]))
    return out


def _episodes(folder: Path, traces: Mapping[str, Trace]) -> dict[tuple[str, str], float]:
    found, out = {s: episodes(t.grid) for s, t in traces.items()}, {}
    for row in _rows(folder / "expected_episodes.csv"):
        name = f"{SIDES[row['type']]} {LEVELS[row['level']]}"
        mine = found[row["id"]][name]
        pairs = [
            (len(mine.found), row["total_episodes"]),
            (mine.per_day, row["avg_ep_per_day"]),
            (mine.minutes, row["avg_ep_duration"]),
            (mine.mean, row["avg_ep_gl"]),
        ]
        known = [_apart(a, float(b)) for a, b in pairs if b != "NA"]
        out["episodes", f"{row['id']} {name}"] = max(known)
    return out


def _segments(folder: Path, rows: list[tuple[datetime, float]]) -> dict[tuple[str, str], float]:
    out = {}
    for row in _rows(folder / "expected_mage_segments.csv"):
        m = mage(trace(rows[int(row["start"]) - 1 : int(row["end"])]).grid)
        mine = {"plus": m.rise, "minus": m.fall, "avg": m.mean, "service": m.first, "max": m.largest}
        for name, value in mine.items():
            out["MAGE segments", f"rows {row['start']} on, {name}"] = _apart(value, float(row[f"mage_{name}"]))
    return out


def _manual(folder: Path, rows: list[tuple[datetime, float]]) -> str:
    """Median relative error of the first-excursion MAGE against that measured by hand."""
    errors = [
        _apart(mage(trace(rows[int(r["start"]) - 1 : int(r["end"])]).grid).first, float(r["manual"]))
        for r in _rows(folder / "expected_mage_segments.csv")
    ]
    return f"median {100 * float(np.median(errors)):.1f} %, {len(errors)} days"


def _apart(mine: float, theirs: float) -> float:
    return abs(mine - theirs) / abs(theirs) if theirs else abs(mine)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
