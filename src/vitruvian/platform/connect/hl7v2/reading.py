"""Fields of a parsed message by the numbers of the standard, unescaped; times, codes, identifiers as FHIR has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import hl7

from vitruvian.platform.connect.fhir.values import span

# Coding systems of HL7 table 0396 and their FHIR addresses (terminology.hl7.org)
SYSTEMS = {
    "LN": "http://loinc.org",
    "SCT": "http://snomed.info/sct",
    "RXNORM": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "UCUM": "http://unitsofmeasure.org",
    "CVX": "http://hl7.org/fhir/sid/cvx",
    "I10": "http://hl7.org/fhir/sid/icd-10",
    "I10C": "http://hl7.org/fhir/sid/icd-10-cm",
    "I9C": "http://hl7.org/fhir/sid/icd-9-cm",
    "C4": "http://www.ama-assn.org/go/cpt",
    "NDC": "http://hl7.org/fhir/sid/ndc",
}
_TIME = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6}))?)?)?)?)?)?([+-]\d{4})?", re.ASCII
)


@dataclass(frozen=True)
class Segment:
    """A segment: `at(5)` is field 5, `at(5, 2)` its second component, of the first repetition."""

    raw: Any
    message: Any

    @property
    def name(self) -> str:
        """PID, OBX, ..."""
        return str(self.raw[0])

    def at(self, field: int, component: int = 1, part: int = 1) -> str:
        """The text there, unescaped; "" when it is absent or explicitly null."""
        return next(self.all(field, component, part), "")

    def all(self, field: int, component: int = 1, part: int = 1) -> Iterator[str]:
        """The same of every repetition."""
        if self.name == "MSH" and field <= 2:
            yield str(self.raw[field])
            return
        for repeat in self.raw[field] if field < len(self.raw) else ():
            yield _inner(self.message, repeat, component, part)

    def repeats(self, field: int) -> int:
        """How many repetitions the field has."""
        return len(self.raw[field]) if field < len(self.raw) and str(self.raw[field]) else 0

    def nth(self, field: int, repeat: int, component: int = 1, part: int = 1) -> str:
        """A component of that repetition, from 0."""
        return _inner(self.message, self.raw[field][repeat], component, part) if repeat < self.repeats(field) else ""


def segments(message: Any) -> list[Segment]:
    """All of a parsed message, in order."""
    return [Segment(raw, message) for raw in message if str(raw[0]).strip()]


def _inner(message: Any, repeat: Any, component: int, part: int) -> str:
    if isinstance(repeat, str):
        found: Any = repeat if component == part == 1 else ""
    else:
        found = repeat[component - 1] if component <= len(repeat) else ""
        if not isinstance(found, str):
            found = found[part - 1] if part <= len(found) else ""
        elif part > 1:
            found = ""
    text = str(found)
    return "" if text == '""' else str(message.unescape(text)) if "\\" in text else text


def time(text: str, zone: ZoneInfo) -> str | None:
    """A FHIR date or dateTime; local times are of `zone`. None when it is no time."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    date = "-".join(p for p in (year, month, day) if p)
    if hour is None:
        return date if span(date) else None
    try:
        clock = (int(hour), int(minute or 0), min(int(second or 0), 59))
        local = datetime(int(year), int(month), int(day), *clock, tzinfo=zone)
    except ValueError:
        return None
    shown = local.isoformat()
    said = f"{offset[:3]}:{offset[3:]}" if offset else shown[19:]
    whole = f"{shown[:19]}{'.' + fraction if fraction else ''}{said}"
    return whole if span(whole) else None


def instant(text: str, zone: ZoneInfo) -> str | None:
    """The same, if it has a time of day."""
    found = time(text, zone)
    return found if found is not None and "T" in found else None


def micros_of(text: str, zone: ZoneInfo) -> int | None:
    """Its first microsecond."""
    found = time(text, zone)
    inside = span(found) if found else None
    return inside[0] if inside else None


def concept(segment: Segment, field: int, repeat: int = 0) -> dict[str, Any] | None:
    """A CWE or CE as a CodeableConcept, with its alternate coding and original text."""
    codings = []
    for first in (1, 4):
        code, shown, system = (segment.nth(field, repeat, first + i).strip() for i in range(3))
        if code:
            coding = {"system": _system(system), "code": " ".join(code.split()), "display": shown}
            codings.append({key: value for key, value in coding.items() if value})
    text = segment.nth(field, repeat, 9) or segment.nth(field, repeat, 2)
    made: dict[str, Any] = {"coding": codings} if codings else {}
    made |= {"text": text} if text.strip() else {}
    return made or None


def _system(name: str) -> str:
    name = name.strip()
    return SYSTEMS.get(name.upper(), f"urn:hl7:{'-'.join(name.split())}") if name else ""


def identifier(segment: Segment, field: int, repeat: int, facility: str) -> dict[str, Any] | None:
    """A CX or EI-like identifier; without an assigning authority it is the sending facility's."""
    value = segment.nth(field, repeat, 1).strip()
    if not value:
        return None
    namespace, universal, kind = (segment.nth(field, repeat, 4, part).strip() for part in (1, 2, 3))
    made: dict[str, Any] = {"system": authority(namespace, universal, kind, facility), "value": value}
    code = segment.nth(field, repeat, 5).strip()
    if code and " " not in code:
        made["type"] = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": code}]}
    return made


def authority(namespace: str, universal: str, kind: str, facility: str) -> str:
    """The system of an identifier."""
    if universal and kind == "ISO" and re.fullmatch(r"[0-2](\.\d+)+", universal):
        return f"urn:oid:{universal}"
    name = namespace or universal or facility or "unknown"
    return f"urn:hl7:{'-'.join(name.split())}"


def parse(text: str) -> Any:
    """By python-hl7; its errors are HL7Exception and, for odd separators, ValueError or IndexError."""
    return hl7.parse(text)
