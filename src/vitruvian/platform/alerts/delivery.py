"""Delivery: what is owed is sent until the other side confirms it, by webhook or by SMTP.

What is owed was written with the alert, so it cannot be lost. A confirmed delivery is never sent again; one whose
confirmation was lost is sent again under the same id (the header Idempotency-Key, or the Message-ID), by which the
receiver knows it. A message names the twin by its id, never the subject.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import smtplib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import httpx
from sqlalchemy import Connection, insert, select, update

from vitruvian.core.errors import FieldError, MissingError
from vitruvian.platform.instant import text
from vitruvian.platform.store.schema_live import alert_steps, alerts, channels, deliveries

TIMEOUT = 5.0  # s
LONGEST_US = 3600 * 1_000_000  # between two attempts
LEASE_US = 30 * 1_000_000  # in which nobody else sends it: longer than an attempt may take
NEEDED: Mapping[str, tuple[str, ...]] = {"webhook": ("url",), "smtp": ("host", "port", "from", "to")}


@dataclass(frozen=True, slots=True)
class Owed:
    """One delivery that is due: to whom, and what is said."""

    id: str
    attempts: int
    type: str
    target: Mapping[str, Any]
    message: Mapping[str, Any]


def add_channel(
    connection: Connection,
    made: str,
    tenant: str,
    type_: str,
    target: Mapping[str, Any],
    escalation: int,
    actor: str,
    now_us: int,
) -> None:
    """Where alerts are told from now on."""
    check_target(type_, target)
    row = {"id": made, "tenant": tenant, "type": type_, "target": dict(target), "escalation": escalation}
    connection.execute(insert(channels).values(**row, actor=actor, created_us=now_us, ended_us=None))


def check_target(type_: str, target: Mapping[str, Any]) -> None:
    """FieldError names what a channel of this type lacks."""
    if type_ not in NEEDED:
        raise FieldError(f"there is no channel '{type_}'", where="type", fix=f"use one of {', '.join(NEEDED)}")
    for name in NEEDED[type_]:
        if not str(target.get(name, "")).strip():
            raise FieldError("is missing", where=f"target.{name}", fix=f"{type_} needs {', '.join(NEEDED[type_])}")
    if type_ == "webhook" and not str(target["url"]).startswith(("http://", "https://")):
        raise FieldError("is no http address", where="target.url", fix="write https://...")
    if type_ == "smtp" and not str(target["port"]).isdigit():
        raise FieldError("is no port", where="target.port", fix="write a number, e.g. 587")


def find_channel(connection: Connection, tenant: str, channel_id: str) -> dict[str, Any]:
    """The channel; MissingError where the tenant has none of this id in use."""
    c = channels.c
    match = select(channels).where(c.id == channel_id, c.tenant == tenant, c.ended_us.is_(None))
    row = connection.execute(match).mappings().first()
    if row is None:
        raise MissingError(f"there is no channel '{channel_id}'", where="channels", fix="see GET /v1/alert-channels")
    return dict(row)


def change_channel(
    connection: Connection, held: Mapping[str, Any], target: Mapping[str, Any], escalation: int
) -> dict[str, Any]:
    """The channel with another target; what is still owed there goes to the new one."""
    check_target(held["type"], target)
    new = {"target": dict(target), "escalation": escalation}
    connection.execute(update(channels).where(channels.c.id == held["id"]).values(**new))
    return {**held, **new}


def tag(*parts: Any) -> str:
    """Names this state of a row that has no version."""
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=6).hexdigest()


def attempt(channel: Mapping[str, Any], now_us: int) -> str | None:
    """Tell a test there, once; None when the other side confirmed, else why it did not."""
    at = text(now_us)
    same = {"severity": "info", "said": "this is a test: nothing is wrong", "detail": {}, "at": at, "raised": at}
    made = f"te-{secrets.token_hex(6)}"
    message = {"id": made, "alert": "", "twin": "", "what": "test", **same}
    return send(Owed(made, 0, channel["type"], channel["target"], message))


def end_channel(connection: Connection, tenant: str, channel_id: str, now_us: int) -> None:
    """Nothing is told there any more; what is still owed there is given up, and says so."""
    c = channels.c
    match = (c.id == channel_id, c.tenant == tenant, c.ended_us.is_(None))
    if connection.execute(update(channels).where(*match).values(ended_us=now_us)).rowcount == 0:
        raise MissingError(f"there is no channel '{channel_id}'", where="channels", fix="see GET /v1/alert-channels")
    d = deliveries.c
    given_up = update(deliveries).where(d.channel_id == channel_id, d.sent_us.is_(None), d.next_us.is_not(None))
    connection.execute(given_up.values(next_us=None, error="the channel was ended"))


def list_channels(connection: Connection, tenant: str) -> list[dict[str, Any]]:
    """All channels in use."""
    c = channels.c
    match = select(channels).where(c.tenant == tenant, c.ended_us.is_(None)).order_by(c.created_us)
    return [dict(row) for row in connection.execute(match).mappings()]


def of_alert(connection: Connection, alert_id: str) -> list[dict[str, Any]]:
    """Where the alert was told, how often it was tried, and when it was confirmed."""
    d = deliveries.c
    columns = (d.id, d.channel_id, d.attempts, d.next_us, d.sent_us, d.error)
    match = select(*columns).where(d.alert_id == alert_id).order_by(d.step_seq, d.id)
    return [dict(row) for row in connection.execute(match).mappings()]


def owed(connection: Connection, now_us: int, limit: int = 20) -> list[Owed]:
    """What is due now."""
    d, c, a, s = deliveries.c, channels.c, alerts.c, alert_steps.c
    match = (
        select(
            *(d.id, d.attempts, c.type, c.target, s.what, s.at_us, d.alert_id),
            *(a.twin_id, a.severity, a.said, a.detail, a.raised_us),
        )
        .join_from(deliveries, channels)
        .join(alerts, a.id == d.alert_id)
        .join(alert_steps, s.seq == d.step_seq)
        .where(d.next_us <= now_us, d.sent_us.is_(None))
        .order_by(d.next_us)
        .limit(limit)
    )
    out = []
    for r in connection.execute(match).mappings():
        times = {"at": text(r["at_us"]), "raised": text(r["raised_us"])}
        same = {k: r[k] for k in ("severity", "said", "detail")}
        message = {"id": r["id"], "alert": r["alert_id"], "twin": r["twin_id"], "what": r["what"], **same, **times}
        out.append(Owed(r["id"], r["attempts"], r["type"], r["target"], message))
    return out


def take(connection: Connection, some: Sequence[Owed], now_us: int) -> list[Owed]:
    """Those that this server sends now: of several servers that see one due, one has it, for LEASE_US."""
    d = deliveries.c
    mine = []
    for what in some:
        match = (d.id == what.id, d.attempts == what.attempts, d.sent_us.is_(None), d.next_us <= now_us)
        if connection.execute(update(deliveries).where(*match).values(next_us=now_us + LEASE_US)).rowcount == 1:
            mine.append(what)
    return mine


def send(what: Owed) -> str | None:
    """Tell it; None when the other side confirmed, else why it did not."""
    try:
        if what.type == "webhook":
            headers = {"Idempotency-Key": what.id}
            answer = httpx.post(str(what.target["url"]), json=dict(what.message), headers=headers, timeout=TIMEOUT)
            return None if answer.is_success else f"it answered {answer.status_code}"
        _mail(what)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, smtplib.SMTPException, ValueError) as err:
        return f"{type(err).__name__}: {err}"[:500]
    return None


def told(connection: Connection, what: Owed, error: str | None, now_us: int) -> None:
    """It was tried: confirmed, or to be tried again later, each time after twice as long."""
    values: dict[str, Any] = {"attempts": what.attempts + 1, "error": error}
    if error is None:
        values |= {"sent_us": now_us, "next_us": None}
    else:
        values["next_us"] = now_us + min(LONGEST_US, 1_000_000 * 2 ** min(what.attempts, 20))
    match = (deliveries.c.id == what.id, deliveries.c.sent_us.is_(None))
    connection.execute(update(deliveries).where(*match).values(**values))


def _mail(what: Owed) -> None:
    target, message = what.target, EmailMessage()
    message["Subject"] = f"[{what.message['severity']}] {what.message['what']}: {what.message['twin']}"
    message["From"], message["To"] = str(target["from"]), str(target["to"])
    message["Message-ID"] = f"<{what.id}@vitruvian>"
    message.set_content(f"{what.message['said']}\n\n{json.dumps(dict(what.message), indent=1)}\n")
    with smtplib.SMTP(str(target["host"]), int(target["port"]), timeout=TIMEOUT) as server:
        if target.get("starttls"):
            server.starttls()
        server.send_message(message)
