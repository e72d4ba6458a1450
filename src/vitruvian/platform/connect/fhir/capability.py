"""The CapabilityStatement: what the tests made from it exercise, no more (tests/unit/fhir/test_capability.py)."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from vitruvian import __version__
from vitruvian.platform.connect.fhir import definitions
from vitruvian.platform.instant import micros, text

INTERACTIONS = ("read", "vread", "update", "delete", "history-instance", "history-type", "create", "search-type")
OWN = (("_id", "token"), ("_lastUpdated", "date"))


def statement(base: str, now: datetime) -> dict[str, Any]:
    """The resource."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": text(micros(now.replace(microsecond=0))),
        "kind": "instance",
        "software": {"name": "Vitruvian", "version": __version__},
        "implementation": {"description": "Data of healthcare digital twins", "url": base},
        "fhirVersion": definitions.VERSION,
        "format": ["application/fhir+json", "json"],
        "rest": [{"mode": "server", "resource": _resources(), "interaction": _system(), "operation": _operations()}],
    }


def _system() -> list[dict[str, str]]:
    return [{"code": "transaction"}, {"code": "batch"}]


def _operations() -> list[dict[str, str]]:
    export = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export"
    return [{"name": "export", "definition": export}]


@cache
def _resources() -> list[dict[str, Any]]:
    validate = {"name": "validate", "definition": "http://hl7.org/fhir/OperationDefinition/Resource-validate"}
    return [
        {
            "type": kind,
            "interaction": [{"code": code} for code in INTERACTIONS],
            "versioning": "versioned-update",
            "readHistory": True,
            "updateCreate": True,
            "conditionalCreate": True,
            "conditionalRead": "not-match",
            "conditionalUpdate": True,
            "conditionalDelete": "not-supported",
            "searchParam": [{"name": n, "type": t} for n, t in OWN]
            + [{"name": p.name, "type": p.kind} for p in definitions.parameters(kind).values()],
            "operation": [validate],
        }
        for kind in sorted(definitions.resource_types())
    ]
