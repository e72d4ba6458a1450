"""Which twins are followed, up to which fact their beliefs know, and which of them are due."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, literal, or_, select, update

from vitruvian.core.errors import MissingError
from vitruvian.platform.store.schema import actions, observations, twins
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


def due(connection: Connection, limit: int) -> list[Due]:
    """Followed twins with facts of their own that their beliefs do not know, the longest waiting first."""
    s = standing.c
    newest = [
        select(func.max(t.c.seq)).where(t.c.twin_id == s.twin_id, t.c.seq > s.done_seq).correlate(standing)
        for t in (observations, actions)
    ]
    last = [func.coalesce(part.scalar_subquery(), literal(0)) for part in newest]
    inner = (
        select(s.twin_id, s.tenant, twins.c.kind, s.request, s.done_seq, last[0].label("a"), last[1].label("b"))
        .join_from(standing, twins)
        .where(s.ended_us.is_(None))
        .subquery()
    )
    i = inner.c
    match = select(inner).where(or_(i.a > i.done_seq, i.b > i.done_seq)).order_by(i.done_seq).limit(limit)
    rows = connection.execute(match).mappings()
    return [Due(r["twin_id"], r["tenant"], r["kind"], r["request"], r["done_seq"], max(r["a"], r["b"])) for r in rows]


def of(connection: Connection, twin_ids: Collection[str], anyway: Collection[str] = ()) -> list[Due]:
    """Those of these twins that are due, and the followed ones of `anyway`: their belief was made anew."""
    out = []
    s = standing.c
    for twin_id in sorted({*twin_ids, *anyway}):
        match = select(standing, twins.c.kind).join_from(standing, twins).where(s.twin_id == twin_id)
        row = connection.execute(match.where(s.ended_us.is_(None))).mappings().first()
        if row is None:
            continue
        last = [
            connection.execute(
                select(func.max(t.c.seq)).where(t.c.twin_id == twin_id, t.c.seq > row["done_seq"])
            ).scalar()
            for t in (observations, actions)
        ]
        until = max((seq for seq in last if seq is not None), default=0)
        until = max(until, row["done_seq"])
        if until > row["done_seq"] or twin_id in anyway:
            out.append(Due(twin_id, row["tenant"], row["kind"], row["request"], row["done_seq"], until))
    return out


def done(connection: Connection, what: Due, failed: str | None) -> bool:
    """Its belief knows these facts now (or cannot: `failed` says why); False when another was faster."""
    match = (standing.c.twin_id == what.twin_id, standing.c.done_seq == what.done, standing.c.ended_us.is_(None))
    values = {"done_seq": what.until, "failed": failed}
    return connection.execute(update(standing).where(*match).values(**values)).rowcount == 1
