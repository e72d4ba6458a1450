"""Alarms of acute kidney injury at the load of NEWS2 >= 7, on demo stays, chosen on some stays and scored on others.

The load B is what NEWS2 >= 7 raises (rising edges, the same refractory time, computed without coma score and oxygen,
which the demos do not chart). models/alarms/choose.py chooses the policy for that load on stays that are not scored, by
risks from learners that never saw them: four fifths of the shared stays for the last fifth in turn, or all shared stays
for those of `--test`. The promise is the Clopper-Pearson bound (models/alarms/promise.py) from a bootstrap sample of
the scored patients; it holds when the precision over all of them is not below it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.kinds.deterioration.evidence.demos import Rows, kidney
from vitruvian.kinds.deterioration.evidence.parts import told
from vitruvian.kinds.deterioration.learning import WITHIN
from vitruvian.models.alarms.choose import choose
from vitruvian.models.alarms.policy import HOUR, AlarmPolicy
from vitruvian.models.alarms.promise import promise
from vitruvian.models.alarms.score import AlarmScore, score
from vitruvian.models.alarms.stays import Watched

HORIZON = 24.0 * HOUR  # an alarm within a day before the onset can still be acted on: assumed
NEWS2 = AlarmPolicy(7.0)
TEMPLATES = (
    AlarmPolicy(0.0),
    AlarmPolicy(0.0, margin=0.02),
    AlarmPolicy(0.0, 2, 3),
    AlarmPolicy(0.0, refractory=24 * HOUR),
)
PARTS, RESAMPLES = 5, 400


def watched(rows: Rows, method: str, stays: np.ndarray) -> Watched:
    """Risks of some stays, hour by hour while at risk, in s."""
    series = []
    for s in stays:
        mine = rows.whose == s
        series.append((rows.at[mine] * HOUR, rows.risk[method][mine]))
    return Watched.of(series, rows.asked.outcomes["onset"][stays] * HOUR, patient=rows.asked.names[stays].astype(str))


@cache
def chosen(data: Path, test: Path | None, quick: bool) -> tuple[list[AlarmScore], list[AlarmScore], list[float]]:
    """Part by part: scores of the chosen policy and of NEWS2 >= 7, and the thresholds."""
    asked = kidney(data, test, quick)
    known = asked if test is None else kidney(data, None, quick)
    ours, news, cuts = [], [], []
    for learn, rest in _parts(known, asked):
        load = score(NEWS2, watched(known, "NEWS2", learn), horizon=HORIZON).load
        policy = choose(watched(known, "ensemble", learn), load, TEMPLATES, horizon=HORIZON).policy
        cuts.append(policy.threshold)
        ours.append(score(policy, watched(asked, "ensemble", rest), horizon=HORIZON))
        news.append(score(NEWS2, watched(asked, "NEWS2", rest), horizon=HORIZON))
    return ours, news, cuts


def _parts(known: Rows, asked: Rows) -> list[tuple[np.ndarray, np.ndarray]]:
    """Stays to choose on, among the known, and stays to score."""
    if known is not asked:
        return [(np.unique(known.whose), np.unique(asked.whose))]
    there = np.unique(asked.whose)
    part = generator(5, "alarm parts").permutation(len(there)) % PARTS
    return [(there[part != k], there[part == k]) for k in range(PARTS)]


def pooled(scores: list[AlarmScore]) -> dict[str, float]:
    """All parts together."""
    events, days = sum(s.events for s in scores), sum(s.days for s in scores)
    right = np.concatenate([s.right for s in scores])
    leads = np.concatenate([s.leads for s in scores])
    return {
        "event recall": sum(s.recalled for s in scores) / max(events, 1),
        "alarms a patient-day": len(right) / days,
        "precision": float(right.mean()) if len(right) else float("nan"),
        "median lead, h": float(np.median(leads) / HOUR) if len(leads) else float("nan"),
        "events": events,
        "alarms": len(right),
    }


@told
def load_of_news2(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Any) -> dict[str, Any]:
    """mon.alarm: event recall beside that of NEWS2 >= 7 at its load, and how often the promise holds."""
    assert data is not None
    ours, news, cuts = chosen(data, test, quick)
    a, b = pooled(ours), pooled(news)
    right = np.concatenate([s.right for s in ours])
    patient = np.concatenate([s.patient + 100_000 * k for k, s in enumerate(ours)])
    held = kept(right, patient, 100 if quick else RESAMPLES)
    ratio = a["event recall"] / max(b["event recall"], 1e-9)
    detail = {
        "ensemble": a,
        "NEWS2 >= 7": b,
        "thresholds": cuts,
        "promise from all": promise(right, patient).sentence(),
        "horizon, h": HORIZON / HOUR,
        "risk is of an onset within, h": WITHIN,
    }
    notes = ("NEWS2 without coma score and oxygen: the demos chart neither", *kidney(data, test, quick).notes)
    load = a["alarms a patient-day"] <= 1.1 * b["alarms a patient-day"]
    return {
        "measured": {"recall over NEWS2's": ratio, "promise holds": held},
        "met": bool(ratio >= 2.0 and held >= (0.95 if not quick else 0.85) and load),
        "n": int(a["events"]),
        "baseline": {"event recall of NEWS2 >= 7": b["event recall"], "its load": b["alarms a patient-day"]},
        "detail": detail,
        "notes": notes,
    }


def kept(right: np.ndarray, patient: np.ndarray, count: int) -> float:
    """Share of bootstrap samples of the patients whose bound is not above the precision over all of them."""
    names = np.unique(patient)
    mine = {n: np.flatnonzero(patient == n) for n in names}
    held, tried = 0, 0
    for r in range(count):
        some = generator(r, "promise resample").choice(names, len(names))
        rows = np.concatenate([mine[n] for n in some])
        new = np.repeat(np.arange(len(some)), [len(mine[n]) for n in some])
        held += promise(right[rows], new).bound <= float(right.mean())
        tried += 1
    return held / max(tried, 1)
