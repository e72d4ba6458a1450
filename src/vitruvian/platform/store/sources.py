"""Where facts came from, the rows that had to be kept aside, and the history of a twin."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

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


def history(connection: Connection, twin: TwinRow) -> tuple[Happening, ...]:
    """What happened to the twin, oldest first."""
    return tuple(sorted(_happenings(connection, twin), key=lambda h: h.seq))


def _happenings(connection: Connection, twin: TwinRow) -> Iterator[Happening]:
    made = connection.execute(select(twins).where(twins.c.id == twin.id)).mappings().one()
    yield Happening(made["created_us"], made["seq"], "created", f"{twin.kind} {twin.kind_version}", made["actor"])
    counted = {chain: _counts(connection, twin, chain) for chain in (READINGS, DEEDS)}
    for row in connection.execute(select(sources).where(sources.c.twin_id == twin.id)).mappings():
        readings, deeds = (counted[chain].get(row["id"], 0) for chain in (READINGS, DEEDS))
        detail = f"{row['name']}: {readings} readings, {deeds} actions"
        yield Happening(row["received_us"], row["seq"], "observed", detail, row["actor"])
    for row in connection.execute(select(beliefs).where(beliefs.c.twin_id == twin.id)).mappings():
        detail = f"belief {row['version']} by {row['method']} ({row['kind']} {row['kind_version']})"
        yield Happening(row["created_us"], row["seq"], "believed", detail, row["actor"])
    for row in connection.execute(select(forecasts).where(forecasts.c.twin_id == twin.id)).mappings():
        detail = f"forecast {row['version']} from belief {row['belief_version']}"
        yield Happening(row["created_us"], row["seq"], "forecast", detail, row["actor"])


def _counts(connection: Connection, twin: TwinRow, chain: Any) -> dict[str, int]:
    t = chain.table.c
    match = select(t.source_id, func.count()).where(t.twin_id == twin.id).group_by(t.source_id)
    return {row[0]: row[1] for row in connection.execute(match)}
