"""Subjects and twins: made once, found by the twin's id or its subject's name."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, func, insert, select
from sqlalchemy.engine import RowMapping

from vitruvian.core.case import Case, Origin, Series, Subject
from vitruvian.core.errors import ConflictError, MissingError, StoreError
from vitruvian.core.kind import AbstractKind, Fittable
from vitruvian.platform.store import chain
from vitruvian.platform.store.facts import TwinRow
from vitruvian.platform.store.schema import subjects, twins

SHOWN = 10  # names in an error message


def create(
    connection: Connection, tenant: str, subject: str, kind: AbstractKind, case: Case, seq: int, now_us: int, actor: str
) -> TwinRow:
    """A new twin of this kind for this subject; the case's actions are appended by the caller."""
    if not subject.strip():
        raise StoreError("a subject needs a name", where="create twin", fix="give a pseudonym, e.g. S1")
    for held in (*_match(connection, tenant, twins.c.id == subject), *named(connection, tenant, [subject])):
        if held.id == subject or held.kind == kind.name:
            raise ConflictError(
                f"there is already a {held.kind} twin of '{held.subject}': {held.id}",
                where="create twin",
                fix="observe that one, or choose another subject",
            )
    row = {
        "id": f"tw-{secrets.token_hex(5)}",
        "seq": seq,
        "tenant": tenant,
        "subject_id": _subject(connection, tenant, subject, now_us),
        "kind": kind.name,
        "kind_version": kind.version,
        "artefact": kind.artefact if isinstance(kind, Fittable) else "",
        "case_document": _document(case),
        "actor": actor,
        "created_us": now_us,
    }
    connection.execute(insert(twins).values(row))
    return find(connection, tenant, row["id"])


def find(connection: Connection, tenant: str, name: str) -> TwinRow:
    """The twin of this id, else the one of the subject of this name."""
    fits = _match(connection, tenant, twins.c.id == name) or named(connection, tenant, [name])
    if len(fits) == 1:
        return fits[0]
    if fits:
        which = ", ".join(f"{t.id} ({t.kind})" for t in fits)
        raise ConflictError(f"'{name}' has {len(fits)} twins: {which}", where="store", fix="name one by its id")
    names = [f"{t.id} ({t.subject})" for _, t in page(connection, tenant, -1, SHOWN)]
    count = connection.execute(select(func.count()).select_from(twins).where(twins.c.tenant == tenant)).scalar_one()
    more = f" and {count - SHOWN} more" if count > SHOWN else ""
    fix = f"use one of {', '.join(names)}{more}" if names else "make one with: vitruvian twin create"
    raise MissingError(f"there is no twin '{name}'", where="store", fix=fix)


def by_ids(connection: Connection, tenant: str, ids: Sequence[str]) -> dict[str, TwinRow]:
    """Those of these ids that there are."""
    found = (t for some in chain.chunks(ids) for t in _match(connection, tenant, twins.c.id.in_(list(some))))
    return {twin.id: twin for twin in found}


def named(connection: Connection, tenant: str, names: Sequence[str]) -> tuple[TwinRow, ...]:
    """All twins of the subjects of these names."""
    return _match(connection, tenant, subjects.c.pseudonym.in_(list(names)))


def everyone(connection: Connection, tenant: str) -> tuple[TwinRow, ...]:
    """All twins in the order in which they were made."""
    return _match(connection, tenant)


def page(connection: Connection, tenant: str, after: int, limit: int, kind: str = "") -> list[tuple[int, TwinRow]]:
    """(seq, twin) of the next twins after this sequence, in the order in which they were made."""
    found = select(*twins.c, subjects.c.pseudonym).join(subjects).where(twins.c.tenant == tenant, twins.c.seq > after)
    if kind:
        found = found.where(twins.c.kind == kind)
    rows = connection.execute(found.order_by(twins.c.seq).limit(limit)).mappings()
    return [(row["seq"], _twin(row)) for row in rows]


def subject_and_series(row: TwinRow, kind: AbstractKind) -> tuple[Subject, dict[str, Series]]:
    """The subject and the array inputs in a twin's case document."""
    document = row.case_document
    series = {
        name: Series(np.array(s["times"]), np.array(s["values"]), s["unit"], s["rule"], np.array(s["known_at"]))
        for name, s in document["series"].items()
    }
    return kind.subject.from_json(dict(document["subject"])), series


def _match(connection: Connection, tenant: str, *conditions: ColumnElement[bool]) -> tuple[TwinRow, ...]:
    found = select(*twins.c, subjects.c.pseudonym).join(subjects).where(twins.c.tenant == tenant, *conditions)
    return tuple(_twin(row) for row in connection.execute(found.order_by(twins.c.seq)).mappings())


def _twin(row: RowMapping) -> TwinRow:
    document: Mapping[str, Any] = row["case_document"]
    origin = Origin(datetime.fromisoformat(document["origin"]["utc"]), document["origin"]["zone"])
    return TwinRow(
        id=row["id"],
        tenant=row["tenant"],
        subject=row["pseudonym"],
        kind=row["kind"],
        kind_version=row["kind_version"],
        artefact=row["artefact"],
        origin=origin,
        created_us=row["created_us"],
        case_document=document,
    )


def _subject(connection: Connection, tenant: str, name: str, now_us: int) -> str:
    match = select(subjects.c.id).where(subjects.c.tenant == tenant, subjects.c.pseudonym == name)
    if held := connection.execute(match).scalar():
        return held
    made = f"su-{secrets.token_hex(5)}"
    values = {"id": made, "tenant": tenant, "pseudonym": name, "key_id": None, "created_us": now_us}
    connection.execute(insert(subjects).values(values))
    return made


def _document(case: Case) -> dict[str, Any]:
    series = {
        name: {
            "times": s.times.tolist(),
            "values": s.values.tolist(),
            "unit": s.unit,
            "rule": s.rule,
            "known_at": (s.times if s.known_at is None else s.known_at).tolist(),
        }
        for name, s in case.series.items()
    }
    return {
        "origin": {"utc": case.origin.utc.isoformat(), "zone": case.origin.zone},
        "subject": case.subject.to_json(),
        "series": series,
    }
