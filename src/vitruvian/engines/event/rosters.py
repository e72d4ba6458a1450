"""Rosters and calendars as piecewise-constant schedules: how many units of a group are there at any time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.core.forcing import Schedule
from vitruvian.engines.event.model import DAYS, Group, Maintenance, Model, Pool, Roster

MINUTE, DAY, WEEK = 60.0, 86400.0, 604800.0


def minutes(text: str, where: str) -> int:
    """Minutes after midnight of "HH:MM"; 24:00 is the end of the day."""
    hours, colon, rest = text.partition(":")
    if not (colon and hours.isdigit() and rest.isdigit() and int(hours) * 60 + int(rest) <= 1440 and int(rest) < 60):
        raise KindError(f"'{text}' is no time of day", where=where, fix="write HH:MM, 00:00 to 24:00")
    return int(hours) * 60 + int(rest)


@dataclass(frozen=True)
class Span:
    """How many are there in the minutes of the week [start, end), end above start, modulo a week."""

    start: int
    end: int
    count: int


def spans(days: Iterable[str], start: str, end: str, count: int, where: str) -> list[Span]:
    """The week's spans of these hours on these days."""
    first, last = minutes(start, where), minutes(end, where)
    if first == last:
        raise KindError(
            f"a shift from {start} to {end} has no length", where=where, fix="write 00:00 to 24:00 for all day"
        )
    length = last - first if last > first else last - first + 1440
    return [Span(DAYS.index(d) * 1440 + first, DAYS.index(d) * 1440 + first + length, count) for d in days]


def levels(found: Iterable[Span]) -> np.ndarray:
    """How many are there in each minute of the week, (10080,)."""
    out = np.zeros(10080, dtype=np.int64)
    for span in found:
        index = np.arange(span.start, span.end) % 10080
        out[index] += span.count
    return out


def check_roster(roster: Roster, where: str, most: int | None = None) -> None:
    """A roster that cannot be is an error: no shifts, a shift of no length, a day twice, more staff than there are."""
    if not roster.shifts:
        raise KindError(f"roster '{roster.name}' has no shifts", where=where, fix="give one")
    for i, shift in enumerate(roster.shifts):
        place = f"{where}.shifts[{i}]"
        if len(set(shift.days)) < len(shift.days) or not shift.days:
            raise KindError(f"days {list(shift.days)} are none or name one twice", where=place, fix="name each once")
        spans(shift.days, shift.start, shift.end, 1, place)
    if most is not None:
        week = levels(_shifts(roster, most, where))
        if week.max() > most:
            at = int(week.argmax())
            when = f"{DAYS[at // 1440]} {at % 1440 // 60:02d}:{at % 60:02d}"
            raise KindError(
                f"roster '{roster.name}' needs {week.max()} on {when}, the group has {most}",
                where=where,
                fix="enlarge the group or thin the shifts that overlap",
            )


def _shifts(roster: Roster, most: int, where: str) -> list[Span]:
    out = []
    for shift in roster.shifts:
        out += spans(shift.days, shift.start, shift.end, most if shift.count is None else shift.count, where)
    return out


def week_of(model: Model, pool: Pool, group: Group) -> np.ndarray:
    """Units of a group there in each minute of the week, planned maintenance taken off, (10080,)."""
    week = np.full(10080, group.count, dtype=np.int64)
    if group.roster is not None:
        roster = next(r for r in model.rosters if r.name == group.roster)
        week = levels(_shifts(roster, group.count, f"roster '{roster.name}'"))
    out = [m for m in pool.maintenance if (m.group or pool.parts[0].name) == group.name]
    return np.maximum(week - levels(_planned(out)), 0)


def _planned(planned: Iterable[Maintenance]) -> list[Span]:
    return [s for m in planned for s in spans(m.days, m.start, m.end, m.units, "maintenance")]


def repeated(week: np.ndarray, t0: float, t1: float, offset: float = 0.0) -> Schedule:
    """A week's levels (10080,) as a schedule over [t0, t1]; at time 0 the week is `offset` s old.

    Edges lie on whole minutes of the week whatever t0 and t1 are.
    """
    edges = np.flatnonzero(week != np.roll(week, 1))
    if len(edges) == 0:
        return Schedule(np.zeros(0), np.zeros(0), float(week[0]))
    first, last = int(np.floor((t0 + offset) / WEEK)), int(np.floor((t1 + offset) / WEEK))
    weeks = np.arange(first, last + 1)
    times = (weeks[:, None] * WEEK + edges[None, :] * MINUTE - offset).reshape(-1)
    values = np.tile(week[edges], len(weeks)).astype(np.float64)
    inside = (times > t0) & (times <= t1)
    at = int(np.floor(((t0 + offset) % WEEK) / MINUTE))
    return Schedule(times[inside], values[inside], float(week[min(at, 10079)]))
