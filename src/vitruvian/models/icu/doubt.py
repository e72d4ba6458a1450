"""Readings that are kept and not believed: what cannot be, what is in another unit, a clock or a sensor that errs.

    cannot be        beyond what any living adult shows (models/icu/channels.py)
    another unit     beyond it, but not after a conversion: Fahrenheit for Celsius, kPa for mmHg, a fraction for percent
    ahead of time    taken more than 5 min after it was received: a clock that is set wrong
    before it began  taken before the stay began
    flat             the same number at least 12 times and 6 h in a row where living things vary: a sensor that hangs
    someone else     three vital signs or more jump at one moment by more than 5 of their sd, and come back at the next:
                     two patients on one monitor, or a cable in the wrong bed

A value that is in another unit is not converted on a guess: it is said what it looks like. Limits of time, count and
size are assumed; the rules are checked on charts of known faults (tests/unit/models/test_icu_doubt.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.record import Record
from vitruvian.models.icu.channels import BY_NAME, VITALS

HOUR = 3600.0
AHEAD, FLAT_TIMES, FLAT_FOR = 300.0, 12, 6 * HOUR  # s, readings, s
JUMP, TOGETHER = 5.0, 3  # sd, channels
VARIES = ("heart_rate", "systolic", "diastolic", "mean_pressure")  # others are charted as round, steady numbers
PRESSURES = ("systolic", "diastolic", "mean_pressure", "pco2", "po2")
MMHG_A_KPA = 7.50062


@dataclass(frozen=True, eq=False)
class Doubts:
    """Why each row of a record is not believed, "" where it is, (n,); since when that can be known, s, inf where it is
    believed, (n,): a jump is told from a turn for the worse by the reading after it."""

    record: Record
    why: np.ndarray
    since: np.ndarray

    @property
    def believed(self) -> np.ndarray:
        """(n,)."""
        return self.why == ""

    def counts(self) -> dict[str, int]:
        """How many rows for each reason."""
        names, number = np.unique([w.partition(":")[0] for w in self.why if w], return_counts=True)
        return dict(zip(names.tolist(), number.tolist(), strict=True))

    def to_json(self) -> list[dict[str, Any]]:
        """The doubted rows, with what was said and why it is not believed."""
        r = self.record
        return [
            {
                "observable": str(r.observable[i]),
                "at": float(r.valid_time[i]),
                "value": float(r.value[i]),
                "why": str(self.why[i]),
            }
            for i in np.flatnonzero(~self.believed)
        ]

    def plot(self, ax: Any = None) -> Any:
        """Believed and doubted rows over time, a line a channel (matplotlib axes)."""
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots(figsize=(7, 3))[1]
        names = sorted(set(self.record.observable.tolist()))
        height = np.array([names.index(n) for n in self.record.observable.tolist()])
        hours = self.record.valid_time / HOUR
        ax.plot(hours[self.believed], height[self.believed], "|", label="believed")
        ax.plot(hours[~self.believed], height[~self.believed], "x", label="kept, not believed")
        ax.set_yticks(range(len(names)), names)
        ax.set(xlabel="h")
        ax.legend(fontsize=8)
        return ax


def doubts(record: Record, began: float = -np.inf) -> Doubts:
    """Of every row; began: s at which the stay began. Only rows up to each row's next moment are looked at."""
    why = np.full(len(record), "", dtype=object)
    since = record.known_at.copy()
    for name in set(record.observable.tolist()) & set(BY_NAME):
        mine = np.flatnonzero(record.observable == name)
        channel = BY_NAME[name]
        beyond = ~((record.value[mine] >= channel.low) & (record.value[mine] <= channel.high))
        for i in mine[beyond]:
            why[i] = _beyond(name, float(record.value[i]))
        if name in VARIES:
            _flat(record, mine[~beyond], why, since)
    why[record.valid_time > record.known_at + AHEAD] = "ahead of time: taken after it was received; set the clock"
    why[record.valid_time < began] = "before it began: taken before the stay"
    _someone_else(record, why, since)
    return Doubts(record, why, np.where(why == "", np.inf, since))


def _beyond(name: str, value: float) -> str:
    """What a value beyond the limits looks like."""
    looks = {"Fahrenheit": (value - 32.0) / 1.8} if name == "temperature" else {}
    if name in PRESSURES:
        looks = {"kPa": value * MMHG_A_KPA}
    if name in ("fio2", "spo2"):
        looks = {"a fraction": value * 100.0}
    channel = BY_NAME[name]
    for unit, converted in looks.items():
        if channel.low <= converted <= channel.high:
            return f"another unit: looks like {unit} ({converted:.4g} {channel.unit})"
    return f"cannot be: {value:g} {channel.unit}"


def _flat(record: Record, mine: np.ndarray, why: np.ndarray, since: np.ndarray) -> None:
    """Runs of one number; the first FLAT_TIMES are believed, since nobody could know yet."""
    for sensor in set(record.sensor[mine].tolist()):
        rows = mine[record.sensor[mine] == sensor]
        value, time = record.value[rows], record.valid_time[rows]
        begins = np.flatnonzero(np.append(True, np.diff(value) != 0.0))
        for a, b in zip(begins, [*begins[1:], len(rows)], strict=True):
            for k in range(a + FLAT_TIMES, b):
                if time[k] - time[a] >= FLAT_FOR:
                    why[rows[k]] = f"flat: {value[k]:g} for {(time[k] - time[a]) / HOUR:.0f} h"
                    since[rows[k]] = record.known_at[rows[a : k + 1]].max()


def _someone_else(record: Record, why: np.ndarray, since: np.ndarray) -> None:
    """Moments at which several vital signs jump away and come back."""
    away: dict[float, list[int]] = {}
    known, came_back = record.known_at, np.zeros(len(record))
    for channel in VITALS[:7]:
        mine = np.flatnonzero((record.observable == channel.name) & (why == ""))
        if len(mine) < 3:
            continue
        value, limit = record.value[mine], JUMP * channel.sd
        before, here, after = value[:-2], value[1:-1], value[2:]
        out = (np.abs(here - before) > limit) & (np.abs(here - after) > limit) & (np.abs(after - before) < limit)
        came_back[mine[1:-1]] = np.maximum(np.maximum(known[mine[:-2]], known[mine[1:-1]]), known[mine[2:]])
        for i in mine[1:-1][out]:
            away.setdefault(float(record.valid_time[i]), []).append(int(i))
    for rows in away.values():
        if len(rows) >= TOGETHER:
            why[rows] = f"someone else: {len(rows)} vital signs jumped away and came back"
            since[rows] = np.partition(came_back[rows], TOGETHER - 1)[TOGETHER - 1]  # when the third had come back
