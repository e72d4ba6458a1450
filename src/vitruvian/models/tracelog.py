"""What a simulated hospital would have recorded: the engine's trace as an event log, and who is there at its end.

A row is one step of one patient: `enabled` when they came to it, `start` when it began, `complete` when it ended, the
unit that served as `resource`. A hold that was interrupted counts for its time in service: its start is moved by what
it lost. Who gave up or was turned away has a row that says so. Work on units (cleaning, repair) is no patient's row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from vitruvian.engines.event import layout as at
from vitruvian.engines.event.census import Present
from vitruvian.engines.event.simulate import Row
from vitruvian.engines.event.tables import Tables
from vitruvian.models.eventlog import EPOCH, Event, EventLog, event_log

NAN = float("nan")
GAVE_UP = " (not served)"  # after a step's name: came to it and left, or found no room


@dataclass
class _Open:
    """A step a patient is at: since when waiting or served, and time served before interruptions."""

    step: str
    joined: float
    start: float = NAN
    resource: str = ""
    served: float = 0.0
    serving: bool = False


def trace_log(tables: Tables, rows: Iterable[Row], until: float, since: float = -np.inf) -> EventLog:
    """What a trace holds up to `until`, times as they are (time 0 is 1970); `since` drops cases that were over then."""
    names, classes = [s.name for s in tables.steps], tables.classes
    patients, units = len(tables.model.steps), _units(tables)
    events: list[Event] = []
    groups: dict[str, str] = {}
    open_: dict[int, _Open] = {}
    for t, what, who, where, unit in rows:
        if t > until:
            break
        if what == at.ARRIVES:
            groups[_case(who)] = classes[unit]
        elif what == at.JOINS and where < patients:
            open_[who] = _Open(names[where], t)
        elif what == at.STARTS and who in open_:
            o = open_[who]
            o.start, o.serving = (t - o.served), True
            o.resource = units[unit] if unit >= 0 else o.resource
        elif what == at.INTERRUPTS and who in open_ and open_[who].serving:
            o = open_[who]
            again = tables.steps[where].interrupted in ("restart", "resample")
            o.served, o.serving = 0.0 if again else t - o.start, False
        elif what == at.ENDS and who in open_ and open_[who].serving:
            events.append(_event(who, open_.pop(who), t))
        elif what in (at.GIVES_UP, at.TURNED_AWAY) and where < patients:
            events.append(Event(_case(who), f"{names[where]}{GAVE_UP}", NAN, t))
            open_.pop(who, None)
        elif what == at.LEAVES:
            open_.pop(who, None)
    events += [_event(who, o, NAN) for who, o in open_.items()]
    kept = {e.case for e in events if not e.complete < since}
    return event_log(
        [e for e in events if e.case in kept],
        EPOCH,
        until=until,
        groups={c: g for c, g in groups.items() if c in kept} if len(classes) > 2 else {},
    )


def trace_census(tables: Tables, rows: Iterable[Row], until: float) -> list[Present]:
    """Who is at which step at `until`: waiting since, or served since; as a bed board would show it."""
    names, patients = [s.name for s in tables.steps], len(tables.model.steps)
    here: dict[int, Present] = {}
    classes: dict[int, tuple[str, float]] = {}
    for t, what, who, where, unit in rows:
        if t > until:
            break
        if what == at.ARRIVES:
            classes[who] = tables.classes[unit], t
        elif what == at.JOINS and where < patients:
            class_, came = classes.get(who, ("", t))
            here[who] = Present(_case(who), names[where], t, True, class_, came)
        elif what == at.STARTS and who in here:
            p = here[who]
            here[who] = Present(p.id, p.step, t, False, p.class_, p.came)
        elif what in (at.LEAVES, at.GIVES_UP):
            here.pop(who, None)
    return list(here.values())


def _case(number: int) -> str:
    return f"p{number}"


def _event(who: int, o: _Open, complete: float) -> Event:
    return Event(_case(who), o.step, o.start, complete, o.resource, o.joined)


def _units(tables: Tables) -> list[str]:
    """pool/group of every unit with its number."""
    groups = zip(tables.group_names, tables.units, strict=False)
    return [f"{name} {k}" for name, n in groups for k in range(n)]
