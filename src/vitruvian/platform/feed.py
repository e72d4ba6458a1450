"""What is new, in the one order of ingestion: the facts after a sequence as events for live streams and followers.

Nothing is kept for this: an event is read from the facts themselves, so a stream that was cut off goes on exactly where
it ended. Readings of one source that follow each other are one event. A row that changes (an alert, a job) takes a new
sequence with every change and appears with its newest state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Table, select

from vitruvian.platform.instant import text
from vitruvian.platform.store.schema import actions, beliefs, counters, forecasts, kept_aside, observations, twins
from vitruvian.platform.store.schema_live import alerts, jobs

ROWS = 1000  # of each table at a time
GROUP = 200  # readings in one event
TYPES = ("twin", "readings", "action", "kept_aside", "belief", "forecast", "alert", "job")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, up to and including this sequence. `twin` is "" for a job without one."""

    seq: int
    type: str
    tenant: str
    twin: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class _Source:
    """A table of facts: what is read of a row and how it is told."""

    type: str
    table: Table
    columns: tuple[str, ...]
    told: Callable[[Mapping[str, Any]], dict[str, Any]]


def last(connection: Connection) -> int:
    """The newest sequence."""
    return connection.execute(select(counters.c.value).where(counters.c.name == "ingest")).scalar_one()


def after(connection: Connection, seq: int, *, tenant: str | None = None) -> tuple[list[Event], int]:
    """The next events after `seq`, and up to which sequence they are complete (go on from there)."""
    newest = last(connection)
    if newest <= seq:
        return [], seq
    found: list[tuple[int, _Source, Mapping[str, Any]]] = []
    complete = newest
    for source in _SOURCES:
        rows = _rows(connection, source, seq, newest, tenant)
        if len(rows) == ROWS:
            complete = min(complete, rows[-1]["seq"])
        found += [(row["seq"], source, row) for row in rows]
    found.sort(key=lambda item: item[0])
    return list(_events([item for item in found if item[0] <= complete])), complete


def _rows(connection: Connection, source: _Source, seq: int, newest: int, tenant: str | None) -> list[dict[str, Any]]:
    c = source.table.c
    match = select(*(c[name] for name in source.columns)).where(c.seq > seq, c.seq <= newest)
    if tenant is not None:
        match = match.where(c.tenant == tenant)
    return [dict(row) for row in connection.execute(match.order_by(c.seq).limit(ROWS)).mappings()]


def _events(found: Sequence[tuple[int, _Source, Mapping[str, Any]]]) -> Iterator[Event]:
    def together(item: tuple[int, _Source, Mapping[str, Any]]) -> object:
        seq, source, row = item
        return (row["twin_id"], row["source_id"]) if source.type == "readings" else seq

    for _, some in groupby(found, together):
        group = list(some)
        for start in range(0, len(group), GROUP):
            part = group[start : start + GROUP]
            seq, source, row = part[-1]
            twin = row["id"] if source.type == "twin" else row["twin_id"] or ""
            if source.type == "readings":
                data: dict[str, Any] = {"readings": [source.told(r) for _, _, r in part]}
            else:
                data = source.told(row)
            yield Event(seq, source.type, row["tenant"], twin, data)


def _reading(row: Mapping[str, Any]) -> dict[str, Any]:
    same = {k: row[k] for k in ("seq", "version", "observable", "value", "unit", "sensor", "removed")}
    return {**same, "id": row["reading_id"], "time": text(row["valid_us"])}


def _action(row: Mapping[str, Any]) -> dict[str, Any]:
    same = {k: row[k] for k in ("seq", "version", "type", "removed")}
    return {**same, "id": row["action_id"], "time": text(row["at_us"]), "fields": row["body"]}


def _belief(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": row["version"], "at": text(row["at_us"]), "method": row["method"], "actor": row["actor"]}


def _forecast(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": row["version"], "belief": row["belief_version"], "request": row["request"]}


def _alert(row: Mapping[str, Any]) -> dict[str, Any]:
    same = {k: row[k] for k in ("id", "rule_id", "state", "severity", "said")}
    return {**same, "raised": text(row["raised_us"])}


_COMMON = ("seq", "tenant", "twin_id")
_SOURCES = (
    _Source("twin", twins, ("seq", "tenant", "id", "kind"), lambda r: {"id": r["id"], "kind": r["kind"]}),
    _Source(
        "readings",
        observations,
        (
            *_COMMON,
            "source_id",
            "reading_id",
            "version",
            "observable",
            "valid_us",
            "value",
            "unit",
            "sensor",
            "removed",
        ),
        _reading,
    ),
    _Source("action", actions, (*_COMMON, "action_id", "version", "type", "at_us", "body", "removed"), _action),
    _Source("kept_aside", kept_aside, (*_COMMON, "reason"), lambda r: {"reason": r["reason"]}),
    _Source("belief", beliefs, (*_COMMON, "version", "at_us", "method", "actor"), _belief),
    _Source("forecast", forecasts, (*_COMMON, "version", "belief_version", "request"), _forecast),
    _Source("alert", alerts, (*_COMMON, "id", "rule_id", "state", "severity", "said", "raised_us"), _alert),
    _Source(
        "job",
        jobs,
        (*_COMMON, "id", "type", "state", "progress"),
        lambda r: {k: r[k] for k in ("id", "type", "state", "progress")},
    ),
)
