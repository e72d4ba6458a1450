"""A delimited table in a text file: its header found among the first lines, its rows one at a time."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from vitruvian.platform.aside import Aside
from vitruvian.platform.connect.items import RAW, Ignored
from vitruvian.platform.connect.lines import LONGEST, Line, Lines

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

    lines: Lines
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
        lines = iter(self.lines)
        for line in lines:
            if line.number == self.at:
                break
            if self.at == 0:
                yield from self._row(line, lines)
                break
        for line in lines:
            yield from self._row(line, lines)

    def _row(self, line: Line, lines: Iterator[Line]) -> Iterator[Row | Aside | Ignored]:
        raw = line.text[:RAW]
        if len(line.text) >= LONGEST:
            reason = f"the line has more than {LONGEST} characters"
            yield Aside(self.file, line.number, "", raw, reason, "end every row with a line break")
            return
        fields, last, rest = split(line, lines, self.delimiter)
        if fields is None:
            yield Aside(self.file, line.number, "", raw, "a quote is opened and not closed", 'write " twice, or not')
        elif not any(fields):
            yield Ignored("empty rows")
        elif len(fields) > len(self.header) and any(fields[len(self.header) :]):
            reason = f"has {len(fields)} fields, the header {len(self.header)}"
            fix = "quote fields that hold the separator, e.g. a decimal comma"
            yield Aside(self.file, line.number, "", raw, reason, fix)
        else:
            yield Row(line.number, fields, raw, last.cut)
        for other in rest:
            yield from self._row(other, lines)


def split(line: Line, lines: Iterator[Line], delimiter: str) -> tuple[list[str] | None, Line, list[Line]]:
    """(fields, the line they end in, lines taken in vain). None: a quote that is never closed."""
    text = line.text
    if '"' not in text:
        return [f.strip() for f in text.split(delimiter)], line, []
    taken: list[Line] = []
    while text.count('"') % 2:  # a quoted field may hold line breaks
        more = next(lines, None) if len(taken) < JOINED and len(text) < LONGEST else None
        if more is None:
            return None, line, taken
        taken.append(more)
        text += "\n" + more.text
    fields = next(csv.reader([text], delimiter=delimiter))
    return [f.strip() for f in fields], taken[-1] if taken else line, []


def find(lines: Lines, is_header: Callable[[Sequence[str]], bool]) -> Table | None:
    """The table whose header, among the first lines and under some separator, is of this form."""
    first = list(islice(iter(lines), SEARCHED))
    for delimiter in DELIMITERS:
        for line in first:
            fields, _, _ = split(line, iter(()), delimiter)
            if fields and is_header(fields):
                return Table(lines, delimiter, tuple(fields), line.number)
    return None


def plain(name: str) -> str:
    """A column's name in small letters, single spaces, without underscores and hyphens."""
    return re.sub(r"[\s_\-]+", " ", name.strip().strip("\ufeff").lower()).strip()
