"""Many readings of many twins in one statement. What is not plainly new goes the careful way, row by row of `chain`.

First all rows are inserted as first versions, conflicts left out; when every row went in, each was new, and nothing had
to be looked up. Else the statement is taken back and each batch is appended by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from vitruvian.core.errors import VitruvianError
from vitruvian.platform.aside import Aside
from vitruvian.platform.store import chain, sources
from vitruvian.platform.store.facts import Deed, Observation, Receipt, Receipts, Source, TwinRow
from vitruvian.platform.store.rows import RAW, deed_rows, reading_rows
from vitruvian.platform.store.schema import observations
from vitruvian.platform.store.schema import sources as sources_table

COLUMNS = tuple(c.name for c in observations.columns)
_NAMES = ", ".join(f'"{name}"' for name in COLUMNS)
_SQLITE = f"INSERT INTO observations ({_NAMES}) VALUES ({', '.join('?' * len(COLUMNS))}) ON CONFLICT DO NOTHING"
_STAGED = f"INSERT INTO observations ({_NAMES}) SELECT {_NAMES} FROM staged ON CONFLICT DO NOTHING"
_REUSED = "SELECT 1 FROM observations o JOIN staged s USING (tenant, idempotency_key) LIMIT 1"

KNOWN = 100_000  # sources that are remembered
Known = MutableMapping[tuple[str, str, str], str]  # (twin, source's name, actor) -> source id


@dataclass(frozen=True, slots=True)
class Batch:
    """What one request brings for one twin. Batches of one source (by name and actor) share its row."""

    twin: TwinRow
    source: Source
    observations: Sequence[Observation] = ()
    deeds: Sequence[Deed] = ()
    asides: Sequence[Aside] = ()
    noted: Mapping[str, Any] | None = None  # a row of the audit log, written if the batch is


def append(
    connection: Connection, batches: Sequence[Batch], known: Known, now_us: int
) -> list[Receipts | VitruvianError]:
    """What became of each batch, in order. One that is refused leaves nothing behind; the others are not touched."""
    seq = chain.take_lock(connection)
    plain = [b for b in batches if not b.deeds and not b.asides]
    ids, seq = _sources(connection, plain, known, seq, now_us)
    rows = [row for b, name in zip(plain, ids, strict=True) for row in _firsts(b, name, now_us)]
    if rows and _all_new(connection, rows, seq, _own_keys(plain)):
        done = iter(_receipts(plain, seq))
        seq += len(rows)
        chain.give_out(connection, seq)
        return [next(done) if not b.deeds and not b.asides else _careful(connection, b, known, now_us) for b in batches]
    chain.give_out(connection, seq)
    return [_careful(connection, b, known, now_us) for b in batches]


@contextmanager
def taken_back_on_error(connection: Connection) -> Iterator[None]:
    """What is written inside holds only if it ends without an error."""
    connection.exec_driver_sql("SAVEPOINT part")
    try:
        yield
    except BaseException:
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT part")
        connection.exec_driver_sql("RELEASE SAVEPOINT part")
        raise
    connection.exec_driver_sql("RELEASE SAVEPOINT part")


def _careful(connection: Connection, batch: Batch, known: Known, now_us: int) -> Receipts | VitruvianError:
    """One batch by itself: its readings at once if all are new, else each against what is there."""
    held = dict(known)
    try:
        with taken_back_on_error(connection):
            (name,), seq = _sources(connection, [batch], known, chain.take_lock(connection), now_us)
            rows = list(_firsts(batch, name, now_us))
            if rows and _all_new(connection, rows, seq, _own_keys([batch])):
                (made,) = _receipts([batch], seq)
                readings, seq = made.observations, seq + len(rows)
            else:
                given = reading_rows(batch.twin, name, batch.observations)
                found, seq = chain.append(connection, chain.READINGS, given, seq, now_us)
                readings = tuple(found)
            given = deed_rows(batch.twin, name, batch.deeds)
            deeds, seq = chain.append(connection, chain.DEEDS, given, seq, now_us)
            before = seq
            seq = sources.set_aside(connection, batch.twin, name, batch.asides, seq, now_us)
            chain.give_out(connection, seq)
    except VitruvianError as err:
        known.clear()
        known.update(held)
        return err
    return Receipts(readings, tuple(deeds), seq - before)


def _sources(
    connection: Connection, batches: Sequence[Batch], known: Known, seq: int, now_us: int
) -> tuple[list[str], int]:
    """The id of each batch's source; those that are not known are looked up together, and then made together."""
    keys = [(b.twin.id, b.source.name, b.source.actor) for b in batches]
    new = {key: batch for key, batch in zip(keys, batches, strict=True) if key not in known}
    if new:
        if len(known) > KNOWN:
            known.clear()
            new = dict(zip(keys, batches, strict=True))
        t = sources_table.c
        for some in chain.chunks(list({twin for twin, _, _ in new})):
            match = select(t.twin_id, t.name, t.actor, t.id).where(t.twin_id.in_(some)).order_by(t.seq.desc())
            known.update({tuple(key): made for *key, made in connection.execute(match) if tuple(key) in new})
        lacking = {key: batch for key, batch in new.items() if key not in known}
        made, seq = sources.begin_many(connection, [(b.twin, b.source) for b in lacking.values()], seq, now_us)
        known.update(zip(lacking, made, strict=True))
    return [known[key] for key in keys], seq


