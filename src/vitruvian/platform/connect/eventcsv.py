"""Event logs as CSV: a row an activity with start and completion, or a row an event with its life-cycle transition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vitruvian.core.errors import ParseError
from vitruvian.models.eventlog import EPOCH, Event, EventLog, Repair, event_log
from vitruvian.platform.connect.eventtable import EventTable, Fields, Moments

NAN = float("nan")
STARTS = ("start", "begin")
ENDS = ("complete", "end")
# The other transitions of the XES lifecycle extension, standard model, IEEE 1849-2016
OTHERS = ("schedule", "assign", "reassign", "suspend", "resume", "withdraw", "autoskip", "manualskip")
OTHERS += ("ate_abort", "pi_abort")


@dataclass(frozen=True)
class Columns:
    """Which column is what. Either `complete` (and `start`), or `time` with `lifecycle`, or `time` alone."""

    case: str | None = None
    activity: str | None = None
    complete: str | None = None
    start: str | None = None
    time: str | None = None
    lifecycle: str | None = None
    resource: str | None = None
    instance: str | None = None
    group: str | None = None
    enabled: str | None = None


def read(path: Path, columns: Columns, *, zone: str = "UTC", dates: str = "") -> EventLog:
    """The log in a CSV file. Case names are text whatever they look like; rows without a time are kept aside."""
    needed = ["case", "activity"] + ([] if columns.complete or columns.time or columns.start else ["complete"])
    table = EventTable(path, vars(columns), needed)
    if columns.time and (columns.complete or columns.start):
        raise ParseError("both time and start or complete are named", where=table.name, fix="name one or the other")
    moments = Moments(zone, dates)
    found: list[tuple[Fields, Event, str]] = []
    groups: dict[str, str] = {}
    for row in table.rows():
        event = _event(row, columns, moments, table.repairs)
        if event is not None:
            found.append((row, event, row.get("lifecycle").lower()))
            if group := row.get("group"):
                groups.setdefault(event.case, group)
    events = [e for _, e, _ in found]
    if columns.lifecycle:
        events = pair([(e, word, row.get("instance")) for row, e, word in found], table.repairs)
    return event_log(events, EPOCH, groups=groups, repairs=(*table.repairs, *moments.notes(table.name)))


def _event(row: Fields, columns: Columns, moments: Moments, repairs: list[Repair]) -> Event | None:
    case, activity = row.get("case"), row.get("activity")
    if not case or not activity:
        repairs.append(Repair(row.where, case, "has no case" if not case else "has no activity", "kept aside"))
        return None
    try:
        times = {r: moments.seconds(row.get(r)) for r in ("start", "complete", "time", "enabled")}
    except ParseError as err:
        repairs.append(Repair(row.where, case, err.what, "kept aside"))
        return None
    complete = times["time"] if columns.time else times["complete"]
    return Event(case, activity, times["start"], complete, row.get("resource"), times["enabled"], row.where)


def pair(events: Sequence[tuple[Event, str, str]], repairs: list[Repair]) -> list[Event]:
    """Start and completion rows joined: by their instance where one is named, else first begun, first ended.

    An event's `complete` holds its time. What lacks its start becomes a completion only, what lacks its end is in
    progress; other transitions are kept aside and listed once each.
    """
    out: list[Event] = []
    open_: dict[tuple[str, str, str], list[Event]] = {}
    others: dict[str, int] = {}
    for e, word, instance in sorted(events, key=lambda t: (t[0].complete, t[1] in ENDS)):
        key = (e.case, e.activity, instance)
        if word in STARTS:
            open_.setdefault(key, []).append(e)
        elif word in ENDS or word == "":
            begun = open_.get(key)
            out.append(e._replace(start=begun.pop(0).complete) if begun else e)
        elif word in OTHERS:
            others[word] = others.get(word, 0) + 1
        else:
            repairs.append(Repair(e.where, e.case, f"unknown life-cycle transition '{word}'", "kept aside"))
    out += [e._replace(start=e.complete, complete=NAN) for left in open_.values() for e in left]
    repairs += [Repair("", "", f"{n} events of transition '{w}'", "not used") for w, n in others.items()]
    return out
