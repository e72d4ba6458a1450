"""What a FHIR request is answered with, before it is HTTP or an entry of a Bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from orjson import Fragment

from vitruvian.platform.connect.fhir import written
from vitruvian.platform.connect.fhir.archive import Version
from vitruvian.platform.connect.fhir.outcome import Issue, Refusal
from vitruvian.platform.instant import text

JSON = "application/fhir+json"
NDJSON = "application/fhir+ndjson"


@dataclass(frozen=True)
class Answer:
    """Status, headers, body. `version`: the resource it is about."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    version: Version | None = None
    media: str = JSON

    def as_entry(self) -> dict[str, Any]:
        """An entry of a batch-response or transaction-response."""
        response: dict[str, Any] = {"status": str(self.status)}
        entry: dict[str, Any] = {}
        if self.version is not None:
            v = self.version
            response |= {"etag": f'W/"{v.version}"', "lastModified": text(v.updated_us)}
            if self.status in (200, 201) and not v.deleted:
                response["location"] = f"{v.type}/{v.id}/_history/{v.version}"
        if self.body:
            if self.status >= 400:
                response["outcome"] = Fragment(self.body)
            else:
                entry["resource"] = Fragment(self.body)
        return entry | {"response": response}


def of_version(status: int, version: Version, base: str = "") -> Answer:
    """A resource, with its ETag and time, and where it is when it was made."""
    headers = {"ETag": f'W/"{version.version}"', "Last-Modified": formatdate(version.updated_us / 1e6, usegmt=True)}
    if base and status in (200, 201):
        headers["Location"] = f"{base}/{version.type}/{version.id}/_history/{version.version}"
    return Answer(status, version.body.encode(), headers, version)


def of_json(status: int, value: Any, **headers: str) -> Answer:
    """Any resource that is not stored."""
    return Answer(status, written.dumps(value), headers)


def of_refusal(err: Refusal) -> Answer:
    """The OperationOutcome of a refused request."""
    return Answer(err.status, written.dumps(err.outcome()), err.headers)


def refuse(status: int, code: str, what: str, fix: str, expression: str = "") -> Refusal:
    """A refusal for one reason."""
    return Refusal(status, Issue(code, what, expression, fix))
