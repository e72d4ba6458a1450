"""Stored facts as core values: the record and the case of a twin, as known at any past moment."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, func, or_, select

from vitruvian.core.action import Action
from vitruvian.core.case import Case, Origin
from vitruvian.core.kind import AbstractKind
from vitruvian.core.record import Record
from vitruvian.platform.instant import micros, to_seconds
from vitruvian.platform.store.chain import DEEDS, READINGS, Chain
from vitruvian.platform.store.facts import SUBJECT, Extent, TwinRow
from vitruvian.platform.store.twins import subject_and_series


def record(
    connection: Connection, twin: TwinRow, as_of_us: int | None, as_of_seq: int | None, since_us: int | None
) -> Record:
    """Every version known by then of every reading valid from `since` on; `Record.until` picks those in force."""
    t = READINGS.table.c
    columns = (t.valid_us, t.known_us, t.observable, t.value, t.sd, t.limit_flag, t.sensor, t.reading_id, t.removed)
    match = select(*columns).where(*_known(READINGS, twin.id, as_of_us, as_of_seq))
    if since_us is not None:
        match = match.where(t.valid_us >= since_us)
    # Two versions known at the same moment: their content decides, not the order in which they came.
    order = (t.known_us, t.removed, t.value, t.limit_flag, t.sd, t.sensor)
    rows = connection.execute(match.order_by(*order)).fetchall()
    if not rows:
        return Record.empty()
    valid, known, observable, value, sd, limit, sensor, name, removed = zip(*rows, strict=True)
    return Record.of(
        np.array(observable, dtype=object),
        _seconds(valid, twin.origin),
        np.array(value),
        known_at=_seconds(known, twin.origin),
        sensor=np.array(sensor, dtype=object),
        sd=np.array([np.nan if x is None else x for x in sd]),
        limit=np.array(limit, dtype=np.int8),
        id=np.array(name, dtype=object),
        removed=np.array(removed, dtype=bool),
    )


def known_until(connection: Connection, twin: TwinRow, as_of_us: int | None) -> int | None:
    """When the last fact became known, by index alone; None before the first reading."""
    last = [
        connection.execute(select(func.max(c.table.c.known_us)).where(*_known(c, twin.id, as_of_us, None))).scalar()
        for c in (READINGS, DEEDS)
    ]
    return None if last[0] is None else max(us for us in last if us is not None)


def extent(connection: Connection, twin: TwinRow, as_of_us: int | None) -> Extent:
    """How many readings there are, from when to when, and when the last fact became known; no reading is fetched."""
    t = READINGS.table.c
    columns = (func.count().filter(t.version == 1), func.min(t.valid_us), func.max(t.valid_us))
    known_by = _known(READINGS, twin.id, as_of_us, None)
    readings, first, last = connection.execute(select(*columns).where(*known_by)).one()
    return Extent(readings, first, last, known_until(connection, twin, as_of_us))


def case(
    connection: Connection,
    twin: TwinRow,
    kind: AbstractKind,
    as_of_us: int | None,
    as_of_seq: int | None,
    since_us: int | None,
) -> Case:
    """The subject with the actions in force (at `since` or later), as known by then."""
    t = DEEDS.table.c
    known = _known(DEEDS, twin.id, as_of_us, as_of_seq)
    match = select(DEEDS.table).where(*known)
    since = -math.inf if since_us is None else since_us
    if since_us is not None:  # all versions of an action that some version puts there: the newest may have moved it
        later = t.action_id.in_(select(t.action_id).where(*known, t.at_us >= since_us))
        match = match.where(or_(later, t.type == SUBJECT))  # what is known of the subject stays known
    in_force: dict[str, Any] = {}
    for row in sorted(connection.execute(match).mappings(), key=_order):
        in_force[row["action_id"]] = row
    timeline = tuple(
        _action(kind, row, twin.origin)
        for _, row in sorted(in_force.items())  # of several at one time, the same one always comes first
        if not row["removed"] and row["at_us"] >= since and row["type"] != SUBJECT
    )
    subject, series = subject_and_series(twin, kind)
    told = [row for row in in_force.values() if row["type"] == SUBJECT and not row["removed"]]
    for row in sorted(told, key=lambda row: (row["at_us"], *_order(row))):
        subject = kind.subject.from_json({**subject.to_json(), **row["body"]})
    whole = Case(subject, timeline, series, twin.origin)
    return whole if as_of_us is None else whole.until(to_seconds(as_of_us, twin.origin))


def overlap(connection: Connection, twin: TwinRow, sensor: str, device: str, start_us: int, end_us: int) -> int:
    """How many readings of this family by other devices are valid in this time."""
    t = READINGS.table.c
    match = select(func.count()).where(
        t.twin_id == twin.id,
        t.valid_us.between(start_us, end_us),
        t.sensor == sensor,
        t.device != device,
        t.version == 1,
    )
    return connection.execute(match).scalar_one()


def _order(row: Any) -> tuple[Any, ...]:
    """By when they were known; what came at the same moment by content, not by arrival."""
    return row["known_us"], row["removed"], row["at_us"], json.dumps(row["body"], sort_keys=True)


def _action(kind: AbstractKind, row: Any, origin: Origin) -> Action:
    at, known = to_seconds(row["at_us"], origin), to_seconds(row["known_us"], origin)
    times = {"at": at, "known_at": None if known == at else known}
    return kind.action_type(row["type"]).from_json({**row["body"], **times})


def _known(chain: Chain, twin_id: str, as_of_us: int | None, as_of_seq: int | None) -> list[ColumnElement[bool]]:
    t = chain.table.c
    match = [t.twin_id == twin_id]
    if as_of_us is not None:
        match.append(t.known_us <= as_of_us)
    if as_of_seq is not None:
        match.append(t.seq <= as_of_seq)
    return match


def _seconds(us: tuple[int, ...], origin: Origin) -> np.ndarray:
    return (np.array(us, dtype=np.int64) - micros(origin.utc)) / 1e6
