"""Twins: make one, see who it is, what is known of it and what it believes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import Connection

from vitruvian.api.answering import After, IdempotencyKey, Newest, once, page_answer, read_answer
from vitruvian.api.gate import need
from vitruvian.api.kinds import kind_of
from vitruvian.api.problems import answers
from vitruvian.api.site import site_of
from vitruvian.core.case import Case, Origin
from vitruvian.platform import fieldtext
from vitruvian.platform.instant import micros, text
from vitruvian.platform.learned import Learned
from vitruvian.platform.live import LiveTwin
from vitruvian.platform.session import checked_zone
from vitruvian.platform.store import Store, TwinRow
from vitruvian.platform.store import twins as rows
from vitruvian.platform.store.database import Joined
from vitruvian.platform.synthetic import is_synthetic
from vitruvian.platform.trust.policy import Principal
from vitruvian.verbs.fitted import fitted

router = APIRouter(prefix="/v1/twins", tags=["twins"])
Reader = Annotated[Principal, need("twins:read")]
AsOf = Annotated[
    str | None,
    Query(
        max_length=64,
        description="only what was known then; local to the subject without an offset",
        examples=["2026-03-01T12:30"],
    ),
]


class NewTwin(BaseModel):
    """A twin to be made."""

    kind: str = Field(max_length=200, description="see GET /v1/kinds", examples=["infusion"])
    subject: str = Field(
        min_length=1, max_length=200, pattern=r"^[^\x00]*$", description="a pseudonym", examples=["S1"]
    )
    zone: str = Field(default="UTC", max_length=64, description="IANA zone of the subject", examples=["Europe/Berlin"])
    fields: dict[str, str | float | bool | None] = Field(
        default_factory=dict, description="of the kind's subject, with or without unit", examples=[{"weight": "82 kg"}]
    )
    origin: AwareDatetime | None = Field(
        default=None,
        description="about when its data begin (default: now); its time counts from the midnight before",
        examples=["2026-03-01T08:00:00+01:00"],
    )


class Twin(BaseModel):
    """Who a twin is."""

    id: str = Field(examples=["tw-0123456789"])
    subject: str = Field(examples=["S1"])
    kind: str = Field(examples=["infusion"])
    kind_version: str = Field(examples=["1"])
    zone: str = Field(examples=["Europe/Berlin"])
    created: str = Field(examples=["2026-03-01T08:00:00Z"])
    origin: str = Field(description="its time in seconds counts from here", examples=["2026-02-28T23:00:00Z"])
    synthetic: bool = Field(description="true: nothing of it is real", examples=[False])


class TwinList(BaseModel):
    """A page of twins, in the order in which they were made."""

    items: list[Twin]
    next: str | None = Field(examples=[None])


class TwinState(Twin):
    """A twin with what is known of it."""

    fields: dict[str, Any] = Field(description="of its subject", examples=[{"weight": 82.0}])
    readings: int = Field(examples=[288])
    first: str | None = Field(description="when the first reading is valid", examples=["2026-03-01T08:00:00Z"])
    last: str | None = Field(examples=["2026-03-02T08:00:00Z"])
    known: str | None = Field(description="when the last fact became known", examples=["2026-03-02T08:00:00Z"])
    belief: int | None = Field(description="version of the newest belief", examples=[1])


class Belief(BaseModel):
    """What a twin has learned: parameters with their intervals and the share that was learned from its own data."""

    version: int
    kind: str
    at: str
    known_at: str
    window: list[str]
    basis: dict[str, Any]
    parameters: list[dict[str, Any]]
    diagnostics: dict[str, Any]
    warnings: list[str]


class Fit(BaseModel):
    """How the belief's model follows the readings of its window, one set of bands an observable."""

    window: list[str] = Field(description="of the belief")
    items: dict[str, dict[str, Any]]


class Happening(BaseModel):
    """One line of a twin's history."""

    at: str
    seq: int
    what: str = Field(examples=["observed"])
    detail: str
    actor: str


class History(BaseModel):
    """What happened to a twin."""

    items: list[Happening]
    next: str | None = None


def identity(row: TwinRow) -> dict[str, Any]:
    """Who a twin is, as JSON."""
    said = {"id": row.id, "subject": row.subject, "kind": row.kind, "kind_version": row.kind_version}
    times = {"created": text(row.created_us), "origin": text(micros(row.origin.utc))}
    return {**said, "zone": row.origin.zone, **times, "synthetic": is_synthetic(row.subject)}


