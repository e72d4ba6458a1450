"""Simulate, log, learn: are the true parameters inside the 95 % intervals as often as those say?

A log is made by a simulator whose parameters are known, written as a hospital would record it, read back and learned
from. Each run checks every mean duration, every routing share and the weekly number of arrivals. All intervals of all
runs are counted together, in the band for the number of runs, since the intervals of one run hang together.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.kinds.hospital.evidence import live
from vitruvian.models import flowlearn
from vitruvian.models.admissions import stays_of
from vitruvian.models.durations import Law
from vitruvian.models.eventlog import EPOCH, Event, EventLog, event_log
from vitruvian.models.flowlearn import LearnedFlow
from vitruvian.models.routing import END, START
from vitruvian.verbs.scores import coverage_band, effective_size

Progress = Callable[[float], None]
SEED, LEVEL, HOUR, DAYS = 19, 0.95, 3600.0, 56


class Truth(NamedTuple):
    """Means (h) by activity, and by group; shares {(from, to)}; arrivals a week; where the log begins (s)."""

    means: dict[str, float]
    by_group: dict[tuple[str, str], float]
    shares: dict[tuple[str, str], float]
    weekly: float
    begin: float


def recovered(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Share of the true values inside their 95 % intervals, over both simulators and 100 seeds."""
    seeds = 10 if quick else 100
    held: dict[str, list[list[bool]]] = {"open hospital": [], "staffed clinic": []}
    for i in range(seeds):
        for name, make in (("open hospital", open_hospital), ("staffed clinic", staffed_clinic)):
            log, truth = make(i)
            flow = flowlearn.learn(log.since(truth.begin), start=truth.begin)
            held[name].append(inside(flow, truth))
        progress((i + 1) / seeds)
    return judged(held, seeds)


def judged(held: dict[str, list[list[bool]]], seeds: int) -> dict[str, Any]:
    """Pooled over simulators, the runs as clusters."""
    flat = np.array([x for runs in held.values() for run in runs for x in run], dtype=float)
    run_of = np.array([f"{m}{i}" for m, runs in held.items() for i, run in enumerate(runs) for _ in run])
    size = effective_size(flat[:, None], np.array([LEVEL]), run_of)
    low, high = coverage_band(size, (LEVEL,))
    by = {m: float(np.mean([x for run in runs for x in run])) for m, runs in held.items()}
    share = float(flat.mean())
    return {
        "measured": share,
        "met": bool(low[0] <= share <= high[0]),
        "n": len(flat),
        "baseline": None,
        "detail": {"band": [float(low[0]), float(high[0])], "effective n": float(size), "inside": by, "seeds": seeds},
    }


def inside(flow: LearnedFlow, truth: Truth) -> list[bool]:
    """One answer per true value."""
    out = []
    for name, mean in truth.means.items():
        hold = flow.activities[name].hold
        out.append(hold is not None and hold.mean_interval[0] <= mean <= hold.mean_interval[1])
    for (name, group), mean in truth.by_group.items():
        hold = flow.activities[name].by_group[group]
        out.append(hold.mean_interval[0] <= mean <= hold.mean_interval[1])
    for (a, b), share in truth.shares.items():
        _, low, high = flow.routing.frequencies((a,)).get(b, (0.0, 0.0, 1.0))
        out.append(low <= share <= high)
    half = 1.96 * np.sqrt(flow.arrivals.events) * 7.0 / flow.arrivals.days
    out.append(abs(flow.arrivals.events * 7.0 / flow.arrivals.days - truth.weekly) <= half)
    return out


def open_hospital(seed: int) -> tuple[EventLog, Truth]:
    """The units of live.py, recorded from a day on which they are full to a day on which stays are in progress."""
    rng = generator(SEED, "open", seed)
    begin = live.MONDAY + live.WARM
    end = begin + 24.0 * DAYS
    told = [m for m in live.messages(live.simulated(rng, live.MONDAY, end)) if m.at <= end * HOUR]
    log = event_log(stays_of(told)[0], EPOCH, until=end * HOUR)
    moves = {(START, u): p for u, p in live.STAYS[""].starts.items()}
    moves |= {(u, v): p for u, row in live.MOVES.items() for v, p in row.items()}
    moves |= {(u, END): 1.0 - sum(row.values()) for u, row in live.MOVES.items()}
    weekly = sum(live.rate(h + 0.5) for h in range(168))
    return log, Truth({u: law.mean for u, law in live.LAWS.items()}, {}, moves, weekly, begin * HOUR)


TRIAGE, SCAN = Law("gamma", (0.2, 0.5)), Law("lognormal", (0.5, 0.35))
SEEN = {"minor": Law("gamma", (0.5, 0.6)), "major": Law("lognormal", (0.9, 0.7))}
STAFF = {"triage": 1, "doctor": 4, "scan": 1}
MAJOR, SCANNED = 0.4, {"minor": 0.15, "major": 0.5}
COMES = 2.6  # patients an hour: the doctors are busy for three quarters of their time


def staffed_clinic(seed: int) -> tuple[EventLog, Truth]:
    """Triage, a doctor, for some a scan and the doctor again; queues at each; two groups with other laws and ways."""
    rng, end = generator(SEED, "clinic", seed), 24.0 * DAYS / 4
    free = {unit: [(0.0, f"{unit} {i}") for i in range(n)] for unit, n in STAFF.items()}
    events, groups, todo, n = [], {}, [], 0
    t = rng.exponential(1.0 / COMES)
    while t < end:
        case, group = f"p{n}", "major" if rng.random() < MAJOR else "minor"
        groups[case] = group
        heapq.heappush(todo, (t, n, case, "triage", 0))
        t, n = t + rng.exponential(1.0 / COMES), n + 1
    while todo:
        ready, _, case, unit, visit = heapq.heappop(todo)
        at, who = heapq.heappop(free[unit])
        start = max(ready, at)
        law = {"triage": TRIAGE, "scan": SCAN}.get(unit, SEEN[groups[case]])
        stop = start + float(law.sample(rng, 1)[0])
        heapq.heappush(free[unit], (stop, who))
        if start < end:
            left = stop * HOUR if stop <= end else float("nan")
            events.append(Event(case, unit, start * HOUR, left, who, ready * HOUR))
        to_scan = unit == "doctor" and visit == 0 and rng.random() < SCANNED[groups[case]]
        following = "doctor" if unit in ("triage", "scan") else "scan" if to_scan else ""
        if following and stop <= end:
            n += 1
            heapq.heappush(todo, (stop, n, case, following, int(unit == "scan")))
    log = event_log(events, EPOCH, until=end * HOUR, groups=groups)
    means = {"triage": TRIAGE.mean, "scan": SCAN.mean}
    return log, Truth(means, {("doctor", g): law.mean for g, law in SEEN.items()}, _shares(), 168.0 * COMES, 0.0)


def _shares() -> dict[tuple[str, str], float]:
    """Of all visits to a doctor, which are first ones that lead to a scan."""
    first = MAJOR * SCANNED["major"] + (1.0 - MAJOR) * SCANNED["minor"]
    return {("doctor", "scan"): first / (1.0 + first)}
