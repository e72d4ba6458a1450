"""Columns about the pasts of many subjects at once: what a landmark knows of readings up to its own time.

A landmark (subject, t) sees the readings of that subject with time <= t, nothing else: every statistic is folded over
exactly those of its window, so that a record cut off at t gives the same bits. engines/table.py does the same for one
subject whose readings are corrected later; this one serves cohorts of thousands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import RecordError

MICROSECONDS = 3.6e9  # in an hour
STATISTICS = ("count", "min", "max", "mean", "sd", "slope")
Columns = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Readings:
    """Readings of one thing: whose (n,) (numbers from 0), time (n,) in h, value (n,); sorted by (whose, time)."""

    whose: np.ndarray
    time: np.ndarray
    value: np.ndarray

    @classmethod
    def of(cls, whose: np.ndarray, time: np.ndarray, value: np.ndarray) -> Readings:
        """Sorts; the order of readings of one moment is kept."""
        order = np.lexsort((time, whose))
        return cls(whose[order], np.asarray(time, dtype=np.float64)[order], np.asarray(value, np.float64)[order])


@dataclass(frozen=True, eq=False)
class Landmarks:
    """whose (T,), at (T,) in h."""

    whose: np.ndarray
    at: np.ndarray

    def bounds(self, readings: Readings, window: float) -> tuple[np.ndarray, np.ndarray]:
        """First reading inside (at - window, at] and first after it, (T,) each."""
        if np.min(readings.time, initial=0.0) < 0 or np.min(self.at, initial=0.0) < 0:
            raise RecordError("a time before 0", where="Landmarks", fix="count hours from the start of the stay")
        time, at = _microseconds(readings.time), _microseconds(self.at)
        span = 2 * int(max(np.max(time, initial=0), np.max(at, initial=0)) + 2)
        key, base = readings.whose.astype(np.int64) * span + time, self.whose.astype(np.int64) * span
        # no further back than the subject's own first reading
        start = np.maximum(at - int(min(window * MICROSECONDS, span)), -1)
        return np.searchsorted(key, base + start, side="right"), np.searchsorted(key, base + at, side="right")


def _microseconds(hours: np.ndarray) -> np.ndarray:
    """Whole microseconds, so that no sum of subject and time rounds a reading across a landmark."""
    return np.rint(hours * MICROSECONDS).astype(np.int64)


def newest(readings: Readings, marks: Landmarks) -> Columns:
    """`last`, its `age` in h and `first` of all that was seen; NaN where nothing was."""
    low, high = marks.bounds(readings, np.inf)
    seen = high > low
    value, time = np.append(readings.value, np.nan), np.append(readings.time, np.nan)
    last, first = np.where(seen, high - 1, -1), np.where(seen, low, -1)
    return {"last": value[last], "age": marks.at - time[last], "first": value[first]}


def window(readings: Readings, marks: Landmarks, hours: float, wanted: Sequence[str] = STATISTICS) -> Columns:
    """STATISTICS over the last `hours`; NaN where there is no reading (count: 0). Slope: unit/h, shrunk by 1 h^2."""
    low, high = marks.bounds(readings, hours)
    count = (high - low).astype(np.float64)
    out: Columns = {"count": count}
    if "min" in wanted:
        out["min"] = _fold(np.minimum, readings.value, low, high)
    if "max" in wanted:
        out["max"] = _fold(np.maximum, readings.value, low, high)
    total = _fold(np.add, readings.value, low, high)
    mean = total / np.maximum(count, 1.0)
    out["mean"] = mean
    if "sd" in wanted or "slope" in wanted:
        at = np.repeat(np.arange(len(low)), high - low)  # each landmark's own readings, one after another
        offsets = np.concatenate([[0], np.cumsum(high - low)])
        index = np.arange(offsets[-1]) - np.repeat(offsets[:-1] - low, high - low)
        y = readings.value[index] - mean[at]
        ends = offsets[:-1], offsets[1:]
        if "sd" in wanted:
            out["sd"] = np.sqrt(_fold(np.add, y * y, *ends) / np.maximum(count, 1.0))
        t = readings.time[index] - marks.at[at]
        t = t - (_fold(np.add, t, *ends) / np.maximum(count, 1.0))[at]
        slope = _fold(np.add, t * y, *ends) / (_fold(np.add, t * t, *ends) + 1.0)
        out["slope"] = np.where(count > 1, slope, np.nan)
    return {name: out[name] for name in wanted}


def _fold(how: np.ufunc, values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The fold of values[low:high] for each pair, NaN where empty; a pair's bits know no other pair."""
    out = np.full(len(low), np.nan)
    some = high > low
    if some.any():
        pairs = np.column_stack([low[some], high[some]]).ravel()
        out[some] = how.reduceat(np.append(values, 0.0), pairs)[::2]
    return out