@router.get("", **answers(TwinList, 422), summary="List twins")
def list_twins(
    request: Request,
    who: Reader,
    kind: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """All twins of the tenant, or those of one kind."""
    with site_of(request).database.read() as connection:
        found = rows.page(connection, who.tenant, after, limit, kind.replace("\x00", ""))
    return page_answer(request, [identity(row) for _, row in found], found[-1][0] if len(found) == limit else None)


@router.post(
    "",
    **answers(Twin, 404, 409, 422, status=201),
    summary="Make a twin",
)
async def make_twin(
    request: Request, body: NewTwin, who: Annotated[Principal, need("twins:write")], key: IdempotencyKey = ""
) -> Response:
    """A twin of a kind for a subject. It believes what the population does until it is calibrated."""
    site = site_of(request)
    kind, zone = kind_of(body.kind), checked_zone(body.zone)
    person = fieldtext.build(kind.subject, body.fields, lambda name: f"fields.{name}".rstrip("."))
    case = Case(person, origin=Origin(_midnight(body.origin or site.clock(), zone), zone))

    def work(connection: Connection) -> tuple[int, dict[str, Any]]:
        store = Store(Joined(connection), who.tenant)
        return 201, identity(store.create_twin(body.subject, kind, case, now=site.clock(), actor=who.actor))

    return await once(request, who, key, work)


@router.get("/{twin_id}", **answers(TwinState, 404), summary="One twin")
def one_twin(request: Request, twin_id: str, who: Reader) -> Response:
    """Who it is, how much is known of it, and which belief is the newest."""
    return read_answer(request, state(site_of(request).live(who, twin_id)))


@router.get(
    "/{twin_id}/belief",
    **answers(Belief, 404, 409, 422),
    summary="What it believes",
)
def belief(request: Request, twin_id: str, who: Reader, as_of: AsOf = None) -> Response:
    """The newest belief, or the one that was held then. 409 before the first."""
    live = site_of(request).live(who, twin_id)
    found = live.know.belief(live.know.then(as_of))
    twin = live.value(as_of)
    twin.believed()
    assert found is not None
    said = Learned("believed", found[0], twin).to_json()
    return read_answer(request, {k: v for k, v in said.items() if k != "how"})


@router.get(
    "/{twin_id}/fit",
    **answers(Fit, 404, 409, 422),
    summary="How it follows its readings",
)
async def fit(request: Request, twin_id: str, who: Reader, as_of: AsOf = None) -> Response:
    """The belief's members run again over its window: bands at the readings' times. 409 before the first belief."""
    live = site_of(request).live(who, twin_id)
    return read_answer(request, await site_of(request).answer(lambda: _fit(live, as_of)))


@router.get(
    "/{twin_id}/history",
    **answers(History, 404, 422),
    summary="Its history",
)
def history(
    request: Request,
    twin_id: str,
    who: Reader,
    newest: Newest = False,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=5000)] = 500,
) -> Response:
    """Sources taken in, beliefs, forecasts: nothing is ever overwritten."""
    live = site_of(request).live(who, twin_id)
    items = [
        {"at": text(h.at_us), "seq": h.seq, "what": h.what, "detail": h.detail, "actor": h.actor}
        for h in live.history(after, limit, newest=newest)
    ]
    return page_answer(request, items, items[-1]["seq"] if len(items) == limit else None)


def _fit(live: LiveTwin, as_of: str | None) -> dict[str, Any]:
    twin = live.value(as_of)
    window = twin.believed().window
    origin = live.row.origin
    said = {name: e.to_json() for name, e in fitted(twin).items.items()}
    items = {n: {**e, "local": [origin.moment(t).isoformat() for t in e["times"]]} for n, e in said.items()}
    return {"window": [origin.moment(t).isoformat() for t in window], "items": items}


def state(live: LiveTwin) -> dict[str, Any]:
    """A twin with what is known of it."""
    extent, found = live.store.extent(live.row.id), live.store.latest_belief(live.row.id)
    document = {k: v for k, v in live.row.case_document["subject"].items() if k != "type"}
    first, last, known = (None if us is None else text(us) for us in (extent.first_us, extent.last_us, extent.known_us))
    times = {"readings": extent.readings, "first": first, "last": last, "known": known}
    return {**identity(live.row), "fields": document, **times, "belief": None if found is None else found[0]}


def _midnight(then: datetime, zone: str) -> datetime:
    local = then.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return local.astimezone(UTC)
