"""Delimited tables of events: rows by column name, gzip or not, broken ends kept aside; no column is guessed."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vitruvian.core.errors import ParseError
from vitruvian.models.eventlog import EPOCH, Repair
from vitruvian.platform.connect import clock

DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Fields:
    """A row: where it stands and its fields by role (case, activity, ...)."""

    where: str
    values: Mapping[str, str]

    def get(self, role: str) -> str:
        """The field of a role, "" where the row or the file has none."""
        return self.values.get(role, "")


class EventTable:
    """A file and which column plays which role; `repairs` lists the rows that could not be read."""

    def __init__(self, path: Path, roles: Mapping[str, str | None], needed: Sequence[str]) -> None:
        self.path, self.name = path, path.name
        self.text = _text(path)
        self.repairs: list[Repair] = []
        self.roles = {role: column for role, column in roles.items() if column}
        self.delimiter, self.header = self._header(needed)

    def rows(self) -> Iterator[Fields]:
        """The rows that have all their fields."""
        reader = csv.reader(io.StringIO(self.text, newline=""), delimiter=self.delimiter, strict=False)
        next(reader)
        at = {role: self.header.index(column) for role, column in self.roles.items()}
        ended = self.text.endswith(("\n", "\r"))
        lines = self.text.count("\n") + (not ended)
        for fields in reader:
            where = f"{self.name}, line {reader.line_num}"
            if not any(fields):
                continue
            if len(fields) != len(self.header):
                cut = reader.line_num >= lines and not ended and len(fields) < len(self.header)
                what = f"has {len(fields)} fields, the header {len(self.header)}"
                said = f"the file breaks off in this row ({what})" if cut else what
                self.repairs.append(Repair(where, "", said, "kept aside"))
                continue
            yield Fields(where, {role: fields[i].strip() for role, i in at.items()})

    def _header(self, needed: Sequence[str]) -> tuple[str, list[str]]:
        first = self.text.split("\n", 1)[0].rstrip("\r")
        splits = {d: [f.strip() for f in next(csv.reader([first], delimiter=d))] for d in DELIMITERS}
        delimiter = max(splits, key=lambda d: (sum(c in splits[d] for c in self.roles.values()), len(splits[d])))
        header = splits[delimiter]
        missing = [r for r in needed if r not in self.roles]
        if missing:
            options = " ".join(f"--{r} NAME" for r in missing)
            raise ParseError(
                f"it is not said which column is the {' and the '.join(missing)}; the columns are {_listed(header)}",
                where=self.name,
                fix=f"say it: {options}",
            )
        for role, column in self.roles.items():
            if header.count(column) != 1:
                what = "no column" if column not in header else "more than one column"
                raise ParseError(
                    f"there is {what} '{column}' for the {role}; the columns are {_listed(header)}",
                    where=f"{self.name}, line 1",
                    fix="name one of them",
                )
        return delimiter, header


class Moments:
    """Reads time stamps to seconds since 1970 (UTC); local ones by the zone that was named."""

    def __init__(self, zone: str = "UTC", dates: str = "") -> None:
        try:
            self.zone = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as err:
            raise ParseError(f"there is no time zone '{zone}'", where="--zone", fix="e.g. Europe/London") from err
        self.dates = dates
        self.twice = 0  # local times of an hour that came twice: the first is taken

    def seconds(self, text: str) -> float:
        """Seconds since 1970, nan for an empty field; ParseError for what is no time."""
        if not text:
            return float("nan")
        wall, offset = clock.read(f"{text} 00:00" if _bare_date(text) else text, self.dates)
        if offset is not None:
            return wall / 1e6 - offset
        local = (EPOCH + timedelta(microseconds=wall)).replace(tzinfo=self.zone)
        self.twice += local.utcoffset() != local.replace(fold=1).utcoffset()
        return (local - EPOCH).total_seconds()

    def notes(self, name: str) -> list[Repair]:
        """What was decided about times that could be read in two ways."""
        if not self.twice:
            return []
        return [Repair(name, "", f"{self.twice} local times lie in an hour that came twice", "read as the first")]


def _bare_date(text: str) -> bool:
    return len(text) <= 10 and ":" not in text and sum(c in "-/." for c in text) == 2


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
        if raw.startswith(b"\x1f\x8b"):
            raw = gzip.decompress(raw)
    except EOFError:
        raise ParseError("the compressed file breaks off", where=path.name, fix="copy or export it again") from None
    except OSError as err:
        raise ParseError(
            f"cannot be read ({err.strerror or err})", where=str(path), fix="check the path and the file"
        ) from err
    if not raw.strip():
        raise ParseError("is empty", where=path.name, fix="export it again")
    try:
        return raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as err:
        raise ParseError(f"is not UTF-8 text (byte {err.start})", where=path.name, fix="save it as UTF-8") from err


def _listed(header: Sequence[str]) -> str:
    some = ", ".join(f"'{h}'" for h in header[:20])
    return f"{some} and {len(header) - 20} more" if len(header) > 20 else some
