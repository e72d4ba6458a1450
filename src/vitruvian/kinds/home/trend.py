"""How far a signal departs from the person's own baseline, at every reading: an exact Kalman filter.

    y = m + d + c cos(h) + s sin(h) + b x + e      m slow level (random walk), d departure (Ornstein-Uhlenbeck, days)
    z = E[d | readings so far] / sd(d)            in units of what is usual for a departure; x steps of that hour / 1000

A reading whose innovation lies beyond 5 sd is not believed (it moves nothing), unless a third in a row says so: then
the person has changed and not the sensor. West & Harrison, Bayesian Forecasting and Dynamic Models, 2nd ed. 1997. The
score of a programme is the sum of signed z over sqrt(signals): of sd 1 when signals depart independently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vitruvian.core.record import Record
from vitruvian.kinds.home.artefacts import doubtful
from vitruvian.kinds.home.programmes import WORSE

HOUR, DAY = 3600.0, 86400.0
OLD = 4 * DAY  # s after its last reading from which a signal says nothing; assumed


@dataclass(frozen=True)
class Usual:
    """What is usual of a signal: sd of a reading, of a departure and its time (d), drift of the level (a root day), sd
    of the level before any reading, of the rhythm, of the effect of 1000 steps. Assumed, as the kind's own numbers."""

    noise: float
    departure: float
    days: float
    drift: float
    level: float
    rhythm: float
    step: float = 0.0


USUAL: Mapping[str, Usual] = {
    "heart_rate": Usual(4.0, 4.0, 3.0, 0.4, 15.0, 6.0, 15.0),
    "hrv": Usual(0.2, 0.25, 3.0, 0.02, 0.5, 0.2),  # of its logarithm
    "steps": Usual(300.0, 120.0, 4.0, 10.0, 400.0, 300.0),
    "spo2": Usual(1.0, 1.5, 2.5, 0.1, 3.0, 0.5),
    "temperature": Usual(0.2, 0.4, 1.5, 0.02, 0.5, 0.4),
    "weight": Usual(0.3, 1.0, 5.0, 0.05, 30.0, 0.3),
}


@dataclass(frozen=True)
class Departure:
    """Of one signal, at each of its readings: times (n,) s, z (n,), the level (n,) in its unit, believed (n,)."""

    times: np.ndarray
    z: np.ndarray
    level: np.ndarray
    believed: np.ndarray

    def at(self, looks: np.ndarray) -> np.ndarray:
        """z as it stood at each look (s), faded since its reading; NaN when the last one is too old."""
        k = np.searchsorted(self.times, looks, side="right") - 1
        held = np.maximum(k, 0)
        if not len(self.times):
            return np.full(len(looks), np.nan)
        age = looks - self.times[held]
        return np.where((k >= 0) & (age <= OLD), self.z[held], np.nan)


def departure(name: str, times: np.ndarray, values: np.ndarray, clock: float, moving: np.ndarray) -> Departure:
    """Of readings (n,) in order of time (s); clock: local s after midnight at time 0; moving: steps of that hour."""
    from vitruvian.kinds.home.trendkernel import walk

    u = USUAL[name]
    y = np.log(np.maximum(values, 1.0)) if name == "hrv" else np.asarray(values, dtype=float)
    start = float(np.median(y[: min(len(y), 5)])) if len(y) else 0.0
    angle = 2.0 * np.pi * ((times + clock) % DAY) / DAY
    how = np.array([u.noise, u.departure, u.days * DAY, u.drift**2 / DAY, u.level, u.rhythm, u.step])
    wrong = doubtful(name, times, values)
    x = np.ascontiguousarray(moving, dtype=float) / 1000.0
    mean, believed = walk(
        np.ascontiguousarray(times, dtype=float), y - start, np.cos(angle), np.sin(angle), x, wrong, how
    )
    level = mean[:, 0] + start
    return Departure(times, mean[:, 1] / u.departure, np.exp(level) if name == "hrv" else level, believed)


def departures(programme: str, record: Record, clock: float) -> dict[str, Departure]:
    """Of every signal of the programme that has readings."""
    steps = record.only("steps")
    out = {}
    for name in WORSE[programme]:
        rows = record.only(name)
        if not len(rows):
            continue
        order = np.argsort(rows.valid_time, kind="stable")
        times, values = rows.valid_time[order], rows.value[order]
        times, first = np.unique(times, return_index=True)
        near = np.searchsorted(steps.valid_time, times + 60.0, side="right") - 1
        fresh = (near >= 0) & (times - steps.valid_time[np.maximum(near, 0)] < HOUR) if len(steps) else near >= 0
        moving = np.where(fresh, steps.value[np.maximum(near, 0)], 0.0) if len(steps) else np.zeros(len(times))
        out[name] = departure(name, times, values[first], clock, np.zeros(len(times)) if name == "steps" else moving)
    return out


def score(programme: str, found: Mapping[str, Departure], looks: np.ndarray) -> np.ndarray:
    """The programme's score at each look (s), (n,); NaN where no signal has a recent reading."""
    signed = [sign * found[name].at(looks) for name, sign in WORSE[programme].items() if name in found]
    if not signed:
        return np.full(len(looks), np.nan)
    z = np.stack(signed)
    there = ~np.isnan(z)
    return np.where(there.any(axis=0), np.nansum(z, axis=0) / np.sqrt(np.maximum(there.sum(axis=0), 1)), np.nan)
