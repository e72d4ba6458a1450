"""Instants: aware datetimes outside, whole microseconds of UTC in the store, float seconds since an origin in core."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from vitruvian.core.case import Origin
from vitruvian.core.errors import FieldError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """UTC microseconds since 1970 of an aware datetime; a naive one is refused, for its zone would be a guess."""
    if moment.tzinfo is None:
        raise FieldError(f"'{moment.isoformat()}' has no time zone", where="time", fix="add an offset, e.g. +01:00")
    return (moment - EPOCH) // MICROSECOND


def moment(us: int) -> datetime:
    """The aware datetime (UTC) at these microseconds."""
    return EPOCH + us * MICROSECOND


def text(us: int) -> str:
    """ISO 8601 in UTC, whole seconds where there is no fraction: 2026-03-01T08:00:00Z."""
    return (EPOCH + timedelta(microseconds=us)).isoformat()[:-6] + "Z"


def to_seconds(us: int, origin: Origin) -> float:
    """Core time: seconds since the origin. Exact for +-142 years (2^53 us)."""
    return (us - micros(origin.utc)) / 1e6


def from_seconds(seconds: float, origin: Origin) -> int:
    """Back from core time, to the nearest microsecond."""
    return micros(origin.utc) + round(seconds * 1e6)
