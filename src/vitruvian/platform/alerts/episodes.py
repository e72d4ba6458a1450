"""Alerts as episodes: one from when a rule first holds until it no longer does, with every step and who took it.

There is at most one alert of a rule and a twin that is not resolved: it is never raised twice. Alerts and what must be
told of them become durable in one transaction with the facts that raised them: none is lost.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from vitruvian.core.errors import ConflictError, FieldError, MissingError
from vitruvian.platform.connect.fhir import telling
from vitruvian.platform.store import chain
from vitruvian.platform.store.facts import TwinRow
from vitruvian.platform.store.schema_live import alert_steps, alerts, channels, deliveries

if TYPE_CHECKING:
    from vitruvian.platform.alerts.rules import Rule

SYSTEM = "rule"


def see(
    connection: Connection,
    twin: TwinRow,
    rule_id: str,
    rule: Rule,
    holds: bool,
    said: str,
    detail: Callable[[], Mapping[str, Any]],
    now_us: int,
) -> None:
    """The rule holds for this twin now, or it does not. detail: worked out when an alert is raised."""
    a = alerts.c
    match = select(a.id, a.state, a.silent_until_us).where(
        a.twin_id == twin.id, a.rule_id == rule_id, a.state != "resolved"
    )
    held = connection.execute(match).first()
    if held is None:
        if holds:
            _raise(connection, twin, rule_id, rule, said, detail(), now_us)
    elif not holds:
        _step(connection, held.id, "resolved", "it no longer holds", SYSTEM, now_us, state="resolved", escalate_us=None)


def _raise(
    connection: Connection,
    twin: TwinRow,
    rule_id: str,
    rule: Rule,
    said: str,
    detail: Mapping[str, Any],
    now_us: int,
) -> None:
    made = f"al-{secrets.token_hex(6)}"
    wait = None if rule.escalate_minutes is None else now_us + int(rule.escalate_minutes * 60e6)
    row = {"id": made, "seq": 0, "tenant": twin.tenant, "twin_id": twin.id, "rule_id": rule_id, "state": "open"}
    told = {"severity": rule.severity, "said": said, "detail": dict(detail), "raised_us": now_us, "changed_us": now_us}
    connection.execute(insert(alerts).values(**row, **told, escalate_us=wait, silent_until_us=None))
    _step(connection, made, "raised", said, SYSTEM, now_us, tell=0)


def acknowledge(connection: Connection, tenant: str, alert_id: str, reason: str, actor: str, now_us: int) -> None:
    """Somebody has seen it and takes care: it is not escalated."""
    _active(connection, tenant, alert_id)
    _step(connection, alert_id, "acknowledged", reason, actor, now_us, state="acknowledged", escalate_us=None)


def silence(
    connection: Connection, tenant: str, alert_id: str, reason: str, until_us: int, actor: str, now_us: int
) -> None:
    """Nothing is told of it until then; a reason is needed."""
    if not reason.strip():
        raise FieldError("is empty", where="reason", fix="say why the alert is silenced")
    if until_us <= now_us:
        raise FieldError("lies in the past", where="until", fix="give a moment to come")
    _active(connection, tenant, alert_id)
    values = {"state": "silenced", "silent_until_us": until_us, "escalate_us": None}
    _step(connection, alert_id, "silenced", reason, actor, now_us, **values)


def resolve(connection: Connection, tenant: str, alert_id: str, reason: str, actor: str, now_us: int) -> None:
    """It is over. When its rule holds at the next look, a new one is raised."""
    _active(connection, tenant, alert_id)
    _step(connection, alert_id, "resolved", reason, actor, now_us, state="resolved", escalate_us=None)


def tick(connection: Connection, now_us: int) -> int:
    """Escalate what nobody acknowledged in time, and open again what was silent long enough. How many."""
    a = alerts.c
    late = select(a.id).where(a.state == "open", a.escalate_us <= now_us)
    over = select(a.id).where(a.state == "silenced", a.silent_until_us <= now_us)
    escalated, opened = (list(connection.execute(match).scalars()) for match in (late, over))
    for name in escalated:
        _step(connection, name, "escalated", "nobody acknowledged it", SYSTEM, now_us, tell=1, escalate_us=None)
    for name in opened:
        values = {"state": "open", "silent_until_us": None}
        _step(connection, name, "opened", "the silence is over", SYSTEM, now_us, tell=0, **values)
    return len(escalated) + len(opened)


def find(connection: Connection, tenant: str, alert_id: str) -> dict[str, Any]:
    """The alert; MissingError when the tenant has none of this id."""
    row = connection.execute(select(alerts).where(alerts.c.id == alert_id, alerts.c.tenant == tenant)).mappings()
    if (found := row.first()) is None:
        raise MissingError(f"there is no alert '{alert_id}'", where="alerts", fix="see GET /v1/alerts")
    return dict(found)


def steps(connection: Connection, alert_id: str) -> list[dict[str, Any]]:
    """What happened to it, oldest first."""
    match = select(alert_steps).where(alert_steps.c.alert_id == alert_id).order_by(alert_steps.c.seq)
    return [dict(row) for row in connection.execute(match).mappings()]


def page(
    connection: Connection, tenant: str, before: int, limit: int, state: str = "", twin_id: str = ""
) -> list[dict[str, Any]]:
    """Alerts whose last step came before this sequence (0: all), newest first."""
    a = alerts.c
    match = select(alerts).where(a.tenant == tenant).order_by(a.seq.desc()).limit(limit)
    if before:
        match = match.where(a.seq < before)
    if state:
        match = match.where(a.state == state)
    if twin_id:
        match = match.where(a.twin_id == twin_id)
    return [dict(row) for row in connection.execute(match).mappings()]


def _active(connection: Connection, tenant: str, alert_id: str) -> None:
    if find(connection, tenant, alert_id)["state"] == "resolved":
        raise ConflictError("the alert is resolved", where=f"alert {alert_id}", fix="nothing to do")


def _step(
    connection: Connection,
    alert_id: str,
    what: str,
    reason: str,
    actor: str,
    now_us: int,
    *,
    tell: int | None = None,
    **values: Any,
) -> None:
    """Write a step, the alert's new state, and whom it is told: channels of this level (None: nobody)."""
    seq = chain.take_lock(connection) + 1
    chain.give_out(connection, seq)
    row = {"seq": seq, "alert_id": alert_id, "what": what, "reason": reason, "actor": actor, "at_us": now_us}
    connection.execute(insert(alert_steps).values(**row))
    changed = {**values, "seq": seq, "changed_us": now_us}
    connection.execute(update(alerts).where(alerts.c.id == alert_id).values(**changed))
    telling.flag(connection, alert_id, now_us)
    if tell is None:
        return
    tenant = connection.execute(select(alerts.c.tenant).where(alerts.c.id == alert_id)).scalar_one()
    c = channels.c
    match = select(c.id).where(c.tenant == tenant, c.escalation == tell, c.ended_us.is_(None))
    owed = [
        {
            "id": f"de-{secrets.token_hex(8)}",
            "tenant": tenant,
            "alert_id": alert_id,
            "step_seq": seq,
            "channel_id": channel,
            "attempts": 0,
            "next_us": now_us,
        }
        for channel in connection.execute(match).scalars()
    ]
    if owed:
        connection.execute(insert(deliveries), owed)
