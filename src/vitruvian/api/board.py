"""A unit's board, and where twins are."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from vitruvian.api.answering import json_answer, read_answer
from vitruvian.api.gate import need
from vitruvian.api.overview import Glance
from vitruvian.api.people import TEXT
from vitruvian.api.problems import answers
from vitruvian.api.site import Site, site_of
from vitruvian.api.twins import Reader, identity
from vitruvian.core.errors import VitruvianError
from vitruvian.models.alarms.risks import risks
from vitruvian.platform import board, overview, places
from vitruvian.platform.board import Why
from vitruvian.platform.live import LiveTwin
from vitruvian.platform.places import Where
from vitruvian.platform.store import TwinRow
from vitruvian.platform.store import twins as rows
from vitruvian.platform.trust.policy import Principal

router = APIRouter(prefix="/v1", tags=["twins"])
MOST = 200  # twins on one board


class Place(BaseModel):
    """Where a twin is; an empty place: nowhere that anybody said."""

    place: str = Field(max_length=200, pattern=TEXT, examples=["Ward 3"])
    bed: str = Field(default="", max_length=60, pattern=TEXT, examples=["7"])


class Risk(BaseModel):
    """A risk with its bands, and how it moved within the last hour or more."""

    of: str = Field(examples=["risk"])
    meaning: str
    at: str = Field(description="when it was said, in the subject's zone")
    hours: float = Field(description="over how many hours", examples=[3.0])
    q05: float
    q25: float
    q50: float = Field(examples=[0.08])
    q75: float
    q95: float
    before: float | None = Field(description="the median an hour or more earlier", examples=[0.05])
    trend: str = Field(description="rising, falling, steady or new", examples=["rising"])


class OnBoard(Glance):
    """A twin on the board."""

    risk: Risk | None = Field(description="null: it is not followed, or no forecast was made yet")
    why: str = Field(description="in one line", examples=["respiratory rate 28 /min, +6 in 4 h"])
    reasons: dict[str, Any] = Field(description="values, trends, what changed, and when it is wrong")


class Board(BaseModel):
    """Twins of a place, the highest risk first."""

    items: list[OnBoard]
    next: str | None = Field(default=None, description="null: a board holds at most 200")
    kinds: list[str] = Field(description="that give a risk", examples=[["risk"]])


class Said(BaseModel):
    """What a past forecast said of a risk."""

    at: str
    version: int
    q05: float
    q25: float
    q50: float
    q75: float
    q95: float


class TwinRisk(BaseModel):
    """The risks of a twin, how the first of them went, and why."""

    risks: list[Risk]
    course: list[Said] = Field(description="of the first, the oldest first")
    why: str
    reasons: dict[str, Any]


@router.get("/twins/{twin_id}/risk", **answers(TwinRisk, 404, 409), summary="Its risks")
async def twin_risk(request: Request, twin_id: str, who: Reader) -> Response:
    """By the newest forecast, and by those before; empty before the first."""
    site = site_of(request)
    live = site.live(who, twin_id)

    def work() -> dict[str, Any]:
        with site.database.read() as connection:
            found = [r for of in risks(live.kind) if (r := board.read(connection, live.row, of)) is not None]
            course = board.course(connection, live.row, found[0][0].of) if found else []
        said = {"risks": [risk.to_json() for risk, _ in found], "course": course, "why": "", "reasons": {}}
        return {**said, **(_why(site, live, found[0][1]) if found else {})}

    return read_answer(request, await site.answer(work))


@router.get("/board", **answers(Board, 422), summary="A unit's board")
async def unit(
    request: Request,
    who: Reader,
    place: Annotated[str, Query(max_length=200, description="only those there (default: everywhere)")] = "",
    kind: Annotated[str, Query(max_length=200, description="only of this kind (default: all that give a risk)")] = "",
) -> Response:
    """Every followed twin by its risk: band, trend, alarm, why. At most 200."""
    site = site_of(request)
    found = await site.answer(lambda: _lines(site, who, place.replace("\x00", ""), kind.replace("\x00", "")))
    return read_answer(request, found)


@router.put("/twins/{twin_id}/place", **answers(Place, 404, 422), summary="Say where it is")
async def put_place(
    request: Request, twin_id: str, body: Place, who: Annotated[Principal, need("twins:write")]
) -> Response:
    """From now on; an empty place takes it back."""
    site = site_of(request)
    twin = site.twin(who, twin_id)
    where = Where(body.place.strip(), body.bed.strip())
    await site.write(lambda c: places.put(c, who.tenant, twin.id, where, who.actor, site.now_us))
    return json_answer(where._asdict())


def _lines(site: Site, who: Principal, place: str, kind: str) -> dict[str, Any]:
    kinds = board.kinds()
    with site.database.read() as connection:
        some = _rows(site, who, place, [kind] if kind else kinds)
        seen = overview.lines(connection, some)
        said = {row.id: board.read(connection, row) for row in some}
    lines = []
    for row, line in zip(some, seen, strict=True):
        found = said[row.id]
        told = {"why": "", "reasons": {}} if found is None else _why(site, site.live(who, row.id), found[1])
        risk = None if found is None else found[0].to_json()
        lines.append({**identity(row), **line, "risk": risk, **told})
    return {"items": board.order(lines)[:MOST], "next": None, "kinds": kinds}


def _why(site: Site, live: LiveTwin, version: int) -> dict[str, Any]:
    """In one line, and whole; what cannot be said any more (a belief of another version) says so."""
    why: Why = site.parts.setdefault("why", Why())
    try:
        told = why.of(live, version)
    except VitruvianError as err:
        return {"why": err.what, "reasons": {}}
    return {"why": board.sentence(told), "reasons": told.to_json()}


def _rows(site: Site, who: Principal, place: str, kinds: list[str]) -> list[TwinRow]:
    with site.database.read() as connection:
        if place:
            here = site.twins(who, places.inside(connection, who.tenant, place))
            return [row for row in here.values() if row.kind in kinds]
        return [row for kind in kinds for _, row in rows.page(connection, who.tenant, 0, MOST, kind)]
