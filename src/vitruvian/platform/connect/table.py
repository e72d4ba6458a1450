"""A delimited table in a text file: its header found among the first lines, its rows one at a time."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from vitruvian.platform.aside import Aside
from vitruvian.platform.connect.items import RAW, Ignored
from vitruvian.platform.connect.lines import LONGEST, AbstractLines, Line

DELIMITERS = (",", ";", "\t", "|")
SEARCHED = 30  # lines among which a header is looked for
JOINED = 20  # lines that one quoted field may span


class Row(NamedTuple):
    """The stripped fields of a row that starts at `line`; `cut`: the file stops in it."""

    line: int
    fields: list[str]
    raw: str
    cut: bool

    def get(self, column: int | None) -> str:
        """A field, or "" where there is none."""
        return self.fields[column] if column is not None and column < len(self.fields) else ""


@dataclass(frozen=True)
class Table:
    """A header and what separates its fields."""

    lines: AbstractLines
    delimiter: str
    header: tuple[str, ...]
    at: int  # line of the header; 0 when there is none

    @property
    def file(self) -> str:
        """The file's name, for messages."""
        return self.lines.name

    def column(self, *names: str) -> int | None:
        """The first column of one of these plain names."""
        plain_header = [plain(h) for h in self.header]
        return next((plain_header.index(n) for n in names if n in plain_header), None)

    def aside(self, row: Row, column: int | None, reason: str, fix: str) -> Aside:
        """This row, kept aside for what stands in this column."""
        name = self.header[column] if column is not None and column < len(self.header) else ""
        return Aside(self.file, row.line, name, row.raw, reason, fix)

    def rows(self) -> Iterator[Row | Aside | Ignored]:
        """The rows after the header; those whose fields cannot be told apart are kept aside."""
        feed = Feed(self.lines)
        for line in feed:
            if line.number > self.at:
                yield self._row(line, feed)

    def _row(self, line: Line, feed: Feed) -> Row | Aside | Ignored:
        raw = line.text[:RAW]
        if len(line.text) >= LONGEST:
            reason = f"the line has more than {LONGEST} characters"
            return Aside(self.file, line.number, "", raw, reason, "end every row with a line break")
        fields, last = split(line, feed, self.delimiter)
        if fields is None:
            return Aside(self.file, line.number, "", raw, "a quote is opened and not closed", 'write " twice, or not')
        if not any(fields):
            return Ignored("empty rows")
        if len(fields) > len(self.header):
            reason = f"has {len(fields)} fields, the header {len(self.header)}"
            fix = "quote fields that hold the separator, e.g. a decimal comma"
            return Aside(self.file, line.number, "", raw, reason, fix)
        return Row(line.number, fields, raw, last.cut)


class Feed:
    """Lines that can be given back."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines, self._back = iter(lines), deque[Line]()

    def __iter__(self) -> Iterator[Line]:
        while (line := self.next()) is not None:
            yield line

    def next(self) -> Line | None:
        """The next line, None at the end."""
        return self._back.popleft() if self._back else next(self._lines, None)

    def give_back(self, lines: Sequence[Line]) -> None:
        """These come next."""
        self._back.extendleft(reversed(lines))


def split(line: Line, feed: Feed, delimiter: str) -> tuple[list[str] | None, Line]:
    """(fields, the line they end in); a quoted field may hold line breaks. None: a quote that is never closed."""
    text = line.text
    if '"' not in text:
        return [f.strip() for f in text.split(delimiter)], line
    taken: list[Line] = []
    while text.count('"') % 2:
        more = feed.next() if len(taken) < JOINED and len(text) < LONGEST else None
        if more is None:
            feed.give_back(taken)
            return None, line
        taken.append(more)
        text += "\n" + more.text
    try:
        fields = next(csv.reader([text], delimiter=delimiter))
    except csv.Error:  # a quote in the middle of a field
        feed.give_back(taken)
        return None, line
    return [f.strip() for f in fields], taken[-1] if taken else line


def find(lines: AbstractLines, is_header: Callable[[Sequence[str]], bool]) -> Table | None:
    """The table whose header, among the first lines and under some separator, is of this form."""
    first = list(islice(iter(lines), SEARCHED))
    for delimiter in DELIMITERS:
        for line in first:
            fields, _ = split(line, Feed(()), delimiter)
            if fields and is_header(fields):
                return Table(lines, delimiter, tuple(fields), line.number)
    return None


def plain(name: str) -> str:
    """A column's name in small letters, single spaces, without underscores and hyphens."""
    return re.sub(r"[\s_\-]+", " ", name.strip().strip("\ufeff").lower()).strip()
