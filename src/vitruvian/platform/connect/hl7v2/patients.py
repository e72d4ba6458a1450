"""PID and MRG as Patient resources."""

from __future__ import annotations

from typing import Any

from vitruvian.platform.connect.fhir.arrival import stamped
from vitruvian.platform.connect.hl7v2.context import Context, Faulty, named
from vitruvian.platform.connect.hl7v2.reading import Segment

GENDER = {"F": "female", "M": "male", "O": "other", "U": "unknown", "A": "other", "N": "other"}  # table 0001


def patient(context: Context) -> dict[str, Any] | None:
    """The patient of a message; None without PID. Faulty when PID names nobody."""
    pid = context.first("PID")
    if pid is None:
        return None
    identifiers = _of_person(context, pid)
    made: dict[str, Any] = {"resourceType": "Patient", "id": patient_id(identifiers[0]), "identifier": identifiers}
    if name := _names(pid):
        made["name"] = name
    if gender := GENDER.get(pid.at(8).upper()):
        made["gender"] = gender
    if birth := context.time(pid, 7):
        made["birthDate"] = birth[:10]
    died = context.time(pid, 29)
    if died or pid.at(30) == "Y":
        made |= {"deceasedDateTime": died} if died else {"deceasedBoolean": True}
    if address := _addresses(pid):
        made["address"] = address
    return stamped(made, context.said)


def patient_id(identifier: dict[str, Any]) -> str:
    """The id of the patient of this identifier."""
    return named("Patient", identifier["system"], identifier["value"])


def prior(context: Context) -> list[dict[str, Any]]:
    """Identifiers of the patients that a merge ends (MRG-1)."""
    mrg = context.first("MRG")
    if mrg is None:
        raise Faulty(100, "MRG", "a merge without MRG", "send MRG with the prior identifiers")
    found = context.identifiers(mrg, 1)
    if not found:
        raise Faulty(101, "MRG-1", "names no prior patient", "send the prior patient identifier list")
    return found


def _of_person(context: Context, pid: Segment) -> list[dict[str, Any]]:
    """PID-3, and PID-2 and PID-4 of older versions."""
    found = [*context.identifiers(pid, 3), *context.identifiers(pid, 2), *context.identifiers(pid, 4)]
    if not found:
        raise Faulty(101, "PID-3", "names no patient", "send the patient identifier list")
    return list({f"{one['system']}|{one['value']}": one for one in found}.values())


def _names(pid: Segment) -> list[dict[str, Any]]:
    out = []
    for i in range(pid.repeats(5)):
        family, given, second = (pid.nth(5, i, c).strip() for c in (1, 2, 3))
        made: dict[str, Any] = {"family": family} if family else {}
        firsts = [n for n in (given, second) if n]
        made |= {"given": firsts} if firsts else {}
        if made:
            out.append(made)
    return out


def _addresses(pid: Segment) -> list[dict[str, Any]]:
    out = []
    for i in range(pid.repeats(11)):
        line, city, state, code, country = (pid.nth(11, i, c).strip() for c in (1, 3, 4, 5, 6))
        made: dict[str, Any] = {"line": [line]} if line else {}
        parts = {"city": city, "state": state, "postalCode": code, "country": country}
        made |= {key: value for key, value in parts.items() if value}
        if made:
            out.append(made)
    return out
