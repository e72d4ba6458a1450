"""A case turned into schedules: the model's own rosters and rates, changed by what is done."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.forcing import Forcing, Schedule, bucket, padded
from vitruvian.engines.event.drive import Clock, closed, drive
from vitruvian.engines.event.model import Model
from vitruvian.engines.event.rosters import DAY, WEEK
from vitruvian.models.flow import pulses

HOUR = 3600.0
YEAR = 52 * WEEK  # the clock's Monday lies a year before the origin's, so that a start may lie before the origin


def clock(case: Case) -> Clock:
    """The local clock at the case's origin; summer time is that of the origin throughout."""
    local = case.origin.moment(0.0)
    since = local.weekday() * DAY + local.hour * HOUR + local.minute * 60.0 + local.second
    return Clock(since + YEAR, local.date() if isinstance(local, datetime.datetime) else None)


def planned(model: Model, case: Case, t0: float, t1: float) -> Forcing:
    """Schedules of every channel over [t0, t1]; `case` holds only what is known."""
    at = clock(case)
    # an hour more before, for counts of the hour before; four after, for teams that start earlier
    schedules = drive(model, t0 - HOUR, t1 + 4 * HOUR, at)
    for action in case.timeline:
        name = type(action).__name__
        if name in ("OpenBeds", "ChangeStaff", "ChangeEquipment", "Cohort", "StartEarlier"):
            _capacity(model, schedules, name, action)
    _rules(model, case, schedules, t0 - HOUR, t1 + 4 * HOUR, at)
    elective = [a.name for a in model.arrivals if a.elective]
    walk_in = [a.name for a in model.arrivals if not a.appointments]
    cancelled = [_span(a, 1.0 - a.share) for a in _named(case, "CancelElectives")]
    surges = [_span(a, a.factor) for a in _named(case, "Surge")]
    for names, spans in ((elective, cancelled), (walk_in, surges)):
        for name in names:
            schedules[f"factor:{name}"] = _product(schedules[f"factor:{name}"], pulses(spans))
    schedules = {n: _held(s) for n, s in schedules.items()}
    return Forcing(t0, t1, arrays={"offset": np.array([at.offset])}, schedules=schedules)


def _rules(model: Model, case: Case, schedules: dict[str, Schedule], t0: float, t1: float, at: Clock) -> None:
    """Modes that are on for a while, and the sources that hold only then, or not then: appointment templates."""
    for mode in model.modes:
        off = pulses([_span(a, 0.0) for a in _named(case, "Rule") if a.mode == mode])
        schedules[f"mode:{mode}"] = on = Schedule(off.times, 1.0 - off.values, 0.0)
        for source in model.arrivals:
            if source.only == mode:  # what holds while it is on; `drive` has it off
                usual = closed(model, source, t0, t1, at)
                schedules[f"factor:{source.name}"] = _product(usual, on)
    for source in model.arrivals:
        if source.unless is not None:
            on = schedules[f"mode:{source.unless}"]
            kept = Schedule(on.times, 1.0 - on.values, 1.0)
            schedules[f"factor:{source.name}"] = _product(schedules[f"factor:{source.name}"], kept)


def _named(case: Case, name: str) -> list[Any]:
    return [a for a in case.timeline if type(a).__name__ == name]


def _span(action: Any, factor: float) -> tuple[float, float, float]:
    return (action.at, action.at + action.duration * HOUR, factor)


def _capacity(model: Model, schedules: dict[str, Schedule], name: str, action: Any) -> None:
    pool = next(p for p in model.pools if p.name == action.pool)
    channels = [f"open:{pool.name}/{g.name}" for g in pool.parts]
    main = channels[int(np.argmax([g.count for g in pool.parts]))]
    if name == "StartEarlier":
        for c in channels:
            schedules[c] = _earlier(schedules[c], action.at, action.hours * HOUR)
        return
    if name == "Cohort":
        schedules[channels[0]] = _added(schedules[channels[0]], [(action.at, -action.beds)])
        schedules[channels[-1]] = _added(schedules[channels[-1]], [(action.at, action.beds)])
        return
    if name == "OpenBeds":
        schedules[main] = _added(schedules[main], [(action.at, action.beds)])
        return
    change = action.staff if name == "ChangeStaff" else action.units
    end = action.at + action.duration * HOUR
    schedules[main] = _added(schedules[main], [(action.at, change), (end, -change)])


def _edges(*schedules: Schedule) -> np.ndarray:
    times = np.concatenate([s.times for s in schedules])
    return np.unique(times[np.isfinite(times)])


def _added(base: Schedule, changes: Iterable[tuple[float, float]]) -> Schedule:
    """Units may be asked for below nought for a while: the kernel opens none then, and the changes still add up."""
    steps = sorted(changes)
    extra = Schedule(np.array([t for t, _ in steps]), np.cumsum([x for _, x in steps]), 0.0)
    times = _edges(base, extra)
    return Schedule(times, base.at(times) + extra.at(times), base.before + extra.before)


def _product(base: Schedule, factor: Schedule) -> Schedule:
    times = _edges(base, factor)
    return Schedule(times, base.at(times) * factor.at(times), base.before * factor.before)


def _earlier(base: Schedule, at: float, hours: float) -> Schedule:
    """From `at` on what the base says `hours` s later."""
    times = base.times[np.isfinite(base.times)]
    past, coming = times[times < at], times[times > at + hours] - hours
    later = np.concatenate([[at], coming])
    values = np.concatenate([base.at(past), base.at(later + hours)])
    return Schedule(np.concatenate([past, later]), values, base.before)


def _held(schedule: Schedule) -> Schedule:
    """Padded to its bucket, so that one more action keeps its length."""
    size = bucket(len(schedule.times) + 4)
    last = schedule.values[-1] if len(schedule.values) else schedule.before
    times = padded(schedule.times.tolist(), size, np.inf)
    return Schedule(times, padded(schedule.values.tolist(), size, float(last)), schedule.before)
