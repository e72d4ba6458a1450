"""What needs attention first, with the reason; where data come from, and how fresh they are."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from vitruvian.api.answering import page_answer, read_answer
from vitruvian.api.gate import need
from vitruvian.api.problems import answers
from vitruvian.api.site import site_of
from vitruvian.api.twins import Reader, Twin, identity
from vitruvian.platform import attention, provenance
from vitruvian.platform.trust.policy import Principal

router = APIRouter(prefix="/v1", tags=["live"])


class Reason(BaseModel):
    """Why a twin needs attention."""

    code: str = Field(
        description="alert, silent, renewal, drift, job or kept_aside: what a program tells apart", examples=["silent"]
    )
    severity: str = Field(examples=["warning"])
    said: str = Field(examples=["no reading for 47 min; one came every 5 min"])
    since: str = Field(examples=["2026-03-02T07:13:00Z"])
    about: str | None = Field(description="id of the alert or job", examples=[None])


class InNeed(BaseModel):
    """A twin and its reasons, the worst first."""

    twin: Twin
    severity: str = Field(description="of the worst", examples=["warning"])
    reasons: list[Reason]


class Attention(BaseModel):
    """Twins that need attention, the worst first."""

    items: list[InNeed]
    next: str | None = Field(
        description="null: what matters less is not paged through, it is left out", examples=[None]
    )
    total: int = Field(description="how many there are in all", examples=[1])


class SourceLine(BaseModel):
    """A source of a twin's data."""

    name: str = Field(examples=["ward 3"])
    format: str = Field(examples=["json"])
    last: str | None = Field(description="what its newest row is about", examples=["2026-03-02T07:55:00Z"])
    received: str = Field(description="when something last came", examples=["2026-03-02T07:55:02Z"])
    readings: int = Field(examples=[288])
    actions: int = Field(examples=[4])
    kept_aside: int = Field(examples=[0])


class SourceList(BaseModel):
    """Sources, the freshest first."""

    items: list[SourceLine]
    next: str | None = Field(default=None, examples=[None])


class MessageLine(BaseModel):
    """A message of another system; its content is not shown here."""

    seq: int = Field(examples=[4711])
    protocol: str = Field(examples=["hl7v2"])
    sender: str = Field(examples=["LAB|HOSP"])
    id: str = Field(examples=["MSG00001"])
    received: str = Field(examples=["2026-03-02T07:55:02Z"])
    taken: bool = Field(description="false: it was kept, and nothing was made of it", examples=[True])
    why: str = Field(description="why not", examples=[""])


class MessagePage(BaseModel):
    """Messages, newest first."""

    items: list[MessageLine]
    next: str | None = Field(examples=[None])


@router.get(
    "/attention",
    **answers(Attention, 422),
    summary="What needs attention",
)
def what_needs_attention(
    request: Request, who: Reader, limit: Annotated[int, Query(ge=1, le=500, description="at most so many twins")] = 50
) -> Response:
    """Twins with open alerts, silent sensors, failed renewals, forecasts that drift, failed jobs or unusable rows."""
    site = site_of(request)
    with site.database.read() as connection:
        lines = attention.needed(connection, who.tenant, site.now_us)
    items: list[dict[str, Any]] = [
        {
            "twin": identity(line.twin),
            "severity": line.reasons[0].severity,
            "reasons": [reason.to_json() for reason in line.reasons],
        }
        for line in lines[:limit]
    ]
    return read_answer(request, {"items": items, "next": None, "total": len(lines)})


@router.get(
    "/twins/{twin_id}/sources",
    **answers(SourceList, 404),
    summary="Where its data come from",
)
def list_sources(request: Request, twin_id: str, who: Reader) -> Response:
    """Every source by name and format: how much came, and when last."""
    site = site_of(request)
    twin = site.twin(who, twin_id)
    with site.database.read() as connection:
        return page_answer(request, provenance.of_twin(connection, twin.id), None)


@router.get(
    "/messages",
    **answers(MessagePage, 422),
    summary="Messages of other systems",
)
def list_messages(
    request: Request,
    who: Annotated[Principal, need("fhir:read")],
    protocol: Annotated[str, Query(max_length=16, pattern=r"^[^\x00]*$", description="hl7v2 or mqtt")] = "",
    after: Annotated[int, Query(ge=0, le=2**62, description="before this sequence")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """What came over HL7 and MQTT, newest first, and whether something was made of it."""
    with site_of(request).database.read() as connection:
        items = provenance.sent(connection, who.tenant, after, limit, protocol)
    return page_answer(request, items, items[-1]["seq"] if len(items) == limit else None)
