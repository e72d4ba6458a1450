"""Which export a file is, by what stands in it, never by its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from vitruvian.core.errors import ParseError
from vitruvian.platform.connect import (
    clarity,
    libreview,
    meals,
    nightscout,
    observed,
    parquet,
    plain,
    tidepool,
    wearables,
)
from vitruvian.platform.connect.items import How, Item
from vitruvian.platform.connect.jsonstream import Objects
from vitruvian.platform.connect.lines import AbstractLines, Line, Lines, head
from vitruvian.platform.connect.table import DELIMITERS, Feed, Table, find, split

KNOWN = (
    "Dexcom Clarity CSV, LibreView CSV, Nightscout entries or treatments (JSON, CSV), Tidepool JSON, "
    "wearable CSV with METs, steps or heart rate, "
    "CSV with a time column and a column 'glucose (mg/dL)', 'glucose (mmol/L)', 'carbs_g' or 'insulin_units', "
    "or, for any kind, CSV or Parquet with time, observable, value, unit, or time, action and its fields"
)
# words of the same exports in other languages
FOREIGN = ("zeitstempel", "gerätezeitstempel", "horodatage", "marca temporal", "tidsstempel", "tijdstempel", "data/ora")
_TABLES = (
    (clarity.is_header, clarity.Clarity),
    (libreview.is_header, libreview.LibreView),
    (nightscout.is_header, nightscout.Nightscout),
    (observed.is_header, observed.Observed),
    (wearables.is_header, wearables.Wearable),
    (plain.is_header, plain.Plain),
    (meals.is_header, meals.Meals),
)


class Parser(Protocol):
    """What every source offers: its name, its rows, and notes for the report."""

    name: str
    notes: tuple[str, ...]

    def items(self) -> Iterator[Item]:
        """The rows in the order of the file."""
        ...


def detect(path: Path, how: How) -> tuple[Parser, AbstractLines | Objects]:
    """The parser for this file and what it reads from; ParseError when the file is none of the known exports."""
    if head(path).startswith(parquet.MAGIC):
        return _parser(parquet.ParquetLines(path), how)
    lines = Lines(path)
    start = lines.head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")[:1]
    if start in (b"{", b"["):
        objects = Objects(path, lines.encoding)
        if tidepool.is_export(lines.head):
            return tidepool.Tidepool(objects, how), objects
        return nightscout.Nightscout(objects, how), objects
    return _parser(lines, how)


def _parser(lines: AbstractLines, how: How) -> tuple[Parser, AbstractLines]:
    for is_header, parser in _TABLES:
        if (table := find(lines, is_header)) is not None:
            return parser(table, how), lines
    if (table := _headerless(lines)) is not None:
        return nightscout.Nightscout(table, how), lines
    raise _unknown(lines)


def _headerless(lines: AbstractLines) -> Table | None:
    first = next(iter(lines), Line(1, "", cut=False))
    for delimiter in DELIMITERS:
        fields, _ = split(first, Feed(()), delimiter)
        if fields and nightscout.is_headerless(fields):
            return Table(lines, delimiter, nightscout.HEADERLESS, 0)
    return None


def _unknown(lines: AbstractLines) -> ParseError:
    first = next(iter(lines), Line(1, "", cut=False)).text
    start = lines.head.decode("utf-8", "replace").lower()
    if any(word in start for word in FOREIGN):
        return ParseError(
            "looks like an export in another language",
            where=lines.name,
            fix="set the account to English and export again",
        )
    return ParseError(
        f"is none of the exports that are read; its first line is '{first[:80]}'", where=lines.name, fix=f"give {KNOWN}"
    )
