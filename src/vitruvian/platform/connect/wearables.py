"""What a wearable wrote minute by minute, from CSV: METs, steps or heart rate, told as bouts of exercise.

    time,steps            2026-03-01T08:00,104               one count a row, since the row before
    startDate,endDate,type,value   ...,HKQuantityTypeIdentifierStepCount,523      Apple Health, as CSV
    Timestamp,hr_bpm,mets ...,112,45                          Fitbit: METs are written times ten

METs are taken where they stand, else steps, else heart rate (models/activity.py says how). No sample becomes an action:
only bouts of at least 10 min do. A file half of whose METs are 10 and more is of tens of METs, since rest is 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.case import Series
from vitruvian.core.errors import ParseError
from vitruvian.models import activity
from vitruvian.platform.connect import clock, number
from vitruvian.platform.connect.cut import Cut
from vitruvian.platform.connect.items import Event, How, Ignored, Item, Timed
from vitruvian.platform.connect.meals import AMOUNTS, BASAL, unused
from vitruvian.platform.connect.number import unit_in
from vitruvian.platform.connect.plain import NAMES as GLUCOSE
from vitruvian.platform.connect.table import Row, Table, plain
from vitruvian.platform.connect.times import Times

METS = ("mets", "met", "fitbit mets", "metabolic equivalents")
STEPS = ("steps", "step count", "stepcount", "step count (count)", "steps (count)")
HEART = ("heart rate", "heartrate", "hr", "hr bpm", "bpm", "heart rate (bpm)", "heart rate (count/min)", "pulse")
KIND, VALUE, END = ("type", "data type"), ("value",), ("enddate", "end date", "end", "end time")
LONG = {"heartrate": "heart", "stepcount": "steps", "heart rate": "heart", "steps": "steps"}  # of Apple's type names
NAMES = {"mets": METS, "steps": STEPS, "heart": HEART}
LONGEST_ROW = 3600.0  # s; a count over more says nothing of its minutes: assumed


def is_header(fields: Sequence[str]) -> bool:
    """Whether these are times with METs, steps or heart rate, and nothing of glucose, meals, doses or durations."""
    names = [plain(f) for f in fields]
    other = {n for n in (*AMOUNTS, *BASAL, *GLUCOSE) if n not in (*METS, *VALUE)}
    if not Times.found(fields) or other & set(names) or any(unit_in(f) for f in fields):
        return False
    wide = any(n in group for group in NAMES.values() for n in names)
    return wide or (any(n in KIND for n in names) and any(n in VALUE for n in names) and any(n in END for n in names))


@dataclass(frozen=True)
class _Sample:
    wall: int
    offset: int | None
    seconds: float | None  # how long it was counted, where the file says so
    value: float
    row: Row


class Wearable:
    """The samples of one table, told as exercise."""

    name = "wearable CSV"

    def __init__(self, table: Table, how: How) -> None:
        self.table = table
        self._times = Times(table, how)
        self._columns = {name: table.column(*names) for name, names in NAMES.items()}
        self._kind, self._value, self._end = (table.column(*n) for n in (KIND, VALUE, END))
        self._cut = Cut(table)
        used = {c for c in (*self._columns.values(), self._kind, self._value, self._end) if c is not None}
        self.notes = unused(table, used | self._times.used)

    def items(self) -> Iterator[Item]:
        """Rows that cannot be used, then the bouts."""
        self._times.settle()
        samples: dict[str, list[_Sample]] = {name: [] for name in NAMES}
        for row in self.table.rows():
            if not isinstance(row, Row):
                yield row
            elif (broken := self._cut.broken(row)) is not None:
                yield broken
            else:
                try:
                    self._times.check_subject(row)
                    if not self._take(row, samples):
                        yield Ignored("rows without a value")
                except ParseError as err:
                    yield self.table.aside(row, None, err.what, err.fix)
        chosen = next((name for name in NAMES if len(samples[name]) > 1), "")
        if chosen:
            yield from self._bouts(chosen, sorted(samples[chosen], key=_utc))

    def _take(self, row: Row, samples: dict[str, list[_Sample]]) -> bool:
        wall, offset = self._times.read(row)
        found = {name: row.get(c) for name, c in self._columns.items() if c is not None and row.get(c)}
        if self._kind is not None and self._value is not None and row.get(self._value):
            said = row.get(self._kind).lower().removeprefix("hkquantitytypeidentifier")
            found |= {LONG[said]: row.get(self._value)} if said in LONG else {}
        seconds = None
        if self._end is not None and row.get(self._end):
            seconds = (clock.read(row.get(self._end))[0] - wall) / 1e6
        for name, text in found.items():
            value = number.number(text)
            if value < 0:
                raise ParseError(f"{name} of {text}", fix="leave missing values empty")
            samples[name].append(_Sample(wall, offset, seconds, value, row))
        return bool(found)

    def _bouts(self, what: str, samples: list[_Sample]) -> Iterator[Item]:
        at = np.array([_utc(s) / 1e6 for s in samples])
        at, first = np.unique(at, return_index=True)
        kept = [samples[i] for i in first.tolist()]
        mets = self._mets(what, at, np.array([s.value for s in kept]), [s.seconds for s in kept])
        found = activity.bouts(Series(at, mets, "1"))
        source = {"mets": "METs", "steps": "steps", "heart": "heart rate (an estimate)"}[what]
        self.notes = (*self.notes, f"{len(found)} bouts of at least 10 min and 3 METs, from {source}")
        for bout in found:
            begun = kept[int(np.searchsorted(at, bout.at, side="right")) - 1]
            wall = begun.wall + round((bout.at - _utc(begun) / 1e6) * 1e6)
            amounts = {"mets": (bout.mets, "1"), "duration": (bout.duration, "s")}
            body = Event(wall, 0, "Exercise", amounts, {}, "", None, begun.row.line, begun.row.raw)
            yield Timed(wall, begun.offset, "events", None, body)

    def _mets(self, what: str, at: np.ndarray, values: np.ndarray, seconds: Sequence[float | None]) -> np.ndarray:
        if what == "heart":
            return activity.from_heart_rate(values)
        if what == "mets":
            tens = bool(np.median(values) >= 10)
            self.notes = (*self.notes, "METs are written times ten, as Fitbit does") if tens else self.notes
            return values / 10 if tens else values
        step = float(np.median(np.diff(at)))
        length = np.array([step if s is None or s <= 0 else s for s in seconds])
        cadence = np.where(length <= LONGEST_ROW, values * 60 / length, 0.0)
        return activity.from_cadence(cadence)


def _utc(sample: _Sample) -> int:
    return sample.wall - (sample.offset or 0) * 1_000_000
