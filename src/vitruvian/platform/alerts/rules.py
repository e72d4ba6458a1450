"""Rules: when a reading, or a forecast with some probability, leaves a range. Looked at with every renewal."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, insert, or_, select, update

from vitruvian.core.errors import FieldError, MissingError
from vitruvian.core.kind import AbstractKind
from vitruvian.platform.alerts import episodes
from vitruvian.platform.instant import text
from vitruvian.platform.store.facts import TwinRow
from vitruvian.platform.store.schema import observations
from vitruvian.platform.store.schema_live import rules
from vitruvian.verbs.result import Forecast

SEVERITIES = ("info", "warning", "critical")


@dataclass(frozen=True)
class Rule:
    """`of` leaves [low, high]: the newest reading, or a forecast within `hours` with at least `probability`."""

    on: str
    of: str
    low: float | None = None
    high: float | None = None
    probability: float = 0.5
    hours: float = 3.0
    severity: str = "warning"
    escalate_minutes: float | None = None

    def checked(self, kind: AbstractKind) -> Rule:
        """Itself; FieldError names what does not fit the kind."""
        if self.on not in ("reading", "forecast"):
            raise FieldError(f"'{self.on}' is neither reading nor forecast", where="on", fix="use one of the two")
        kind.unit_of(self.of)
        if self.on == "reading":
            kind.observable(self.of)
        if self.low is None and self.high is None:
            raise FieldError("a rule needs low, high or both", where="low", fix=f"give them in {kind.unit_of(self.of)}")
        if self.severity not in SEVERITIES:
            raise FieldError(f"there is no severity '{self.severity}'", where="severity", fix=", ".join(SEVERITIES))
        return self

    @property
    def range(self) -> str:
        """In words."""
        if self.low is None:
            return f"above {self.high:g}"
        return f"below {self.low:g}" if self.high is None else f"outside {self.low:g} to {self.high:g}"


def add(
    connection: Connection, tenant: str, twin_id: str | None, kind: str, name: str, rule: Rule, actor: str, now_us: int
) -> str:
    """The id of a new rule, for one twin or for every twin of a kind."""
    made = f"ru-{secrets.token_hex(5)}"
    row = {"id": made, "tenant": tenant, "twin_id": twin_id, "kind": kind, "name": name, "body": vars(rule)}
    connection.execute(insert(rules).values(**row, actor=actor, created_us=now_us, ended_us=None))
    return made


def end(connection: Connection, tenant: str, rule_id: str, now_us: int) -> None:
    """The rule raises nothing any more; alerts that it raised stay until they are resolved."""
    r = rules.c
    match = (r.id == rule_id, r.tenant == tenant, r.ended_us.is_(None))
    if connection.execute(update(rules).where(*match).values(ended_us=now_us)).rowcount == 0:
        raise MissingError(f"there is no rule '{rule_id}'", where="rules", fix="see GET /v1/alert-rules")


def read(connection: Connection, tenant: str) -> list[dict[str, Any]]:
    """All rules in force."""
    match = select(rules).where(rules.c.tenant == tenant, rules.c.ended_us.is_(None)).order_by(rules.c.created_us)
    return [dict(row) for row in connection.execute(match).mappings()]


def evaluate(connection: Connection, twin: TwinRow, forecast: Forecast | None, now_us: int) -> None:
    """Raise or resolve the alerts of a twin's rules by its newest readings and its forecast."""
    r = rules.c
    mine = or_(r.twin_id == twin.id, r.twin_id.is_(None))
    match = select(r.id, r.name, r.body).where(r.tenant == twin.tenant, r.kind == twin.kind, mine, r.ended_us.is_(None))
    for rule_id, name, body in connection.execute(match).all():
        rule = Rule(**body)
        found = _reading(connection, twin, rule) if rule.on == "reading" else _forecast(rule, forecast)
        if found is None:
            continue  # nothing can be said: an alert stays as it is
        outside, said, detail = found
        episodes.see(connection, twin, rule_id, rule, outside, f"{name}: {said}", detail, now_us)


def _reading(connection: Connection, twin: TwinRow, rule: Rule) -> tuple[bool, str, Mapping[str, Any]] | None:
    """By the newest version of the reading that is valid last."""
    o = observations.c
    match = select(o.valid_us, o.value, o.unit, o.removed, o.seq).where(o.twin_id == twin.id, o.observable == rule.of)
    order = (o.valid_us.desc(), o.known_us.desc(), o.seq.desc())
    row = connection.execute(match.order_by(*order).limit(1)).first()
    if row is None or row.removed:
        return None
    detail = {"time": text(row.valid_us), "value": row.value, "unit": row.unit, "seq": row.seq}
    return _is_outside(rule, row.value), f"{rule.of} {row.value:g} {row.unit} is {rule.range}", detail


def _forecast(rule: Rule, forecast: Forecast | None) -> tuple[bool, str, Mapping[str, Any]] | None:
    """By the highest probability of leaving the range at some time within the rule's hours."""
    if forecast is None or rule.of not in forecast.items:
        return None
    e = forecast[rule.of]
    ends = e.times[:, -1] if e.is_window else e.times
    within = ends <= forecast.at + rule.hours * 3600.0
    if not within.any() or e.values.ndim != 2:
        return None
    low, high = (-math.inf if rule.low is None else rule.low), (math.inf if rule.high is None else rule.high)
    leaving = np.where(within, 1.0 - e.probability(low, high), -1.0)
    at = int(np.argmax(leaving))
    chance = float(leaving[at])
    local = forecast.origin.moment(float(ends[at])).isoformat()
    said = f"{rule.of} will be {rule.range} with probability {chance:.0%} at {local}"
    return chance >= rule.probability, said, {"time": local, "probability": chance, "unit": e.unit}


def _is_outside(rule: Rule, value: float) -> bool:
    return (rule.low is not None and value < rule.low) or (rule.high is not None and value > rule.high)
