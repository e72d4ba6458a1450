"""Which twins are followed, up to which fact their beliefs know, and which of them are due."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from vitruvian.core.errors import MissingError
from vitruvian.platform.store import chain
from vitruvian.platform.store.schema import actions, beliefs, counters, observations, twins
from vitruvian.platform.store.schema_live import standing


@dataclass(frozen=True, slots=True)
class Due:
    """A followed twin with facts that its belief does not know: those after `done` up to `until`."""

    twin_id: str
    tenant: str
    kind: str
    request: Mapping[str, Any]
    done: int
    until: int


def begin(
    connection: Connection, tenant: str, twin_id: str, request: Mapping[str, Any], actor: str, now_us: int
) -> None:
    """Follow this twin, or follow it with another request. It is due at once."""
    values = {"request": dict(request), "done_seq": 0, "failed": None, "actor": actor, "ended_us": None}
    match = standing.c.twin_id == twin_id
    if connection.execute(update(standing).where(match).values(**values)).rowcount == 0:
        connection.execute(insert(standing).values(twin_id=twin_id, tenant=tenant, created_us=now_us, **values))


def end(connection: Connection, tenant: str, twin_id: str, now_us: int) -> None:
    """Follow it no longer; MissingError when it was not followed."""
    s = standing.c
    match = (s.twin_id == twin_id, s.tenant == tenant, s.ended_us.is_(None))
    if connection.execute(update(standing).where(*match).values(ended_us=now_us)).rowcount == 0:
        raise MissingError("the twin is not followed", where=f"twin {twin_id}", fix="nothing to do")


def find(connection: Connection, tenant: str, twin_id: str) -> dict[str, Any] | None:
    """How it is followed; None when it is not."""
    s = standing.c
    match = select(standing).where(s.twin_id == twin_id, s.tenant == tenant, s.ended_us.is_(None))
    row = connection.execute(match).mappings().first()
    return None if row is None else dict(row)


def due(connection: Connection) -> list[Due]:
    """All followed twins with facts that their beliefs do not know, the longest waiting first: for a server's start."""
    s = standing.c
    first = connection.execute(select(func.min(s.done_seq)).where(s.ended_us.is_(None))).scalar()
    if first is None:
        return []
    newest = _newest(connection)
    last: dict[str, int] = {}
    for t in (observations.c, actions.c):  # by the primary key: one pass over what is new to the slowest of them
        match = select(t.twin_id, func.max(t.seq)).where(t.seq > first, t.seq <= newest).group_by(t.twin_id)
        for twin_id, seq in connection.execute(match):
            last[twin_id] = max(seq, last.get(twin_id, 0))
    rows = connection.execute(_followed().order_by(s.done_seq)).mappings()
    return [_due(row, newest) for row in rows if last.get(row["twin_id"], 0) > row["done_seq"]]


def told(connection: Connection, after: int, follower: str) -> tuple[list[Due], int]:
    """Followed twins about which something came after a sequence: facts, or a belief that another made; and up to
    which sequence this holds."""
    newest = _newest(connection)
    names: set[str] = set()
    for t in (observations.c, actions.c):
        match = select(t.twin_id).distinct().where(t.seq > after, t.seq <= newest)
        names |= set(connection.execute(match).scalars())
    b = beliefs.c
    anew = select(b.twin_id).distinct().where(b.seq > after, b.seq <= newest, b.actor != follower)
    names |= set(connection.execute(anew).scalars())
    return of(connection, names, newest), newest


def of(connection: Connection, twin_ids: Collection[str], newest: int | None = None) -> list[Due]:
    """Those of these twins that are followed."""
    until = _newest(connection) if newest is None else newest
    out: list[Due] = []
    for some in chain.chunks(sorted(twin_ids)):
        rows = connection.execute(_followed().where(standing.c.twin_id.in_(some))).mappings()
        out += [_due(row, until) for row in rows]
    return out


def _followed() -> Any:
    s = standing.c
    columns = (s.twin_id, s.tenant, twins.c.kind, s.request, s.done_seq)
    return select(*columns).join_from(standing, twins).where(s.ended_us.is_(None))


def _due(row: Any, until: int) -> Due:
    return Due(row["twin_id"], row["tenant"], row["kind"], row["request"], row["done_seq"], until)


def _newest(connection: Connection) -> int:
    return connection.execute(select(counters.c.value).where(counters.c.name == "ingest")).scalar_one()


def done(connection: Connection, what: Due, failed: str | None) -> bool:
    """Its belief knows these facts now (or cannot: `failed` says why); False when another was faster."""
    match = (standing.c.twin_id == what.twin_id, standing.c.done_seq == what.done, standing.c.ended_us.is_(None))
    values = {"done_seq": what.until, "failed": failed}
    return connection.execute(update(standing).where(*match).values(**values)).rowcount == 1
