"""Where a twin's data come from and how fresh they are, and what the interfaces of other systems have sent."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from vitruvian.platform.instant import text
from vitruvian.platform.store.schema import actions, kept_aside, observations, sources
from vitruvian.platform.store.schema_fhir import messages

NEWEST = 100_000  # rows of a twin that are counted; older ones are of no interest to freshness
SHOWN = 500  # characters of an answer
REFUSED = "Fix: "  # stands in every reason


def of_twin(connection: Connection, twin_id: str) -> list[dict[str, Any]]:
    """One entry a source (name and format): rows of the newest NEWEST, and the last time; the freshest first."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for what, table, time in (
        ("readings", observations, observations.c.valid_us),
        ("actions", actions, actions.c.at_us),
        ("kept_aside", kept_aside, kept_aside.c.received_us),
    ):
        t, s = table.c, sources.c
        newest = (
            select(t.source_id, time.label("time"), t.received_us)
            .where(t.twin_id == twin_id)
            .order_by(t.seq.desc())
            .limit(NEWEST)
            .subquery()
        )
        columns = (s.name, s.format, func.count().label("n"), func.max(newest.c.time).label("last"))
        received = func.max(newest.c.received_us).label("received")
        match = select(*columns, received).select_from(newest).join(sources, s.id == newest.c.source_id)
        for row in connection.execute(match.group_by(s.name, s.format)):
            line = found.setdefault((row.name, row.format), {"readings": 0, "actions": 0, "kept_aside": 0, "_us": 0})
            line[what] = row.n
            if what != "kept_aside":
                line["last"] = max(line.get("last", ""), text(row.last))
            line["_us"] = max(line["_us"], row.received)
    ordered = sorted(found.items(), key=lambda item: -item[1]["_us"])
    return [
        {"name": name, "format": form, "last": line.get("last"), "received": text(line.pop("_us")), **_counts(line)}
        for (name, form), line in ordered
    ]


def sent(connection: Connection, tenant: str, before: int, limit: int, protocol: str = "") -> list[dict[str, Any]]:
    """Messages of HL7 and MQTT, the newest first, without their content: who sent it, and whether it was taken."""
    m = messages.c
    columns = (m.seq, m.protocol, m.sender, m.message_id, m.received_us, m.answer)
    match = select(*columns).where(m.tenant == tenant).order_by(m.seq.desc()).limit(limit)
    if before:
        match = match.where(m.seq < before)
    if protocol:
        match = match.where(m.protocol == protocol)
    return [_message(row) for row in connection.execute(match)]


def _message(row: Any) -> dict[str, Any]:
    refused = row.protocol == "mqtt" and REFUSED in row.answer
    said = {"seq": row.seq, "protocol": row.protocol, "sender": row.sender, "id": row.message_id}
    return {
        **said,
        "received": text(row.received_us),
        "taken": not refused,
        "why": row.answer[:SHOWN] if refused else "",
    }


def _counts(line: dict[str, Any]) -> dict[str, int]:
    return {name: line[name] for name in ("readings", "actions", "kept_aside")}
