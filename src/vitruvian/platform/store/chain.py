"""Version chains: facts with an id are appended, never changed; a changed fact is a further version of its id."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from vitruvian.core.errors import ConflictError
from vitruvian.platform.store.facts import Receipt
from vitruvian.platform.store.schema import actions, counters, observations

CHUNK = 900  # values in one IN (...), below every SQLite's limit of 999


@dataclass(frozen=True)
class Chain:
    """A table of versions: the column that names the fact, its own time, and what makes two versions the same."""

    table: Table
    id: str
    time: str
    content: tuple[str, ...]


READINGS = Chain(
    observations,
    "reading_id",
    "valid_us",
    ("valid_us", "observable", "value", "unit", "sd", "limit_flag", "sensor", "removed"),
)
DEEDS = Chain(actions, "action_id", "at_us", ("at_us", "type", "body", "removed"))


def take_lock(connection: Connection) -> int:
    """The last ingest sequence given out; until the transaction ends nobody else can give out another."""
    match = select(counters.c.value).where(counters.c.name == "ingest").with_for_update()
    return connection.execute(match).scalar_one()


def give_out(connection: Connection, last: int) -> None:
    """All sequences up to `last` are used."""
    connection.execute(update(counters).where(counters.c.name == "ingest").values(value=last))


def append(
    connection: Connection, chain: Chain, rows: Sequence[Mapping[str, Any]], seq: int, now_us: int
) -> tuple[list[Receipt], int]:
    """Receipts of the rows and the last sequence used.

    A row whose key is known, or that says what the newest version says, is a duplicate. With its own `known_us`, it is
    one only if that very version is there: so versions may arrive in any order.
    """
    if not rows:
        return [], seq
    sent = _by_key(connection, chain, rows)
    held = _by_id(connection, chain, rows[0]["twin_id"], [row[chain.id] for row in rows])
    receipts, new = [], []
    for row in rows:
        name, said = row[chain.id], _content(chain, row)
        versions = held.setdefault(name, [])
        twin = sent.get(row["idempotency_key"]) or _repeats(chain, versions, row, said)
        if twin is not None:
            _refuse_reuse(chain, row, said, twin)
            receipts.append(Receipt(name, "duplicate", twin["seq"], twin["version"]))
            continue
        seq += 1
        made = _version(chain, versions, row, said, seq, now_us)
        versions.append(made)
        if row["idempotency_key"]:
            sent[row["idempotency_key"]] = made
        new.append(made)
        receipts.append(Receipt(name, "new" if made["version"] == 1 else "changed", seq, made["version"]))
    if new:
        connection.execute(insert(chain.table), new)
    return receipts, seq


def newest(connection: Connection, chain: Chain, twin_id: str, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The version of each id that is known last."""
    return {name: max(held, key=_order) for name, held in _by_id(connection, chain, twin_id, ids).items()}


def _version(
    chain: Chain,
    versions: Sequence[Mapping[str, Any]],
    row: Mapping[str, Any],
    said: tuple[Any, ...],
    seq: int,
    now_us: int,
) -> dict[str, Any]:
    known = row["known_us"]
    if known is None and versions:
        known = max(now_us, 1 + max(v["known_us"] for v in versions))
    elif known is None:
        known = min(row[chain.time], now_us)  # a plan is known before it happens
    before = [v for v in versions if v["known_us"] <= known]
    version = 1 + max((v["version"] for v in versions), default=0)
    own = (row[chain.id], version) if row["known_us"] is None else (known, json.dumps(said, sort_keys=True))
    return {
        **row,
        "seq": seq,
        "known_us": known,
        "received_us": now_us,
        "version": version,
        "supersedes": max(before, key=_order)["seq"] if before else None,
        "idempotency_key": row["idempotency_key"] or digest(chain.id, row["twin_id"], *own),
    }


def _repeats(
    chain: Chain, versions: Sequence[Mapping[str, Any]], row: Mapping[str, Any], said: tuple[Any, ...]
) -> Mapping[str, Any] | None:
    if not versions:
        return None
    if row["known_us"] is None:
        last = max(versions, key=_order)
        return last if _content(chain, last) == said else None
    same = (v for v in versions if v["known_us"] == row["known_us"] and _content(chain, v) == said)
    return next(same, None)


def _refuse_reuse(chain: Chain, row: Mapping[str, Any], said: tuple[Any, ...], twin: Mapping[str, Any]) -> None:
    if row[chain.id] != twin[chain.id] or said != _content(chain, twin):
        raise ConflictError(
            f"the idempotency key '{row['idempotency_key']}' came before with other content",
            where=f"{row['source_row']} ({chain.id} {row[chain.id]})",
            fix="give every message its own key",
        )


def _order(version: Mapping[str, Any]) -> tuple[int, int]:
    return version["known_us"], version["seq"]


def _content(chain: Chain, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (row[chain.id], *(row[name] for name in chain.content))


def _by_key(connection: Connection, chain: Chain, rows: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    keys = [row["idempotency_key"] for row in rows if row["idempotency_key"]]
    t = chain.table.c
    found: dict[str, Mapping[str, Any]] = {}
    for some in chunks(keys):
        match = select(chain.table).where(t.tenant == rows[0]["tenant"], t.idempotency_key.in_(some))
        found |= {r["idempotency_key"]: dict(r) for r in connection.execute(match).mappings()}
    return found


def _by_id(
    connection: Connection, chain: Chain, twin_id: str, ids: Sequence[str]
) -> dict[str, list[Mapping[str, Any]]]:
    """The stored versions of each id."""
    t = chain.table.c
    held: dict[str, list[Mapping[str, Any]]] = {}
    for some in chunks(list(dict.fromkeys(ids))):
        match = select(chain.table).where(t.twin_id == twin_id, t[chain.id].in_(some))
        for r in connection.execute(match).mappings():
            held.setdefault(r[chain.id], []).append(dict(r))
    return held


def chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """The values in lists that fit one statement."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def digest(*parts: object) -> str:
    """128 bits in hex that name these parts."""
    text = "".join(f"{len(str(p))}:{p}" for p in parts)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def digests(*parts: object) -> Callable[[str, str], str]:
    """`digest` of these parts and two more, at half the cost where many share the first."""
    head = hashlib.blake2b(
        "".join(f"{len(str(p))}:{p}" for p in parts).encode("utf-8", "surrogatepass"), digest_size=16
    )

    def whole(a: str, b: str) -> str:
        made = head.copy()
        made.update(f"{len(a)}:{a}{len(b)}:{b}".encode("utf-8", "surrogatepass"))
        return made.hexdigest()

    return whole
