"""A case: who it is and what happens to it, past and planned."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.errors import FieldError
from vitruvian.core.fields import Described


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subject(Described):
    """Base of a kind's subject: what is fixed about the person, ward or device (weight, beds)."""


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where core time zero lies: an instant in UTC and the IANA zone in which the subject lives."""

    utc: datetime
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if self.utc.tzinfo is None:
            raise FieldError("origin has no time zone", where="Origin.utc", fix="give an aware datetime")
        ZoneInfo(self.zone)

    def seconds(self, moment: datetime) -> float:
        """Seconds since the origin of an aware datetime; a naive one is local time in the zone."""
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(self.zone))
        return (moment.astimezone(UTC) - self.utc.astimezone(UTC)).total_seconds()

    def moment(self, seconds: float) -> datetime:
        """Local aware datetime at these seconds."""
        return (self.utc.astimezone(UTC) + timedelta(seconds=float(seconds))).astimezone(ZoneInfo(self.zone))

    def clock(self, seconds: float) -> float:
        """Local wall-clock seconds after midnight, daylight saving included."""
        local = self.moment(seconds)
        return local.hour * 3600.0 + local.minute * 60.0 + local.second + local.microsecond / 1e6


@dataclasses.dataclass(frozen=True)
class Series:
    """An array input (heart rate, arrivals): values at times (s), a UCUM unit and an interpolation rule."""

    times: np.ndarray
    values: np.ndarray
    unit: str
    rule: str = "previous"  # or "linear"; linear looks into the future and is for planned inputs only
    known_at: np.ndarray | None = None

    def until(self, known_at: float) -> Series:
        """Only what was known by then."""
        known = self.times if self.known_at is None else self.known_at
        keep = known <= known_at
        return Series(self.times[keep], self.values[keep], self.unit, self.rule, known[keep])

    def at(self, when: np.ndarray, default: float = np.nan) -> np.ndarray:
        """Values at the given times by the rule; before the first sample: `default`."""
        if len(self.times) == 0:
            return np.full(len(when), default)
        if self.rule == "linear":
            return np.interp(when, self.times, self.values, left=default)
        index = np.searchsorted(self.times, when, side="right") - 1
        return np.where(index >= 0, self.values[np.maximum(index, 0)], default)


@dataclasses.dataclass(frozen=True)
class Case:
    """Subject, timeline of actions (sorted by time), series inputs and the origin of time."""

    subject: Subject
    timeline: tuple[Action, ...] = ()
    series: Mapping[str, Series] = dataclasses.field(default_factory=dict)
    origin: Origin = Origin(datetime(2026, 1, 1, tzinfo=UTC))

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.timeline, key=lambda a: (a.at, type(a).__name__)))
        object.__setattr__(self, "timeline", ordered)

    def plus(self, *actions: Action) -> Case:
        """The what-if: this case with more actions."""
        return dataclasses.replace(self, timeline=(*self.timeline, *actions))

    def without(self, *actions: Action) -> Case:
        """This case with some of its actions taken away."""
        return dataclasses.replace(self, timeline=tuple(a for a in self.timeline if a not in actions))

    def until(self, known_at: float) -> Case:
        """Only actions and series samples known by then."""
        kept = tuple(a for a in self.timeline if a.known <= known_at)
        return dataclasses.replace(self, timeline=kept, series={k: s.until(known_at) for k, s in self.series.items()})

    def actions(self, *types: type[Action], t0: float = -np.inf, t1: float = np.inf) -> tuple[Action, ...]:
        """Actions of these types with t0 <= at < t1."""
        return tuple(a for a in self.timeline if isinstance(a, types) and t0 <= a.at < t1)
