"""Where twins are: the place (a ward, a unit, a clinic) and the bed in it, as somebody or an interface says."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select

from vitruvian.platform.store.schema_asked import places


class Where(NamedTuple):
    """A place, and the bed in it ("": none)."""

    place: str
    bed: str


def put(connection: Connection, tenant: str, twin_id: str, where: Where, actor: str, now_us: int) -> None:
    """The twin is there from now on; with an empty place it is nowhere."""
    connection.execute(delete(places).where(places.c.twin_id == twin_id, places.c.tenant == tenant))
    if where.place:
        row: dict[str, Any] = {"twin_id": twin_id, "tenant": tenant, "place": where.place, "bed": where.bed}
        connection.execute(insert(places).values(**row, actor=actor, changed_us=now_us))


def of(connection: Connection, twin_ids: Collection[str]) -> dict[str, Where]:
    """Where these twins are; those of which nobody said it are left out."""
    p = places.c
    match = select(p.twin_id, p.place, p.bed).where(p.twin_id.in_(list(twin_ids)))
    return {row.twin_id: Where(row.place, row.bed) for row in connection.execute(match)}


def inside(connection: Connection, tenant: str, place: str) -> list[str]:
    """The ids of the twins in a place."""
    p = places.c
    return [row.twin_id for row in connection.execute(select(p.twin_id).where(p.tenant == tenant, p.place == place))]
