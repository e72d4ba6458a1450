"""Alerts: what needs attention, who takes care of it, the rules that raise them and where they are told."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import Connection

from vitruvian.api.answering import IdempotencyKey, json_answer, matching, once, page_answer, read_answer
from vitruvian.api.beside import beside
from vitruvian.api.gate import need
from vitruvian.api.kinds import kind_of
from vitruvian.api.people import TEXT, Made, spelled
from vitruvian.api.problems import answers, nothing
from vitruvian.api.site import Site, site_of
from vitruvian.core.errors import FieldError, StoreError
from vitruvian.platform.alerts import delivery, episodes, rules
from vitruvian.platform.alerts.rules import Rule
from vitruvian.platform.instant import micros
from vitruvian.platform.trust.policy import Principal

router = APIRouter(prefix="/v1", tags=["alerts"])
Reader = Annotated[Principal, need("alerts:read")]
Actor = Annotated[Principal, need("alerts:act")]
Ruler = Annotated[Principal, need("rules:write")]
Number = Annotated[float, Field(ge=-1e300, le=1e300)]
TICK = 1.0  # s


Hour = Annotated[float, Field(ge=0, le=24)]


class Policy(BaseModel, extra="forbid"):
    """An alarm policy: an alert is a rising edge. What is due in silence or refractory time is raised when they end."""

    persistence: int = Field(default=1, ge=1, le=64, description="looks that must be high", examples=[2])
    of: int = Field(default=1, ge=1, le=64, description="of so many last looks, a look being a renewal", examples=[3])
    refractory_hours: float = Field(default=6.0, ge=0, le=8784, description="at most one alert in that time")
    margin: float = Field(default=0.0, ge=0, le=1e300, description="so far below the threshold it is armed again")
    silent: list[tuple[Hour, Hour]] = Field(
        default=[], max_length=8, description="local hours without alerts, over midnight if from > to", examples=[[]]
    )


class NewRule(BaseModel):
    """When an alert is raised: a reading, or a forecast with some probability, leaves [low, high]; or a quantity that
    is a probability is at least `probability` (risk). With a policy: at the rising edges alone."""

    name: str = Field(min_length=1, max_length=200, pattern=TEXT, examples=["level too high"])
    twin: str | None = Field(default=None, max_length=64, description="null: every twin of the kind")
    kind: str | None = Field(default=None, max_length=200, description="needed without a twin", examples=["infusion"])
    on: Literal["reading", "forecast", "risk"] = Field(examples=["forecast"])
    of: str = Field(max_length=200, description="observable; for forecasts a quantity too", examples=["concentration"])
    low: Number | None = Field(default=None, description="in its own unit")
    high: Number | None = Field(default=None, examples=[20.0])
    probability: float = Field(default=0.5, gt=0, le=1, description="of leaving the range, or the risk itself")
    hours: float = Field(default=3.0, gt=0, le=8784, description="how far ahead, for forecasts")
    severity: Literal["info", "warning", "critical"] = "warning"
    escalate_minutes: float | None = Field(default=None, gt=0, le=100_000, examples=[15.0])
    policy: Policy | None = Field(default=None, description="null: an alert for as long as the rule holds")


class RuleBody(BaseModel):
    """A rule in force. Its tag names this state of it, for If-Match."""

    id: str = Field(examples=["ru-0123456789"])
    tag: str = Field(examples=["5f0c1a2b3c4d"])
    name: str
    twin: str | None
    kind: str
    body: dict[str, Any]
    actor: str
    created: str


class RuleList(BaseModel):
    """All rules in force."""

    items: list[RuleBody]
    next: str | None = None


class NewChannel(BaseModel):
    """Where alerts are told."""

    type: Literal["webhook", "smtp"] = Field(examples=["webhook"])
    target: dict[str, str | int | bool] = Field(
        description="webhook: url; smtp: host, port, from, to, starttls", examples=[{"url": "http://localhost:9000/x"}]
    )
    escalation: int = Field(default=0, ge=0, le=1, description="1: only what nobody acknowledged in time")


class Channel(BaseModel):
    """A channel in use. Its tag names this state of it, for If-Match."""

    id: str = Field(examples=["ch-0123456789"])
    tag: str = Field(examples=["5f0c1a2b3c4d"])
    type: str
    target: dict[str, Any]
    escalation: int
    actor: str
    created: str


class ChannelList(BaseModel):
    """All channels in use."""

    items: list[Channel]
    next: str | None = None


class Alert(BaseModel):
    """An alert: open, acknowledged, silenced or resolved."""

    id: str = Field(examples=["al-0123456789ab"])
    seq: int = Field(description="of its last step", examples=[4711])
    twin: str
    rule: str
    state: str = Field(examples=["open"])
    severity: str = Field(examples=["warning"])
    said: str = Field(examples=["level too high: concentration 21 mg/L is above 20"])
    detail: dict[str, Any]
    raised: str
    changed: str
    silent_until: str | None


class WholeAlert(Alert):
    """With its steps and where it was told."""

    steps: list[dict[str, Any]]
    deliveries: list[dict[str, Any]]


class AlertPage(BaseModel):
    """Alerts, the last changed first."""

    items: list[Alert]
    next: str | None


class Reason(BaseModel):
    """Why."""

    reason: str = Field(default="", max_length=1000, pattern=TEXT, examples=["seen, dose reduced"])


class Silence(BaseModel):
    """Why, and until when nothing is told of it."""

    reason: str = Field(min_length=1, max_length=1000, pattern=TEXT, examples=["sensor is being changed"])
    until: AwareDatetime = Field(examples=["2030-03-01T12:00:00Z"])


@router.get("/alerts", **answers(AlertPage, 422), summary="Alerts")
def list_alerts(
    request: Request,
    who: Reader,
    state: Annotated[str, Query(max_length=32, description="open, acknowledged, silenced or resolved")] = "",
    twin: Annotated[str, Query(max_length=64)] = "",
    after: Annotated[int, Query(ge=0, le=2**62, description="changed before this sequence")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """All alerts of the tenant, the last changed first."""
    wanted = (state.replace("\x00", ""), twin.replace("\x00", ""))
    with site_of(request).database.read() as connection:
        rows = episodes.page(connection, who.tenant, after, limit, *wanted)
    return page_answer(request, [alert_of(row) for row in rows], rows[-1]["seq"] if len(rows) == limit else None)


@router.get(
    "/alerts/{alert_id}",
    **answers(WholeAlert, 404),
    summary="One alert",
)
def one_alert(request: Request, alert_id: str, who: Reader) -> Response:
    """With every step, who took it and why, and where it was told."""
    with site_of(request).database.read() as connection:
        return read_answer(request, whole(connection, who.tenant, alert_id))


async def _act(request: Request, who: Principal, alert_id: str, work: Any) -> Response:
    def write(connection: Connection) -> dict[str, Any]:
        matching(request, f'"{episodes.find(connection, who.tenant, alert_id)["seq"]}"')
        work(connection)
        return whole(connection, who.tenant, alert_id)

    return json_answer(await site_of(request).write(write))


ACTED = answers(WholeAlert, 404, 409, 412, 422)


@router.post("/alerts/{alert_id}/acknowledge", summary="Acknowledge an alert", **ACTED)
async def acknowledge(request: Request, alert_id: str, body: Reason, who: Actor) -> Response:
    """Somebody has seen it: it is not escalated. If-Match with the alert's seq refuses when it has changed."""
    now = site_of(request).now_us
    return await _act(
        request, who, alert_id, lambda c: episodes.acknowledge(c, who.tenant, alert_id, body.reason, who.actor, now)
    )


