"""What-ifs kept under a name: saved, listed, opened by a link, changed, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from vitruvian.api.answering import IdempotencyKey, json_answer, matching, once, page_answer
from vitruvian.api.forecasts import Asker, Hours
from vitruvian.api.people import TEXT, spelled
from vitruvian.api.problems import answers, nothing
from vitruvian.api.questions import GOAL, OPTIONS, Planned, planned
from vitruvian.api.site import site_of
from vitruvian.api.twins import Reader
from vitruvian.core.errors import FieldError
from vitruvian.platform import whatifs
from vitruvian.platform.live import LiveTwin

router = APIRouter(prefix="/v1", tags=["answers"])
LARGEST = 64_000  # characters of a plan; assumed


class Plan(BaseModel):
    """What is compared over which hours, and what is wanted: as POST comparisons and recommendations take it."""

    options: dict[Annotated[str, Field(max_length=200)], Planned] = Field(max_length=20, examples=[OPTIONS])
    hours: Hours = 3.0
    goal: dict[str, Any] | None = Field(default=None, examples=[{k: v for k, v in GOAL.items() if k != "candidates"}])


class NewWhatIf(Plan):
    """A what-if to be kept."""

    name: str = Field(min_length=1, max_length=200, pattern=TEXT, examples=["half the dose at noon"])


class WhatIf(NewWhatIf):
    """A what-if that is kept. Its ETag is its version, which If-Match may name."""

    id: str = Field(examples=["wi-0123456789"])
    twin: str = Field(examples=["tw-0123456789"])
    version: int = Field(examples=[1])
    actor: str = Field(description="who made it", examples=["ada"])
    created: str = Field(examples=["2026-03-01T08:00:00Z"])
    changed: str = Field(examples=["2026-03-01T08:05:00Z"])
    changed_by: str = Field(examples=["grace"])


class WhatIfList(BaseModel):
    """The what-ifs of a twin, the last changed first."""

    items: list[WhatIf]
    next: str | None = None


@router.get("/twins/{twin_id}/what-ifs", **answers(WhatIfList, 404), summary="What-ifs that are kept")
def list_what_ifs(request: Request, twin_id: str, who: Reader) -> Response:
    """All of this twin, whoever made them."""
    site = site_of(request)
    twin = site.twin(who, twin_id)
    with site.database.read() as connection:
        rows = whatifs.of_twin(connection, who.tenant, twin.id)
    return page_answer(request, [_told(row) for row in rows], None)


@router.post("/twins/{twin_id}/what-ifs", **answers(WhatIf, 404, 409, 422, status=201), summary="Keep a what-if")
async def keep(request: Request, twin_id: str, body: NewWhatIf, who: Asker, key: IdempotencyKey = "") -> Response:
    """Its actions must be the kind's; times like "+30min" stay as they are and count from the belief when asked."""
    site = site_of(request)
    live = site.live(who, twin_id)
    plan = await site.answer(lambda: _checked(live, body))

    def write(connection: Connection) -> tuple[int, Any]:
        made = whatifs.add(connection, who.tenant, live.row.id, body.name, plan, who.actor, site.now_us)
        return 201, _told(made)

    return await once(request, who, key, write)


@router.get("/what-ifs/{what_if}", **answers(WhatIf, 404), summary="One what-if")
def one_what_if(request: Request, what_if: str, who: Reader) -> Response:
    """By its id, which a link carries: everybody who may see the twin may open it."""
    with site_of(request).database.read() as connection:
        return _answer(whatifs.find(connection, who.tenant, what_if))


@router.put("/what-ifs/{what_if}", **answers(WhatIf, 404, 412, 422), summary="Change a what-if")
async def change(request: Request, what_if: str, body: NewWhatIf, who: Asker) -> Response:
    """Another name, other options. If-Match with its version refuses when somebody changed it meanwhile."""
    site = site_of(request)
    with site.database.read() as connection:
        live = site.live(who, whatifs.find(connection, who.tenant, what_if)["twin_id"])
    plan = await site.answer(lambda: _checked(live, body))

    def write(connection: Connection) -> dict[str, Any]:
        held = whatifs.find(connection, who.tenant, what_if)
        matching(request, f'"{held["version"]}"')
        return whatifs.change(connection, held, body.name, plan, who.actor, site.now_us)

    return _answer(await site.write(write))


@router.delete("/what-ifs/{what_if}", **nothing(404, 412), summary="Take a what-if back")
async def take_back(request: Request, what_if: str, who: Asker) -> Response:
    """Its link opens nothing any more."""
    site = site_of(request)

    def write(connection: Connection) -> None:
        held = whatifs.find(connection, who.tenant, what_if)
        matching(request, f'"{held["version"]}"')
        whatifs.end(connection, held, site.now_us)

    await site.write(write)
    return Response(status_code=204)


def _checked(live: LiveTwin, body: NewWhatIf) -> dict[str, Any]:
    """The plan, once every action in it is one of the kind; FieldError names the option and the field."""
    plan = body.model_dump(include={"options", "hours", "goal"})
    if len(str(plan)) > LARGEST:
        raise FieldError(f"is longer than {LARGEST} characters", where="options", fix="keep fewer options")
    for name, given in body.options.items():
        planned(live, given, f"options.{name}", None)
    return plan


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    said = spelled({k: v for k, v in row.items() if k not in ("tenant", "twin_id", "plan", "ended_us")})
    return {**said, "twin": row["twin_id"], **row["plan"]}


def _answer(row: Mapping[str, Any]) -> Response:
    return json_answer(_told(row), headers={"ETag": f'"{row["version"]}"', "Cache-Control": "private, no-cache"})
