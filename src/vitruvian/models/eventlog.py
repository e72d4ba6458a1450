"""What happened to whom, when, by whom: one tidy value for event logs, admissions and transfers, and scanner times.

A row is one activity of one case: a stay in a unit, a triage, a scan. Times are seconds since `origin`; nan says that
a time was not recorded (start, enabled) or has not come yet (complete). Cases keep the names they have: "NA" is one.
Nothing is dropped silently: what was changed or kept aside is in `repairs`, and `tidy` lists what it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from vitruvian.core.errors import RecordError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # the origin of logs that are read from files
COARSE_S = 3600.0  # time stamps no finer than this do not tell a repeat from a double


class Repair(NamedTuple):
    """Something of the log that could not stay as it was: where, what was wrong, what was done about it."""

    where: str
    case: str
    what: str
    done: str


class Event(NamedTuple):
    """One row as a reader gives it: `start`, `complete` and `enabled` in s since the origin, or nan."""

    case: str
    activity: str
    start: float
    complete: float
    resource: str = ""
    enabled: float = float("nan")
    where: str = ""


@dataclass(frozen=True)
class EventLog:
    """Rows (n,) sorted by case and time; `until`: the moment the log ends; `offset_s`: the local clock minus UTC."""

    case: np.ndarray
    activity: np.ndarray
    resource: np.ndarray
    start: np.ndarray
    complete: np.ndarray
    enabled: np.ndarray
    origin: datetime
    until: float
    resolution: float = 0.0
    offset_s: float = 0.0
    groups: Mapping[str, str] = field(default_factory=dict)
    repairs: tuple[Repair, ...] = ()

    def __len__(self) -> int:
        return len(self.case)

    @property
    def cases(self) -> tuple[str, ...]:
        """Names of the cases, in the order of their first row."""
        return tuple(dict.fromkeys(self.case.tolist()))

    @property
    def activities(self) -> tuple[str, ...]:
        """Names of the activities, the most frequent first."""
        names, counts = np.unique(self.activity, return_counts=True)
        return tuple(names[np.lexsort((names, -counts))].tolist())

    @property
    def has_starts(self) -> bool:
        """Whether most rows say when the activity began."""
        return len(self) > 0 and float(np.isfinite(self.start).mean()) > 0.5

    def at(self) -> np.ndarray:
        """When a row first says something: its start, else its completion, else when it was asked for."""
        told = np.where(np.isfinite(self.start), self.start, self.complete)
        return np.where(np.isfinite(told), told, self.enabled)

    def traces(self) -> Iterator[tuple[str, np.ndarray]]:
        """(case, its rows in order)."""
        edges = np.flatnonzero(np.r_[True, self.case[1:] != self.case[:-1], True]) if len(self) else np.array([0])
        for a, b in pairwise(edges):
            yield str(self.case[a]), np.arange(a, b)

    def rows(self, keep: np.ndarray) -> EventLog:
        """Only these rows."""
        columns = ("case", "activity", "resource", "start", "complete", "enabled")
        return replace(self, **{c: getattr(self, c)[keep] for c in columns})

    def only(self, cases: Sequence[str]) -> EventLog:
        """Only these cases."""
        wanted = set(cases)
        return self.rows(np.array([c in wanted for c in self.case.tolist()], dtype=bool))

    def before(self, at: float) -> EventLog:
        """What was known at this moment: later rows are gone, and what had not ended is in progress."""
        kept = self.rows(self.at() <= at)
        return replace(kept, complete=np.where(kept.complete <= at, kept.complete, np.nan), until=min(at, self.until))

    def since(self, at: float) -> EventLog:
        """What was not over by this moment: earlier rows are gone, of cases then under way the rest is kept."""
        return self.rows(~(np.isfinite(self.complete) & (self.complete < at)))

    def census(self, at: float) -> EventLog:
        """The rows in progress at this moment."""
        known = self.before(at)
        return known.rows(np.isfinite(known.start) & ~np.isfinite(known.complete))

    def moment(self, seconds: float) -> datetime:
        """UTC time of a second."""
        return self.origin + timedelta(seconds=float(seconds))

    def summary(self) -> dict[str, Any]:
        """Counts and span, for people and programs."""
        seen = self.at()[np.isfinite(self.at())]
        return {
            "cases": len(self.cases),
            "rows": len(self),
            "activities": len(self.activities),
            "resources": len(set(self.resource.tolist()) - {""}),
            "from": self.moment(seen.min()).isoformat() if len(seen) else None,
            "until": self.moment(self.until).isoformat(),
            "in_progress": int((np.isfinite(self.start) & ~np.isfinite(self.complete)).sum()),
            "starts_known": float(np.isfinite(self.start).mean()) if len(self) else 0.0,
            "resolution_s": self.resolution,
            "repairs": len(self.repairs),
        }


def event_log(
    events: Sequence[Event],
    origin: datetime,
    *,
    until: float | None = None,
    groups: Mapping[str, str] | None = None,
    repairs: Sequence[Repair] = (),
    offset_s: float = 0.0,
) -> EventLog:
    """The log of these events, tidied: doubles and negative stays are kept aside and listed."""
    if origin.utcoffset() != timedelta(0):
        origin = origin.astimezone(UTC)
    kept, listed = tidy(events)
    if not kept:
        raise RecordError("holds no row that can be used", where="event log", fix="see what was kept aside and why")
    first = {case: i for i, case in reversed(list(enumerate(e.case for e in kept)))}
    order = sorted(range(len(kept)), key=lambda i: (first[kept[i].case], *_when(kept[i]), i))
    rows = [kept[i] for i in order]
    numbers = np.array([(e.start, e.complete, e.enabled) for e in rows], dtype=float)
    last = float(np.nanmax(numbers))
    return EventLog(
        case=np.array([e.case for e in rows], dtype=object),
        activity=np.array([e.activity for e in rows], dtype=object),
        resource=np.array([e.resource for e in rows], dtype=object),
        start=numbers[:, 0],
        complete=numbers[:, 1],
        enabled=numbers[:, 2],
        origin=origin,
        until=last if until is None else until,
        resolution=resolution(numbers[np.isfinite(numbers)]),
        offset_s=offset_s,
        groups=dict(groups or {}),
        repairs=(*repairs, *listed),
    )


def tidy(events: Sequence[Event]) -> tuple[list[Event], list[Repair]]:
    """The events that can be used, and what became of the others."""
    kept: list[Event] = []
    listed: list[Repair] = []
    seen: set[tuple[Any, ...]] = set()
    stamps = np.array([(e.start, e.complete) for e in events], dtype=float)
    coarse = resolution(stamps[np.isfinite(stamps)]) >= COARSE_S
    alike = 0
    for e in events:
        same = (e.case, e.activity, repr(e.start), repr(e.complete), e.resource)
        if not np.isfinite([e.start, e.complete, e.enabled]).any():
            listed.append(Repair(e.where, e.case, f"'{e.activity}' has no time", "kept aside"))
        elif e.complete < e.start:
            short = f"'{e.activity}' ends {e.start - e.complete:g} s before it starts (negative stay)"
            listed.append(Repair(e.where, e.case, short, "kept aside"))
        elif same in seen and (not coarse or np.isfinite(e.complete - e.start)):
            listed.append(
                Repair(e.where, e.case, f"'{e.activity}' is there twice, alike in everything", "counted once")
            )
        else:
            alike += same in seen
            seen.add(same)
            kept.append(e)
    if alike:
        what = (
            f"{alike} rows are like another in everything, but times of {resolution(stamps[np.isfinite(stamps)]):g} s"
        )
        listed.append(Repair("", "", f"{what} do not tell repeats from doubles", "all kept"))
    return kept, listed


def resolution(times: np.ndarray) -> float:
    """The coarsest of day, hour, minute and second that at least 95 % of the time stamps (s) are whole numbers of."""
    for step in (86400.0, 3600.0, 60.0, 1.0):
        if len(times) and float(np.mean(np.abs(times / step - np.round(times / step)) * step < 1e-3)) >= 0.95:
            return step
    return 0.0


def _when(e: Event) -> tuple[float, float]:
    end = e.complete if np.isfinite(e.complete) else float("inf")
    ready = e.enabled if np.isfinite(e.enabled) else end  # asked for and not begun
    return (e.start if np.isfinite(e.start) else min(ready, end)), end
