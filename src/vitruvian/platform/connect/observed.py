"""A table for any kind of twin: readings by the names of its observables, or actions by the names of their fields.

    time,observable,value,unit,sensor,device,known_at       2026-03-01T08:00,concentration,11.5,mg/L
    time,action,dose,rate,duration,known_at,id              2026-03-01T08:00,Bolus,300 mg,,

"<0.5" and ">40" are readings beyond the sensor's limits. A field's value may carry its unit; alone it is in the kind's
own. `id` makes an action correctable: the same id with another time or amount replaces it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from vitruvian.core.errors import ParseError
from vitruvian.core.units import spoken
from vitruvian.platform.connect import number
from vitruvian.platform.connect.cut import Cut
from vitruvian.platform.connect.items import Event, How, Ignored, Item, Reading, Timed
from vitruvian.platform.connect.table import Row, Table, plain
from vitruvian.platform.connect.times import Times

WHAT, VALUE, UNIT, ACTION = "observable", "value", "unit", "action"
SENSOR, DEVICE, KNOWN, ID, LIMIT = "sensor", "device", "known at", "id", "limit"
LIMITS = {"-1": -1, "1": 1}  # of a column of its own, as Parquet has it
_AMOUNT = re.compile(r"([+-]?[\d.,]+)\s*(\S.*)?", re.ASCII)


def is_header(fields: Sequence[str]) -> bool:
    """Whether these are a time and an observable with its value, or a time and an action."""
    names = {plain(f) for f in fields}
    return Times.found(fields) and ({WHAT, VALUE} <= names or ACTION in names)


class Observed:
    """The rows of one table."""

    name = "observations and actions"

    def __init__(self, table: Table, how: How) -> None:
        self.table = table
        self.notes: tuple[str, ...] = ()
        self._times, self._cut = Times(table, how), Cut(table)
        self._what, self._value, self._unit, self._action = (table.column(n) for n in (WHAT, VALUE, UNIT, ACTION))
        self._sensor, self._device, self._known, self._id = (table.column(n) for n in (SENSOR, DEVICE, KNOWN, ID))
        self._limit = table.column(LIMIT)
        taken = (self._what, self._value, self._unit, self._action, self._sensor, self._device, self._known, self._id)
        own = {c for c in taken if c is not None} | self._times.used
        self._fields = {i: h.strip() for i, h in enumerate(table.header) if i not in own and h.strip()}

    def items(self) -> Iterator[Item]:
        """Every row as a reading, an action, kept aside or ignored."""
        self._times.settle()
        for row in self.table.rows():
            if not isinstance(row, Row):
                yield row
                continue
            self._times.check_subject(row)
            if (cut := self._cut.broken(row, row.get(self._what) or row.get(self._action))) is not None:
                yield cut
                continue
            try:
                yield self._item(row)
            except ParseError as err:
                column = self._value if row.get(self._what) else self._action
                yield self.table.aside(row, column, err.what, err.fix)

    def _item(self, row: Row) -> Timed | Ignored:
        wall, offset = self._times.read(row)
        known = self._times.known(row, self._known) if row.get(self._known) else None
        if row.get(self._action):
            return Timed(wall, offset, "actions", None, self._event(row, wall, known))
        if not row.get(self._what):
            return Ignored("rows without observable or action")
        text = row.get(self._value)
        limit = {"<": -1, ">": 1, **LIMITS}.get(text[:1] if text[:1] in "<>" else row.get(self._limit), 0)
        unit = spoken(row.get(self._unit))
        if not unit:
            raise ParseError(f"{row.get(self._what)} has no unit", fix="write it in the column unit, e.g. mg/L")
        sensor, device = row.get(self._sensor), row.get(self._device)
        value = number.number(text.lstrip("<> "))
        body = Reading(wall, 0, row.get(self._what), value, unit, sensor, device, limit, known, row.line, row.raw)
        return Timed(wall, offset, f"{row.get(self._what)} {sensor} {device}", None, body)

    def _event(self, row: Row, wall: int, known: int | None) -> Event:
        amounts: dict[str, tuple[float, str]] = {}
        words: dict[str, str] = {}
        for column, name in self._fields.items():
            text = row.get(column)
            amount = _AMOUNT.fullmatch(text)
            if amount is not None:
                amounts[name] = (number.number(amount[1]), spoken(amount[2] or ""))
            elif text:
                words[name] = text
        return Event(wall, 0, row.get(self._action), amounts, words, row.get(self._id), known, row.line, row.raw)
