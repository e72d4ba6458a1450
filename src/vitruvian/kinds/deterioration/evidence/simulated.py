"""On simulated stays, where the truth is known: outcomes that no shared data label, and what leaving does to a risk.

Learned on stays of one seed, scored every 2 h while at risk on stays of another. The stays come from equations that no
kind fits (models/stays). Beside it on the same rows: NEWS2 of the last values, a clock that knows only the hours since
admission, one LightGBM of 220 trees on the same columns, and which things were charted and when.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from vitruvian.engines.oddsforest import grow
from vitruvian.kinds.deterioration import beside
from vitruvian.kinds.deterioration.evidence import measures
from vitruvian.kinds.deterioration.evidence.challenge import ORDERED, PLAIN, group
from vitruvian.kinds.deterioration.evidence.demos import clock
from vitruvian.kinds.deterioration.evidence.parts import SEED, Progress
from vitruvian.kinds.deterioration.learning import Table, learn_onset, onset_table, varying
from vitruvian.kinds.deterioration.simulated import RECIPE, learn_simulated, simulated
from vitruvian.kinds.deterioration.weights import Weights
from vitruvian.models.icu.columns import Known
from vitruvian.models.icu.stays import Stays
from vitruvian.models.stays.charted import charted
from vitruvian.models.stays.monitor import stays

LEARNED, ASKED, FEW = 1200, 800, 250  # stays of each unit
LEARN_SEED, ASK_SEED = 301, 302
EVERY, AHEAD = 2.0, 24  # h
NOTE = "simulated stays (models/stays): this says that the method works, and nothing of any hospital"


@dataclass(frozen=True, eq=False)
class Asked:
    """Rows of an outcome that are scored: the stays, the table (y: within 6 h), risk within 6 h by method (n,)."""

    stays: Stays
    table: Table
    risk: dict[str, np.ndarray]


@cache
def family(quick: bool) -> tuple[Weights, dict[str, Asked]]:
    """What was learned, and every outcome's rows with their risks."""
    known = simulated(FEW if quick else LEARNED, LEARN_SEED)
    asked = simulated(FEW if quick else ASKED, ASK_SEED)
    weights = learn_simulated(known, SEED)
    return weights, {o: _asked(weights, o, known[o], mine) for o, mine in asked.items()}


def _asked(weights: Weights, outcome: str, known: Stays, asked: Stays) -> Asked:
    rows = onset_table(asked, EVERY)
    rows = rows.of(~np.isnan(rows.y))
    learn = onset_table(known)
    learn = learn.of(~np.isnan(learn.y))
    columns = varying(learn)
    x = rows.known.x[:, [rows.known.names.index(n) for n in columns.names]]
    ordered = np.array([".count" in n or n.endswith(".age") for n in columns.names])
    ensemble = weights.ensembles[outcome]
    return Asked(
        asked,
        rows,
        {
            "ensemble": ensemble.risk(_columns(rows.known, ensemble.names)),
            "NEWS2": beside.news2_of(rows.known).total,
            "clock": clock(learn, rows.at),
            "LightGBM": expit(grow(columns.x, learn.y, PLAIN, SEED).predict(x)),
            "tests ordered": expit(grow(columns.x[:, ordered], learn.y, ORDERED, SEED).predict(x[:, ordered])),
        },
    )


def _columns(known: Known, names: tuple[str, ...]) -> np.ndarray:
    return known.x[:, [known.names.index(n) for n in names]]


