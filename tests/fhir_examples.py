"""Small valid R4 resources of every type, made from the tables: what is required, and one value at any path."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from vitruvian.platform.connect.fhir import Answer, FhirServer, Request, definitions, written
from vitruvian.platform.store.database import Database

BASE = "http://twins.example/fhir"
VALUES: dict[str, Any] = {
    "base64Binary": "aGVsbG8=",
    "boolean": True,
    "canonical": "http://example.org/canonical",
    "code": "final",
    "date": "2026-03-01",
    "dateTime": "2026-03-01T08:00:00Z",
    "decimal": 72,
    "id": "a1",
    "instant": "2026-03-01T08:00:00Z",
    "integer": 3,
    "markdown": "*words*",
    "oid": "urn:oid:1.2.3",
    "positiveInt": 1,
    "string": "Älpha",
    "time": "08:00:00",
    "unsignedInt": 0,
    "uri": "urn:example:uri",
    "url": "http://example.org/",
    "uuid": "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7",
    "xhtml": '<div xmlns="http://www.w3.org/1999/xhtml">words</div>',
    "CodeableConcept": {"coding": [{"system": "http://example.org/codes", "code": "c1"}]},
    "Coding": {"system": "http://example.org/codes", "code": "c1"},
    "Identifier": {"system": "urn:mrn", "value": "123"},
    "ContactPoint": {"system": "phone", "value": "555"},
    "Quantity": {"value": 5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"},
    "Range": {"low": {"value": 5, "unit": "mg"}, "high": {"value": 6, "unit": "mg"}},
    "Money": {"value": 5, "currency": "EUR"},
    "HumanName": {"family": "Noether", "given": ["Emmy"]},
    "Address": {"city": "Erlangen"},
    "Period": {"start": "2026-03-01", "end": "2026-03-02"},
    "Timing": {"event": ["2026-03-01T08:00:00Z"]},
    "Extension": {"url": "http://example.org/x", "valueString": "x"},
    "Resource": {"resourceType": "Basic", "code": {"text": "x"}},
    "Narrative": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">words</div>'},
    "Meta": {"tag": [{"code": "t"}]},
    "Reference": {"display": "someone"},
    "Element": {"extension": [{"url": "http://example.org/x", "valueString": "x"}]},
}


def example(kind: str) -> dict[str, Any]:
    """The smallest resource of a type."""
    return {"resourceType": kind, **_members(kind)}


def with_value(kind: str, path: str, target: str = "") -> dict[str, Any]:
    """The smallest with a value at "name.family", "value:Quantity"; a reference goes to `target`/r1."""
    made = example(kind)
    _place(made, kind, path.split("."), target)
    return made


def _place(node: dict[str, Any], name: str, steps: list[str], target: str) -> None:
    step, _, wanted = steps[0].partition(":")
    elements = definitions.shape(name).elements
    if step in elements:
        element = elements[step]
    else:
        group = [e for e in elements.values() if e.group == step and wanted in ("", e.type)]
        preferred = ("dateTime", "Period", "Timing", "CodeableConcept", "Reference", "Quantity", "uri", "string")
        element = min(group, key=lambda e: preferred.index(e.type) if e.type in preferred else 99)
        for other in elements.values():
            if other.group == step:
                node.pop(other.name, None)
    held = node.get(element.name)
    held = held[0] if isinstance(held, list) else held
    value = _value(element) if held is None or len(steps) == 1 else held
    if len(steps) > 1:
        _place(value, element.type, steps[1:], target)
    elif element.type == "Reference":
        value = {"reference": f"{target or 'Patient'}/r1"}
    node[element.name] = [value] if element.many else value


def _members(name: str) -> dict[str, Any]:
    shape = definitions.shape(name)
    made = {}
    for key in shape.required:
        element = shape.elements[key]
        made[key] = [_value(element)] if element.many else _value(element)
    for group in shape.required_groups:
        element = next(e for e in shape.elements.values() if e.group == group)
        made[element.name] = [_value(element)] if element.many else _value(element)
    return made


def _value(element: definitions.Element) -> Any:
    if isinstance(element.codes, frozenset):
        return min(element.codes)
    if element.codes is not None:
        system = min(element.codes)
        coding = {"system": system, "code": min(element.codes[system])}
        return {"coding": [coding]} if element.type == "CodeableConcept" else coding
    if element.type in VALUES:
        found = VALUES[element.type]
        return dict(found) if isinstance(found, dict) else found
    if element.resource:
        return example(element.type)
    made = _members(element.type)
    return made or _some(element.type)


def _some(name: str) -> dict[str, Any]:
    """A type that requires nothing still may not be empty."""
    elements = definitions.shape(name).elements.values()
    skip = ("id", "extension", "modifierExtension")
    element = next(e for e in elements if e.name not in skip and (e.type in VALUES or e.codes))
    return {element.name: [_value(element)] if element.many else _value(element)}


class Clock:
    """A second passes each time it is asked."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


class Client:
    """Asks a server as HTTP would; bodies are values or bytes."""

    def __init__(self, place: Path, **more: Any) -> None:
        self.database = Database.open(place)
        self.clock: Callable[[], datetime] = Clock()
        self.server = FhirServer(self.database, self.clock, BASE, **more)

    def __call__(self, method: str, address: str, body: Any = None, **headers: str) -> Answer:
        path, _, query = address.partition("?")
        pairs = [(k, v) for k, _, v in (p.partition("=") for p in query.split("&") if p)]
        data = body if isinstance(body, bytes) else b"" if body is None else written.dumps(body)
        named = {k.replace("_", "-").lower(): v for k, v in headers.items()}
        return self.server.handle(Request(method, path, pairs, named, data))


def parsed(answer: Answer) -> Any:
    return written.loads(answer.body)
