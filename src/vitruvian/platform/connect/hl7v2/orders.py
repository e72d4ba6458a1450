"""ORC with OBR as ServiceRequest resources, SCH as an Appointment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from vitruvian.platform.connect.fhir.arrival import stamped
from vitruvian.platform.connect.hl7v2.context import Context, Faulty, named
from vitruvian.platform.connect.hl7v2.reading import Segment, concept

# ORC-1 (table 0119): what is done with the order
CONTROL = {"CA": "revoked", "OC": "revoked", "CR": "revoked", "DC": "revoked", "OD": "revoked", "HD": "on-hold"}
BOOKED = {"S12": "booked", "S13": "booked", "S14": "booked", "S18": "booked", "S20": "booked", "S22": "booked"}
ENDED = {"S15": "cancelled", "S16": "cancelled", "S17": "entered-in-error", "S26": "noshow"}
SECONDS = {"S": 1, "SEC": 1, "MIN": 60, "M": 60, "H": 3600, "HR": 3600, "D": 86400}
TYPES = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"


def requests(context: Context, patient: str, encounter: str) -> Iterator[dict[str, Any]]:
    """One for each OBR; ORC before it says what becomes of the order."""
    control: Segment | None = None
    for segment in context.segments:
        if segment.name == "ORC":
            control = segment
        elif segment.name == "OBR" and (code := concept(segment, 4)) is not None:
            yield _request(context, segment, control, code, patient, encounter)


def _request(
    context: Context, obr: Segment, orc: Segment | None, code: dict[str, Any], patient: str, encounter: str
) -> dict[str, Any]:
    placer = obr.at(2) or (orc.at(2) if orc is not None else "")
    filler = obr.at(3) or (orc.at(3) if orc is not None else "")
    if not placer and not filler:
        placer = context.header.at(10)  # an order that nobody numbered is this message's
    verb, state = (orc.at(1).upper(), orc.at(5).upper()) if orc is not None else ("", "")
    status = CONTROL.get(verb) or ("completed" if state == "CM" else "revoked" if state == "CA" else "active")
    numbers = [("placer", placer), ("filler", filler)]
    made: dict[str, Any] = {
        "resourceType": "ServiceRequest",
        "id": named("ServiceRequest", patient, placer or filler, obr.at(4)),
        "identifier": [{"system": f"urn:hl7:{name}", "value": value} for name, value in numbers if value],
        "status": status,
        "intent": "order",
        "code": code,
        "subject": {"reference": f"Patient/{patient}"},
    }
    made |= {"encounter": {"reference": f"Encounter/{encounter}"}} if encounter else {}
    if ordered := (context.time(orc, 9) if orc is not None else None):
        made["authoredOn"] = ordered
    return stamped(made, context.said)


def appointment(context: Context, event: str, patient: str | None) -> dict[str, Any]:
    """The appointment of a scheduling message. Faulty when it has no number or, booked, no time."""
    sch = context.first("SCH")
    if sch is None:
        raise Faulty(100, "SCH", "a scheduling message without SCH", "send SCH")
    number = sch.at(2) or sch.at(1)
    if not number:
        raise Faulty(101, "SCH-1", "has no appointment number", "send the placer or filler appointment id")
    status = BOOKED.get(event) or ENDED.get(event) or "pending"
    made: dict[str, Any] = {
        "resourceType": "Appointment",
        "id": named("Appointment", context.facility, number),
        "identifier": [{"system": "urn:hl7:appointment", "value": number}],
        "status": status,
    }
    start, end = _times(context, sch)
    if status == "booked" and start is None:
        raise Faulty(101, "TQ1-7", "does not say when the appointment is", "send TQ1-7 or SCH-11.4")
    made |= {"start": start} if start else {}
    made |= {"end": end} if end else {}
    if (reason := concept(sch, 7)) is not None:
        made["reasonCode"] = [reason]
    made["participant"] = _participants(context, patient)
    return stamped(made, context.said)


def _times(context: Context, sch: Segment) -> tuple[str | None, str | None]:
    tq1, ais = context.first("TQ1"), context.first("AIS")
    start = context.instant(tq1, 7) if tq1 is not None else None
    end = context.instant(tq1, 8) if tq1 is not None else None
    start = start or context.instant(sch, 11, 4) or (context.instant(ais, 4) if ais is not None else None)
    end = end or context.instant(sch, 11, 5)
    amount, unit = sch.at(9).strip(), sch.at(10).strip().upper()
    if ais is not None and not amount.isdigit():
        amount, unit = ais.at(7).strip(), ais.at(8).strip().upper()
    if start and not end and amount.isdigit() and unit in SECONDS:
        end = (datetime.fromisoformat(start) + timedelta(seconds=int(amount) * SECONDS[unit])).isoformat()
    return start, end if start and end and datetime.fromisoformat(end) >= datetime.fromisoformat(start) else None


def _participants(context: Context, patient: str | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if patient is not None:
        found.append({"actor": {"reference": f"Patient/{patient}"}, "status": "accepted"})
    for segment in context.segments:
        if segment.name == "AIL" and segment.at(3):
            found.append({"actor": {"display": segment.at(3)}, "status": "accepted"})
        elif segment.name == "AIP" and (name := " ".join(filter(None, (segment.at(3, 3), segment.at(3, 2))))):
            found.append({"actor": {"display": name}, "status": "accepted"})
    unknown = {"type": [{"coding": [{"system": TYPES, "code": "SBJ"}]}], "status": "needs-action"}
    return found or [unknown]
