"""Forecasts 1 to 6 h ahead on stays that nothing was learned from, and the filter replayed beside the whole chart.

Learned on four fifths of the stays (with `--test`: on all shared stays), scored on some of the others: population, and
quantiles of errors. Origins: 6, 12, ..., 42 h in the unit; every charted reading of a vital sign in the next 6 h is a
forecast's truth. Beside it: the last value with the quantiles that its own errors had on the learning part, by channel
and hour ahead. CRPS by the mean pinball loss over the quantile levels, on each channel's own scale of measurement.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.engines.ouchannels import Population, conditioned
from vitruvian.kinds.vitals.channels import FOLLOWED, SCALES
from vitruvian.kinds.vitals.errors import Ahead, aheads, charts, lead_of, learn_errors
from vitruvian.kinds.vitals.evidence.data import AbsentError, physionet
from vitruvian.kinds.vitals.learning import learn_population
from vitruvian.kinds.vitals.tracking import LEADS, LEVELS, Errors, Track
from vitruvian.models.icu.stays import Stays
from vitruvian.verbs.scores import coverage_band, effective_size

Progress = Callable[[float], None]
VITAL = FOLLOWED[:9]  # what the charts hold hour by hour: vital signs, coma score, urine
SEED, SCORED = 7, 600
INSIDE = (0.05, 0.95)
ENOUGH = 300


@dataclass(frozen=True, eq=False)
class Scored:
    """By channel: CRPS of twin and of last value, whether the 90 % band holds the truth, lead, and whose, (n,) each."""

    twin: dict[str, np.ndarray]
    last: dict[str, np.ndarray]
    inside: dict[str, np.ndarray]
    lead: dict[str, np.ndarray]
    whose: dict[str, np.ndarray]
    stays: int
    notes: tuple[str, ...]


def parts(data: Path | None, test: Path | None) -> tuple[Stays, Stays, tuple[str, ...]]:
    """Stays to learn from and stays to score, never the same."""
    assert data is not None
    known = physionet(data)
    if test is None:
        fifth = generator(SEED, "vitals parts").permutation(len(known)) % 5
        return known.of(fifth != 0), known.of(fifth == 0), ()
    asked = physionet(test)
    met = np.isin(known.names.astype(str), asked.names.astype(str))
    notes = (f"{int(met.sum())} stays stand in both sets and are held out of learning",) if met.any() else ()
    return known.of(~met), asked, notes


@cache
def family(data: Path, test: Path | None, quick: bool) -> Scored:
    """All forecasts. Quick: 60 stays learned errors from, 60 scored."""
    learners, asked, notes = parts(data, test)
    population = learn_population(learners, "learning part")
    few = learners.of(np.arange(0, len(learners), len(learners) // 60)) if quick else learners
    errors = learn_errors(population, few, SEED)
    naive = last_errors(few if quick else few.of(np.arange(0, len(few), 4)))
    wanted = 60 if quick else SCORED
    asked = asked.of(np.sort(generator(SEED, "scored").permutation(len(asked))[:wanted]))
    return scored(population, errors, naive, asked, notes)


def last_errors(stays: Stays) -> dict[tuple[int, int], np.ndarray]:
    """Quantiles of reading minus last value, by channel and lead, in the channel's unit, (level,)."""
    nothing = learn_nothing()
    told: dict[tuple[int, int], list[np.ndarray]] = {}
    for s, chart in enumerate(charts(stays)):
        for a in aheads(nothing, chart, s, tuple(range(len(VITAL)))):
            off = SCALES[a.channel].back(a.truth) - float(SCALES[a.channel].back(np.array(a.last)))
            lead = lead_of(a.ahead)
            for k in np.unique(lead).tolist():
                told.setdefault((a.channel, k), []).append(off[lead == k])
    return {key: np.quantile(np.concatenate(v), LEVELS) for key, v in told.items()}


@cache
def learn_nothing() -> Population:
    """Any population: the last value needs none."""
    from vitruvian.kinds.vitals.shipped import textbook

    return textbook()


def scored(
    population: Population,
    errors: Errors,
    naive: dict[tuple[int, int], np.ndarray],
    asked: Stays,
    notes: tuple[str, ...],
) -> Scored:
    """Score every forecast of these stays."""
    parts: dict[str, list[tuple[np.ndarray, ...]]] = {n: [] for n in VITAL}
    for s, chart in enumerate(charts(asked)):
        for a in aheads(population, chart, s, tuple(range(len(VITAL)))):
            parts[FOLLOWED[a.channel]].append((*_one(errors, naive, a), np.full(len(a.ahead), s)))
    joined = {n: [np.concatenate(c) for c in zip(*rows, strict=True)] for n, rows in parts.items() if rows}
    kept = {n: c for n, c in joined.items() if len(c[0]) >= ENOUGH or len(asked) < 100}
    pick = [{n: c[k] for n, c in kept.items()} for k in range(5)]
    return Scored(pick[0], pick[1], pick[2], pick[3], pick[4], len(asked), notes)


def _one(errors: Errors, naive: dict[tuple[int, int], np.ndarray], a: Ahead) -> tuple[np.ndarray, ...]:
    """CRPS of the twin and of the last value, inside the band, lead: (n,) each."""
    scale, lead = SCALES[a.channel], lead_of(a.ahead)
    truth = scale.back(a.truth)
    z = a.mean[:, None] + a.sd[:, None] * errors.of(FOLLOWED[a.channel], a.ahead)
    twin = np.sort(scale.back(z), axis=1)
    plain = float(scale.back(np.array(a.last)))
    wide = np.stack([plain + naive.get((a.channel, int(k)), np.zeros(len(LEVELS))) for k in lead])
    last = np.clip(wide, scale.channel.low, scale.channel.high)
    low, high = (int(np.argmin(np.abs(LEVELS - q))) for q in INSIDE)
    inside = (truth >= twin[:, low]) & (truth <= twin[:, high])
    return pinball(twin, truth), pinball(last, truth), inside.astype(float), LEADS[lead]


