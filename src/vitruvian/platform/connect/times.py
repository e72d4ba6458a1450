"""The time columns of a plain table: one, or a date and a time; the order of day and month; one subject a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vitruvian.core.errors import ParseError
from vitruvian.platform.connect import clock
from vitruvian.platform.connect.items import How
from vitruvian.platform.connect.table import Row, Table, plain
from vitruvian.platform.connect.zones import local_offset

WHOLE = ("time", "timestamp", "datetime", "date time", "date/time", "local time", "device timestamp", "display time")
WHOLE += ("date & time", "utc", "time utc", "utc time", "utctime", "created at", "at")
WHOLE += ("startdate", "start date", "start time", "start", "activityminute")  # Apple Health, Fitbit
DATE, TIME = ("date", "day"), ("time", "clock", "time of day")
SUBJECT = ("subject", "subject id", "patient", "patient id", "participant", "participant id", "ptid", "pt id", "userid")


class Times:
    """Reads a row's time, and holds the file to one subject."""

    def __init__(self, table: Table, how: How) -> None:
        self.table, self._how = table, how
        self._date, self.column = _columns(table.header)
        self._subject = table.column(*SUBJECT)
        self._who = ""
        self._order = how.dates
        self._utc = "utc" in plain(table.header[self.column])

    @staticmethod
    def found(fields: Sequence[str]) -> bool:
        """Whether there is a column of times."""
        return _columns(fields)[1] >= 0

    @property
    def used(self) -> set[int]:
        """The columns read here."""
        return {c for c in (self._date, self.column, self._subject) if c is not None}

    def settle(self) -> None:
        """Find the order of day and month in the file as a whole, where its dates need one."""
        if self._order:
            return
        example = ""

        def dates() -> Iterator[str]:
            nonlocal example
            for row in self.table.rows():
                if isinstance(row, Row):
                    text = self._text(row)
                    if clock.year_first(text):
                        return
                    example = example or text
                    yield text

        self._order = clock.order_of(dates())
        if not self._order and example:
            raise clock.undecided(self.table.file, example)

    def check_subject(self, row: Row) -> None:
        """ParseError for the whole file when it holds a second subject: their readings are never mixed."""
        who = row.get(self._subject)
        if who and self._who and who != self._who:
            raise ParseError(
                f"the file holds several subjects: '{self._who}' and '{who}'",
                where=f"{self.table.file}, line {row.line}, column '{self.table.header[self._subject or 0]}'",
                fix="split it into one file a subject",
            )
        self._who = self._who or who

    def read(self, row: Row) -> tuple[int, int | None]:
        """(wall us, offset s or None) of a row."""
        text = self._text(row)
        if not text:
            raise ParseError("has no time", fix="write it as 2026-03-01T08:00")
        wall, offset = clock.read(text, self._order)
        return wall, 0 if offset is None and self._utc else offset

    def known(self, row: Row, column: int | None) -> int:
        """UTC us of another time in the row, which must carry its offset or be in the same zone."""
        wall, offset = clock.read(row.get(column), self._order)
        if offset is None and self._how.zone is not None:
            offset = local_offset(wall, self._how.zone, 0)
        return wall - (offset or 0) * 1_000_000

    def _text(self, row: Row) -> str:
        time = row.get(self.column)
        return f"{row.get(self._date)} {time}".strip() if self._date is not None and time else time


def _columns(fields: Sequence[str]) -> tuple[int | None, int]:
    """(date column or None, time column or -1)."""
    names = [plain(f) for f in fields]
    date = next((names.index(n) for n in DATE if n in names), None)
    time = next((names.index(n) for n in TIME if n in names), None)
    if date is not None and time is not None:
        return date, time
    whole = next((names.index(n) for n in (*WHOLE, *DATE) if n in names), -1)
    return None, whole
