"""What-ifs that are kept: options, horizon and goal under a name, for everybody of the tenant.

A row is found, changed and ended within its tenant only. `version` counts the changes, so that of two people who change
one at the same time the second is told.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from vitruvian.core.errors import ConflictError, MissingError
from vitruvian.platform.store.schema_asked import what_ifs

MOST = 200  # of one twin; assumed


def add(
    connection: Connection, tenant: str, twin_id: str, name: str, plan: Mapping[str, Any], actor: str, now_us: int
) -> dict[str, Any]:
    """The new row. ConflictError when the twin has MOST already."""
    if len(of_twin(connection, tenant, twin_id)) >= MOST:
        raise ConflictError(f"the twin has {MOST} what-ifs already", where="what-ifs", fix="take some of them back")
    row = {"id": f"wi-{secrets.token_hex(5)}", "tenant": tenant, "twin_id": twin_id, "name": name, "plan": dict(plan)}
    row |= {"version": 1, "actor": actor, "created_us": now_us, "changed_us": now_us, "changed_by": actor}
    connection.execute(insert(what_ifs).values(**row, ended_us=None))
    return row


def find(connection: Connection, tenant: str, what_if: str) -> dict[str, Any]:
    """The row; MissingError where the tenant has none of this id."""
    w = what_ifs.c
    match = select(what_ifs).where(w.id == what_if, w.tenant == tenant, w.ended_us.is_(None))
    row = connection.execute(match).mappings().first()
    if row is None:
        raise MissingError(f"there is no what-if '{what_if}'", where="what-ifs", fix="see the list of its twin")
    return dict(row)


def of_twin(connection: Connection, tenant: str, twin_id: str) -> list[dict[str, Any]]:
    """All of a twin, the last changed first."""
    w = what_ifs.c
    match = select(what_ifs).where(w.tenant == tenant, w.twin_id == twin_id, w.ended_us.is_(None))
    return [dict(row) for row in connection.execute(match.order_by(w.changed_us.desc(), w.id)).mappings()]


def change(
    connection: Connection, held: Mapping[str, Any], name: str, plan: Mapping[str, Any], actor: str, now_us: int
) -> dict[str, Any]:
    """The row as it is after the change."""
    new = {"name": name, "plan": dict(plan), "version": held["version"] + 1, "changed_us": now_us, "changed_by": actor}
    connection.execute(update(what_ifs).where(what_ifs.c.id == held["id"]).values(**new))
    return {**held, **new}


def end(connection: Connection, held: Mapping[str, Any], now_us: int) -> None:
    """It is shown to nobody any more."""
    connection.execute(update(what_ifs).where(what_ifs.c.id == held["id"]).values(ended_us=now_us))
