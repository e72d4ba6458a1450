"""Moments as people write them: local wall-clock time, a time with its offset, or +30min from some base."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from vitruvian.core.case import Origin
from vitruvian.core.errors import FieldError
from vitruvian.platform.duration import seconds

FORMS = "write 2026-03-01T12:30 (local time), 2026-03-01T12:30+01:00, or +30min"


def moment(text: str, zone: str, where: str = "time") -> datetime:
    """The aware datetime of an ISO text; without offset it is local time in `zone`, and must exist there once."""
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        raise FieldError(f"'{text}' is not a time", where=where, fix=FORMS) from None
    if read.tzinfo is not None:
        return read
    local = read.replace(tzinfo=ZoneInfo(zone))
    if local.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != read:
        raise FieldError(f"{text} does not exist in {zone}: clocks went forward", where=where, fix="add the offset")
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise FieldError(f"{text} is there twice in {zone}: clocks went back", where=where, fix="add the offset")
    return local


def at(text: str, origin: Origin, base: float, where: str = "time") -> float:
    """Core seconds of a moment, or of `+duration` after `base` (s)."""
    if text.strip().startswith("+"):
        return base + seconds(text.strip()[1:], where)
    return origin.seconds(moment(text, origin.zone, where))


def said(when: datetime, zone: str) -> str:
    """Local time to the minute with its offset: 2026-03-01 12:30 +0100."""
    rounded = when + timedelta(seconds=30)
    return rounded.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M %z")
