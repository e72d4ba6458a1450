"""The audit log: who did what, when, and whether it was allowed. Append-only: the database refuses any change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, insert, select

from vitruvian.platform.store.schema_trust import audit


@dataclass(frozen=True, slots=True)
class Access:
    """One request. The path names twins by their id, never a subject; no body, no query is kept."""

    at_us: int
    tenant: str
    actor: str
    permission: str
    method: str
    path: str
    status: int
    request_id: str
    address: str

    @property
    def row(self) -> dict[str, Any]:
        """As a row of the table."""
        return {name: getattr(self, name) for name in COLUMNS}


COLUMNS = tuple(f.name for f in fields(Access))


def write(connection: Connection, accesses: Sequence[Access]) -> None:
    """Append these."""
    connection.execute(insert(audit), [a.row for a in accesses])


def read(connection: Connection, tenant: str, after: int, limit: int, *, newest: bool = False) -> list[dict[str, Any]]:
    """Entries after number `after`, oldest first; newest: those before it (0: the last), newest first."""
    n = audit.c.n
    match = select(audit).where(audit.c.tenant == tenant).limit(limit)
    if newest:
        match = match.order_by(n.desc()).where(n < after) if after else match.order_by(n.desc())
    else:
        match = match.order_by(n).where(n > after)
    return [dict(row) for row in connection.execute(match).mappings()]
