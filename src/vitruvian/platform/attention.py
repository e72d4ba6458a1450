"""What needs somebody's attention, twin by twin, with the reason: alerts, silence, failed renewals, drift, bad rows.

Worked out from the facts when it is asked for, in a few indexed look-ups a twin; nothing is kept.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, func, select

from vitruvian.platform.follow import scores
from vitruvian.platform.instant import text
from vitruvian.platform.store import twins as rows
from vitruvian.platform.store.facts import TwinRow
from vitruvian.platform.store.schema import kept_aside, observations
from vitruvian.platform.store.schema_live import alerts, jobs, standing

RANK = {"critical": 0, "warning": 1, "info": 2}
DAY_US = 86_400 * 1_000_000
RHYTHM = 12  # newest readings by which a sensor's rhythm is told
LATE, LEAST_US = 3.0, 900 * 1_000_000  # rhythms without a reading, and at least 15 min, that are silence; assumed
MOST = 2000  # twins looked at


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a code for programs, a sentence for people, since when, and what it is about (an alert, a job)."""

    code: str
    severity: str
    said: str
    since_us: int
    about: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        said = {"code": self.code, "severity": self.severity, "said": self.said}
        return {**said, "since": text(self.since_us), "about": self.about or None}


@dataclass(slots=True)
class Line:
    """A twin and its reasons."""

    twin: TwinRow
    reasons: list[Reason] = field(default_factory=list)

    @property
    def order(self) -> tuple[int, int]:
        """The worst first; of equals the one that is newest."""
        return min((RANK.get(r.severity, 9), -r.since_us) for r in self.reasons)


def needed(connection: Connection, tenant: str, now_us: int) -> list[Line]:
    """Twins that need attention, the worst first; each reason list too."""
    found = {row.id: Line(row) for _, row in rows.page(connection, tenant, 0, MOST, "")}
    followed = _followed(connection, tenant)
    told: Sequence[Callable[[], Mapping[str, Sequence[Reason]]]] = (
        lambda: _alerts(connection, tenant),
        lambda: _jobs(connection, tenant, now_us),
        lambda: _aside(connection, tenant, now_us),
        lambda: {name: _renewal(row) for name, row in followed.items()},
        lambda: {name: _silence(connection, name, now_us) for name in followed},
        lambda: {name: _drift(connection, name, now_us) for name in followed},
    )
    for look in told:
        for name, reasons in look().items():
            if name in found:
                found[name].reasons += reasons
    lines = [line for line in found.values() if line.reasons]
    for line in lines:
        line.reasons.sort(key=lambda r: (RANK.get(r.severity, 9), -r.since_us))
    return sorted(lines, key=lambda line: line.order)


def _alerts(connection: Connection, tenant: str) -> Mapping[str, Sequence[Reason]]:
    a = alerts.c
    match = select(a.twin_id, a.id, a.severity, a.said, a.raised_us).where(a.tenant == tenant, a.state == "open")
    out = defaultdict(list)
    for row in connection.execute(match):
        out[row.twin_id].append(Reason("alert", row.severity, row.said, row.raised_us, row.id))
    return out


def _jobs(connection: Connection, tenant: str, now_us: int) -> Mapping[str, Sequence[Reason]]:
    """Jobs that failed within a day, unless one of that type was done for the twin since."""
    j = jobs.c
    columns = (j.twin_id, j.id, j.type, j.state, j.error, j.ended_us)
    match = select(*columns).where(j.tenant == tenant, j.ended_us > now_us - DAY_US, j.twin_id.is_not(None))
    last = {(row.twin_id, row.type): row for row in connection.execute(match.order_by(j.ended_us))}
    out = defaultdict(list)
    for row in last.values():
        if row.state == "failed":
            why = (row.error or {}).get("what", "")
            out[row.twin_id].append(Reason("job", "warning", f"{row.type} failed: {why}", row.ended_us, row.id))
    return out


def _aside(connection: Connection, tenant: str, now_us: int) -> Mapping[str, Sequence[Reason]]:
    k = kept_aside.c
    columns = (k.twin_id, func.count().label("n"), func.max(k.received_us).label("last"))
    match = select(*columns).where(k.tenant == tenant, k.received_us > now_us - DAY_US).group_by(k.twin_id)
    return {
        row.twin_id: [Reason("kept_aside", "info", f"{row.n} rows of the last day could not be used", row.last)]
        for row in connection.execute(match)
    }


def _followed(connection: Connection, tenant: str) -> Mapping[str, Any]:
    s = standing.c
    match = select(s.twin_id, s.failed, s.created_us).where(s.tenant == tenant, s.ended_us.is_(None)).limit(MOST)
    return {row.twin_id: row for row in connection.execute(match)}


def _renewal(row: Any) -> Sequence[Reason]:
    said = f"its last renewal could not be done: {row.failed}"
    return [Reason("renewal", "warning", said, row.created_us)] if row.failed else []


def _silence(connection: Connection, twin_id: str, now_us: int) -> Sequence[Reason]:
    """A sensor that has stopped, by its own rhythm."""
    o = observations.c
    match = select(o.valid_us).where(o.twin_id == twin_id).order_by(o.valid_us.desc()).limit(RHYTHM)
    times = list(connection.execute(match).scalars())
    steps = [a - b for a, b in pairwise(times) if a > b]
    if not steps:
        return []
    rhythm, age = statistics.median(steps), now_us - times[0]
    if age <= max(LATE * rhythm, LEAST_US):
        return []
    said = f"no reading for {_span(age)}; one came every {_span(rhythm)}"
    return [Reason("silent", "warning", said, times[0])]


def _drift(connection: Connection, twin_id: str, now_us: int) -> Sequence[Reason]:
    proposal = scores.summary(connection, twin_id)["proposal"]
    return [Reason("drift", "warning", proposal, now_us)] if proposal else []


def _span(us: float) -> str:
    """Two days, 3 h, 20 min, 5 s."""
    seconds = us / 1e6
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 1):.0f} s"
