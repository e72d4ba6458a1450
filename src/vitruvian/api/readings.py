"""Records out: in the order of ingestion, as a timeline as known at any moment, and what was kept aside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import Connection, Table, select

from vitruvian.api.answering import json_answer, page_answer, read_answer
from vitruvian.api.gate import need
from vitruvian.api.problems import answers
from vitruvian.api.site import site_of
from vitruvian.api.twins import AsOf, Reader
from vitruvian.core.errors import FieldError
from vitruvian.platform.instant import EPOCH, text
from vitruvian.platform.store import Receipts, Source, Store
from vitruvian.platform.store.database import Joined
from vitruvian.platform.store.schema import actions, kept_aside, observations
from vitruvian.platform.trust.policy import Principal

router = APIRouter(prefix="/v1/twins/{twin_id}", tags=["records"])
After = Annotated[int, Query(ge=0, le=2**62, description="rows after this ingest sequence")]
Limit = Annotated[int, Query(ge=1, le=5000)]
LONGEST = 50_000  # readings in one timeline


class Reading(BaseModel):
    """One version of a reading."""

    seq: int = Field(examples=[12])
    id: str = Field(examples=["concentration|||2026-03-01T09:00:00Z"])
    version: int = Field(examples=[1])
    observable: str = Field(examples=["concentration"])
    time: str = Field(examples=["2026-03-01T09:00:00Z"])
    known_at: str = Field(examples=["2026-03-01T09:00:00Z"])
    received: str = Field(examples=["2026-03-01T09:00:01Z"])
    value: float = Field(examples=[9.4])
    unit: str = Field(examples=["mg/L"])
    sd: float | None = None
    limit: int = 0
    sensor: str = ""
    device: str = ""
    removed: bool = False


class ReadingPage(BaseModel):
    """Readings in the order of ingestion: a cursor on it never misses what was back-filled."""

    items: list[Reading]
    next: str | None


class ActionRow(BaseModel):
    """One version of an action."""

    seq: int = Field(examples=[13])
    id: str = Field(examples=["Bolus|2026-03-01T08:00:00Z"])
    version: int = Field(examples=[1])
    type: str = Field(examples=["Bolus"])
    time: str = Field(examples=["2026-03-01T08:00:00Z"])
    known_at: str = Field(examples=["2026-03-01T08:00:00Z"])
    fields: dict[str, Any] = Field(examples=[{"dose": 300.0}])
    removed: bool = False


class ActionPage(BaseModel):
    """Actions in the order of ingestion."""

    items: list[ActionRow]
    next: str | None


class AsideRow(BaseModel):
    """A row that could not be used."""

    seq: int
    source: str = Field(examples=["api"])
    line: int = Field(examples=[3])
    field: str = Field(examples=["value"])
    raw: str
    reason: str
    fix: str
    received: str


class AsidePage(BaseModel):
    """Rows kept aside, in the order in which they came."""

    items: list[AsideRow]
    next: str | None


class Timeline(BaseModel):
    """What was in force, as known at a moment: each reading's newest version, and the actions."""

    observations: list[dict[str, Any]]
    actions: list[dict[str, Any]]
    cut: bool = Field(description="true: there is more than fits; ask for less time")


class TakenBack(BaseModel):
    """What was taken back: a further version says so, what was known before stays readable."""

    id: str
    status: str
    seq: int


@router.get(
    "/observations",
    **answers(ReadingPage, 404, 422),
    summary="Readings by ingestion",
)
def list_readings(request: Request, twin_id: str, who: Reader, after: After = 0, limit: Limit = 500) -> Response:
    """All versions of all readings after a sequence."""
    return _page(request, who, twin_id, observations, reading_of, after, limit)


@router.get(
    "/actions",
    **answers(ActionPage, 404, 422),
    summary="Actions by ingestion",
)
def list_actions(request: Request, twin_id: str, who: Reader, after: After = 0, limit: Limit = 500) -> Response:
    """All versions of all actions after a sequence."""
    return _page(request, who, twin_id, actions, action_of, after, limit)


@router.get(
    "/kept-aside",
    **answers(AsidePage, 404, 422),
    summary="What could not be used",
)
def list_aside(request: Request, twin_id: str, who: Reader, after: After = 0, limit: Limit = 500) -> Response:
    """Rows that could not be used, each with the reason and what would cure it."""
    return _page(request, who, twin_id, kept_aside, aside_of, after, limit)


