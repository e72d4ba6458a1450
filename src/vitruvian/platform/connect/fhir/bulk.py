"""Bulk import and export: resources one a line (NDJSON).

POST $import: every line is validated; good ones are stored, bad ones are told with their line number. A resource with
an id is stored under it, so that sending a file again changes nothing.

GET $export (Bulk Data Access, STU 2): 202 with an address; there the manifest; it names a file a type. What is exported
is what was newest at the moment of the first request: that moment is in the address, nothing is kept on the server.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from vitruvian.core.errors import ParseError
from vitruvian.platform.connect.fhir import definitions, values, written
from vitruvian.platform.connect.fhir.answer import NDJSON, Answer, of_json, refuse
from vitruvian.platform.connect.fhir.archive import Archive, H
from vitruvian.platform.connect.fhir.outcome import Issue
from vitruvian.platform.connect.fhir.search import Query
from vitruvian.platform.connect.fhir.validate import validate
from vitruvian.platform.instant import micros, text
from vitruvian.platform.store.database import AbstractDatabase
from vitruvian.platform.store.schema_fhir import fhir_heads

TOGETHER = 1_000  # lines in one transaction
TOLD = 100  # bad lines that are told one by one


def take_in(write: Callable[[Callable[[Archive], list[bool]]], list[bool]], body: bytes) -> Answer:
    """Store the lines; an OperationOutcome counts them and names each bad one."""
    counts = {"stored": 0, "unchanged": 0, "refused": 0}
    issues: list[Issue] = []
    for some in _batches(body):
        good = []
        for number, line in some:
            found = _checked(number, line)
            if isinstance(found, dict):
                good.append(found)
            else:
                counts["refused"] += 1
                issues += found[: max(0, TOLD - len(issues))]
        changed = write(lambda archive, good=good: [_put(archive, resource) for resource in good])
        counts["stored"] += sum(changed)
        counts["unchanged"] += len(changed) - sum(changed)
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    said: dict[str, Any] = {"severity": "information", "code": "informational", "diagnostics": told}
    outcome = {"resourceType": "OperationOutcome", "issue": [said, *[issue.to_json() for issue in issues]]}
    return of_json(200, outcome)


def _batches(body: bytes) -> Iterator[list[tuple[int, bytes]]]:
    some: list[tuple[int, bytes]] = []
    start, number = 0, 0
    while start < len(body):
        end = body.find(b"\n", start)
        end = len(body) if end < 0 else end
        number += 1
        line = body[start:end].strip()
        if line:
            some.append((number, line))
        if len(some) == TOGETHER:
            yield some
            some = []
        start = end + 1
    if some:
        yield some


def _checked(number: int, line: bytes) -> dict[str, Any] | list[Issue]:
    try:
        resource = written.loads(line, f"line {number}")
    except ParseError as err:
        return [Issue("structure", f"{err.where} {err.what}", "", err.fix)]
    issues = validate(resource)
    return [issue._replace(what=f"(line {number}) {issue.what}") for issue in issues] if issues else resource


def _put(archive: Archive, resource: dict[str, Any]) -> bool:
    before = len(archive.changed)
    archive.put(resource, str(resource.get("id", "")), method="PUT" if "id" in resource else "POST")
    return len(archive.changed) > before


def give_out(
    database: AbstractDatabase, tenant: str, base: str, steps: Sequence[str], query: Query, now: datetime
) -> Answer:
    """The three steps of an export, told apart by the address."""
    if not steps:
        return _begin(database, tenant, base, query, now)
    asked = _asked(steps[0])
    if len(steps) == 1:
        return _manifest(database, tenant, base, steps[0], asked)
    kind = steps[1].removesuffix(".ndjson")
    if len(steps) > 2 or kind not in asked["types"]:
        raise refuse(404, "not-found", f"the export has no file '{steps[1][:60]}'", "take a url from its manifest")
    with database.read() as connection:
        found = Archive(connection, tenant, 0).every(kind, asked["since"], asked["seq"])
        body = b"".join(v.body.encode() + b"\n" for v in found)
    return Answer(200, body, media=NDJSON)


def _begin(database: AbstractDatabase, tenant: str, base: str, query: Query, now: datetime) -> Answer:
    given = dict(query)
    if unknown := set(given) - {"_type", "_since", "_outputFormat"}:
        raise refuse(400, "not-supported", f"export knows no parameter '{min(unknown)[:40]}'", "use _type, _since")
    types = [t for t in given.get("_type", "").split(",") if t]
    if wrong := [t for t in types if t not in definitions.resource_types()]:
        raise refuse(400, "invalid", f"'{wrong[0][:60]}' is not an R4 resource type", "e.g. _type=Patient,Observation")
    since = values.span(given["_since"]) if "_since" in given else (0, 0)
    if since is None:
        raise refuse(400, "invalid", "_since needs an instant", "e.g. _since=2026-03-01T00:00:00Z")
    with database.read() as connection:
        last = connection.execute(select(func.max(H.seq)).where(H.tenant == tenant)).scalar() or 0
        held = connection.execute(select(fhir_heads.c.type).where(H.tenant == tenant).distinct()).scalars().all()
    asked = {"seq": last, "since": since[0], "types": sorted(set(types or held)), "at": micros(now)}
    token = base64.urlsafe_b64encode(json.dumps(asked).encode()).decode().rstrip("=")
    return Answer(202, headers={"Content-Location": f"{base}/$export/{token}"})


def _asked(token: str) -> dict[str, Any]:
    try:
        asked = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        known = set(asked["types"]) <= definitions.resource_types()
        if known and all(isinstance(asked[k], int) for k in ("seq", "since", "at")):
            return asked
    except (ValueError, KeyError, TypeError):
        pass
    raise refuse(404, "not-found", "there is no such export", "begin one with GET $export")


def _manifest(database: AbstractDatabase, tenant: str, base: str, token: str, asked: dict[str, Any]) -> Answer:
    output = []
    with database.read() as connection:
        for kind in asked["types"]:
            match = select(func.count()).select_from(fhir_heads).where(H.tenant == tenant, H.type == kind)
            match = match.where(H.deleted.is_(False), H.updated_us > asked["since"], H.seq <= asked["seq"])
            if count := connection.execute(match).scalar_one():
                output.append({"type": kind, "url": f"{base}/$export/{token}/{kind}.ndjson", "count": count})
    manifest = {
        "transactionTime": text(asked["at"]),
        "request": f"{base}/$export",
        "requiresAccessToken": True,
        "output": output,
        "error": [],
    }
    return Answer(200, written.dumps(manifest), media="application/json")
