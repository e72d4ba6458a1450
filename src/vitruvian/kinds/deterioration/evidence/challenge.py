"""PhysioNet 2012: death in hospital from the first 12, 24 and 48 hours, on stays that were never learned from.

Everything is fitted on the learning part alone: learners, stack, and the threshold of event 1, which is the best one
for the learning part's own held-out risks. Without `--test`: ten folds by patient. Beside it, on the same stays: one
LightGBM of 220 trees on the same columns, SAPS-I and SOFA as the challenge gives them, NEWS2, qSOFA and SOFA of what
was charted, a clock that knows only the hours in the unit (here the same for all), and boosting on which things were
charted and when, without any value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from vitruvian.engines.crossfit import Fitted, Recipe
from vitruvian.engines.oddsforest import Growth, grow
from vitruvian.engines.pasts import Landmarks
from vitruvian.kinds.deterioration import beside
from vitruvian.kinds.deterioration.evidence import measures
from vitruvian.kinds.deterioration.evidence.data import physionet
from vitruvian.kinds.deterioration.evidence.parts import SEED, Cast, Progress, at_size, cast, told
from vitruvian.kinds.deterioration.learning import DEATH, death_table, fit_table, varying
from vitruvian.models.icu.columns import Known, known
from vitruvian.models.icu.stays import Stays

AT = (12.0, 24.0, 48.0)
FOLDS, FEW = 10, 500
PLAIN = Growth(220, 0.05, 31, 20, 0.3)  # the simple baseline, as strong as it could be tuned by hand
ORDERED = Growth(100, 0.05, 16, 20, 0.3)
TARGETS = {"auroc": 0.875, "event1": 0.5353, "h12": 0.83, "h24": 0.85}


@dataclass(eq=False)
class Scored:
    """Risks (stay,) by landmark and method, whether event 1 calls (stay,), and what came (stay,)."""

    asked: Stays
    risk: dict[tuple[float, str], np.ndarray] = field(default_factory=dict)
    called: dict[tuple[float, str], np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def y(self) -> np.ndarray:
        """Died in hospital."""
        return self.asked.outcomes["death"]

    def put(self, at: float, method: str, where: np.ndarray, risk: np.ndarray, cut: float | None = None) -> None:
        """Risks of the stays at positions `where`."""
        self.risk.setdefault((at, method), np.full(len(self.asked), np.nan))[where] = risk
        if cut is not None:
            self.called.setdefault((at, method), np.zeros(len(self.asked), dtype=bool))[where] = risk >= cut


@cache
def family(data: Path, test: Path | None, quick: bool) -> Scored:
    """All risks of all landmarks. Quick: 500 stays in two folds."""
    people = cast(physionet, data, test, FEW if quick else None)
    return scored(people, 2 if quick else FOLDS, at_size(DEATH, quick))


def scored(people: Cast, folds: int, recipe: Recipe) -> Scored:
    """Learn and answer, part by part."""
    out = Scored(people.asked, notes=people.notes)
    for learners, tested, where in people.parts(people.asked.outcomes["death"], folds):
        table = death_table(learners)
        columns = varying(table)
        found = fit_table(table, columns, SEED, recipe)
        for at in AT:
            now = table.at == at
            _one(out, found, Known(columns.names, columns.x[now]), table.y[now], now, tested, where, at)
    return out


def _one(
    out: Scored,
    found: Fitted,
    columns: Known,
    y: np.ndarray,
    now: np.ndarray,
    tested: Stays,
    where: np.ndarray,
    at: float,
) -> None:
    asked = known(tested.readings, tested.static, Landmarks(np.arange(len(tested)), np.full(len(tested), at)))
    same = asked.x[:, [asked.names.index(n) for n in columns.names]]
    cut = measures.best_cut(expit(found.held_out[now]), y)
    out.put(at, "ensemble", where, found.ensemble.risk(same), cut)
    plain = grow(columns.x, y, PLAIN, SEED)
    risk = expit(plain.predict(same))
    as_many = float(np.quantile(risk, 1.0 - y.mean()))  # as many called as died in the learning part
    out.put(at, "LightGBM", where, risk, as_many)
    out.put(at, "clock", where, np.full(len(tested), float(y.mean())))
    if at == AT[-1]:
        out.put(at, "tests ordered", where, _ordered(columns, y, same))
        for name in ("saps1", "sofa"):
            out.put(at, f"{name} (given)", where, tested.outcomes[name])
    scores = (beside.news2_of, beside.qsofa_of, beside.sofa_of)
    for name, score in zip(("NEWS2", "qSOFA", "SOFA (own)"), scores, strict=True):
        out.put(at, name, where, score(asked).total)


def _ordered(columns: Known, y: np.ndarray, same: np.ndarray) -> np.ndarray:
    """Risk by which things were charted, how often and how long ago: no value of any of them."""
    keep = np.array([".count" in n or n.endswith(".age") for n in columns.names])
    return expit(grow(columns.x[:, keep], y, ORDERED, SEED).predict(same[:, keep]))


def _areas(s: Scored, at: float) -> dict[str, float]:
    return {method: measures.area(risk, s.y) for (hour, method), risk in s.risk.items() if hour == at}


def _row(s: Scored, measured: Any, met: bool, baseline: Any, detail: Mapping[str, Any]) -> dict[str, Any]:
    n, events = len(s.asked), int(s.y.sum())
    said = {"deaths": events, "doubted values": dict(s.asked.doubted), **detail}
    return {"measured": measured, "met": met, "n": n, "baseline": baseline, "detail": said, "notes": s.notes}


@told
def auroc(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """mon.p2012.auroc, .h12, .h24: area under the ROC curve, others beside it, and the difference to LightGBM."""
    assert data is not None
    s = family(data, test, quick)
    name = claim.rsplit(".", 1)[1]
    at = {"auroc": 48.0, "h24": 24.0, "h12": 12.0}[name]
    areas, risk = _areas(s, at), s.risk[at, "ensemble"]
    samples = measures.resampled(np.arange(len(s.y)), 100 if quick else 1000, 1)
    better = measures.paired(measures.area, risk, s.risk[at, "LightGBM"], s.y, samples)
    detail = {
        "interval": measures.interval(measures.area, risk, s.y, samples),
        "above LightGBM": vars(better),
        "average precision": measures.precision_recall(risk, s.y),
    }
    found = areas.pop("ensemble")
    return _row(s, found, found >= TARGETS[name] - _widened(s, quick), areas, detail)


def _widened(s: Scored, quick: bool) -> float:
    """At reduced size, the half width of a 99 % interval (Hanley & McNeil's bound for an area) is allowed."""
    return 2.6 * 0.5 / np.sqrt(max(s.y.sum(), 1.0)) if quick else 0.0


@told
def first_event(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """mon.p2012.event1: the lower of sensitivity and PPV at the threshold of the learning part."""
    assert data is not None
    s = family(data, test, quick)
    called = s.called[48.0, "ensemble"]
    found = measures.event1(called, s.y)
    right = float(np.sum(called & (s.y > 0)))
    given = s.risk[48.0, "saps1 (given)"]
    beside_it = {
        "LightGBM, as many called as died in the learning part": measures.event1(s.called[48.0, "LightGBM"], s.y),
        "SAPS-I at its best threshold": measures.event1(given >= measures.best_cut(given, s.y), s.y),
        "ensemble at the threshold best for these stays": measures.event1(
            s.risk[48.0, "ensemble"] >= measures.best_cut(s.risk[48.0, "ensemble"], s.y), s.y
        ),
    }
    samples = measures.resampled(np.arange(len(s.y)), 100 if quick else 1000, 1)
    detail = {
        "sensitivity": right / s.y.sum(),
        "ppv": right / max(called.sum(), 1),
        "interval": measures.interval(measures.event1, called, s.y, samples),
    }
    return _row(s, found, found >= TARGETS["event1"] - _widened(s, quick), beside_it, detail)


@told
def calibration(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """mon.p2012.H: the challenge's H, and the calibration slope."""
    assert data is not None
    s = family(data, test, quick)
    p = s.risk[48.0, "ensemble"]
    h, (slope, large) = measures.hosmer_lemeshow(p, s.y), measures.slope_intercept(p, s.y)
    plain = s.risk[48.0, "LightGBM"]
    beside_it = {"LightGBM H": measures.hosmer_lemeshow(plain, s.y), "slope": measures.slope_intercept(plain, s.y)[0]}
    prevalence = float(s.y.mean())
    detail = {
        "slope": slope,
        "calibration in the large": large,
        "ECE": measures.expected_error(p, s.y),
        "Brier": float(np.mean((p - s.y) ** 2)),
        "Brier of the prevalence": prevalence * (1 - prevalence),
    }
    met = (h <= 25 and 0.9 <= slope <= 1.1) if not quick else (h <= 60 and 0.6 <= slope <= 1.6)
    return _row(s, {"H": h, "slope": slope}, met, beside_it, detail)


AGES = ((15.0, 50.0), (50.0, 65.0), (65.0, 80.0), (80.0, 120.0))


@told
def fairness(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """mon.fair: calibration and recall of each group with intervals; the worst is named."""
    from vitruvian.kinds.deterioration.evidence import simulated  # lazy: it is measured by this file's own means

    assert data is not None
    s = family(data, test, quick)
    p, called = s.risk[48.0, "ensemble"], s.called[48.0, "ensemble"]
    age, male = s.asked.static["age"], s.asked.static["male"]
    groups = {f"age {a:.0f} to {b:.0f}": (age >= a) & (age < b) for a, b in AGES}
    groups |= {"men": male == 1.0, "women": male == 0.0}
    groups |= {f"unit {u}": s.asked.unit == u for u in np.unique(s.asked.unit.astype(str)) if u != "not known"}
    rows = {name: group(p[mine], called[mine], s.y[mine]) for name, mine in groups.items() if s.y[mine].sum() >= 5}
    notes = s.notes
    if not any(name.startswith("unit ") for name in rows):
        notes = (
            *notes,
            "the stays do not say in which type of unit they were: units are those of simulated stays",
        )
    units = simulated.by_unit(quick)
    worst, off = _worst(rows)
    worst_simulated, off_simulated = _worst(units)
    whole = group(p, called, s.y)
    detail = {"groups": rows, "all": whole, "groups whose 95 % interval leaves out 1": (*off, *off_simulated)}
    detail |= {"simulated stays, kidney injury within 6 h": units}
    kinds = [any(n.startswith(k) for n in (*rows, *units)) for k in ("age", "men", "women", "icu", "ward")]
    measured = f"{worst}; simulated stays: {worst_simulated}"
    return _row(s, measured, all(kinds), {"all": whole["recall"]}, detail) | {"notes": notes}


def _worst(rows: Mapping[str, Mapping[str, Any]]) -> tuple[str, list[str]]:
    """The groups with the lowest recall and the furthest from their own events, in words; those surely off."""
    low = min(rows, key=lambda g: rows[g]["recall"])
    far = max(rows, key=lambda g: abs(np.log(rows[g]["observed over expected"])))
    ranges = {name: row["observed over expected 95 %"] for name, row in rows.items()}
    said = f"lowest recall: {low} {rows[low]['recall']:.2f}; furthest from its own events: {far}, observed over "
    said += f"expected {rows[far]['observed over expected']:.2f}"
    return said, [name for name, (a, b) in ranges.items() if not a <= 1 <= b]


def group(p: np.ndarray, called: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Of one group: recall and observed over expected events with 95 % intervals (the latter Poisson, by Byar)."""
    hits, deaths, expected = float(np.sum(called & (y > 0))), float(y.sum()), float(p.sum())
    low = deaths * (1 - 1 / (9 * deaths) - 1.96 / (3 * np.sqrt(deaths))) ** 3
    high = (deaths + 1) * (1 - 1 / (9 * (deaths + 1)) + 1.96 / (3 * np.sqrt(deaths + 1))) ** 3
    return {
        "n": len(y),
        "events": int(deaths),
        "recall": hits / deaths,
        "recall 95 %": measures.wilson(hits, deaths),
        "observed over expected": deaths / expected,
        "observed over expected 95 %": (low / expected, high / expected),
        "AUROC": measures.area(p, y),
        "slope": measures.slope_intercept(p, y)[0],
    }