def pinball(quantiles: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """CRPS (n,) as twice the pinball loss integrated over the levels (trapezoids, ends extended)."""
    off = truth[:, None] - quantiles
    loss = np.where(off >= 0, LEVELS * off, (LEVELS - 1.0) * off)
    edges = np.concatenate([[0.0], 0.5 * (LEVELS[1:] + LEVELS[:-1]), [1.0]])
    return 2.0 * loss @ np.diff(edges)


def ahead(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """mon.vitals: CRPS over that of the last value, mean over channels; coverage of the 90 % band in its own band."""
    assert data is not None
    try:
        s = family(data, test, quick)
    except AbsentError as err:
        return {"measured": f"not measured: {err}", "met": None, "n": 0, "baseline": None}
    ratio = {n: float(s.twin[n].mean() / s.last[n].mean()) for n in s.twin}
    whole = float(np.mean(list(ratio.values())))
    inside = np.concatenate(list(s.inside.values()))
    whose = np.concatenate([w.astype(str) for w in s.whose.values()])
    size = effective_size(inside[:, None] > 0, np.array([0.9]), whose)
    low, high = (float(b[0]) for b in coverage_band(size, (0.9,)))
    cover = float(inside.mean())
    by_lead = {f"{lead:.0f} h": at_lead(s, float(lead)) for lead in LEADS}
    detail = {
        "CRPS over last value's, by channel": ratio,
        "by hours ahead": by_lead,
        "coverage by channel": {n: float(v.mean()) for n, v in s.inside.items()},
        "band of the coverage": (low, high),
        "CRPS (baseline: of the last value)": {n: float(v.mean()) for n, v in s.twin.items()},
        "stays scored": s.stays,
    }
    return {
        "measured": {"CRPS over last value's": whole, "coverage of 90 %": cover},
        "met": bool(whole <= (0.9 if not quick else 1.0) and low <= cover <= high),
        "n": len(inside),
        "baseline": {
            "last value with its empirical errors": 1.0,
            "its CRPS": {n: float(v.mean()) for n, v in s.last.items()},
        },
        "detail": detail,
        "notes": s.notes,
    }


def at_lead(s: Scored, lead: float) -> float:
    """Mean over channels of the twin's CRPS over the last value's, of readings this many hours ahead."""
    found = []
    for n in s.twin:
        mine = s.lead[n] == lead
        if mine.any():
            found.append(s.twin[n][mine].mean() / s.last[n][mine].mean())
    return float(np.mean(found))


def stream(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """mon.stream: 1,000 charts, reading by reading, beside one dense system of all readings; time; cut off."""
    assert data is not None
    try:
        learners, asked, notes = parts(data, test)
    except AbsentError as err:
        return {"measured": f"not measured: {err}", "met": None, "n": 0, "baseline": None}
    everyone = learners if test is None else asked
    everyone = everyone.of(np.arange(min(len(everyone), 40 if quick else 1000)))
    population = learn_population(learners, "learning part")
    worst, cut, spent, read = 0.0, 0, 0.0, 0
    every = charts(everyone)
    for k, chart in enumerate(every):
        keep = np.flatnonzero(chart.time <= STREAM_TO)
        if len(keep) == 0:
            continue
        began = time.process_time()
        track = Track.begin(population, float(chart.time[0]))
        middle = None
        for i in keep:
            track = track.read(population, float(chart.time[i]), int(chart.channel[i]), float(chart.value[i]))
            middle = track if i == keep[len(keep) // 2] else middle
        spent, read = spent + time.process_time() - began, read + len(keep)
        batch = conditioned(population, chart.time[keep], chart.channel[keep], chart.value[keep], track.state.at)
        off = max(np.abs(track.state.mean - batch.mean).max(), np.abs(track.state.covariance - batch.covariance).max())
        worst = max(worst, float(off))
        cut += _differs(population, chart.time, chart.channel, chart.value, keep[: len(keep) // 2 + 1], middle)
        progress((k + 1) / len(every))
    each = 1000.0 * spent / max(read, 1)
    return {
        "measured": {"largest difference": worst, "ms a reading": each, "charts changed by what came later": cut},
        "met": bool(worst <= 1e-8 and each < 5.0 and cut == 0),
        "n": len(every),
        "baseline": "one dense system of all readings",
        "detail": {"readings": read, "hours of each chart": STREAM_TO},
        "notes": notes,
    }


STREAM_TO = 24.0  # h: a dense system of some 250 readings a chart


def _differs(
    population: Population,
    at: np.ndarray,
    channel: np.ndarray,
    value: np.ndarray,
    first: np.ndarray,
    seen: Track | None,
) -> int:
    """1 if a chart cut off in its middle gives another state there than the whole chart gave on its way."""
    track = Track.begin(population, float(at[0]))
    for i in first:
        track = track.read(population, float(at[i]), int(channel[i]), float(value[i]))
    assert seen is not None
    same = track.state.mean.tobytes() == seen.state.mean.tobytes()
    return int(not (same and track.surprise.tobytes() == seen.surprise.tobytes()))
