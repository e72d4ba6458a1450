"""Dexcom Clarity's CSV export.

Fourteen columns (Index ... Transmitter ID) with the unit in "Glucose Value (mg/dL)"; untimed rows on the patient,
devices and alert settings come first; then timed rows: EGV, Calibration, Carbs, Insulin (Fast-Acting, Long-Acting),
Exercise (Light, Medium, Heavy), Health, Alert. Local wall-clock time without offset; "Low" and "High" beyond 40 and
400 mg/dL; rows other than EGV and Calibration end one field early. "Transmitter Time" counts seconds of the
transmitter. Dexcom publishes no specification: the form is that of public exports, as described by the University of
Michigan's Depression Center ("differences between patient and provider CGM exports") and by importers' own tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vitruvian.core.errors import ParseError
from vitruvian.platform.aside import Aside
from vitruvian.platform.connect import clock, number
from vitruvian.platform.connect.cut import Cut
from vitruvian.platform.connect.items import BLOOD, INTERSTITIAL, Event, How, Ignored, Item, Reading, Timed
from vitruvian.platform.connect.table import Row, Table, plain

TIME, KIND = "timestamp (yyyy mm ddthh:mm:ss)", "event type"
FORMULATION = {"fast-acting": "fast", "long-acting": "basal"}
UNTIMED = "patient, device and alert settings"


def is_header(fields: Sequence[str]) -> bool:
    """Whether these are Clarity's columns."""
    names = [plain(f) for f in fields]
    return TIME in names and KIND in names


class Clarity:
    """The rows of one export."""

    name = "Dexcom Clarity"

    def __init__(self, table: Table, how: How) -> None:
        self.table, self.how = table, how
        self.notes: tuple[str, ...] = ()
        self._glucose = next((i for i, h in enumerate(table.header) if plain(h).startswith("glucose value")), None)
        self._unit = _unit(table, self._glucose, how.unit)
        self._time, self._kind, self._subtype = (table.column(n) for n in (TIME, KIND, "event subtype"))
        self._source, self._device = table.column("source device id"), table.column("transmitter id")
        self._ticks = table.column("transmitter time (long integer)")
        self._insulin, self._carbs = table.column("insulin value (u)"), table.column("carb value (grams)")
        self._duration = table.column("duration (hh:mm:ss)")
        self._cut = Cut(table)

    def items(self) -> Iterator[Item]:
        """Every row as a reading, an event, kept aside or ignored."""
        for row in self.table.rows():
            if not isinstance(row, Row):
                yield row
            elif (cut := self._cut.broken(row, row.get(self._kind))) is not None:
                yield cut
            elif not (when := row.get(self._time)):
                yield Ignored(UNTIMED)
            elif when == self.table.header[self._time or 0]:
                yield self._again(row)
            else:
                yield self._timed(row, when)

    def _timed(self, row: Row, when: str) -> Item:
        kind, column = row.get(self._kind).lower(), self._time
        if kind == "alert":
            return Ignored("alerts")
        try:
            wall, offset = clock.read(when, self.how.dates)
            column = self._kind
            if kind in ("egv", "calibration"):
                column = self._glucose
                return self._reading(row, kind, wall, offset)
            return self._event(row, kind, wall, offset)
        except ParseError as err:
            return self.table.aside(row, column, err.what, err.fix)

    def _reading(self, row: Row, kind: str, wall: int, offset: int | None) -> Timed:
        finger = kind == "calibration"
        device = "" if finger else row.get(self._device) or row.get(self._source)
        sensor = "fingerstick" if finger else "dexcom"
        text = row.get(self._glucose) or row.get(self._subtype)
        if not text:
            raise ParseError("the reading has no value", fix="leave the row out")
        value, limit = number.glucose(text, self._unit, sensor)
        ticks = row.get(self._ticks)
        body = Reading(
            wall,
            0,
            BLOOD if finger else INTERSTITIAL,
            value,
            self._unit,
            sensor,
            device,
            limit,
            None,
            row.line,
            row.raw,
        )
        return Timed(wall, offset, f"{kind} {device}", int(ticks) if ticks.isdigit() else None, body)

    def _event(self, row: Row, kind: str, wall: int, offset: int | None) -> Timed:
        subtype = row.get(self._subtype)
        words: dict[str, str] = {}
        if kind == "carbs":
            name, amounts = "Meal", {"carbohydrate": (number.number(row.get(self._carbs)), "g")}
        elif kind == "insulin":
            name, amounts = "Insulin", {"units": (number.number(row.get(self._insulin)), "[iU]")}
            words = {"formulation": FORMULATION.get(subtype.lower(), subtype)}
        elif kind == "exercise":
            name, amounts = "Exercise", {"duration": (clock.duration(row.get(self._duration)), "s")}
            words = {"intensity": subtype.lower()}
        else:
            raise ParseError(f"'{row.get(self._kind)}' is not an event that is read", fix="nothing to do")
        body = Event(wall, 0, name, amounts, words, "", None, row.line, row.raw)
        return Timed(wall, offset, "events", None, body)

    def _again(self, row: Row) -> Aside | Ignored:
        if row.get(self._glucose) == self.table.header[self._glucose or 0]:
            return Ignored("repeated headers")
        raise mixed(self.table, row, self._glucose)


def mixed(table: Table, row: Row, column: int | None) -> ParseError:
    """The error for a second header with another unit."""
    before = table.header[column] if column is not None else ""
    return ParseError(
        f"a second header changes '{before}' (line {table.at}) to '{row.get(column)}': two exports in one file",
        where=f"{table.file}, line {row.line}, column '{before}'",
        fix="split the file at this line",
    )


def _unit(table: Table, column: int | None, said: str) -> str:
    where = f"{table.file}, line {table.at}"
    if column is None:
        raise ParseError("has no column 'Glucose Value'", where=where, fix="export it again with glucose")
    return number.unit_of_column(table.header[column], said, where)
