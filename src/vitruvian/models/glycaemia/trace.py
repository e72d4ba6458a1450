"""A trace: the sensor glucose of one person over days, and its even grid for all that depends on order.

The grid is that of iglu's documentation (CGMS2DayByDay): steps of the sensor's own interval from local midnight, linear
between readings, empty where two neighbours are more than 45 min apart. A day holds the steps that end in it: 00:05 to
24:00 at 5 min. Where daylight saving repeats an hour, a slot of the day's matrix is the mean of both passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from vitruvian.core.case import Origin
from vitruvian.core.errors import RecordError
from vitruvian.core.record import Record

DAY, HOUR, MINUTE = 86400.0, 3600.0, 60.0
GAP = 45 * MINUTE  # s; longer gaps are not filled: iglu's default inter_gap (Broll et al., PLoS ONE 16:e0248560, 2021)
LOWEST, HIGHEST = 10.0, 1000.0  # mg/dL; outside it is another unit, not a person: assumed


@dataclass(frozen=True)
class Trace:
    """Readings in the order of time: `times` (n,) s since a local midnight, `values` (n,) mg/dL.

    `civil` (n,) s is what the local clock showed, since the same midnight: it differs from `times` after a change of
    daylight saving. `limited` counts readings at a limit of the sensor, `merged` those that shared an instant.
    """

    times: np.ndarray
    values: np.ndarray
    civil: np.ndarray
    sensor: str = ""
    limited: int = 0
    merged: int = 0

    @classmethod
    def of(cls, times: np.ndarray, values: np.ndarray, civil: np.ndarray | None = None, **about: Any) -> Trace:
        """From times (n,) s since a local midnight, in any order, and glucose (n,) mg/dL."""
        t, g = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
        if len(t) != len(g) or len(t) < 2:
            raise RecordError(f"{len(t)} times and {len(g)} readings", where="Trace", fix="give at least two readings")
        if not np.isfinite(t).all() or not ((g >= LOWEST) & (g <= HIGHEST)).all():
            raise RecordError(
                f"glucose must be between {LOWEST:g} and {HIGHEST:g} mg/dL", where="Trace", fix="convert to mg/dL first"
            )
        clock = t if civil is None else np.asarray(civil, dtype=np.float64)
        unique, first, inverse, count = np.unique(t, return_index=True, return_inverse=True, return_counts=True)
        merged = len(t) - len(unique)
        if len(unique) < 2:
            raise RecordError("all readings have the same time", where="Trace", fix="check the column of times")
        mean = np.bincount(inverse, g) / count
        return cls(unique, mean, clock[first], **{"merged": merged, **about})

    @classmethod
    def of_record(cls, record: Record, origin: Origin, observable: str = "glucose", sensor: str | None = None) -> Trace:
        """One sensor's readings of a record; without a name, of the sensor with most readings."""
        rows = record.only(observable)
        names, counts = np.unique(rows.sensor.astype(str), return_counts=True)
        if sensor is None and len(names):
            sensor = str(names[np.argmax(counts)])
        mine = rows.only(sensor=sensor) if sensor is not None else rows
        if len(mine) < 2:
            known = ", ".join(repr(n) for n in names.tolist()) or "none"
            raise RecordError(
                f"there are {len(mine)} readings of {observable} by sensor '{sensor or ''}'",
                where="record",
                fix=f"take in more readings, or name a sensor; known: {known}",
            )
        shift = np.array([_shift(origin, t) for t in mine.valid_time])
        local = mine.valid_time + shift
        midnight = np.floor(local.min() / DAY) * DAY
        first = shift[np.argmin(local)]
        about = {"sensor": str(sensor or ""), "limited": int((mine.limit != 0).sum())}
        return cls.of(mine.valid_time + first - midnight, mine.value, local - midnight, **about)

    @cached_property
    def step(self) -> float:
        """The sensor's interval, s: the median of the steps, to the whole minute."""
        return max(MINUTE, MINUTE * round(float(np.median(np.diff(self.times))) / MINUTE))

    @cached_property
    def day(self) -> np.ndarray:
        """The local calendar day of each reading, (n,) from 0."""
        return np.floor(self.civil / DAY).astype(int)

    @property
    def days(self) -> int:
        """How many calendar days have a reading."""
        return len(np.unique(self.day))

    @cached_property
    def grid(self) -> Grid:
        """The even grid of the readings."""
        first, last = np.floor(self.times[0] / DAY), np.ceil(self.times[-1] / DAY)
        n = round((last - first) * DAY / self.step)
        at = first * DAY + self.step * np.arange(1, n + 1)
        values = np.interp(at, self.times, self.values, left=np.nan, right=np.nan)
        for i in np.flatnonzero(np.diff(self.times) > GAP).tolist():
            values[(at > self.times[i]) & (at < self.times[i + 1])] = np.nan
        near = np.clip(np.searchsorted(self.times, at), 0, len(self.times) - 1)
        return Grid(at, values, at + (self.civil - self.times)[near], self.step)

    @cached_property
    def active(self) -> float:
        """Percentage of the time between the first and the last reading in which the sensor gave readings."""
        gaps = np.diff(self.times)
        missing = np.round(gaps / self.step)[gaps > 1.5 * self.step] - 1  # readings that should have come
        return float(100 * len(self.times) / (len(self.times) + missing.sum()))

    def on(self, days: np.ndarray) -> list[np.ndarray]:
        """Values of each of these calendar days."""
        return [self.values[self.day == d] for d in days]


def _shift(origin: Origin, at: float) -> float:
    """Seconds to add to core time for the local clock."""
    offset = origin.moment(at).utcoffset()
    assert offset is not None
    utc = origin.utc
    return utc.hour * HOUR + utc.minute * MINUTE + utc.second + offset.total_seconds()


@dataclass(frozen=True)
class Grid:
    """Glucose (n,) mg/dL at even steps of `step` s, NaN where it is not known; `at`, `civil` (n,) s as in Trace."""

    at: np.ndarray
    values: np.ndarray
    civil: np.ndarray
    step: float

    def points(self, seconds: float) -> int:
        """How many steps a duration is."""
        return max(1, round(seconds / self.step))

    @cached_property
    def known(self) -> np.ndarray:
        """Where glucose is known, (n,)."""
        return ~np.isnan(self.values)

    @property
    def recorded(self) -> float:
        """Days of glucose that is known."""
        return float(self.known.sum() * self.step / DAY)

    @cached_property
    def by_day(self) -> np.ndarray:
        """(day, step of the day): a row a calendar day."""
        slots = round(DAY / self.step)
        place = np.round(self.civil / self.step).astype(int) - 1
        place -= (place.min() // slots) * slots
        rows = place.max() // slots + 1
        total, count = np.zeros(rows * slots), np.zeros(rows * slots)
        np.add.at(total, place[self.known], self.values[self.known])
        np.add.at(count, place[self.known], 1.0)
        with np.errstate(invalid="ignore"):
            return (total / np.where(count > 0, count, np.nan)).reshape(rows, slots)

    def change(self, seconds: float) -> np.ndarray:
        """Differences over this time, NaN where either end is not known."""
        k = self.points(seconds)
        return self.values[k:] - self.values[:-k]

    def runs(self) -> list[tuple[int, int]]:
        """The unbroken stretches [start, stop) of known glucose."""
        edge = np.diff(np.concatenate([[0], self.known.astype(np.int8), [0]]))
        return list(zip(np.flatnonzero(edge == 1).tolist(), np.flatnonzero(edge == -1).tolist(), strict=True))
