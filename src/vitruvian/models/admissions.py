"""Admissions, transfers and discharges (HL7 v2 A01 to A13) become stays in units; what cannot be is listed.

    A01 admit  A02 transfer  A03 discharge  A04 register (emergency, outpatient)  A05 pre-admit
    A06 outpatient becomes inpatient  A07 inpatient becomes outpatient  A08 update
    A09 leaves (tracking)  A10 arrives (tracking)  A11 cancel admit  A12 cancel transfer  A13 cancel discharge

Source: HL7 Version 2.5.1, chapter 3. A stay is (visit, unit, entered, left); left is nan while the patient is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vitruvian.models.eventlog import Event, Repair

NAN = float("nan")
ENTER, MOVE, LEAVE = ("A01", "A04"), ("A02", "A06", "A07", "A10"), ("A03",)
NOTHING = ("A05", "A08", "A09")  # no patient changes place: pre-admission, update, "is on the way"
CANCEL = ("A11", "A12", "A13")
KNOWN = (*ENTER, *MOVE, *LEAVE, *NOTHING, *CANCEL)


class Adt(NamedTuple):
    """One message: when, which visit, which event, which unit (assigned patient location)."""

    at: float
    visit: str
    code: str
    unit: str
    where: str = ""


def stays_of(messages: Sequence[Adt]) -> tuple[list[Event], list[Repair]]:
    """Stays of all visits, and what was repaired. Cancelled events are taken back, not only closed."""
    by_visit: dict[str, list[Adt]] = {}
    for m in messages:
        by_visit.setdefault(m.visit, []).append(m)
    stays: list[Event] = []
    repairs: list[Repair] = []
    for visit, told in by_visit.items():
        # At one and the same moment: what cancels comes last.
        told.sort(key=lambda m: (m.at, m.code in CANCEL))
        stays += _visit(visit, told, repairs)
    return stays, repairs


def _visit(visit: str, told: Sequence[Adt], repairs: list[Repair]) -> list[Event]:
    stays: list[Event] = []
    for m in told:
        open_ = bool(stays) and stays[-1].complete != stays[-1].complete
        if m.code in NOTHING:
            continue
        if m.code in CANCEL:
            _cancel(m, stays, repairs)
        elif m.code in LEAVE:
            if open_:
                stays[-1] = stays[-1]._replace(complete=m.at)
            else:
                what = "discharge before admission" if not stays else "discharged twice"
                repairs.append(Repair(m.where, visit, f"{m.code}: {what}", "kept aside"))
        elif not open_:
            if m.code in MOVE:
                what = f"{m.code} to '{m.unit}', but the patient is not admitted"
                repairs.append(Repair(m.where, visit, what, "taken as the admission"))
            stays.append(Event(visit, m.unit, m.at, NAN, where=m.where))
        elif stays[-1].activity != m.unit:
            if m.code in ENTER:
                what = f"{m.code} to '{m.unit}' while in '{stays[-1].activity}' (overlapping stays)"
                repairs.append(Repair(m.where, visit, what, "taken as a transfer"))
            stays[-1] = stays[-1]._replace(complete=m.at)
            stays.append(Event(visit, m.unit, m.at, NAN, where=m.where))
    return stays


def _cancel(m: Adt, stays: list[Event], repairs: list[Repair]) -> None:
    """A11 takes the last admission back, A12 the last transfer, A13 the last discharge."""
    open_ = bool(stays) and stays[-1].complete != stays[-1].complete
    if m.code == "A13" and stays and not open_:
        stays[-1] = stays[-1]._replace(complete=NAN)
    elif m.code == "A12" and open_ and len(stays) > 1 and stays[-2].complete == stays[-1].start:
        stays.pop()
        stays[-1] = stays[-1]._replace(complete=NAN)
    elif m.code == "A11" and open_:
        stays.pop()
    else:
        repairs.append(Repair(m.where, m.visit, f"{m.code} cancels what is not there", "kept aside"))
        return
    repairs.append(Repair(m.where, m.visit, f"{m.code} cancels an event", "that event taken back"))


def overlapping_visits(stays: Sequence[Event], patients: dict[str, str]) -> list[Repair]:
    """Visits of one person that are in two units at once: listed, both kept."""
    of: dict[str, list[Event]] = {}
    for s in stays:
        if person := patients.get(s.case, ""):
            of.setdefault(person, []).append(s)
    found = []
    for own in of.values():
        own.sort(key=lambda s: s.start)
        end, last = -float("inf"), ""
        for s in own:
            if s.start < end and s.case != last:
                what = (
                    f"in '{s.activity}' while visit {last} of the same patient is still in a unit (overlapping stays)"
                )
                found.append(Repair(s.where, s.case, what, "both kept"))
            stop = s.complete if s.complete == s.complete else float("inf")
            if stop > end:
                end, last = stop, s.case
    return found
