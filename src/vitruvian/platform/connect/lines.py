"""The lines of a text file, one at a time, in bounded memory, whatever the file holds."""

from __future__ import annotations

import codecs
import io
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from vitruvian.core.errors import ParseError

LONGEST = 100_000  # characters in a line; longer ones are no table rows
HEAD = 65_536  # bytes that are looked at to tell what a file is

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ARCHIVES = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "unpack it, or save it as CSV"),
    (b"\x1f\x8b", "compressed with gzip", "unpack it first"),
    (b"%PDF", "a PDF report", "export the raw data as CSV instead"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save it as CSV"),
    (b"SQLite format 3\x00", "a database", "export it as CSV"),
)


class Line(NamedTuple):
    """A line without its end. `cut`: the file stops in it, without a line end."""

    number: int
    text: str
    cut: bool


class AbstractLines(ABC):
    """Lines to be read once; `done` says how many of `size` bytes are behind. `head`: how it begins."""

    path: Path
    name: str
    head: bytes
    size: int
    encoding: str
    done: int

    @abstractmethod
    def __iter__(self) -> Iterator[Line]:
        """One at a time."""


class Lines(AbstractLines):
    """A text file, line by line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        self.head = head(path)
        self.size = path.stat().st_size
        self.encoding = encoding(self.head, path.name)
        self.done = 0

    def __iter__(self) -> Iterator[Line]:
        with open(self.path, "rb") as raw, io.TextIOWrapper(raw, self.encoding, "replace", newline="") as file:
            number = 0
            while text := file.readline(LONGEST):
                number += 1
                ended = text.endswith(("\n", "\r"))
                yield Line(number, text.rstrip("\r\n"), cut=not ended)
                while not ended and (rest := file.readline(LONGEST)):  # the rest of an endless line
                    ended = rest.endswith(("\n", "\r"))
                if number % 500 == 0:
                    self.done = raw.tell()
        self.done = self.size


def head(path: Path) -> bytes:
    """The first bytes; ParseError when there are none or they cannot be read."""
    try:
        with open(path, "rb") as file:
            start = file.read(HEAD)
    except IsADirectoryError:
        raise ParseError("is a folder", where=str(path), fix="name the files in it") from None
    except OSError as err:
        raise ParseError(
            f"cannot be read ({err.strerror})", where=str(path), fix="check the path and its permissions"
        ) from err
    if not start.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):  # nothing but byte-order marks and blanks
        raise ParseError("is empty", where=path.name, fix="export it again")
    return start


def encoding(start: bytes, name: str) -> str:
    """The text encoding; ParseError when the bytes are no text."""
    for magic, what, fix in _ARCHIVES:
        if start.startswith(magic):
            raise ParseError(f"is {what}, not text", where=name, fix=fix)
    for mark, found in _MARKS:
        if start.startswith(mark):
            return found
    control = sum(start.count(bytes([b])) for b in range(32) if b not in b"\t\n\r\f")
    if control > len(start) // 100:
        raise ParseError(
            f"is not text: {control} of its first {len(start)} bytes are control characters",
            where=f"{name}, byte {_first_control(start)}",
            fix="give the file as the device or service exported it",
        )
    return "utf-8"


def _first_control(start: bytes) -> int:
    return next(i for i, b in enumerate(start) if b < 32 and b not in b"\t\n\r\f")
