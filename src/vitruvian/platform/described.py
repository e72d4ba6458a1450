"""What a kind says about itself, as plain JSON: for the command line, the HTTP interface and the web client."""

from __future__ import annotations

import json
from typing import Any

from vitruvian.core import kind as contract
from vitruvian.core.kind import AbstractKind
from vitruvian.models.alarms.risks import risks
from vitruvian.models.drift.renewable import Renewable
from vitruvian.platform.evidence import folder


def as_data(kind: AbstractKind) -> dict[str, Any]:
    """A kind as plain JSON."""
    return {
        "name": kind.name,
        "version": kind.version,
        "context_of_use": vars(kind.context_of_use),
        "capabilities": capabilities(kind),
        "subject": kind.subject.json_schema(),
        "actions": [a.json_schema() for a in kind.actions],
        "questions": [q.json_schema() for q in kind.questions],
        "observables": [
            {"name": o.name, "unit": o.unit, "code": o.code, "meaning": o.meaning, "axis": o.axis, "dims": list(o.dims)}
            for o in kind.observables
        ],
        "quantities": [{"name": q.name, "unit": q.unit, "meaning": q.meaning} for q in kind.quantities],
        "parameters": [
            {"name": p.name, "unit": p.unit, "meaning": p.meaning, "source": p.source, "dims": list(p.dims)}
            for p in kind.parameters
        ],
        "envelope": {"ranges": {k: list(v) for k, v in kind.envelope.ranges.items()}, "source": kind.envelope.source},
    }


def capabilities(kind: AbstractKind) -> list[str]:
    """The capabilities of the contract that the kind has, and whether its fit can be renewed here."""
    names = (
        "Causal",
        "Differentiable",
        "Resumable",
        "Filterable",
        "Reconstructible",
        "Fittable",
        "Corrected",
        "ExactLikelihood",
    )
    found = [name for name in names if isinstance(kind, getattr(contract, name))]
    return [*found, "Renewable"] if isinstance(kind, Renewable) else found


def panels(kind: AbstractKind) -> list[dict[str, Any]]:
    """What a client may show of a twin of this kind: what the kind's own panels.json says, and a view of all it sees.

    A panel is data: an id, a type that the client knows, a title, and what of the API fills it.
    """
    own = folder(kind.name) / "panels.json"
    made: list[dict[str, Any]] = json.loads(own.read_text(encoding="utf-8")) if own.exists() else []
    taken = {panel["id"] for panel in made}
    covered = {(panel["type"], *panel["of"]) for panel in made}
    general = [
        {"id": f"timeline-{o.name}", "type": "timeline", "title": o.meaning or o.name, "of": [o.name], "unit": o.unit}
        for o in kind.observables
        if o.axis == "grid" and not o.dims
    ]
    general += [
        {"id": f"map-{o.name}", "type": "map", "title": o.meaning or o.name, "of": [o.name], "unit": o.unit}
        for o in kind.observables
        if o.axis == "none"
    ]
    if probable := list(risks(kind)):
        general.insert(0, {"id": "risks", "type": "risk", "title": "Risk", "of": probable, "unit": "1"})
    if kind.quantities:
        of = [q.name for q in kind.quantities]
        general.append({"id": "quantities", "type": "quantities", "title": "Over the window", "of": of, "unit": ""})
    general.append({"id": "parameters", "type": "parameters", "title": "What was learned", "of": [], "unit": ""})
    return made + [p for p in general if p["id"] not in taken and (p["type"], *p["of"]) not in covered]