@router.get(
    "/timeline",
    **answers(Timeline, 404, 422),
    summary="Readings and actions in force",
)
def timeline(
    request: Request,
    twin_id: str,
    who: Reader,
    since: Annotated[AwareDatetime | None, Query(examples=["2026-03-01T00:00:00Z"])] = None,
    until: Annotated[AwareDatetime | None, Query(examples=["2026-03-02T00:00:00Z"])] = None,
    as_of: AsOf = None,
) -> Response:
    """The newest version of each reading and action valid in a time, as known at a moment (default: now)."""
    live = site_of(request).live(who, twin_id)
    if since is not None and until is not None and since > until:
        raise FieldError("lies after until", where="since", fix="turn them round")
    start = None if since is None else max(since, EPOCH.replace(year=1900))
    then, origin = live.know.then(as_of), live.row.origin
    known = float("inf") if then is None else origin.seconds(then)
    last = float("inf") if until is None else origin.seconds(until)
    record = live.store.record(live.row.id, then, since=start).until(known)
    record = record.where(record.valid_time <= last)
    cut = len(record) > LONGEST
    rows = zip(
        *(
            getattr(record, n)[:LONGEST].tolist()
            for n in ("valid_time", "observable", "value", "sd", "limit", "sensor")
        ),
        strict=True,
    )
    readings = [
        {"time": _text(live, t), "observable": o, "value": v, "sd": None if sd != sd else sd, "limit": lim, "sensor": s}
        for t, o, v, sd, lim, s in rows
    ]
    case = live.store.case(live.row.id, then, since=start)
    done = [
        {**{k: v for k, v in a.to_json().items() if k not in ("at", "known_at")}, "time": _text(live, a.at)}
        for a in case.timeline
        if a.at <= last
    ]
    return read_answer(request, {"observations": readings, "actions": done, "cut": cut})


@router.delete(
    "/observations/{reading_id:path}",
    **answers(TakenBack, 404),
    summary="Take a reading back",
)
async def take_back(
    request: Request, twin_id: str, reading_id: str, who: Annotated[Principal, need("records:write")]
) -> Response:
    """A further version that removes the reading; what was known before stays readable as of then."""
    return await _taken_back(request, who, twin_id, Store.remove_observations, reading_id)


@router.delete(
    "/actions/{action_id:path}",
    **answers(TakenBack, 404),
    summary="Take an action back",
)
async def take_action_back(
    request: Request, twin_id: str, action_id: str, who: Annotated[Principal, need("records:write")]
) -> Response:
    """A planned action that will not happen, or one that did not: a further version says so."""
    return await _taken_back(request, who, twin_id, Store.remove_actions, action_id)


def _page(
    request: Request,
    who: Principal,
    twin_id: str,
    table: Table,
    told: Callable[[Any], dict[str, Any]],
    after: int,
    limit: int,
) -> Response:
    """Rows of a twin in the order of ingestion."""
    site = site_of(request)
    twin, t = site.twin(who, twin_id), table.c
    match = select(table).where(t.twin_id == twin.id, t.seq > after).order_by(t.seq).limit(limit)
    with site.database.read() as connection:
        items = [told(row) for row in connection.execute(match).mappings()]
    return page_answer(request, items, items[-1]["seq"] if len(items) == limit else None)


async def _taken_back(request: Request, who: Principal, twin_id: str, remove: Any, name: str) -> Response:
    """A further version of this row that removes it; `remove`: the store's method."""
    site = site_of(request)
    twin, source = site.twin(who, twin_id), Source("api", "json", "", who.actor)

    def work(connection: Connection) -> Receipts:
        store = Store(Joined(connection), who.tenant)
        return remove(store, twin.id, [name.replace("\x00", "")], source, now=site.clock())

    receipts = await site.write(work)
    (made,) = (*receipts.observations, *receipts.actions)
    return json_answer({"id": made.id, "status": made.status, "seq": made.seq})


def reading_of(row: Any) -> dict[str, Any]:
    """A stored reading as JSON."""
    same = {k: row[k] for k in ("seq", "version", "observable", "value", "unit", "sd", "sensor", "device", "removed")}
    times = {"time": text(row["valid_us"]), "known_at": text(row["known_us"]), "received": text(row["received_us"])}
    return {**same, "id": row["reading_id"], "limit": row["limit_flag"], **times}


def action_of(row: Any) -> dict[str, Any]:
    """A stored action as JSON."""
    same = {k: row[k] for k in ("seq", "version", "type", "removed")}
    times = {"time": text(row["at_us"]), "known_at": text(row["known_us"])}
    return {**same, "id": row["action_id"], "fields": row["body"], **times}


def aside_of(row: Any) -> dict[str, Any]:
    """A row kept aside as JSON."""
    same = {k: row[k] for k in ("seq", "line", "raw", "reason", "fix")}
    return {**same, "source": row["file"], "field": row["column"], "received": text(row["received_us"])}


def _text(live: Any, seconds: float) -> str:
    return live.row.origin.moment(seconds).isoformat()