def outcomes(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """mon.simulated: areas of all outcomes; above NEWS2 and the clock by a paired bootstrap of whole stays."""
    _, asked = family(quick)
    measured, beside_it, detail, met, n = {}, {}, {}, True, 0
    for name, a in asked.items():
        areas = {m: measures.area(r, a.table.y) for m, r in a.risk.items()}
        samples = measures.resampled(a.table.whose, 60 if quick else 300, 3)
        above = {
            m: measures.paired(measures.area, a.risk["ensemble"], a.risk[m], a.table.y, samples)
            for m in ("NEWS2", "clock", "LightGBM")
        }
        met = met and all(above[m].low > 0.0 for m in ("NEWS2", "clock"))
        measured[name] = areas.pop("ensemble")
        beside_it[name] = areas
        detail[name] = {
            "stays": len(a.stays),
            "onsets": int(np.sum(~np.isnan(a.stays.outcomes["onset"]))),
            "rows": len(a.table.y),
            "above": {m: vars(d) for m, d in above.items()},
            "slope": measures.slope_intercept(a.risk["ensemble"], a.table.y)[0],
            "doubted values": {c: k for c, k in a.stays.doubted.items() if k},
        }
        n += len(a.stays)
    notes = (NOTE,)
    return {"measured": measured, "met": met, "n": n, "baseline": beside_it, "detail": detail, "notes": notes}


def competing(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """mon.leaving: onsets that came within 24 h over those expected, with leaving as a competing end and without."""
    weights, asked = family(quick)
    measured, beside_it, detail, met, n = {}, {}, {}, True, 0
    for name, a in asked.items():
        rows = onset_table(a.stays, 6.0)
        lead = a.stays.outcomes["onset"][rows.whose] - rows.at
        told = rows.at + AHEAD <= a.stays.outcomes["until"][rows.whose]
        came, whose = (lead[told] <= AHEAD).astype(float), rows.whose[told]
        f = weights.ensembles[name].logit(_columns(rows.known, weights.ensembles[name].names)[told])
        g = weights.leaving[name].logit(_columns(rows.known, weights.leaving[name].names)[told])
        onset = weights.onsets[name]
        risk = {
            "with leaving": onset.over(f, float(AHEAD), onset.leaving(g, AHEAD)),
            "nobody leaves": onset.over(f, float(AHEAD)),
        }
        samples = measures.resampled(whose, 60 if quick else 300, 4)
        ratio = {m: float(came.sum() / p.sum()) for m, p in risk.items()}
        low, high = np.quantile([came[i].sum() / risk["with leaving"][i].sum() for i in samples], [0.025, 0.975])
        met = met and bool(low <= 1.0 <= high or abs(np.log(ratio["with leaving"])) <= np.log(1.15))
        measured[name], beside_it[name] = ratio["with leaving"], ratio["nobody leaves"]
        detail[name] = {"95 %": (float(low), float(high)), "rows": len(came), "onsets within 24 h": int(came.sum())}
        detail[name] |= {"AUROC": measures.area(risk["with leaving"], came)}
        n += len(a.stays)
    return {"measured": measured, "met": met, "n": n, "baseline": {"nobody leaves": beside_it}, "detail": detail,
            "notes": (NOTE,)}  # fmt: skip


def by_unit(quick: bool) -> dict[str, dict[str, Any]]:
    """Groups by type of unit, age and sex of one risk for both units: kidney injury within 6 h, at the threshold that
    calls as many as came in the stays learned from."""
    count = 120 if quick else 500
    parts = [
        Stays.join([charted(stays(count, seed, unit=unit), "aki") for unit in ("icu", "ward")])
        for seed in (LEARN_SEED, ASK_SEED)
    ]
    found = learn_onset(parts[0], SEED, RECIPE).fitted
    rows = onset_table(parts[1])
    rows = rows.of(~np.isnan(rows.y))
    p = found.ensemble.risk(_columns(rows.known, found.ensemble.names))
    called = p >= np.quantile(expit(found.held_out), 1.0 - expit(found.held_out).mean())
    age, male = (parts[1].static[n][rows.whose] for n in ("age", "male"))
    groups = {f"{u} (simulated)": parts[1].unit[rows.whose] == u for u in ("icu", "ward")}
    groups |= {"age under 65 (simulated)": age < 65, "age 65 and over (simulated)": age >= 65}
    groups |= {"men (simulated)": male == 1.0, "women (simulated)": male == 0.0}
    return {n: group(p[mine], called[mine], rows.y[mine]) for n, mine in groups.items() if rows.y[mine].sum() >= 5}
