"""Forecasts from a recorded ADT history that ends mid-stay, against simulators whose law is known.

The ward: M(t)/G/infinity units (emergency department, intensive care, ward) with lognormal and Weibull stays, arrivals
that change with the hour of the week. Each start has a history of its own, told as A01, A02, A03 messages cut at the
moment of the forecast; the forecast sees those messages and the laws, and nothing of the simulator's state. PIT of the
census that came, randomised because it is a count. Laws known: what is tested is the forecast from elapsed stays. Laws
learned: from the same history, sixty days of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.models import beds, presentstate
from vitruvian.models.admissions import Adt, stays_of
from vitruvian.models.beds import BedForecast, Stays
from vitruvian.models.durations import Law
from vitruvian.models.eventlog import EPOCH, EventLog, event_log
from vitruvian.verbs.scores import central, coverage_band

Progress = Callable[[float], None]
HOUR, DAY, MONDAY = 3600.0, 24.0, 4 * 24.0  # 1 January 1970 was a Thursday: its first Monday is 96 h later
HOURS = np.array([1.0, 4.0, 8.0, 12.0, 24.0])
UNITS = ("ED", "ICU", "ward")
LAWS = {"ED": Law("weibull", (1.6, 4.5)), "ICU": Law("lognormal", (40.0, 0.9)), "ward": Law("lognormal", (70.0, 0.8))}
MOVES = {"ED": {"ward": 0.3, "ICU": 0.05}, "ICU": {"ward": 0.8}, "ward": {"ICU": 0.03}}
STAYS = {"": Stays(LAWS, MOVES, {"ED": 0.9, "ward": 0.1})}
LEVEL, SEED, WARM, LONG = 0.9, 11, 40 * DAY, 60 * DAY  # WARM: stays beyond it are rarer than 1 in 1,000


def rate(hour: float) -> float:
    """Arrivals an hour at an hour since Monday 00:00: twice as many at 15:00 as at 03:00, fewer at the weekend."""
    weekend = 0.8 if (hour % 168.0) >= 120.0 else 1.0
    return 3.0 * weekend * (1.0 + 0.35 * np.sin(2.0 * np.pi * (np.floor(hour % 24.0) - 9.0) / 24.0))


def known(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Coverage of 90 % bands from 1,000 starts: laws known."""
    held, ignored = coverage(100 if quick else 1000, progress)
    return judged(held, ignored)


def coverage(starts: int, progress: Progress = lambda share: None) -> tuple[np.ndarray, np.ndarray]:
    """Whether each band held what came (start, unit, hour): as forecast, and with elapsed time ignored."""
    held, ignored = [], []
    for i in range(starts):
        log, now, truth = recorded(i, WARM)
        here = presentstate.present(log, now)
        u = generator(SEED, "pit", i).uniform(size=(len(UNITS), len(HOURS)))
        for into, told in ((held, here), (ignored, [replace(p, elapsed=0.0) for p in here])):
            answer = beds.forecast(told, STAYS, {"": lambda h, now=now: rate(now / HOUR + h - MONDAY)}, HOURS)
            into.append(_held(answer, truth, u))
        progress((i + 1) / starts)
    return np.array(held), np.array(ignored)


def _held(answer: BedForecast, truth: np.ndarray, u: np.ndarray) -> np.ndarray:
    return np.stack([central(answer.pit(unit, truth[k], u[k])) <= LEVEL for k, unit in enumerate(UNITS)])


