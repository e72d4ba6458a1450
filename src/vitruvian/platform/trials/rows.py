"""Trials as rows: what was sent is kept until the trial is taken back; patients' rows leave the store with it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from vitruvian.core.errors import ConflictError, MissingError
from vitruvian.platform.jobs import queue
from vitruvian.platform.store.schema_trials import trials

MOST = 500  # of a tenant; assumed
LIGHT = tuple(c for c in trials.c if c.name not in ("history", "data", "score", "page"))


def add(connection: Connection, tenant: str, sent: Mapping[str, Any], actor: str, now_us: int) -> dict[str, Any]:
    """The new row, with its plan queued. sent: title, protocol, source, history_name, history."""
    if len(of_tenant(connection, tenant, MOST)) >= MOST:
        raise ConflictError(f"there are {MOST} trials already", where="trials", fix="take some of them back")
    made = f"tr-{secrets.token_hex(5)}"
    job = queue.put(connection, tenant, None, "plan_trial", {"trial": made}, actor, now_us)
    row = {"id": made, "tenant": tenant, **sent, "plan_job": job, "actor": actor}
    connection.execute(insert(trials).values(**row, created_us=now_us, changed_us=now_us))
    return find(connection, tenant, made)


def find(connection: Connection, tenant: str, trial: str, *, whole: bool = False) -> dict[str, Any]:
    """The row (whole: with patients' rows, score and page); MissingError where the tenant has none of this id."""
    t = trials.c
    match = select(*(trials.c if whole else LIGHT)).where(t.id == trial, t.tenant == tenant, t.ended_us.is_(None))
    row = connection.execute(match).mappings().first()
    if row is None:
        raise MissingError(f"there is no trial '{trial}'", where="trials", fix="see the list of trials")
    return dict(row)


def of_tenant(connection: Connection, tenant: str, limit: int) -> list[dict[str, Any]]:
    """The last changed first."""
    t = trials.c
    match = select(*LIGHT).where(t.tenant == tenant, t.ended_us.is_(None))
    return [dict(r) for r in connection.execute(match.order_by(t.changed_us.desc(), t.id).limit(limit)).mappings()]


def job(connection: Connection, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The row of its last job."""
    name = row["analysis_job"] or row["plan_job"]
    return queue.find(connection, row["tenant"], name) if name else None


def plan_again(
    connection: Connection, row: Mapping[str, Any], sent: Mapping[str, Any], actor: str, now_us: int
) -> None:
    """Another protocol for the same history: what was planned and analysed before is gone."""
    made = queue.put(connection, row["tenant"], None, "plan_trial", {"trial": row["id"]}, actor, now_us)
    none = dict.fromkeys(("plan", "score", "page", "analysis", "data", "data_name", "analysis_job"))
    change(connection, row["id"], now_us, **{**none, **sent, "plan_job": made})


def analyse(connection: Connection, row: Mapping[str, Any], name: str, data: bytes, actor: str, now_us: int) -> None:
    """Data for a planned trial; its analysis is queued."""
    made = queue.put(connection, row["tenant"], None, "analyse_trial", {"trial": row["id"]}, actor, now_us)
    change(connection, row["id"], now_us, data_name=name, data=data, analysis=None, analysis_job=made)


def keep(connection: Connection, row: Mapping[str, Any], job: str, now_us: int, **found: Any) -> None:
    """What a job found for the row that it read; job: the column that names it. ConflictError where another job has
    taken its place since, MissingError where the trial was taken back."""
    if find(connection, row["tenant"], row["id"])[job] != row[job]:
        fix = "see what the newer job found"
        raise ConflictError("something else was sent meanwhile", where=f"trial {row['id']}", fix=fix)
    change(connection, row["id"], now_us, **found)


def change(connection: Connection, trial: str, now_us: int, **values: Any) -> None:
    """These columns, and when."""
    connection.execute(update(trials).where(trials.c.id == trial).values(**values, changed_us=now_us))


def end(connection: Connection, trial: str, now_us: int) -> None:
    """Nobody sees it any more, and no patient's row of it is left."""
    change(connection, trial, now_us, ended_us=now_us, history=b"", data=None, score=None, page=None)
