"""Stays: where each thing was, from when to when."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from vitruvian.api.answering import read_answer
from vitruvian.api.problems import answers
from vitruvian.api.site import site_of
from vitruvian.api.twins import Reader
from vitruvian.platform import stays
from vitruvian.platform.instant import micros, text
from vitruvian.platform.live import LiveTwin

router = APIRouter(prefix="/v1/twins/{twin_id}", tags=["records"])
WINDOW = 86400 * 1_000_000  # us, without a beginning


class Stay(BaseModel):
    """From one version of a reading to the next."""

    who: str = Field(description="the reading's id", examples=["visit-4711"])
    value: float = Field(description="of a hospital's patient: the step, negative while waiting for it", examples=[3.0])
    sensor: str = Field(description="of a hospital's patient: the urgency", examples=["orange"])
    start: str = Field(examples=["2026-03-01T08:00:00Z"])
    end: str | None = Field(description="null: it is there now", examples=["2026-03-01T08:20:00Z"])


class Stays(BaseModel):
    """Stays that reach into the window, by their beginning."""

    items: list[Stay]
    next: str | None = None
    cut: bool = Field(description="true: there were more rows than are looked at")


@router.get("/stays", **answers(Stays, 404, 422), summary="Stays")
def list_stays(
    request: Request,
    twin_id: str,
    who: Reader,
    observable: Annotated[str, Query(max_length=200, examples=["patient"])],
    since: Annotated[AwareDatetime | None, Query(description="default: a day ago")] = None,
) -> Response:
    """How long each version of a reading held: who was where, since when, until when."""
    site = site_of(request)
    live: LiveTwin = site.live(who, twin_id)
    begin = site.now_us - WINDOW if since is None else micros(since)
    live.kind.observable(observable)
    with site.database.read() as connection:
        found, cut = stays.of(connection, live.row.id, observable, begin)
    items = [
        {
            "who": s.who,
            "value": s.value,
            "sensor": s.sensor,
            "start": text(s.start_us),
            "end": s.end_us and text(s.end_us),
        }
        for s in found
    ]
    return read_answer(request, {"items": items, "next": None, "cut": cut})
