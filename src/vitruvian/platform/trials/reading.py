"""A protocol and a table as somebody sends them: text, until every cell has its place."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from vitruvian.core.errors import ParseError
from vitruvian.models.trialtable import Frame
from vitruvian.studies.procova.protocol import Protocol, protocol_of

CELL = 100_000  # characters: a longer one is a quote that was not closed


def protocol_from(text: str, source: str) -> Protocol:
    """From YAML or JSON. ParseError says what is wrong with it, and where."""
    try:
        return protocol_of(yaml.safe_load(text), source)
    except yaml.YAMLError as err:
        raise ParseError(" ".join(str(err).split())[:300], where=source, fix="correct the YAML") from err
    except (ValueError, OverflowError, RecursionError) as err:
        raise ParseError(f"cannot be read ({type(err).__name__})", where=source, fix="correct the YAML") from err


def frame_from(text: str, source: str, factors: tuple[str, ...]) -> Frame:
    """From comma-separated values with a header. ParseError names the line."""
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        head = [name.strip() for name in next(rows, [])]
        table = [row for row in rows if row]
    except csv.Error as err:
        where = f"{source}, line {rows.line_num}"
        raise ParseError(f"is no CSV ({err})", where=where, fix="check the quotes of that line") from err
    if any(len(cell) > CELL for row in table for cell in row):
        raise ParseError(f"a cell has more than {CELL} characters", where=source, fix="close its quote")
    return Frame.of_rows(head, table, source, factors)


def text_of(path: Path, what: str) -> str:
    """A file's text. ParseError where it is none."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        said = getattr(err, "strerror", None) or "is not UTF-8"
        raise ParseError(f"cannot be read ({said})", where=str(path), fix=f"give {what}") from err


def plain(text: str, where: str) -> str:
    """The text, where a file can hold it."""
    try:
        text.encode()
    except UnicodeEncodeError as err:
        raise ParseError("holds half a character", where=where, fix="send UTF-8") from err
    return text


def protocol_file(path: Path) -> Protocol:
    """A protocol in a file."""
    return protocol_from(text_of(path, "a protocol (YAML, in UTF-8)"), path.name)


def frame_file(path: Path, factors: tuple[str, ...]) -> Frame:
    """A table in a file."""
    return frame_from(text_of(path, "a CSV file in UTF-8"), path.name, factors)


def checked_history(protocol: Mapping[str, Any], source: str, text: str, name: str) -> None:
    """What can be said at once of a history: its columns, its patients, columns that know the future."""
    from vitruvian.studies.procova.planning import history_of

    read = protocol_of(protocol, source)
    history_of(read, frame_from(text, name, read.factors))


def checked_data(protocol: Mapping[str, Any], score: Mapping[str, Any], text: str, name: str) -> None:
    """What can be said at once of a trial's data."""
    from vitruvian.kinds.prognosis.stack import Stack
    from vitruvian.studies.procova.analysis import checked

    read = protocol_of(protocol, "protocol")
    checked(read, frame_from(text, name, read.factors), Stack.from_json(score))
