"""The queue: jobs as rows of the store. What is acknowledged is done once, whatever process dies.

A claim counts the attempt, and every later write names it: a worker that was taken for dead writes nothing. A job whose
worker was not heard of for LEASE is given to another, ATTEMPTS times at most.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from vitruvian.core.errors import ConflictError, MissingError
from vitruvian.platform.store import chain
from vitruvian.platform.store.schema_live import jobs

LEASE_US = 10 * 1_000_000  # how long a worker may be silent; it beats every second
ATTEMPTS = 3
ENDED = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job."""

    id: str
    tenant: str
    twin_id: str | None
    type: str
    arguments: Mapping[str, Any]
    attempt: int
    actor: str
    kept: Any = None  # what an attempt before this one had found


def put(
    connection: Connection,
    tenant: str,
    twin_id: str | None,
    type_: str,
    arguments: Mapping[str, Any],
    actor: str,
    now_us: int,
) -> str:
    """The id of a new job."""
    made = f"jo-{secrets.token_hex(6)}"
    row = {"id": made, "tenant": tenant, "twin_id": twin_id, "type": type_, "arguments": dict(arguments)}
    state = {"state": "queued", "progress": 0.0, "attempt": 0, "actor": actor, "created_us": now_us}
    connection.execute(insert(jobs).values(**row, **state, seq=_next(connection)))
    return made


def waiting(connection: Connection, twin_id: str, type_: str) -> bool:
    """Whether such a job of this twin is queued or running."""
    match = select(jobs.c.id).where(jobs.c.twin_id == twin_id, jobs.c.type == type_, jobs.c.state.not_in(ENDED))
    return connection.execute(match.limit(1)).scalar() is not None


def claim(connection: Connection, now_us: int) -> Job | None:
    """The oldest job that waits, now running; None when there is none."""
    j = jobs.c
    match = select(jobs).where(j.state == "queued").order_by(j.created_us, j.id).limit(1)
    row = connection.execute(match.with_for_update(skip_locked=True)).mappings().first()
    if row is None:
        return None
    attempt = row["attempt"] + 1
    running = {"state": "running", "attempt": attempt, "started_us": now_us, "beat_us": now_us, "progress": 0.0}
    connection.execute(update(jobs).where(j.id == row["id"]).values(**running, seq=_next(connection)))
    return Job(
        row["id"], row["tenant"], row["twin_id"], row["type"], row["arguments"], attempt, row["actor"], row["result"]
    )


def beat(connection: Connection, job: Job, progress: float, now_us: int) -> bool:
    """The worker is alive; False when the job is no longer its own: cancelled, or given to another."""
    told = connection.execute(select(jobs.c.progress).where(*_mine(job))).scalar()
    if told is None:
        return False
    values: dict[str, Any] = {"beat_us": now_us}
    if abs(progress - told) >= 0.01:  # only then does anybody who listens hear of it
        values |= {"progress": progress, "seq": _next(connection)}
    connection.execute(update(jobs).where(*_mine(job)).values(**values))
    return True


def keep(connection: Connection, job: Job, kept: Any) -> bool:
    """What the job has found so far stands as its result until it ends; False when it is no longer this worker's."""
    done = connection.execute(update(jobs).where(*_mine(job)).values(result=kept, seq=_next(connection)))
    return done.rowcount == 1


def finish(
    connection: Connection, job: Job, now_us: int, *, result: Any = None, error: Mapping[str, str] | None = None
) -> bool:
    """The end of a job, with its result or its error; False when it was not this worker's any more."""
    state = {"state": "done", "progress": 1.0, "result": result} if error is None else {"state": "failed"}
    values = {**state, "error": None if error is None else dict(error), "ended_us": now_us}
    done = connection.execute(update(jobs).where(*_mine(job)).values(**values, seq=_next(connection)))
    return done.rowcount == 1


def release(connection: Connection, job: Job) -> None:
    """Back into the queue, the attempt not counted: the server goes down."""
    values = {"state": "queued", "attempt": jobs.c.attempt - 1, "beat_us": None}
    connection.execute(update(jobs).where(*_mine(job)).values(**values, seq=_next(connection)))


def recover(connection: Connection, now_us: int) -> int:
    """Give the jobs of silent workers back to the queue; after ATTEMPTS they have failed. How many there were."""
    j = jobs.c
    match = select(j.id, j.attempt).where(j.state == "running", j.beat_us < now_us - LEASE_US)
    silent = connection.execute(match).all()
    for name, attempt in silent:
        if attempt < ATTEMPTS:
            values: dict[str, Any] = {"state": "queued"}
        else:
            what = f"its worker died {attempt} times"
            values = {"state": "failed", "ended_us": now_us, "error": {"what": what, "fix": "see the server's log"}}
        same = (j.id == name, j.attempt == attempt, j.state == "running")
        connection.execute(update(jobs).where(*same).values(**values, seq=_next(connection)))
    return len(silent)


def cancel(connection: Connection, tenant: str, job_id: str, now_us: int) -> None:
    """Stop a job that has not ended; ConflictError when it has."""
    state = find(connection, tenant, job_id)["state"]
    if state in ENDED:
        raise ConflictError(f"the job has ended: {state}", where=f"job {job_id}", fix="nothing to do")
    values = {"state": "cancelled", "ended_us": now_us}
    connection.execute(update(jobs).where(jobs.c.id == job_id).values(**values, seq=_next(connection)))


def find(connection: Connection, tenant: str, job_id: str) -> dict[str, Any]:
    """The row; MissingError when the tenant has no such job."""
    row = connection.execute(select(jobs).where(jobs.c.id == job_id, jobs.c.tenant == tenant)).mappings().first()
    if row is None:
        raise MissingError(f"there is no job '{job_id}'", where="jobs", fix="see GET /v1/jobs")
    return dict(row)


def page(connection: Connection, tenant: str, before: int, limit: int, state: str = "") -> list[dict[str, Any]]:
    """Jobs whose last change came before this sequence (0: all), newest first."""
    j = jobs.c
    match = select(jobs).where(j.tenant == tenant).order_by(j.seq.desc()).limit(limit)
    if before:
        match = match.where(j.seq < before)
    if state:
        match = match.where(j.state == state)
    return [dict(row) for row in connection.execute(match).mappings()]


def _mine(job: Job) -> tuple[Any, ...]:
    return jobs.c.id == job.id, jobs.c.attempt == job.attempt, jobs.c.state == "running"


def _next(connection: Connection) -> int:
    seq = chain.take_lock(connection) + 1
    chain.give_out(connection, seq)
    return seq
