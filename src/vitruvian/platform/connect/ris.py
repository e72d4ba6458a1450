"""Radiology time stamps as CSV: an examination a row, with when it was asked for, begun and ended, and where.

`enabled` of the log is when the request came (or the patient arrived), so that waiting and scanning can be told apart.
In a DICOM world these are ScheduledProcedureStep / PerformedProcedureStepStart and End times (PS3.3, C.4.14).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vitruvian.core.errors import ParseError
from vitruvian.models.eventlog import EPOCH, Event, EventLog, Repair, event_log
from vitruvian.platform.connect.eventtable import EventTable, Moments


@dataclass(frozen=True)
class RisColumns:
    """Which column is what; `modality` (CT, MR, CR) is the activity, `room` the resource."""

    exam: str | None = None
    modality: str | None = None
    begun: str | None = None
    ended: str | None = None
    requested: str | None = None
    room: str | None = None
    patient: str | None = None
    group: str | None = None


def read(path: Path, columns: RisColumns, *, zone: str = "UTC", dates: str = "") -> EventLog:
    """One activity an examination; a case is a patient where the column is named, else an examination."""
    table = EventTable(path, vars(columns), ("exam", "modality", "begun", "ended"))
    moments, repairs, groups, events = Moments(zone, dates), table.repairs, {}, []
    for row in table.rows():
        case = row.get("patient") or row.get("exam")
        if not case or not row.get("modality"):
            repairs.append(Repair(row.where, case, "has no examination number or no modality", "kept aside"))
            continue
        try:
            begun, ended, asked = (moments.seconds(row.get(r)) for r in ("begun", "ended", "requested"))
        except ParseError as err:
            repairs.append(Repair(row.where, case, err.what, "kept aside"))
            continue
        if begun < asked:
            repairs.append(Repair(row.where, case, "begun before it was asked for", "the request's time is not used"))
            asked = float("nan")
        if begun != begun and ended != ended:
            repairs.append(Repair(row.where, case, "was not begun: requested only", "kept aside"))
            continue
        if group := row.get("group"):
            groups.setdefault(case, group)
        events.append(Event(case, row.get("modality"), begun, ended, row.get("room"), asked, row.where))
    return event_log(events, EPOCH, groups=groups, repairs=(*repairs, *moments.notes(table.name)))
