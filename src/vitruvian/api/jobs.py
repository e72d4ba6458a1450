"""Jobs: what takes longer than an answer should. They survive a killed server, show progress and can be cancelled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from vitruvian.api.answering import IdempotencyKey, json_answer, once, page_answer, read_answer
from vitruvian.api.beside import beside
from vitruvian.api.gate import need
from vitruvian.api.people import spelled
from vitruvian.api.problems import answers
from vitruvian.api.site import Site, site_of
from vitruvian.core.errors import CapabilityError
from vitruvian.platform.jobs import queue, work
from vitruvian.platform.jobs.runner import Runner
from vitruvian.platform.trust.policy import Principal

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
Worker = Annotated[Principal, need("jobs:write")]
Reader = Annotated[Principal, need("jobs:read")]
MEANINGS = "; ".join(
    f"{name}: {t.meaning} ({', '.join(t.arguments) or 'no arguments'})" for name, t in work.TYPES.items()
)


class NewJob(BaseModel):
    """A job to be done."""

    type: str = Field(max_length=64, description=MEANINGS, examples=["calibrate"])
    twin: str | None = Field(default=None, max_length=64, examples=["tw-0123456789"])
    arguments: dict[str, Any] = Field(default_factory=dict, examples=[{"days": 7}])


class Job(BaseModel):
    """A job: queued, running, done, failed or cancelled."""

    id: str = Field(examples=["jo-0123456789ab"])
    seq: int = Field(description="of its last change", examples=[42])
    twin: str | None
    type: str = Field(examples=["calibrate"])
    arguments: dict[str, Any]
    state: str = Field(examples=["running"])
    progress: float = Field(description="0 to 1", examples=[0.4])
    result: Any = Field(
        description="what the same question answers elsewhere; null until it is done, or what was found so far"
    )
    error: dict[str, str] | None
    attempt: int = Field(examples=[1])
    actor: str
    created: str
    started: str | None
    ended: str | None


class JobPage(BaseModel):
    """Jobs, the last changed first."""

    items: list[Job]
    next: str | None


@router.post(
    "",
    **answers(Job, 404, 409, 422, status=202),
    summary="Start a job",
)
async def start(request: Request, body: NewJob, who: Worker, key: IdempotencyKey = "") -> Response:
    """Queue a job; it is on disk when this answers, and done once."""
    site = site_of(request)
    type_ = work.checked(body.type, body.arguments, body.twin is not None)
    row = None if body.twin is None else site.twin(who, body.twin)
    if row is not None and type_.kind not in ("", row.kind):
        raise CapabilityError(f"{body.type} is for twins of kind {type_.kind}", where="twin", fix="name one of them")
    twin = None if row is None else row.id

    def write(connection: Connection) -> tuple[int, Any]:
        made = queue.put(connection, who.tenant, twin, body.type, body.arguments, who.actor, site.now_us)
        return 202, job_of(queue.find(connection, who.tenant, made))

    return await once(request, who, key, write)


@router.get("", **answers(JobPage, 422), summary="Jobs")
def list_jobs(
    request: Request,
    who: Reader,
    state: Annotated[str, Query(max_length=32)] = "",
    after: Annotated[int, Query(ge=0, le=2**62, description="changed before this sequence")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """All jobs of the tenant, the last changed first."""
    with site_of(request).database.read() as connection:
        rows = queue.page(connection, who.tenant, after, limit, state.replace("\x00", ""))
    return page_answer(request, [job_of(row) for row in rows], rows[-1]["seq"] if len(rows) == limit else None)


@router.get("/{job_id}", **answers(Job, 404), summary="One job")
def one_job(request: Request, job_id: str, who: Reader) -> Response:
    """How far it is; its result when it is done."""
    with site_of(request).database.read() as connection:
        return read_answer(request, job_of(queue.find(connection, who.tenant, job_id)))


@router.post(
    "/{job_id}/cancel",
    **answers(Job, 404, 409),
    summary="Cancel a job",
)
async def cancel(request: Request, job_id: str, who: Worker) -> Response:
    """Its process is killed within a second; what it had written into the store by then stays."""
    site = site_of(request)

    def write(connection: Connection) -> dict[str, Any]:
        queue.cancel(connection, who.tenant, job_id, site.now_us)
        return job_of(queue.find(connection, who.tenant, job_id))

    return json_answer(await site.write(write))


def job_of(row: dict[str, Any]) -> dict[str, Any]:
    """A stored job as JSON."""
    said = spelled(row)
    names = ("id", "seq", "type", "arguments", "state", "progress", "result", "error", "attempt", "actor")
    times = ("created", "started", "ended")
    return {"twin": said["twin_id"], **{name: said[name] for name in (*names, *times)}}


@asynccontextmanager
async def service(site: Site) -> AsyncIterator[None]:
    """The runner works as long as the server does."""
    place = site.database.url.render_as_string(hide_password=False)
    async with beside(Runner(place, site.write, lambda: site.now_us).run()):
        yield
