"""Where facts came from, the rows that had to be kept aside, and the history of a twin."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, update

from vitruvian.core.errors import StoreError
from vitruvian.platform.aside import Aside
from vitruvian.platform.store.chain import DEEDS, READINGS, chunks, digest
from vitruvian.platform.store.facts import Happening, Source, TwinRow
from vitruvian.platform.store.schema import beliefs, forecasts, kept_aside, sources, twins


def begin(connection: Connection, twin: TwinRow, source: Source, seq: int, now_us: int) -> str:
    """The id under which facts of this source are stored."""
    return begin_many(connection, [(twin, source)], seq - 1, now_us)[0][0]


def begin_many(
    connection: Connection, some: Sequence[tuple[TwinRow, Source]], seq: int, now_us: int
) -> tuple[list[str], int]:
    """The ids under which facts of these sources are stored, and the last sequence used."""
    rows = []
    for twin, source in some:
        seq += 1
        owner = {"tenant": twin.tenant, "twin_id": twin.id, "seq": seq, "received_us": now_us, "report": None}
        said = {"name": source.name, "format": source.format, "digest": source.digest, "actor": source.actor}
        rows.append({"id": f"so-{secrets.token_hex(8)}", **owner, **said})
    if rows:
        connection.execute(insert(sources), rows)
    return [row["id"] for row in rows], seq


def finish(connection: Connection, source_id: str, report: Mapping[str, Any]) -> None:
    """The source was read to its end."""
    done = connection.execute(update(sources).where(sources.c.id == source_id).values(report=dict(report)))
    if done.rowcount != 1:
        raise StoreError(f"there is no source '{source_id}'", where="store", fix="begin it first")


def set_aside(
    connection: Connection, twin: TwinRow, source_id: str, rows: Sequence[Aside], seq: int, now_us: int
) -> int:
    """The last sequence used; a row that lies aside already, in the same place for the same reason, is not doubled."""
    keys = {digest("aside", twin.id, *row): row for row in rows}
    held: set[str] = set()
    for some in chunks(list(keys)):
        match = select(kept_aside.c.idempotency_key).where(
            kept_aside.c.tenant == twin.tenant, kept_aside.c.idempotency_key.in_(some)
        )
        held |= set(connection.execute(match).scalars())
    owner = {"tenant": twin.tenant, "twin_id": twin.id, "source_id": source_id, "received_us": now_us}
    new = [
        {**owner, **row._asdict(), "idempotency_key": key, "seq": seq + 1 + i}
        for i, (key, row) in enumerate((k, r) for k, r in keys.items() if k not in held)
    ]
    if new:
        connection.execute(insert(kept_aside), new)
    return seq + len(new)


def read_aside(connection: Connection, twin: TwinRow) -> tuple[Aside, ...]:
    """All rows kept aside for this twin, in the order in which they came."""
    t = kept_aside.c
    match = select(t.file, t.line, t.column, t.raw, t.reason, t.fix).where(t.twin_id == twin.id).order_by(t.seq)
    return tuple(Aside(*row) for row in connection.execute(match))


def history(
    connection: Connection, twin: TwinRow, after: int = 0, limit: int | None = None, *, newest: bool = False
) -> tuple[Happening, ...]:
    """What happened to the twin after a sequence, oldest first; newest: the other way round, before it (0: all)."""
    page = _Page(connection, twin, after, limit, newest)
    found = [*_created(page), *_observed(page), *_worked_out(page)]
    return tuple(sorted(found, key=lambda h: h.seq, reverse=newest)[:limit])


@dataclass(frozen=True)
class _Page:
    """Rows of one twin beyond a sequence, so many at most; never the bytes of a belief or a forecast."""

    connection: Connection
    twin: TwinRow
    after: int
    limit: int | None
    newest: bool

    def rows(self, table: Table, *names: str) -> list[Any]:
        """The named columns of each."""
        c = table.c
        owner = c.id if table is twins else c.twin_id
        match = select(*(c[name] for name in ("seq", *names))).where(owner == self.twin.id)
        if self.newest:
            match = match.where(c.seq < self.after) if self.after else match
            match = match.order_by(c.seq.desc())
        else:
            match = match.where(c.seq > self.after).order_by(c.seq)
        return list(self.connection.execute(match if self.limit is None else match.limit(self.limit)))


def _created(page: _Page) -> Iterator[Happening]:
    for row in page.rows(twins, "kind", "kind_version", "actor", "created_us"):
        yield Happening(row.created_us, row.seq, "created", f"{row.kind} {row.kind_version}", row.actor)


def _observed(page: _Page) -> Iterator[Happening]:
    found = page.rows(sources, "id", "name", "actor", "received_us")
    ids = [row.id for row in found]
    readings, deeds = (_counts(page, chain, ids) for chain in (READINGS, DEEDS))
    for row in found:
        detail = f"{row.name}: {readings.get(row.id, 0)} readings, {deeds.get(row.id, 0)} actions"
        yield Happening(row.received_us, row.seq, "observed", detail, row.actor)


def _worked_out(page: _Page) -> Iterator[Happening]:
    for row in page.rows(beliefs, "version", "method", "kind", "kind_version", "actor", "created_us"):
        detail = f"belief {row.version} by {row.method} ({row.kind} {row.kind_version})"
        yield Happening(row.created_us, row.seq, "believed", detail, row.actor)
    for row in page.rows(forecasts, "version", "belief_version", "actor", "created_us"):
        detail = f"forecast {row.version} from belief {row.belief_version}"
        yield Happening(row.created_us, row.seq, "forecast", detail, row.actor)


def _counts(page: _Page, chain: Any, ids: Sequence[str]) -> dict[str, int]:
    t, out = chain.table.c, {}
    for some in chunks(list(ids)):
        match = select(t.source_id, func.count()).where(t.twin_id == page.twin.id, t.source_id.in_(some))
        out |= {row[0]: row[1] for row in page.connection.execute(match.group_by(t.source_id))}
    return out
