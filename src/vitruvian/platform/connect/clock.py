"""Times as exports write them: microseconds of the clock they show, and its distance from UTC where it is said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from vitruvian.core.errors import ParseError

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 wall clocks have no zone
_US = timedelta(microseconds=1)
FIRST_SENSOR = (datetime(1999, 1, 1) - EPOCH) // _US  # noqa: DTZ001 first continuous sensor: MiniMed CGMS, FDA June 1999

_DATE = re.compile(
    r"(?P<a>\d{1,4})[-/.](?P<b>\d{1,2})[-/.](?P<c>\d{1,4})[T ,]+(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:\.\d*)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_EPOCH_SECONDS, _EPOCH_MILLIS = re.compile(r"\d{10}", re.ASCII), re.compile(r"\d{13}", re.ASCII)
ORDERS = {"dmy": "day-month-year", "mdy": "month-day-year"}


def read(text: str, order: str = "") -> tuple[int, int | None]:
    """(wall-clock microseconds, offset from UTC in s or None) of a date with a time of day, or of epoch s or ms.

    `order` says how 03-04-2026 is to be read, "dmy" or "mdy"; without it such dates are refused.
    """
    if text[4:5] == "-" and ":" in text:
        try:
            return _parts(datetime.fromisoformat(text))
        except ValueError:
            pass
    if _EPOCH_SECONDS.fullmatch(text):
        return int(text) * 1_000_000, 0
    if _EPOCH_MILLIS.fullmatch(text):
        return int(text) * 1_000, 0
    match = _DATE.fullmatch(text)
    if match is None:
        raise ParseError(f"'{text[:40]}' is not a time", fix="write it as 2026-03-01T08:00")
    try:
        return _parts(_moment(match, order))
    except ValueError as err:
        what = f"'{text[:40]}' is not a time ({err})"
        raise ParseError(what, fix="check the date and its order of day and month") from None


def duration(text: str) -> float:
    """Seconds of hh:mm:ss or hh:mm."""
    match = re.fullmatch(r"(\d{1,3}):(\d{2})(?::(\d{2}))?", text)
    if match is None:
        raise ParseError(f"'{text[:40]}' is not a duration", fix="write it as hh:mm:ss")
    return int(match[1]) * 3600.0 + int(match[2]) * 60.0 + int(match[3] or 0)


def order_of(texts: Iterable[str]) -> str:
    """ "dmy" or "mdy" from the first date that can be read in one way only, "" when all can be read in both."""
    for text in texts:
        match = _DATE.match(text)
        if match is None or len(match["a"]) > 2:
            continue
        first, second = int(match["a"]), int(match["b"])
        if first > 12 >= second:
            return "dmy"
        if second > 12 >= first:
            return "mdy"
    return ""


def year_first(text: str) -> bool:
    """Whether a date needs no order of day and month to be told."""
    match = _DATE.match(text)
    return match is None or len(match["a"]) == 4


def undecided(file: str, example: str) -> ParseError:
    """The error for a file whose dates can all be read in two ways."""
    return ParseError(
        f"'{example}' may be day-month or month-day, and no date in the file decides it",
        where=file,
        fix="say which, dmy or mdy: --dates, in Python dates=",
    )


def _parts(moment: datetime) -> tuple[int, int | None]:
    offset = moment.utcoffset()
    wall = (moment.replace(tzinfo=None) - EPOCH) // _US
    return wall, None if offset is None else int(offset.total_seconds())


def _moment(match: re.Match[str], order: str) -> datetime:
    a, b, c = match["a"], match["b"], match["c"]
    if len(a) == 4:
        year, month, day = int(a), int(b), int(c)
    elif len(c) != 4:
        raise ValueError("the year has no four digits")
    elif order == "dmy":
        year, month, day = int(c), int(b), int(a)
    elif order == "mdy":
        year, month, day = int(c), int(a), int(b)
    else:
        raise ValueError("day-month or month-day is not known")
    hour = int(match["h"])
    if half := (match["half"] or "").lower().replace(".", ""):
        if not 1 <= hour <= 12:
            raise ValueError(f"{hour} {half}")
        hour = hour % 12 + (12 if half == "pm" else 0)
    naive = datetime(year, month, day, hour, int(match["m"]), int(match["s"] or 0))  # noqa: DTZ001 its zone comes next
    if not (zone := match["zone"]):
        return naive
    iso = "+00:00" if zone in ("Z", "UTC") else zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    return datetime.fromisoformat(naive.isoformat() + iso)