def _firsts(batch: Batch, source_id: str, now_us: int) -> Iterator[list[Any]]:
    """Each reading as the first version of its id, in the order of COLUMNS; its sequence is given later."""
    twin, digest = batch.twin, chain.digest
    first = chain.digests("reading_id", twin.id)
    for o in batch.observations:
        name, valid, known, value = o.reading_id, o.valid_us, o.known_us, float(o.value)
        key = o.idempotency_key
        if not key and known is None:
            key = first(name, "1")
        elif not key:
            said = (name, valid, o.observable, value, o.unit, o.sd, o.limit, o.sensor, o.removed)
            key = digest("reading_id", twin.id, known, json.dumps(said, sort_keys=True))
        if known is None:
            known = valid if valid < now_us else now_us
        yield [
            *(0, twin.tenant, twin.id, valid, o.observable, value, o.unit, o.sd, o.limit, o.sensor, o.device),
            *(name, 1, None, o.removed, key, source_id, o.row[:200], o.raw[:RAW], known, now_us),
        ]


def _receipts(batches: Sequence[Batch], seq: int) -> Iterator[Receipts]:
    for batch in batches:
        made = []
        for o in batch.observations:
            seq += 1
            made.append(Receipt(o.reading_id, "new", seq, 1))
        yield Receipts(tuple(made))


def _own_keys(batches: Sequence[Batch]) -> list[tuple[str, str]]:
    """(tenant, key) of all rows to which their sender gave one."""
    return [(b.twin.tenant, o.idempotency_key) for b in batches for o in b.observations if o.idempotency_key]


def _all_new(connection: Connection, rows: list[list[Any]], seq: int, keys: list[tuple[str, str]]) -> bool:
    """Insert all rows, or none when one conflicts with a row there or with another of them."""
    for i, row in enumerate(rows, seq + 1):
        row[0] = i
    raw: Any = connection.connection.driver_connection
    connection.exec_driver_sql("SAVEPOINT firsts")
    if connection.dialect.name == "sqlite":
        count = raw.executemany(_SQLITE, rows).rowcount
    else:
        count = _copied(raw, rows, keys)
    if count != len(rows):
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT firsts")
    connection.exec_driver_sql("RELEASE SAVEPOINT firsts")
    return count == len(rows)


def _copied(raw: Any, rows: list[list[Any]], keys: list[tuple[str, str]]) -> int:
    """How many rows went in. A sender's key is of one reading of a tenant, but its partitions know their own only."""
    if len(set(keys)) != len(keys):
        return 0
    with raw.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE IF NOT EXISTS staged (LIKE observations) ON COMMIT DELETE ROWS")
        cursor.execute("TRUNCATE staged")
        with cursor.copy(f"COPY staged ({_NAMES}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        if keys and cursor.execute(_REUSED).fetchone() is not None:
            return 0
        cursor.execute(_STAGED)
        return int(cursor.rowcount)
