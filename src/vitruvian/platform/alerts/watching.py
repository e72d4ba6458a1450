"""A rule with an alarm policy: what its looks at a twin led to, kept in the transaction that writes the alert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from vitruvian.core.errors import FieldError
from vitruvian.models.alarms.policy import HOUR, AlarmPolicy, Standing
from vitruvian.platform.instant import to_seconds
from vitruvian.platform.store.facts import TwinRow
from vitruvian.platform.store.schema_live import watches

FIELDS = ("persistence", "of", "refractory_hours", "margin", "silent")


def policy(said: Mapping[str, Any], threshold: float, escalate_minutes: float | None) -> AlarmPolicy:
    """The policy a rule names: persistence, of, refractory_hours, margin, silent [[from, to], ...]."""
    if unknown := sorted(set(said) - set(FIELDS)):
        raise FieldError(f"has no {', '.join(unknown)}", where="policy", fix=f"use {', '.join(FIELDS)}")
    silent = tuple((float(hours[0]), float(hours[-1])) for hours in said.get("silent", ()))
    return AlarmPolicy(
        threshold,
        int(said.get("persistence", 1)),
        int(said.get("of", said.get("persistence", 1))),
        float(said.get("refractory_hours", 6.0)) * HOUR,
        float(said.get("margin", 0.0)),
        silent,
        None if escalate_minutes is None else escalate_minutes * 60.0,
    )


def look(
    connection: Connection, twin: TwinRow, rule_id: str, how: AlarmPolicy, time: float, risk: float, now_us: int
) -> Standing:
    """The policy's look at a twin at `time` (s); silent hours are those of the subject's clock now."""
    w = watches.c
    mine = (w.rule_id == rule_id, w.twin_id == twin.id)
    held = connection.execute(select(w.state).where(*mine)).scalar()
    before = Standing() if held is None else Standing.from_json(held)
    after = how.look(before, time, risk, twin.origin.clock(to_seconds(now_us, twin.origin)))
    if held is None:
        connection.execute(insert(watches).values(rule_id=rule_id, twin_id=twin.id, state=after.to_json()))
    elif after != before:
        connection.execute(update(watches).where(*mine).values(state=after.to_json()))
    return after


def forget(connection: Connection, rule_id: str) -> None:
    """What the rule's policy saw so far; it begins anew."""
    connection.execute(delete(watches).where(watches.c.rule_id == rule_id))
