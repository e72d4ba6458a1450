"""Rules: when a reading, a forecast with some probability, or a risk leaves a range. Looked at with every renewal.

A rule may name an alarm policy (models/alarms): then it is a rising edge that raises an alert, after persistence, not
within the refractory time, and not again before it fell by a margin; the alert resolves when the policy is armed again.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, insert, or_, select, update

from vitruvian.core.errors import FieldError, MissingError
from vitruvian.core.kind import AbstractKind
from vitruvian.models.alarms.policy import AlarmPolicy
from vitruvian.platform.alerts import episodes, watching
from vitruvian.platform.instant import text
from vitruvian.platform.store.facts import TwinRow
from vitruvian.platform.store.schema import observations
from vitruvian.platform.store.schema_live import rules
from vitruvian.verbs.result import Forecast

SEVERITIES = ("info", "warning", "critical")
ON = ("reading", "forecast", "risk")
Reasons = Callable[[], Mapping[str, Any]]


class Look(NamedTuple):
    """What a rule saw: is it outside, how far (held against a policy's threshold), when (s), and in words."""

    outside: bool
    signal: float
    time: float
    said: str
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """`of` leaves [low, high]: the newest reading, or a forecast within `hours` with at least `probability`; or a
    quantity that is itself a probability is expected to be at least `probability` (on "risk")."""

    on: str
    of: str
    low: float | None = None
    high: float | None = None
    probability: float = 0.5
    hours: float = 3.0
    severity: str = "warning"
    escalate_minutes: float | None = None
    policy: Mapping[str, Any] | None = None

    def checked(self, kind: AbstractKind) -> Rule:
        """Itself; FieldError names what does not fit the kind."""
        if self.on not in ON:
            raise FieldError(f"'{self.on}' is none of {', '.join(ON)}", where="on", fix="use one of them")
        kind.unit_of(self.of)
        if self.on == "reading":
            kind.observable(self.of)
        self.alarm()
        if self.on == "risk":
            q = kind.quantity(self.of)
            if q.unit != "1" or (q.low, q.high) != (0, 1):
                raise FieldError(f"'{self.of}' is no probability", where="of", fix="use on: forecast with low or high")
        elif self.low is None and self.high is None:
            raise FieldError("a rule needs low, high or both", where="low", fix=f"give them in {kind.unit_of(self.of)}")
        if self.severity not in SEVERITIES:
            raise FieldError(f"there is no severity '{self.severity}'", where="severity", fix=", ".join(SEVERITIES))
        return self

    def alarm(self) -> AlarmPolicy | None:
        """The policy it names; its threshold is the rule's own, a reading's margin is in the reading's unit."""
        if self.policy is None:
            return None
        threshold = math.ulp(0.0) if self.on == "reading" else self.probability
        return watching.policy(self.policy, threshold, self.escalate_minutes)

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


def find(connection: Connection, tenant: str, rule_id: str) -> dict[str, Any]:
    """A rule in force; MissingError where the tenant has none of this id."""
    match = select(rules).where(rules.c.id == rule_id, rules.c.tenant == tenant, rules.c.ended_us.is_(None))
    row = connection.execute(match).mappings().first()
    if row is None:
        raise MissingError(f"there is no rule '{rule_id}'", where="rules", fix="see GET /v1/alert-rules")
    return dict(row)


def change(connection: Connection, held: Mapping[str, Any], name: str, rule: Rule) -> dict[str, Any]:
    """The rule as it is after the change; its policy begins anew; alerts that stand go on under it."""
    new = {"name": name, "body": vars(rule)}
    connection.execute(update(rules).where(rules.c.id == held["id"]).values(**new))
    watching.forget(connection, held["id"])
    return {**held, **new}


def read(connection: Connection, tenant: str) -> list[dict[str, Any]]:
    """All rules in force."""
    match = select(rules).where(rules.c.tenant == tenant, rules.c.ended_us.is_(None)).order_by(rules.c.created_us)
    return [dict(row) for row in connection.execute(match).mappings()]


def evaluate(
    connection: Connection, twin: TwinRow, forecast: Forecast | None, now_us: int, reasons: Reasons = dict
) -> None:
    """Raise or resolve the alerts of a twin's rules by its newest readings and its forecast."""
    r = rules.c
    mine = or_(r.twin_id == twin.id, r.twin_id.is_(None))
    match = select(r.id, r.name, r.body).where(r.tenant == twin.tenant, r.kind == twin.kind, mine, r.ended_us.is_(None))
    for rule_id, name, body in connection.execute(match).all():
        rule = Rule(**body)
        found = _reading(connection, twin, rule) if rule.on == "reading" else _ahead(rule, forecast)
        if found is None:
            continue  # nothing can be said: an alert stays as it is
        holds, more = found.outside, dict[str, Any]()
        if (policy := rule.alarm()) is not None:
            stand = watching.look(connection, twin, rule_id, policy, found.time, found.signal, now_us)
            if not (stand.raised or stand.armed):
                continue  # it was raised, and is not over: resolved by hand, it is not raised again either
            holds, more = stand.raised, {"policy": policy.sentence()}

        def detail(found: Look = found, more: Mapping[str, Any] = more) -> Mapping[str, Any]:
            return {**found.detail, **more, **reasons()}

        episodes.see(connection, twin, rule_id, rule, holds, f"{name}: {found.said}", detail, now_us)


def _reading(connection: Connection, twin: TwinRow, rule: Rule) -> Look | None:
    """By the newest version of the reading that is valid last."""
    o = observations.c
    match = select(o.valid_us, o.value, o.unit, o.removed, o.seq).where(o.twin_id == twin.id, o.observable == rule.of)
    order = (o.valid_us.desc(), o.known_us.desc(), o.seq.desc())
    row = connection.execute(match.order_by(*order).limit(1)).first()
    if row is None or row.removed:
        return None
    detail = {"time": text(row.valid_us), "value": row.value, "unit": row.unit, "seq": row.seq}
    low, high = _bounds(rule)
    beyond = max(row.value - high, low - row.value)
    said = f"{rule.of} {row.value:g} {row.unit} is {rule.range}"
    return Look(beyond > 0.0, beyond, row.valid_us / 1e6, said, detail)


def _ahead(rule: Rule, forecast: Forecast | None) -> Look | None:
    """By the highest probability within the rule's hours: of leaving the range, or that the quantity itself is."""
    if forecast is None or rule.of not in forecast.items:
        return None
    e = forecast[rule.of]
    ends = e.times[:, -1] if e.is_window else e.times
    within = ends <= forecast.at + rule.hours * 3600.0
    if not within.any() or e.values.ndim != 2:
        return None
    chances = e.mean() if rule.on == "risk" else 1.0 - e.probability(*_bounds(rule))
    at = int(np.argmax(np.where(within, chances, -1.0)))
    chance = float(chances[at])
    local = forecast.origin.moment(float(ends[at])).isoformat()
    detail: dict[str, Any] = {"time": local, "probability": chance, "unit": e.unit}
    if rule.on == "risk":
        low, high = float(e.quantile(0.05)[at]), float(e.quantile(0.95)[at])
        said = f"{rule.of} until {local} is {chance:.0%} ({low:.0%} to {high:.0%})"
        detail |= {"q05": low, "q95": high}
    else:
        said = f"{rule.of} will be {rule.range} with probability {chance:.0%} at {local}"
    return Look(chance >= rule.probability, chance, forecast.at, said, detail)


def _bounds(rule: Rule) -> tuple[float, float]:
    return (-math.inf if rule.low is None else rule.low), (math.inf if rule.high is None else rule.high)
