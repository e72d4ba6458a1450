"""A plain CSV table of glucose readings: a time column and a glucose column that names its unit (or the user does).

    time,glucose_mgdl            2026-03-01T08:00:00+01:00,104
    timestamp;glucose (mmol/L)   01.03.2026 08:00;5,8
    time,glucose,unit            2026-03-01 08:00,5.8,mmol/L

"<40" and ">400" are readings beyond the sensor's limits. Columns of meals and doses (meals.py) may stand beside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vitruvian.core.errors import ParseError
from vitruvian.platform.connect import number
from vitruvian.platform.connect.clarity import mixed
from vitruvian.platform.connect.cut import Cut
from vitruvian.platform.connect.items import BLOOD, INTERSTITIAL, How, Ignored, Item, Reading, Timed
from vitruvian.platform.connect.meals import Amounts, unused
from vitruvian.platform.connect.table import Row, Table, plain
from vitruvian.platform.connect.times import Times

NAMES = ("glucose", "glucose value", "sensor glucose", "sensor glucose value", "cgm", "cgm glucose", "gl", "sgv", "egv")
NAMES += ("interstitial glucose", "historic glucose", "scan glucose", "glucose level", "glucose reading", "cgm value")
NAMES += ("blood glucose", "bg", "blood sugar", "dexcom gl", "libre gl", "reading", "value")
FINGER = ("fingerstick", "finger", "smbg", "meter", "strip", "bgm")
UNIT, SENSOR = ("unit", "units", "glucose unit", "glucose units"), ("sensor", "sensor type", "cgm type", "source")
DEVICE, KNOWN = ("device", "serial", "serial number", "sensor id", "transmitter id"), ("known at", "uploaded at")
FAMILIES = ("dexcom", "libre")


def is_header(fields: Sequence[str]) -> bool:
    """Whether these are a time and glucose."""
    return Times.found(fields) and bool(_glucose(fields))


class Plain:
    """The rows of one table."""

    name = "plain CSV"

    def __init__(self, table: Table, how: How) -> None:
        self.table, self._how = table, how
        columns = _glucose(table.header)
        where = f"{table.file}, line {table.at}"
        if len(columns) > 1:
            names = " and ".join(f"'{table.header[c]}'" for c in columns)
            raise ParseError(f"has several glucose columns: {names}", where=where, fix="keep one")
        self._glucose = columns[0]
        self._times, self._amounts = Times(table, how), Amounts.of(table)
        self._unit_column = table.column(*UNIT)
        self._sensor, self._device, self._known = (table.column(*names) for names in (SENSOR, DEVICE, KNOWN))
        header = table.header[self._glucose]
        self._unit = how.unit
        if self._unit_column is None:
            self._unit = number.unit_of_column(header, how.unit, where)
        mine = {c for c in (self._glucose, self._unit_column, self._sensor, self._device, self._known) if c is not None}
        self.notes = unused(table, mine | self._times.used | self._amounts.used)
        self._cut = Cut(table)

    def items(self) -> Iterator[Item]:
        """Every row as a reading, events, kept aside or ignored."""
        self._times.settle()
        for row in self.table.rows():
            if not isinstance(row, Row):
                yield row
                continue
            if row.get(self._times.column) == self.table.header[self._times.column]:
                yield self._again(row)
                continue
            self._times.check_subject(row)
            if (cut := self._cut.broken(row)) is not None:
                yield cut
                continue
            yield from self._row(row)

    def _row(self, row: Row) -> Iterator[Item]:
        column: int | None = self._times.column
        try:
            wall, offset = self._times.read(row)
            events = list(self._amounts.events(row, wall, self._times))
            yield from (Timed(wall, offset, "events", None, event) for event in events)
            column = self._glucose
            if row.get(column):
                yield self._reading(row, wall, offset)
            elif not events:
                yield Ignored("rows without a value")
        except ParseError as err:
            yield self.table.aside(row, column, err.what, err.fix)

    def _reading(self, row: Row, wall: int, offset: int | None) -> Timed:
        sensor, what = self._family(row)
        unit = self._unit
        if self._unit_column is not None:
            unit = number.unit_in(row.get(self._unit_column)) or unit
            if not unit:
                raise ParseError(f"unit '{row.get(self._unit_column)}' is not known", fix="write mg/dL or mmol/L")
        value, limit = number.glucose(row.get(self._glucose), unit, sensor)
        known = self._times.known(row, self._known) if row.get(self._known) else None
        device = row.get(self._device)
        body = Reading(wall, 0, what, value, unit, sensor, device, limit, known, row.line, row.raw)
        return Timed(wall, offset, f"{sensor} {device}", None, body)

    def _family(self, row: Row) -> tuple[str, str]:
        said = (row.get(self._sensor) or self._how.sensor).lower()
        if said in FINGER:
            return "fingerstick", BLOOD
        return next((f for f in FAMILIES if f in said), "cgm"), INTERSTITIAL

    def _again(self, row: Row) -> Ignored:
        if row.get(self._glucose) == self.table.header[self._glucose]:
            return Ignored("repeated headers")
        raise mixed(self.table, row, self._glucose)


def _glucose(fields: Sequence[str]) -> list[int]:
    """The columns that hold glucose: by name, or named by their unit alone."""
    found = []
    for i, field in enumerate(fields):
        bare = plain(number.without_unit(field)).strip("()[] ")
        if bare in NAMES or (not bare and number.unit_in(field)):
            found.append(i)
    named = [i for i in found if plain(str(fields[i])) not in ("reading", "value")]
    return named or found
