"""Contents of one thing that arrive in any order: the one that was said later holds, whichever came first.

For what messages bring (HL7, MQTT). FHIR's own clients say by If-Match what they replace.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitruvian.platform.connect.fhir import written
from vitruvian.platform.connect.fhir.archive import Archive
from vitruvian.platform.connect.fhir.values import span

SAID = "urn:vitruvian:said"  # extension: when the message was sent that the content is from


def stamped(resource: dict[str, Any], said: str) -> dict[str, Any]:
    """With the time of its message (an Observation says it by `issued`)."""
    return resource | {"extension": [{"url": SAID, "valueInstant": said}]}


def keep(archive: Archive, resource: dict[str, Any]) -> None:
    """Put it, unless what is stored was said later."""
    kind, name = str(resource["resourceType"]), str(resource["id"])
    held = archive.newest(kind, name)
    stored = None if held is None or held.deleted else held.resource
    if stored is None or _said(stored) < _said(resource) or _wins(resource, stored):
        archive.put(resource, name)
    elif kind == "Observation":  # the twins' records hold every version, in the order in which they were said
        archive.put(resource, name)
        archive.put(stored, name)


def _wins(resource: dict[str, Any], stored: dict[str, Any]) -> bool:
    """Of two that were said at the same moment the content decides, not the order in which they came."""
    if _said(resource) != _said(stored):
        return False
    one, two = (written.dumps({k: r[k] for k in sorted(r) if k != "meta"}) for r in (resource, stored))
    return one >= two


def _said(resource: Mapping[str, Any]) -> int:
    text = resource.get("issued", "") if resource["resourceType"] == "Observation" else ""
    text = text or next((e.get("valueInstant", "") for e in resource.get("extension", ()) if e.get("url") == SAID), "")
    return (span(text) or (0, 0))[0]