def learned(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """The same with laws, moves and rates learned from sixty days of the history before each start."""
    starts = 4 if quick else 200
    held = []
    for i in range(starts):
        log, now, truth = recorded(i, WARM + LONG)
        begin = now - LONG * HOUR
        ward = presentstate.Ward.learn(log.since(begin), start=begin)
        answer = presentstate.forecast(log, now, HOURS, ward)
        held.append(_held(answer, truth, generator(SEED, "pit", i).uniform(size=truth.shape)))
        progress((i + 1) / starts)
    return judged(np.array(held), None)


def judged(held: np.ndarray, ignored: np.ndarray | None) -> dict[str, Any]:
    """The cell (unit, hour) that is farthest from 0.9, against the 99 % binomial band for that many cells at once."""
    starts, cells = len(held), held[0].size
    low, high = coverage_band(starts, (LEVEL,), 1.0 - 0.01 / cells)
    share = held.mean(axis=0)
    worst = share.flat[np.argmax(np.abs(share - LEVEL))]
    inside = bool(np.all((share >= low[0]) & (share <= high[0])))
    detail: dict[str, Any] = {
        "band": [float(low[0]), float(high[0])],
        "held": {f"{u} {h:g} h": float(share[k, j]) for k, u in enumerate(UNITS) for j, h in enumerate(HOURS)},
        "pooled": float(held.mean()),
    }
    baseline = None
    if ignored is not None:
        apart = ignored.mean(axis=0)
        far = apart.flat[np.argmax(np.abs(apart - LEVEL))]
        fails = bool(np.any((apart < low[0]) | (apart > high[0])))
        baseline = f"elapsed time ignored: {far:.3f} in the worst cell, {'outside' if fails else 'inside'} the band"
        detail["held, elapsed ignored"] = {
            f"{u} {h:g} h": float(apart[k, j]) for k, u in enumerate(UNITS) for j, h in enumerate(HOURS)
        }
        inside = inside and fails
    return {"measured": float(worst), "met": inside, "n": starts * cells, "baseline": baseline, "detail": detail}


def recorded(start: int, before: float) -> tuple[EventLog, float, np.ndarray]:
    """A history that ends at a random hour of the week (log, now in s), and the census that came (unit, hour)."""
    rng = generator(SEED, "history", start)
    hour = MONDAY + before + 24.0 * 7.0 * float(np.floor(rng.random() * 168.0)) / 168.0
    begin = hour - before
    stays = simulated(rng, begin, hour + float(HOURS.max()))
    now = hour * HOUR
    told = [m for m in messages(stays) if m.at <= now]
    events, _ = stays_of(told)
    log = event_log(events, EPOCH, until=now)
    truth = np.array(
        [[sum(u == unit and a <= hour + h < b for _, u, a, b in stays) for h in HOURS.tolist()] for unit in UNITS]
    )
    return log, now, truth


def simulated(rng: np.random.Generator, begin: float, end: float) -> list[tuple[int, str, float, float]]:
    """(visit, unit, entered, left) in h of everybody who comes in [begin, end); thinning of the highest rate."""
    most = 3.0 * 1.35
    times = begin + np.cumsum(rng.exponential(1.0 / most, int(most * (end - begin) * 1.2 + 100)))
    times = times[times < end]
    chance = np.array([rate(t - MONDAY) for t in times]) / most
    out = []
    for visit, t in enumerate(times[rng.random(len(times)) < chance].tolist()):
        unit, at = ("ED" if rng.random() < STAYS[""].starts["ED"] else "ward"), t
        while unit:
            left = at + float(LAWS[unit].sample(rng, 1)[0])
            out.append((visit, unit, at, left))
            pick, where = rng.random(), ""
            for target, p in MOVES[unit].items():
                if pick < p:
                    where = target
                    break
                pick -= p
            unit, at = where, left
    return out


def messages(stays: list[tuple[int, str, float, float]]) -> list[Adt]:
    """What an admission system would have sent: A01 on coming, A02 on moving, A03 on leaving."""
    out: list[Adt] = []
    for i, (visit, unit, entered, left) in enumerate(stays):
        first = i == 0 or stays[i - 1][0] != visit
        last = i + 1 == len(stays) or stays[i + 1][0] != visit
        out.append(Adt(entered * HOUR, str(visit), "A01" if first else "A02", unit))
        if last:
            out.append(Adt(left * HOUR, str(visit), "A03", ""))
    return sorted(out)
