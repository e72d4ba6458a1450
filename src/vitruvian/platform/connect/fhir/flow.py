"""Visits as rows of a hospital's twin: who is where, since when. The twin starts its forecasts from them.

An Encounter is for the twin named after its facility: serviceProvider (by reference, identifier or name), or the
fourth part of a place from HL7 (point of care ^ room ^ bed ^ facility). The parts of its present place name a step of
the model (the room first), or a place of the model (then the first step there that keeps something). Encounter.priority
names the class; a class that the model does not know is its least urgent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from vitruvian.core.errors import ParseError
from vitruvian.platform.connect.fhir import values
from vitruvian.platform.store.facts import Observation

if TYPE_CHECKING:  # lazy: most servers follow persons
    from vitruvian.engines.event.model import Model
    from vitruvian.kinds.hospital import Hospital

PATIENT = "patient"  # what such rows are called: kinds.hospital.model
GONE = ("finished", "cancelled", "entered-in-error")
THERE = ("arrived", "triaged", "in-progress", "onleave")


def facilities(encounter: Mapping[str, Any]) -> list[str]:
    """Names by which a twin may be called whose visit this is."""
    provider = encounter.get("serviceProvider", {})
    names = [
        provider.get("reference", ""),
        provider.get("display", ""),
        provider.get("identifier", {}).get("value", ""),
    ]
    parts = _place(encounter).get("location", {}).get("display", "").split("^")
    names += parts[3:4]
    return [name for name in dict.fromkeys(names) if name]


def reading(kind: Hospital, encounter: Mapping[str, Any], us: Callable[[int], int]) -> Observation | None:
    """Where the patient of this visit is; None while it is planned, or over without a word of when it was.

    ParseError for a place that the model has not. us: checks a time (microseconds) and gives it back.
    """
    status, model = encounter.get("status", ""), kind.model
    if status not in (*GONE, *THERE):
        return None
    period = encounter.get("period", {})
    if status in THERE:
        place = _place(encounter)
        since = place.get("period", {}).get("start") or period.get("start", "")
        value = float(step_of(model, place.get("location", {}).get("display", "")))
    else:
        since, value = period.get("end") or period.get("start", ""), 0.0
    found = values.span(since) if since else None
    if found is None and status in GONE:
        return None  # a discharge that came before its admission
    if found is None:
        raise ParseError("does not say since when", where="period", fix="send period.start with date, time and zone")
    name = f"Encounter/{encounter['id']}"
    return Observation(
        reading_id=name,
        observable=PATIENT,
        valid_us=us(found[0]),
        value=value,
        unit="1",
        known_us=found[0],  # a visit's event is known when it happens
        sensor=class_of(model, encounter),
        removed=status in GONE[1:],
        row=name,
        raw=f"{status} {_place(encounter).get('location', {}).get('display', '')}"[:500],
    )


def step_of(model: Model, display: str) -> int:
    """The number (from 1) of the step that a place "point of care^room^bed" names."""
    parts = [_plain(part) for part in display.split("^")[:3] if part.strip()]
    numbers = {_plain(s.name): k for k, s in enumerate(model.steps, start=1)}
    for part in (*parts[1:], *parts[:1]):
        if part in numbers:
            return numbers[part]
    for part in parts:
        there = [(k, s) for k, s in enumerate(model.steps, start=1) if _plain(s.place) == part]
        if there:
            return next((k for k, s in there if s.keep), there[0][0])
    known = ", ".join([*dict.fromkeys(s.place for s in model.steps if s.place), *(s.name for s in model.steps)])
    raise ParseError(f"the place '{display}' is not in model '{model.name}'", where="location", fix=f"use {known}")


def class_of(model: Model, encounter: Mapping[str, Any]) -> str:
    """The model's class of a visit, by Encounter.priority."""
    said = encounter.get("priority", {})
    words = {said.get("text", ""), *(c.get("code", "") for c in said.get("coding", ()))}
    named = next((c.name for c in model.classes if c.name in words), None)
    if named is not None or not model.classes:
        return named or ""
    return max(model.classes, key=lambda c: c.priority).name


def _place(encounter: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where it is now: the active place, else the last."""
    places = encounter.get("location", ())
    active = [p for p in places if p.get("status") == "active"]
    return (active or places)[-1] if places else {}


def _plain(name: str) -> str:
    return re.sub(r"\W+", " ", name).strip().lower()
