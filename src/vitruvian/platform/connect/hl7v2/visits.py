"""ADT events of a visit as an Encounter.

The events are kept in the Encounter (extension urn:vitruvian:adt) and its status, period and places are worked out from
all of them in the order in which they happened: so they may arrive in any order, and a cancelled event is one more.

A01 admit, A04 register, A05 pre-admit, A02 transfer, A06/A07 change of class, A08 update, A03 discharge; A11
cancels the admission, A12 the transfer, A13 the discharge, A38 the pre-admission.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from vitruvian.platform.connect.fhir.values import span
from vitruvian.platform.connect.hl7v2.context import Context, named
from vitruvian.platform.connect.hl7v2.reading import Segment, identifier

EVENT = "urn:vitruvian:adt"
OF_A_VISIT = {f"A{n:02d}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 38)}
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CLASSES = {"I": "IMP", "O": "AMB", "E": "EMER", "P": "PRENC", "R": "AMB", "B": "IMP"}  # table 0004
PLACED = ("A01", "A02", "A04", "A06", "A07", "A08", "A12", "A13")  # their PV1-3 is where the patient is


class Event(NamedTuple):
    """When it happened, when it was said, what, where, of which class; `id` is the message's."""

    at: str
    said: str
    code: str
    place: str
    cls: str
    id: str


def encounter(context: Context, event: str, patient: str, held: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The visit with this event; None when the message is about no visit."""
    pv1 = context.first("PV1")
    if pv1 is None or event not in OF_A_VISIT:
        return None
    new = _event(context, event, pv1)
    events = sorted({*_events(held), new}, key=lambda e: (span(e.at) or (0, 0), e.said, e.id))
    made: dict[str, Any] = {"resourceType": "Encounter", "id": encounter_id(context, patient)}
    made["extension"] = [_kept(e) for e in events]
    if (number := identifier(pv1, 19, 0, context.facility)) is not None:
        made["identifier"] = [number]
    made |= _state(events) | {"subject": {"reference": f"Patient/{patient}"}}
    if context.facility:
        made["serviceProvider"] = {"display": context.facility}
    urgency = pv1.at(25) or (held or {}).get("priority", {}).get("text", "")  # visit priority code
    return made | ({"priority": {"text": urgency}} if urgency else {})


def encounter_id(context: Context, patient: str) -> str:
    """By visit number, else by account number, else by the patient (one open visit)."""
    pv1, pid = context.first("PV1"), context.first("PID")
    number = identifier(pv1, 19, 0, context.facility) if pv1 is not None else None
    if number is None and pid is not None:
        number = identifier(pid, 18, 0, context.facility)
    return named("Encounter", patient, *((number["system"], number["value"]) if number else ("only",)))


def _event(context: Context, event: str, pv1: Segment) -> Event:
    evn = context.first("EVN")
    own = {"A01": 44, "A04": 44, "A03": 45}.get(event)  # admitted, discharged
    times = [context.instant(pv1, own) if own else None]
    times += [context.instant(evn, 6), context.instant(evn, 2)] if evn is not None else []
    at = next((t for t in times if t), context.said)
    place = "^".join(part for part in (pv1.at(3, c).strip() for c in (1, 2, 3, 4)) if part)
    return Event(at, context.said, event, place, CLASSES.get(pv1.at(2).upper(), "AMB"), context.header.at(10))


def _kept(e: Event) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [
        {"url": name, "valueString": value}
        for name, value in e._asdict().items()
        if value and name not in ("at", "said")
    ]
    times = [{"url": name, "valueInstant": value} for name, value in (("at", e.at), ("said", e.said))]
    return {"url": EVENT, "extension": [*times, *parts]}


def _events(held: Mapping[str, Any] | None) -> list[Event]:
    out = []
    for extension in (held or {}).get("extension", ()):
        if extension.get("url") == EVENT:
            parts = {p["url"]: p.get("valueInstant") or p.get("valueString", "") for p in extension["extension"]}
            out.append(Event(**{name: parts.get(name, "") for name in Event._fields}))
    return out


def _state(events: Sequence[Event]) -> dict[str, Any]:
    """Status, class, period and places after these events."""
    status, start, end = "planned", "", ""
    stays: list[list[str]] = []  # place, from, until
    for e in events:
        if e.code in ("A01", "A04", "A06", "A07", "A13"):
            status, start, end = "in-progress", start or e.at, ""
            _reopen(stays) if e.code == "A13" else None
        elif e.code == "A03":
            status, end = "finished", e.at
            _close(stays, e.at)
        elif e.code in ("A11", "A38"):
            status = "cancelled"
        elif e.code == "A12" and len(stays) > 1:
            stays.pop()
            _reopen(stays)
        elif e.code in ("A02", "A08") and status == "planned":
            status, start = "in-progress", start or e.at
        if e.code in PLACED and e.place and (not stays or stays[-1][0] != e.place):
            _close(stays, e.at)
            stays.append([e.place, e.at, ""])
    made: dict[str, Any] = {"status": status, "class": {"system": ACT, "code": events[-1].cls}}
    period = {"start": start, "end": end}
    if start:
        made["period"] = {key: value for key, value in period.items() if value}
    if stays:
        made["location"] = [_stay(*stay) for stay in stays]
    return made


def _close(stays: list[list[str]], at: str) -> None:
    if stays and not stays[-1][2]:
        stays[-1][2] = at


def _reopen(stays: list[list[str]]) -> None:
    if stays:
        stays[-1][2] = ""


def _stay(place: str, start: str, end: str) -> dict[str, Any]:
    period = {"start": start, **({"end": end} if end else {})}
    return {"location": {"display": place}, "status": "completed" if end else "active", "period": period}
