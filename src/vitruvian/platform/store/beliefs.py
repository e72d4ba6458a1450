"""What was believed and what was forecast: every version stays, as bytes that hold no code."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select
from sqlalchemy.engine import RowMapping

from vitruvian.core.belief import Belief
from vitruvian.core.errors import StoreError
from vitruvian.platform.instant import from_seconds
from vitruvian.platform.store.blob import pack, unpack
from vitruvian.platform.store.facts import StoredForecast, TwinRow
from vitruvian.platform.store.schema import beliefs, forecasts


def save_belief(connection: Connection, twin: TwinRow, belief: Belief, seq: int, now_us: int, actor: str) -> int:
    """The belief's version number, 1 for a twin's first."""
    blob = pack(belief.to_tree())
    row = {
        "known_us": from_seconds(belief.known_at, twin.origin),
        "at_us": from_seconds(belief.at, twin.origin),
        "kind": belief.kind,
        "kind_version": belief.version,
        "artefact": belief.artefact,
        "method": belief.method,
    }
    return _append(connection, beliefs, twin, blob, row, seq, now_us, actor)


def latest_belief(
    connection: Connection, twin: TwinRow, as_of_us: int | None, as_of_seq: int | None
) -> tuple[int, Belief] | None:
    """(version, belief) that knows most of what was known by then; of several with the same knowledge the newest.

    So a belief worked out later as of the past does not become the present one.
    """
    newest = (beliefs.c.known_us.desc(), beliefs.c.version.desc())
    match = select(beliefs.c.seq).where(beliefs.c.twin_id == twin.id).order_by(*newest).limit(1)
    if as_of_us is not None:
        match = match.where(beliefs.c.known_us <= as_of_us)
    if as_of_seq is not None:
        match = match.where(beliefs.c.seq <= as_of_seq)
    seq = connection.execute(match).scalar()  # first which one: sorting would read every belief's bytes
    if seq is None:
        return None
    row = connection.execute(select(beliefs).where(beliefs.c.seq == seq)).mappings().one()
    return row["version"], Belief.from_tree(_open(row))


def save_forecast(
    connection: Connection,
    twin: TwinRow,
    request: Mapping[str, Any],
    result: Any,
    known_us: int,
    belief_version: int,
    seq: int,
    now_us: int,
    actor: str,
) -> int:
    """The forecast's version number."""
    row = {"known_us": known_us, "belief_version": belief_version, "request": dict(request)}
    return _append(connection, forecasts, twin, pack(result), row, seq, now_us, actor)


def read_forecasts(connection: Connection, twin: TwinRow, as_of_us: int | None) -> tuple[StoredForecast, ...]:
    """All forecasts made as of that moment or before, oldest first."""
    match = select(forecasts).where(forecasts.c.twin_id == twin.id).order_by(forecasts.c.version)
    if as_of_us is not None:
        match = match.where(forecasts.c.known_us <= as_of_us)
    return tuple(
        StoredForecast(
            version=row["version"],
            known_us=row["known_us"],
            created_us=row["created_us"],
            belief_version=row["belief_version"],
            request=row["request"],
            result=_open(row),
        )
        for row in connection.execute(match).mappings()
    )


def read_forecast(connection: Connection, twin: TwinRow, version: int) -> Any:
    """What was said in this version."""
    match = select(forecasts).where(forecasts.c.twin_id == twin.id, forecasts.c.version == version)
    return _open(connection.execute(match).mappings().one())


def _append(
    connection: Connection,
    table: Table,
    twin: TwinRow,
    blob: bytes,
    row: Mapping[str, Any],
    seq: int,
    now_us: int,
    actor: str,
) -> int:
    version = 1 + (
        connection.execute(select(func.max(table.c.version)).where(table.c.twin_id == twin.id)).scalar() or 0
    )
    common = {"seq": seq, "tenant": twin.tenant, "twin_id": twin.id, "version": version, "created_us": now_us}
    sealed = {"blob": blob, "digest": _digest(blob), "actor": actor}
    connection.execute(insert(table).values(**common, **sealed, **row))
    return version


def _open(row: RowMapping) -> Any:
    if _digest(row["blob"]) != row["digest"]:
        raise StoreError(
            f"version {row['version']} is damaged: its bytes do not match their digest",
            where=f"twin {row['twin_id']}",
            fix="restore the database from a backup, or calibrate again",
        )
    return unpack(row["blob"])


def _digest(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()
