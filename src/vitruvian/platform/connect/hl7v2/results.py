"""OBX as Observation resources, with what OBR says of them. Values as they were written.

OBX-11: C is a correction, D and W take the result back, X says there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from vitruvian.core.units import spoken
from vitruvian.platform.connect.fhir.coding import UCUM
from vitruvian.platform.connect.fhir.written import Number
from vitruvian.platform.connect.hl7v2.context import Context, Faulty, named
from vitruvian.platform.connect.hl7v2.reading import Segment, concept

STATUS = {
    "F": "final", "U": "final", "P": "preliminary", "R": "preliminary", "S": "preliminary", "B": "preliminary",
    "V": "final", "A": "amended", "C": "corrected", "D": "entered-in-error", "W": "entered-in-error",
    "X": "cancelled", "N": "cancelled", "O": "registered", "I": "registered", "": "final",
}  # fmt: skip  # table 0085
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
LETTERS = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)
_LOCAL = {"BEATS/MIN": "/min", "BREATHS/MIN": "/min", "BPM": "/min", "TERA.L-1": "10*12/L", "GIGA.L-1": "10*9/L"}


def observations(context: Context, patient: str, encounter: str) -> Iterator[dict[str, Any]]:
    """Every OBX that has a code; those that stand under one OBR share its order number and time."""
    order: Segment | None = None
    for segment in context.segments:
        if segment.name == "OBR":
            order = segment
        elif segment.name == "OBX" and (code := concept(segment, 3)) is not None:
            yield _observation(context, segment, order, code, patient, encounter)


def _observation(
    context: Context, obx: Segment, order: Segment | None, code: dict[str, Any], patient: str, encounter: str
) -> dict[str, Any]:
    letter = obx.at(11).upper()
    if letter not in STATUS:
        raise Faulty(103, "OBX-11", f"the result status '{letter[:10]}' is not known", "use a code of table 0085")
    at = context.time(obx, 14) or (context.time(order, 7) if order is not None else None)
    issued = context.instant(obx, 19) or (context.instant(order, 22) if order is not None else None)
    made: dict[str, Any] = {
        "resourceType": "Observation",
        "id": named("Observation", patient, *_placed(obx, order, at or "")),
        "status": STATUS[letter],
        "code": code,
        "subject": {"reference": f"Patient/{patient}"},
    }
    made |= {"encounter": {"reference": f"Encounter/{encounter}"}} if encounter else {}
    made |= {"effectiveDateTime": at} if at else {}
    made["issued"] = (
        max(issued, context.said, key=_moment) if letter in ("C", "D", "W") and issued else issued or context.said
    )
    made |= _value(context, obx) or {"dataAbsentReason": {"coding": [{"system": ABSENT, "code": "unknown"}]}}
    if flags := [obx.nth(8, i).strip() for i in range(obx.repeats(8)) if obx.nth(8, i).strip()]:
        made["interpretation"] = [{"coding": [{"system": LETTERS, "code": flag}]} for flag in flags]
    if bounds := obx.at(7).strip():
        made["referenceRange"] = [{"text": bounds}]
    if device := obx.at(18).strip():
        made["device"] = {"display": device}
    return made


def _moment(text: str) -> int:
    from vitruvian.platform.connect.fhir.values import span

    return (span(text) or (0, 0))[0]


def _placed(obx: Segment, order: Segment | None, at: str) -> tuple[str, ...]:
    """What names a result: the order's number, the code, the sub-id; without an order number its time."""
    number = "" if order is None else order.at(3) or order.at(2)
    return number or at, obx.at(3), obx.at(3, 4), obx.at(4)


def _value(context: Context, obx: Segment) -> dict[str, Any]:
    kind, count = obx.at(2).upper(), obx.repeats(5)
    if count == 0:
        return {}
    if kind == "NM" and count == 1 and _NUMBER.fullmatch(obx.at(5).strip()):
        return {"valueQuantity": {"value": _number(obx.at(5).strip()), **_unit(obx)}}
    if kind == "SN" and count == 1 and (found := _structured(obx)):
        return found
    if kind in ("CE", "CWE", "CNE", "CF", "IS", "ID") and (found := concept(obx, 5)):
        return {"valueCodeableConcept": found}
    if kind in ("TS", "DTM", "DT") and (when := context.time(obx, 5)):
        return {"valueDateTime": when}
    text = "\n".join(str(repeat) for repeat in obx.raw[5]).strip()
    text = obx.message.unescape(text) if "\\" in text else text
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", " ", text).strip()
    return {"valueString": text} if text and kind not in ("ED", "RP") else {}


def _structured(obx: Segment) -> dict[str, Any]:
    """SN: comparator ^ number ^ separator ^ number; only one number is a quantity."""
    sign, number, between, other = (obx.at(5, c).strip() for c in (1, 2, 3, 4))
    if not _NUMBER.fullmatch(number) or sign not in ("", "=", "<", "<=", ">", ">="):
        return {}
    if between == "-" and _NUMBER.fullmatch(other):
        unit = _unit(obx)
        return {"valueRange": {"low": {"value": _number(number), **unit}, "high": {"value": _number(other), **unit}}}
    if between or other:
        return {}
    comparator = {"comparator": sign} if sign in ("<", "<=", ">", ">=") else {}
    return {"valueQuantity": {"value": _number(number), **comparator, **_unit(obx)}}


def _number(text: str) -> Number:
    """As JSON writes it, digits kept: no plus, no leading zeros, no bare point."""
    sign, digits = ("-", text[1:]) if text[0] == "-" else ("", text.lstrip("+"))
    whole, point, part = digits.partition(".")
    return Number(f"{sign}{whole.lstrip('0') or '0'}{point if part else ''}{part}")


def _unit(obx: Segment) -> dict[str, str]:
    code = obx.at(6).strip()
    if not code:
        return {}
    known = _LOCAL.get(code.upper(), spoken(code))
    return {"unit": obx.at(6, 2).strip() or code, "system": UCUM, "code": known}
