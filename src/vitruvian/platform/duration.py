"""Durations as people write them: 45s, 60m, 1h30m, 3h, 1d, 2w. Core time is seconds."""

from __future__ import annotations

import re

from vitruvian.core.errors import FieldError

SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_WORDS = {
    "s": ("s", "sec", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hour", "hours"),
    "d": ("d", "day", "days"),
    "w": ("w", "wk", "week", "weeks"),
}
_LETTER = {word: letter for letter, words in _WORDS.items() for word in words}
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*")


def seconds(text: str, where: str = "duration") -> float:
    """Seconds of a duration; FieldError names what is meant. A number alone has no unit and is refused."""
    rest, total = text.strip().lower(), 0.0
    while rest:
        part = _PART.match(rest)
        if part is None or part[2] not in _LETTER:
            raise FieldError(f"'{text}' is not a duration", where=where, fix="write it like 45m, 3h, 1h30m or 1d")
        total += float(part[1]) * SECONDS[_LETTER[part[2]]]
        rest = rest[part.end() :]
    if not text.strip():
        raise FieldError("is empty", where=where, fix="write it like 45m, 3h, 1h30m or 1d")
    return total


def of(given: str | float, where: str = "duration") -> float:
    """Seconds of a text, or of a number that is seconds; must be more than 0."""
    length = seconds(given, where) if isinstance(given, str) else float(given)
    if not length > 0:
        raise FieldError(f"'{given}' is no duration", where=where, fix="give more than 0, like 45m or 3h")
    return length


def said(duration: float) -> str:
    """In words, from the largest unit that is whole enough: 90 min, 3 h, 10 days."""
    for letter, name in (("d", "days"), ("h", "h"), ("m", "min")):
        size = SECONDS[letter]
        if duration >= 2 * size or (duration >= size and duration % size == 0):
            count = round(duration / size, 1)
            return f"{count:g} {name if count != 1 else name.removesuffix('s')}"
    return f"{duration:g} s"