@router.post("/alerts/{alert_id}/silence", **ACTED, summary="Silence an alert")
async def silence(request: Request, alert_id: str, body: Silence, who: Actor) -> Response:
    """Nothing is told of it until then; it opens again if its rule still holds."""
    now, until = site_of(request).now_us, micros(body.until)
    return await _act(
        request, who, alert_id, lambda c: episodes.silence(c, who.tenant, alert_id, body.reason, until, who.actor, now)
    )


@router.post("/alerts/{alert_id}/resolve", **ACTED, summary="Resolve an alert")
async def resolve(request: Request, alert_id: str, body: Reason, who: Actor) -> Response:
    """It is over; it also resolves by itself when its rule no longer holds."""
    now = site_of(request).now_us
    return await _act(
        request, who, alert_id, lambda c: episodes.resolve(c, who.tenant, alert_id, body.reason, who.actor, now)
    )


@router.get("/alert-rules", **answers(RuleList), summary="Rules")
def list_rules(request: Request, who: Reader) -> Response:
    """All rules in force."""
    with site_of(request).database.read() as connection:
        rows = rules.read(connection, who.tenant)
    return page_answer(request, [rule_of(row) for row in rows], None)


@router.post(
    "/alert-rules",
    **answers(Made, 404, 409, 422, status=201),
    summary="Make a rule",
)
async def add_rule(request: Request, body: NewRule, who: Ruler, key: IdempotencyKey = "") -> Response:
    """A rule for one twin or for every twin of a kind, looked at with every renewal of a followed twin."""
    site = site_of(request)
    owner, kind, rule = checked(site, who, body)

    def write(connection: Connection) -> tuple[int, Any]:
        made = rules.add(connection, who.tenant, owner, kind, body.name, rule, who.actor, site.now_us)
        return 201, {"id": made}

    return await once(request, who, key, write)


