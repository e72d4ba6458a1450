"""Readings that are kept and not believed: impossible by themselves or beside others of the same visit."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from vitruvian.api.answering import page_answer
from vitruvian.api.problems import answers
from vitruvian.api.site import site_of
from vitruvian.api.twins import Reader

router = APIRouter(prefix="/v1/twins/{twin_id}", tags=["records"])


class DoubtedRow(BaseModel):
    """A reading, and why nothing is learned from it."""

    observable: str = Field(examples=["dbp"])
    time: str = Field(examples=["2026-03-01T08:00:00+01:00"])
    value: float = Field(examples=[95.0])
    unit: str = Field(examples=["mm[Hg]"])
    why: str = Field(description="and what to do about it", examples=["out of order: diastolic 95 is not below …"])


class DoubtedPage(BaseModel):
    """All of them, in the order of their times; a kind that doubts none of a visit's readings has none."""

    items: list[DoubtedRow]
    next: str | None = None


@router.get("/doubted", **answers(DoubtedPage, 404), summary="What is not believed")
def list_doubted(request: Request, twin_id: str, who: Reader) -> Response:
    """Readings in force that contradict each other or what can be: kept, listed, and left out of every answer.

    Vitals and deterioration judge a chart as it comes: they list what they do not believe in the report, not here.
    """
    live = site_of(request).live(who, twin_id)
    found = live.know.doubts()
    rows = [] if found is None else found.to_json()
    items = [
        {
            "observable": row["observable"],
            "time": live.row.origin.moment(row["at"]).isoformat(),
            "value": row["value"],
            "unit": live.kind.unit_of(row["observable"]),
            "why": row["why"],
        }
        for row in rows
    ]
    return page_answer(request, items, None)
