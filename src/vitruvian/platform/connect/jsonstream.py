"""The objects of a JSON file one at a time: an array of them, one a line, or arrays inside a wrapping object."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple

from vitruvian.platform.aside import Aside
from vitruvian.platform.connect.items import RAW

CHUNK = 1 << 16
LARGEST = 1 << 20  # characters of one object; entries have a few hundred
TAIL = 16  # characters at the end of what was read so far, in which a literal may be incomplete
_WRAPPED = re.compile(r'\s*\{[^{}\[\]]*"(?:result|entries|treatments|records|data)"\s*:\s*\[')


class Object(NamedTuple):
    """An object, the line it starts in and its text."""

    line: int
    value: dict[str, Any]
    raw: str


class _Broken(NamedTuple):
    """No object here: where the text stops making sense, and why."""

    at: int
    why: str


class Objects:
    """A file to be read once; `done` says how far (bytes)."""

    def __init__(self, path: Path, encoding: str) -> None:
        self.path, self.name, self.encoding = path, path.name, encoding
        self.size = path.stat().st_size
        self.done = 0

    def __iter__(self) -> Iterator[Object | Aside]:
        with open(self.path, "rb") as raw, TextIOWrapper(raw, self.encoding, "replace", newline="") as file:
            text, line = file.read(CHUNK), 1
            wrapped = _WRAPPED.match(text)  # {"status": 200, "result": [
            at = wrapped.end() if wrapped else 0
            while True:
                start = text.find("{", at)
                found = decode(text, start) if start >= 0 else None
                if found is None:  # no object, or one that goes on
                    more = file.read(CHUNK) if start < 0 or len(text) - start < LARGEST else ""
                    self.done = raw.tell()
                    if more:
                        begin = start if start >= 0 else len(text)
                        line += text.count("\n", at, begin)
                        text, at = text[begin:] + more, 0
                        continue
                    if start < 0:
                        break
                    found = _Broken(len(text), "the file breaks off in it")
                line += text.count("\n", at, start)
                if isinstance(found, _Broken):
                    at = max(found.at, start + 1)
                    said = text[start : min(at, start + RAW)]
                    yield Aside(self.name, line, "", said, f"not JSON: {found.why}", "export the file again")
                else:
                    at, value = found
                    yield Object(line, value, text[start : min(at, start + RAW)])
                line += text.count("\n", start, at)
        self.done = self.size


def decode(text: str, start: int) -> tuple[int, dict[str, Any]] | _Broken | None:
    """(end, object) at `start`; None when the text stops before its end."""
    try:
        value, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as err:
        if err.msg.startswith("Unterminated string") or err.pos >= len(text) - TAIL:
            return None
        return _Broken(err.pos, f"{err.msg} after {text[max(start, err.pos - 20) : err.pos]!r}")
    except (ValueError, RecursionError) as err:
        return _Broken(start + 1, str(err)[:80])
    return end, value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
