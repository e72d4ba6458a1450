"""Many twins at a glance: what each was last seen to do, whether it is followed, and what needs attention.

Read from the facts for one page of twins; a list of a hundred costs a few indexed look-ups each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from vitruvian.core.errors import VitruvianError
from vitruvian.models.alarms.risks import risks
from vitruvian.platform import places, registry
from vitruvian.platform.instant import text
from vitruvian.platform.store import beliefs as believed
from vitruvian.platform.store.facts import TwinRow
from vitruvian.platform.store.schema import beliefs, forecasts, observations
from vitruvian.platform.store.schema_live import alerts, standing

RECENT = 72  # readings of the first observable: six hours of a glucose sensor
WORST = {"critical": 0, "warning": 1, "info": 2}


def lines(connection: Connection, rows: Sequence[TwinRow], *, ahead: bool = False) -> list[dict[str, Any]]:
    """One entry a twin, in the order given; `ahead`: with the quantities of its newest forecast."""
    ids = [row.id for row in rows]
    held = _followed(connection, ids)
    raised = _alerts(connection, ids)
    known = _versions(connection, beliefs, ids)
    said = _versions(connection, forecasts, ids)
    where = places.of(connection, ids)
    out = []
    for row in rows:
        name = main_observable(row.kind)
        recent = _recent(connection, row.id, name)
        follow = held.get(row.id)
        line: dict[str, Any] = {
            "observable": name,
            "recent": [[text(r.valid_us), r.value] for r in recent],
            "last": _last(recent),
            "belief": known.get(row.id),
            "forecast": said.get(row.id),
            "followed": follow is not None,
            "failed": None if follow is None else follow.failed,
            "alerts": raised.get(row.id, []),
            "place": where[row.id].place if row.id in where else "",
            "bed": where[row.id].bed if row.id in where else "",
        }
        if ahead:
            line["ahead"] = _ahead(connection, row, said.get(row.id))
        out.append(line)
    return out


def main_observable(kind: str) -> str:
    """The first observable with a course in time, of a kind with risks the first that is measured (has a code).

    "" when the kind cannot be loaded or has none.
    """
    try:
        found = registry.get(kind)
    except VitruvianError:
        return ""
    able = [o for o in found.observables if o.axis != "none" and not o.dims]
    measured = [o for o in able if o.code] if risks(found) else []
    return next((o.name for o in (*measured, *able)), "")


def _recent(connection: Connection, twin_id: str, observable: str) -> list[Any]:
    """The newest readings in force, oldest first."""
    o = observations.c
    columns = (o.reading_id, o.valid_us, o.known_us, o.seq, o.value, o.unit, o.removed)
    match = select(*columns).where(o.twin_id == twin_id, o.observable == observable)
    found = connection.execute(match.order_by(o.valid_us.desc()).limit(2 * RECENT)).all()
    newest: dict[str, Any] = {}
    for row in sorted(found, key=lambda r: (r.known_us, r.seq)):
        newest[row.reading_id] = row
    return sorted((r for r in newest.values() if not r.removed), key=lambda r: r.valid_us)[-RECENT:]


def _last(recent: Sequence[Any]) -> dict[str, Any] | None:
    if not recent:
        return None
    row = recent[-1]
    return {"time": text(row.valid_us), "value": row.value, "unit": row.unit}


def _followed(connection: Connection, ids: Sequence[str]) -> dict[str, Any]:
    s = standing.c
    match = select(s.twin_id, s.failed).where(s.twin_id.in_(ids), s.ended_us.is_(None))
    return {row.twin_id: row for row in connection.execute(match)}


def _alerts(connection: Connection, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """What is not over, the worst and newest first."""
    a = alerts.c
    columns = (a.twin_id, a.id, a.severity, a.said, a.state, a.raised_us)
    match = select(*columns).where(a.twin_id.in_(ids), a.state != "resolved")
    out: dict[str, list[dict[str, Any]]] = {}
    found = connection.execute(match.order_by(a.raised_us.desc())).all()
    for row in sorted(found, key=lambda r: WORST.get(r.severity, 9)):
        told = {"id": row.id, "severity": row.severity, "said": row.said, "state": row.state}
        out.setdefault(row.twin_id, []).append({**told, "raised": text(row.raised_us)})
    return out


def _versions(connection: Connection, table: Any, ids: Sequence[str]) -> dict[str, int]:
    match = select(table.c.twin_id, func.max(table.c.version)).where(table.c.twin_id.in_(ids))
    return {row[0]: row[1] for row in connection.execute(match.group_by(table.c.twin_id))}


def _ahead(connection: Connection, row: TwinRow, version: int | None) -> Mapping[str, Any] | None:
    """{quantity: median and bands} of a stored forecast."""
    if version is None:
        return None
    items = believed.read_forecast(connection, row, version)["items"]
    names = ("q05", "q25", "q50", "q75", "q95")
    return {
        name: {"unit": item["unit"], **{q: item[q][0] for q in names}}
        for name, item in items.items()
        if item["times"] and isinstance(item["times"][0], (list, tuple)) and len(item["q50"]) == 1
    }