@router.delete("/alert-rules/{rule_id}", **nothing(404), summary="End a rule")
async def end_rule(request: Request, rule_id: str, who: Ruler) -> Response:
    """It raises nothing any more."""
    site = site_of(request)
    await site.write(lambda c: rules.end(c, who.tenant, rule_id, site.now_us))
    return Response(status_code=204)


@router.get(
    "/alert-channels",
    **answers(ChannelList),
    summary="Channels",
)
def list_channels(request: Request, who: Ruler) -> Response:
    """Where alerts are told."""
    with site_of(request).database.read() as connection:
        rows = delivery.list_channels(connection, who.tenant)
    return page_answer(request, [channel_of(row) for row in rows], None)


@router.post(
    "/alert-channels",
    **answers(Made, 409, 422, status=201),
    summary="Make a channel",
)
async def add_channel(request: Request, body: NewChannel, who: Ruler, key: IdempotencyKey = "") -> Response:
    """A webhook or a mail address. Every alert of the tenant is told there until the other side confirms it."""
    site = site_of(request)

    def write(connection: Connection) -> tuple[int, Any]:
        made = f"ch-{secrets.token_hex(5)}"
        how = (who.tenant, body.type, body.target, body.escalation, who.actor, site.now_us)
        delivery.add_channel(connection, made, *how)
        return 201, {"id": made}

    return await once(request, who, key, write)


@router.delete(
    "/alert-channels/{channel_id}",
    **nothing(404),
    summary="End a channel",
)
async def end_channel(request: Request, channel_id: str, who: Ruler) -> Response:
    """Nothing is told there any more."""
    site = site_of(request)
    await site.write(lambda c: delivery.end_channel(c, who.tenant, channel_id, site.now_us))
    return Response(status_code=204)


def checked(site: Site, who: Principal, body: NewRule) -> tuple[str | None, str, Rule]:
    """The twin (None: all of the kind), the kind and the rule that a body means; FieldError where they do not fit."""
    twin = None if body.twin is None else site.twin(who, body.twin)
    kind = body.kind if twin is None else twin.kind
    if kind is None:
        raise FieldError("is missing", where="kind", fix="name a twin or a kind")
    given = {k: v for k, v in body.model_dump().items() if k not in ("name", "twin", "kind")}
    return None if twin is None else twin.id, kind, Rule(**given).checked(kind_of(kind))


def rule_of(row: dict[str, Any]) -> dict[str, Any]:
    """A stored rule as JSON."""
    said = {k: v for k, v in spelled(row).items() if k not in ("tenant", "twin_id", "ended")}
    return {**said, "twin": row["twin_id"], "tag": delivery.tag(row["name"], row["body"])}


def channel_of(row: dict[str, Any]) -> dict[str, Any]:
    """A channel as JSON."""
    said = {k: v for k, v in spelled(row).items() if k not in ("tenant", "ended")}
    return {**said, "tag": delivery.tag(row["target"], row["escalation"])}


def alert_of(row: dict[str, Any]) -> dict[str, Any]:
    """A stored alert as JSON."""
    said = spelled(row)
    names = ("id", "seq", "state", "severity", "said", "detail", "raised", "changed", "silent_until")
    return {**{name: said[name] for name in names}, "twin": said["twin_id"], "rule": said["rule_id"]}


def whole(connection: Connection, tenant: str, alert_id: str) -> dict[str, Any]:
    """An alert with its steps and deliveries."""
    row = episodes.find(connection, tenant, alert_id)
    taken = [{k: v for k, v in spelled(s).items() if k != "alert_id"} for s in episodes.steps(connection, alert_id)]
    told = [spelled(d) for d in delivery.of_alert(connection, alert_id)]
    return {**alert_of(row), "steps": taken, "deliveries": told}


@asynccontextmanager
async def service(site: Site) -> AsyncIterator[None]:
    """Escalates, and sends what is owed, as long as the server runs."""
    async with beside(_deliver(site)):
        yield


async def _deliver(site: Site) -> None:
    def due() -> list[delivery.Owed]:
        with site.database.read() as connection:
            return delivery.owed(connection, site.now_us)

    while True:
        with suppress(StoreError):  # a full disk, a database that is away: try again
            await site.write(lambda c: episodes.tick(c, site.now_us))
            while seen := await asyncio.to_thread(due):
                owed = await site.write(lambda c, seen=seen: delivery.take(c, seen, site.now_us))
                errors = await asyncio.gather(*(asyncio.to_thread(delivery.send, what) for what in owed))
                for what, error in zip(owed, errors, strict=True):
                    await site.write(lambda c, w=what, e=error: delivery.told(c, w, e, site.now_us))
        await asyncio.sleep(TICK)
