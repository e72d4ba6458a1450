"""What a wearable counts, as exercise: METs from heart rate or steps, and bouts of them.

METs from cadence: 100 steps/min is 3 METs, 110 is 4, 120 is 5, 130 is 6 (CADENCE-Adults, Tudor-Locke et al., Int J
Behav Nutr Phys Act 16:8, 2019, and 17:137, 2020). METs from heart rate: the share of heart-rate reserve is the share of
the reserve of oxygen uptake (Swain & Leutholtz, Med Sci Sports Exerc 29:410, 1997); the highest heart rate is 208 - 0.7
age (Tanaka et al., J Am Coll Cardiol 37:153, 2001), at rest it is the 5th percentile of the record (assumed).
A bout: at least 3 METs for 10 min, 2 min below them forgiven (Troiano et al., Med Sci Sports Exerc 40:181, 2008).
Left out: strength training, cycling by steps, drugs that slow the heart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitruvian.core.case import Series

MINUTE = 60.0
MODERATE = 3.0  # METs from which exercise is moderate: Ainsworth et al., Med Sci Sports Exerc 43:1575 (2011)
SHORTEST, FORGIVEN = 10 * MINUTE, 2 * MINUTE  # s: Troiano et al. 2008
LONGEST = 300 * MINUTE  # s, of one bout; a longer one is told in pieces
HIGHEST = 15.0  # METs
CAPACITY = 9.0  # METs at the highest heart rate, untrained adults: assumed
AGE = 45.0  # a, where it is not known: assumed
GAP = 5 * MINUTE  # s without a sample that ends a bout


@dataclass(frozen=True)
class Bout:
    """From `at` (s), `duration` s long, at `mets` on average."""

    at: float
    duration: float
    mets: float


def from_cadence(steps_per_minute: np.ndarray) -> np.ndarray:
    """METs (n,) of walking and running at this cadence; 1 at rest."""
    cadence = np.asarray(steps_per_minute, dtype=np.float64)
    return np.interp(cadence, [0, 60, 100, 110, 120, 130, 170], [1, 2, 3, 4, 5, 6, 10])


def from_heart_rate(beats_per_minute: np.ndarray, age: float = AGE, rest: float | None = None) -> np.ndarray:
    """METs (n,) by heart-rate reserve."""
    rate = np.asarray(beats_per_minute, dtype=np.float64)
    low = float(np.percentile(rate, 5)) if rest is None else rest
    high = max(208 - 0.7 * age, low + 1)
    return 1 + np.clip((rate - low) / (high - low), 0, 1) * (CAPACITY - 1)


def bouts(effort: Series) -> tuple[Bout, ...]:
    """Bouts of exercise in a series of METs, whose values hold from their time on."""
    t, mets = effort.times, np.minimum(effort.values, HIGHEST)
    if len(t) < 2:
        return ()
    step = float(np.median(np.diff(t)))
    ends = np.minimum(np.append(t[1:], t[-1] + step), t + max(GAP, step))  # a sample does not hold through a gap
    out: list[Bout] = []
    start = -1
    last = -1
    for i in np.flatnonzero(mets >= MODERATE).tolist():
        if start >= 0 and t[i] - ends[last] > FORGIVEN:
            out += _told(t, ends, mets, start, last)
            start = -1
        start = i if start < 0 else start
        last = i
    return (*out, *(_told(t, ends, mets, start, last) if start >= 0 else ()))


def _told(t: np.ndarray, ends: np.ndarray, mets: np.ndarray, start: int, last: int) -> list[Bout]:
    """The bout of these samples, in pieces where it is long; none where it is short."""
    inside = slice(start, last + 1)
    whole = float(ends[last] - t[start])
    if whole < SHORTEST:
        return []
    mean = float(np.average(mets[inside], weights=ends[inside] - t[inside]))
    pieces = int(np.ceil(whole / LONGEST))
    return [Bout(float(t[start]) + k * whole / pieces, whole / pieces, mean) for k in range(pieces)]
