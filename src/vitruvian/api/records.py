"""Records in: the native batch endpoint. Every row has its outcome; what cannot be used is kept aside and listed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from vitruvian.api.access import access_of
from vitruvian.api.answering import IdempotencyKey
from vitruvian.api.direct import Direct
from vitruvian.api.gate import need
from vitruvian.api.metrics import metrics_of
from vitruvian.api.problems import Problem, answers
from vitruvian.api.site import Site, site_of
from vitruvian.core.errors import ParseError, VitruvianError
from vitruvian.platform import intake, registry
from vitruvian.platform.aside import Aside
from vitruvian.platform.intake import Bad, Intake, Sent
from vitruvian.platform.store.bulk import Batch
from vitruvian.platform.store.facts import Deed, Observation, Receipts, Source, TwinRow
from vitruvian.platform.trust.policy import Principal

router = APIRouter(prefix="/v1", tags=["records"], route_class=Direct)

FEW = 10  # twins that are looked up without a thread for it
READING = {
    "observable": "glucose",
    "time": "2026-03-01T12:30:00+01:00",
    "value": 6.1,
    "unit": "mmol/L",
    "sensor": "dexcom",
}
ACTION = {"type": "Meal", "time": "2026-03-01T12:40:00+01:00", "fields": {"carbohydrate": 45.0}}
FORM = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "source": {"type": "string", "maxLength": 200, "description": "the device or system that sends"},
        "observations": {
            "type": "array",
            "maxItems": intake.ROWS,
            "items": {
                "type": "object",
                "description": "kept aside and listed when it lacks something or cannot be used",
                "properties": {
                    "observable": {"type": "string", "description": "one that the twin's kind sees"},
                    "time": {"type": "string", "format": "date-time"},
                    "value": {"type": "number"},
                    "unit": {"type": "string", "description": "UCUM; left out: the observable's own"},
                    "sensor": {"type": "string"},
                    "device": {"type": "string"},
                    "id": {"type": "string", "description": "rows of one id are versions of one reading"},
                    "sd": {"type": ["number", "null"]},
                    "limit": {"type": "integer", "enum": [-1, 0, 1]},
                    "known_at": {"type": ["string", "null"], "format": "date-time"},
                    "key": {"type": "string", "description": "idempotency key of this row"},
                    "twin": {"type": "string", "description": "in POST /v1/records: whose it is"},
                },
                "examples": [READING],
            },
        },
        "actions": {
            "type": "array",
            "maxItems": intake.ROWS,
            "items": {
                "type": "object",
                "description": "kept aside and listed when it lacks something or cannot be used",
                "properties": {
                    "type": {"type": "string", "description": "an action of the twin's kind"},
                    "time": {"type": "string", "format": "date-time", "description": "may lie ahead: a plan"},
                    "fields": {"type": "object", "description": "by the action's schema: GET /v1/kinds/{kind}"},
                    "id": {"type": "string"},
                    "known_at": {"type": ["string", "null"], "format": "date-time"},
                    "key": {"type": "string"},
                    "twin": {"type": "string"},
                },
                "examples": [ACTION],
            },
        },
    },
    "examples": [{"source": "phone", "observations": [READING], "actions": [ACTION]}],
}
BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": FORM}}}}


class RowOutcome(BaseModel):
    """What became of one row, in the order in which rows were sent: readings first, then actions."""

    status: str = Field(
        description="new, changed (a further version), duplicate, kept_aside, or refused (no such twin, key used)",
        examples=["new"],
    )
    id: str = Field(default="", examples=["glucose|dexcom||2026-03-01T11:30:00Z"])
    seq: int = Field(default=0, description="its place in the order of ingestion", examples=[4711])
    version: int = Field(default=0, examples=[1])
    reason: str = Field(default="", description="why it is kept aside")
    fix: str = ""


class Outcome(BaseModel):
    """What became of a batch. It is on disk."""

    new: int = Field(examples=[1])
    changed: int = Field(examples=[0])
    duplicate: int = Field(examples=[0])
    kept_aside: int = Field(examples=[0])
    refused: int = Field(examples=[0])
    outcomes: list[RowOutcome]


class _RowOutcome(msgspec.Struct, omit_defaults=True):
    status: str
    id: str = ""
    seq: int = 0
    version: int = 0
    reason: str = ""
    fix: str = ""


@cache
def intake_of(kind: str) -> Intake:
    """The checks of a kind."""
    return Intake(registry.get(kind))


TAKEN = {**answers(Outcome, 400, 404, 409, 413, 422), "openapi_extra": BODY}


@router.post("/twins/{twin_id}/records", **TAKEN, summary="Send records")
async def send(
    request: Request, twin_id: str, who: Annotated[Principal, need("records:write")], key: IdempotencyKey = ""
) -> Response:
    """Readings and actions of one twin, durable when the answer comes. A resent row is a duplicate, not a second."""
    site = site_of(request)
    row = site.twin(who, twin_id)
    sent = decoded(await request.body())
    return await _taken(request, site, who, sent, {"": row, row.id: row}, key)


@router.post("/records", **TAKEN, summary="Send for many")
async def send_many(
    request: Request, who: Annotated[Principal, need("records:write")], key: IdempotencyKey = ""
) -> Response:
    """Readings and actions of many twins; each row names its twin. A row of a twin that is not there is refused."""
    site = site_of(request)
    sent = decoded(await request.body())
    names = {r.twin for r in (*sent.observations, *sent.actions)}
    rows = await asyncio.to_thread(site.twins, who, names) if len(names) > FEW else site.twins(who, names)
    return await _taken(request, site, who, sent, rows, key)


def decoded(body: bytes) -> Sent:
    """The batch; 400 when it is none."""
    try:
        return intake.decode(body)
    except ParseError as err:
        raise Problem(400, err.what, where=err.where, fix=err.fix) from err


async def _taken(
    request: Request, site: Site, who: Principal, sent: Sent, twins: dict[str, TwinRow], key: str
) -> Response:
    parts, outcomes = _sorted(sent, twins, who, site.now_us, key)
    noted = access_of(site, request, 200).row
    came = await site.writer.write_all([part.batch(noted if i == 0 else None) for i, part in enumerate(parts)])
    failed: list[VitruvianError] = []
    for part, receipts in zip(parts, came, strict=True):
        if isinstance(receipts, VitruvianError):
            failed.append(receipts)
            part.refuse(outcomes, receipts)
        else:
            part.fill(outcomes, receipts)
    request.scope["vitruvian.audited"] = bool(came) and not isinstance(came[0], VitruvianError)
    if failed and len(failed) == len(parts):
        raise failed[0]
    counts = {"new": 0, "changed": 0, "duplicate": 0, "kept_aside": 0, "refused": 0}
    for outcome in outcomes:
        counts[outcome.status] += 1
    rows = metrics_of(request).rows
    for status, count in counts.items():
        if count:
            rows.labels(status).inc(count)
    return Response(msgspec.json.encode({**counts, "outcomes": outcomes}), media_type="application/json")


class _Part:
    """The rows of one twin, and where in the answer they stand."""

    def __init__(self, twin: TwinRow, source: Source) -> None:
        self.twin, self.source = twin, source
        self.observations: list[Observation] = []
        self.deeds: list[Deed] = []
        self.asides: list[Aside] = []
        self.places: tuple[list[int], list[int]] = ([], [])

    def batch(self, noted: Mapping[str, Any] | None) -> Batch:
        return Batch(self.twin, self.source, self.observations, self.deeds, self.asides, noted)

    def fill(self, outcomes: list[_RowOutcome], receipts: Receipts) -> None:
        for places, made in zip(self.places, (receipts.observations, receipts.actions), strict=True):
            for place, r in zip(places, made, strict=True):
                outcomes[place] = _RowOutcome(r.status, r.id, r.seq, r.version)

    def refuse(self, outcomes: list[_RowOutcome], why: VitruvianError) -> None:
        for place in (*self.places[0], *self.places[1]):
            outcomes[place] = _RowOutcome("refused", reason=why.message, fix=why.fix)


def _sorted(
    sent: Sent, twins: dict[str, TwinRow], who: Principal, now_us: int, key: str
) -> tuple[list[_Part], list[_RowOutcome]]:
    """The rows by twin, and the outcomes of those that are kept aside; the others' are filled in later."""
    parts: dict[str, _Part] = {}
    rows: tuple[Any, ...] = (*sent.observations, *sent.actions)
    outcomes = [_RowOutcome("")] * len(rows)
    readings = len(sent.observations)
    name = sent.source or "api"
    source = Source(name, "json", "", who.actor)
    for i, row in enumerate(rows):
        twin = twins.get(row.twin)
        if twin is None:
            outcomes[i] = _RowOutcome("refused", reason=f"there is no twin '{row.twin}'", fix="see GET /v1/twins")
            continue
        part = parts.get(twin.id) or parts.setdefault(twin.id, _Part(twin, source))
        try:
            if isinstance(row, Bad):
                raise ParseError(row.why)
            if key and not row.key:
                row.key = f"{key}:{i}"[-200:]
            taken = intake_of(twin.kind)
            if i < readings:
                part.observations.append(taken.reading(row, now_us))
                part.places[0].append(i)
            else:
                part.deeds.append(taken.action(row, now_us))
                part.places[1].append(i)
        except VitruvianError as err:
            lying = intake.aside(name, i, row, row if isinstance(row, Bad) else err)
            part.asides.append(lying)
            outcomes[i] = _RowOutcome("kept_aside", reason=lying.reason, fix=lying.fix)
    return list(parts.values()), outcomes
