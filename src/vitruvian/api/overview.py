"""The overview: every twin at a glance, for a first page and for a cohort."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from vitruvian.api.answering import page_answer
from vitruvian.api.problems import answers
from vitruvian.api.site import site_of
from vitruvian.api.twins import Reader, Twin, identity
from vitruvian.platform import overview
from vitruvian.platform.store import twins as rows

router = APIRouter(prefix="/v1", tags=["twins"])


class LastReading(BaseModel):
    """The newest reading."""

    time: str = Field(examples=["2026-03-02T08:00:00Z"])
    value: float = Field(examples=[9.4])
    unit: str = Field(examples=["mg/L"])


class StandingAlert(BaseModel):
    """An alert that is not over."""

    id: str
    severity: str = Field(examples=["warning"])
    said: str
    state: str = Field(examples=["open"])
    raised: str


class Glance(Twin):
    """A twin at a glance."""

    observable: str = Field(description="the first that the kind sees over time", examples=["concentration"])
    recent: list[tuple[str, float]] = Field(description="its newest readings: time and value, oldest first")
    last: LastReading | None
    belief: int | None = Field(description="version of the newest belief")
    forecast: int | None = Field(description="version of the newest forecast")
    followed: bool
    failed: str | None = Field(description="why the last renewal could not be done")
    alerts: list[StandingAlert] = Field(description="not resolved, the worst first")
    place: str = Field(default="", description='where it is; "": nobody said it', examples=["Ward 3"])
    bed: str = Field(default="", examples=["7"])
    ahead: dict[str, Any] | None = Field(default=None, description="quantities of its newest forecast, where asked for")


class Overview(BaseModel):
    """A page of twins, in the order in which they were made."""

    items: list[Glance]
    next: str | None


@router.get("/overview", **answers(Overview, 422), summary="At a glance")
def at_a_glance(
    request: Request,
    who: Reader,
    kind: Annotated[str, Query(max_length=200)] = "",
    ahead: Annotated[bool, Query(description="with the quantities of the newest forecasts")] = False,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Every twin with its newest readings, whether it is followed, and its alerts."""
    with site_of(request).database.read() as connection:
        found = rows.page(connection, who.tenant, after, limit, kind.replace("\x00", ""))
        seen = overview.lines(connection, [row for _, row in found], ahead=ahead)
    items = [{**identity(row), **line} for (_, row), line in zip(found, seen, strict=True)]
    return page_answer(request, items, found[-1][0] if len(found) == limit else None)
