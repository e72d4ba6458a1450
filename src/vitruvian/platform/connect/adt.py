"""ADT events as CSV: admissions, transfers and discharges of every visit, as models/admissions.py reads them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from vitruvian.core.errors import ParseError
from vitruvian.models.admissions import ENTER, KNOWN, MOVE, NAN, Adt, overlapping_visits, stays_of
from vitruvian.models.eventlog import EPOCH, EventLog, Repair, event_log
from vitruvian.platform.connect.eventtable import EventTable, Moments


@dataclass(frozen=True)
class AdtColumns:
    """Which column is what; `patient` finds overlapping visits of one person, `group` classes of patients."""

    visit: str | None = None
    event: str | None = None
    time: str | None = None
    unit: str | None = None
    patient: str | None = None
    group: str | None = None


def read(
    path: Path, columns: AdtColumns, *, zone: str = "UTC", dates: str = "", units: Collection[str] = ()
) -> EventLog:
    """Stays of every visit; `units`: the units there are, others are kept aside (without it, every name is a unit)."""
    table = EventTable(path, vars(columns), ("visit", "event", "time", "unit"))
    moments = Moments(zone, dates)
    messages, patients, groups, repairs = [], {}, {}, table.repairs
    for row in table.rows():
        code = row.get("event").upper().removeprefix("ADT^").removeprefix("ADT_").removeprefix("ADT")
        message = Adt(NAN, row.get("visit"), code.strip(), row.get("unit"), row.where)
        try:
            message = message._replace(at=moments.seconds(row.get("time")))
            _check(message, units)
        except ParseError as err:
            repairs.append(Repair(row.where, message.visit, err.what, f"kept aside; {err.fix}" if err.fix else "aside"))
            continue
        messages.append(message)
        patients.setdefault(message.visit, row.get("patient"))
        if group := row.get("group"):
            groups.setdefault(message.visit, group)
    stays, listed = stays_of(messages)
    listed += overlapping_visits(stays, patients)
    until = max((m.at for m in messages), default=NAN)
    notes = (*repairs, *listed, *moments.notes(table.name))
    return event_log(stays, EPOCH, until=until, groups=groups, repairs=notes)


def _check(message: Adt, units: Collection[str]) -> None:
    if not message.visit:
        raise ParseError("has no visit", fix="every event needs its visit number")
    if message.code not in KNOWN:
        raise ParseError(f"unknown event '{message.code}'", fix=f"known are {KNOWN[0]} to {KNOWN[-1]}")
    if message.at != message.at:
        raise ParseError(f"{message.code} has no time", fix="give the time of the event")
    if message.code in (*ENTER, *MOVE):
        if not message.unit:
            raise ParseError(f"{message.code} names no unit", fix="give the unit the patient goes to")
        if units and message.unit not in units:
            raise ParseError(f"unknown unit '{message.unit}'", fix=f"known are {', '.join(sorted(units))}")
