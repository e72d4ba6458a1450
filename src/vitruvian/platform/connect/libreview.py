"""LibreView's CSV export of FreeStyle Libre sensors.

A title line ("Glucose Data,Generated on,...") with the person's name, then nineteen columns; "Record Type" says which
of them a row fills: 0 historic, 1 scan, 2 strip, 3 ketone, 4 insulin, 5 food, 6 note. The unit stands in the columns'
names. "Device Timestamp" is local time to the minute, as MM-DD-YYYY hh:mm AM or DD-MM-YYYY HH:mm after the account's
setting. Rows are grouped by serial number and record type, ascending within each. Abbott publishes no specification:
the form is that of public exports, and of Tidepool's uploader (libreViewDriver.js), from which the record types are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vitruvian.core.errors import ParseError
from vitruvian.platform.connect import clock, number
from vitruvian.platform.connect.clarity import mixed
from vitruvian.platform.connect.cut import Cut
from vitruvian.platform.connect.items import BLOOD, INTERSTITIAL, Event, How, Ignored, Item, Reading, Timed
from vitruvian.platform.connect.table import Row, Table, plain

TIME, TYPE = "device timestamp", "record type"
# record type -> (column, sensor, what is measured)
GLUCOSE = {
    "0": ("historic glucose", "libre", INTERSTITIAL),
    "1": ("scan glucose", "libre_scan", INTERSTITIAL),
    "2": ("strip glucose", "fingerstick", BLOOD),
}
CALCULATED = ("meal insulin (units)", "correction insulin (units)", "user change insulin (units)")


def is_header(fields: Sequence[str]) -> bool:
    """Whether these are LibreView's columns."""
    names = [plain(f) for f in fields]
    return TIME in names and TYPE in names


class LibreView:
    """The rows of one export."""

    name = "LibreView"

    def __init__(self, table: Table, how: How) -> None:
        self.table = table
        self.notes: tuple[str, ...] = ()
        self._time, self._type = table.column(TIME), table.column(TYPE)
        self._device, self._serial = table.column("device"), table.column("serial number")
        self._glucose = {kind: self._column(name, how.unit) for kind, (name, _, _) in GLUCOSE.items()}
        self._carbs, self._food = table.column("carbohydrates (grams)"), table.column("non numeric food")
        self._fast = table.column("rapid acting insulin (units)")
        self._basal = table.column("long acting insulin (units)", "long acting insulin value (units)")
        self._calculated = [c for c in map(table.column, CALCULATED) if c is not None]
        self._notes = table.column("notes")
        self._cut = Cut(table)
        self._order = how.dates

    def items(self) -> Iterator[Item]:
        """Every row as readings, events, kept aside or ignored."""
        if not self._order:
            self._order = self._order_of_dates()
        for row in self.table.rows():
            if not isinstance(row, Row):
                yield row
            elif (cut := self._cut.broken(row, row.get(self._type))) is not None:
                yield cut
            elif row.get(self._time) == self.table.header[self._time or 0]:
                yield self._again(row)
            else:
                yield self._timed(row)

    def _timed(self, row: Row) -> Item:
        kind, column = row.get(self._type), self._time
        try:
            wall, offset = clock.read(row.get(self._time), self._order)
            column = self._type
            if kind in GLUCOSE:
                column = self._glucose[kind][0]
                return self._reading(row, kind, wall, offset)
            if kind in ("4", "5"):
                body = self._event(row, kind, wall)
                return Timed(wall, offset, f"events {row.get(self._serial)}", None, body)
        except ParseError as err:
            return self.table.aside(row, column, err.what, err.fix)
        return self._other(row, kind)

    def _reading(self, row: Row, kind: str, wall: int, offset: int | None) -> Timed:
        _, sensor, what = GLUCOSE[kind]
        column, unit = self._glucose[kind]
        serial = row.get(self._serial) or row.get(self._device)
        text = row.get(column)
        if not text:
            raise ParseError("the reading has no value", fix="leave the row out")
        value, limit = number.glucose(text, unit, sensor)
        body = Reading(wall, 0, what, value, unit, sensor, serial, limit, None, row.line, row.raw)
        return Timed(wall, offset, f"{kind} {serial}", None, body)

    def _event(self, row: Row, kind: str, wall: int) -> Event:
        if kind == "5":
            grams = row.get(self._carbs)
            if not grams:
                raise ParseError("food is logged without grams", fix="add it to a meals file with its carbohydrate")
            meal = {"carbohydrate": (number.number(grams), "g")}
            return Event(wall, 0, "Meal", meal, {"food": row.get(self._food)}, "", None, row.line, row.raw)
        fast, basal = row.get(self._fast), row.get(self._basal)
        if bool(fast) == bool(basal):
            parts = any(row.get(c) for c in self._calculated)
            what = "parts of a calculated dose, without the dose itself" if parts else "insulin without a dose"
            raise ParseError(
                "a rapid and a long dose in one row" if fast else what, fix="add it to a meals file with its units"
            )
        units = {"units": (number.number(fast or basal), "[iU]")}
        words = {"formulation": "fast" if fast else "basal"}
        return Event(wall, 0, "Insulin", units, words, "", None, row.line, row.raw)

    def _other(self, row: Row, kind: str) -> Item:
        if kind == "3":
            return self.table.aside(row, self._type, "a ketone reading, which no kind sees yet", "nothing to do")
        if kind == "6" and not row.get(self._notes):
            return Ignored("sensor events without content")
        if kind == "6":
            return self.table.aside(row, self._notes, "a note, which is not read", "add what it says to a meals file")
        return self.table.aside(row, self._type, f"'{kind}' is no record type that is known (0 to 6)", "nothing to do")

    def _order_of_dates(self) -> str:
        """The order of day and month from the file as a whole: some date in it can be read in one way only."""
        example = ""

        def dates() -> Iterator[str]:
            nonlocal example
            for row in self.table.rows():
                if isinstance(row, Row):
                    text = row.get(self._time)
                    example = example or ("" if clock.year_first(text) else text)
                    yield text

        order = clock.order_of(dates())
        if not order and example:
            raise clock.undecided(self.table.file, example)
        return order

    def _column(self, name: str, said: str) -> tuple[int | None, str]:
        for i, header in enumerate(self.table.header):
            if plain(number.without_unit(header)) == name:
                return i, number.unit_of_column(header, said, f"{self.table.file}, line {self.table.at}")
        return None, said

    def _again(self, row: Row) -> Ignored:
        for column, _ in self._glucose.values():
            if column is not None and row.get(column) != self.table.header[column]:
                raise mixed(self.table, row, column)
        return Ignored("repeated headers")
