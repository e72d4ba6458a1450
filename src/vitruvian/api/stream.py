"""The live stream: server-sent events, resumed by Last-Event-ID on the ingest sequence."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from vitruvian.api.answering import encoded
from vitruvian.api.gate import need
from vitruvian.api.hub import hub_of
from vitruvian.api.problems import documented
from vitruvian.api.site import Site, site_of
from vitruvian.core.errors import FieldError
from vitruvian.platform import feed
from vitruvian.platform.trust.policy import Principal

router = APIRouter(prefix="/v1", tags=["live stream"])
BEAT = 10.0  # s between signs of life: proxies cut silent connections
EXAMPLE = (
    'id: 4711\nevent: readings\ndata: {"twin":"tw-0123456789","readings":[{"observable":"glucose","value":6.1}]}\n\n'
)
OK = {200: {"content": {"text/event-stream": {"schema": {"type": "string"}, "example": EXAMPLE}}}}


@router.get("/stream", response_class=StreamingResponse, responses={**documented(422), **OK}, summary="Live stream")
async def stream(
    request: Request,
    who: Annotated[Principal, need("twins:read")],
    twin: Annotated[list[str] | None, Query(max_length=1000, description="only these (default: all)")] = None,
    type: Annotated[list[str] | None, Query(max_length=20, description="only these types of events")] = None,
    after: Annotated[int | None, Query(ge=0, le=2**62, description="begin after this sequence")] = None,
    resume: Annotated[str, Header(alias="Last-Event-ID", max_length=20)] = "",
) -> Response:
    """What happens, as it happens: twin, readings, action, kept_aside, belief, forecast, alert, job.

    Each event's id is the ingest sequence up to which the stream is complete. A client that was cut off sends the last
    id it saw and misses nothing; one that sends none begins with what comes next.
    """
    site = site_of(request)
    wanted = frozenset(type or feed.TYPES)
    if unknown := sorted(wanted - set(feed.TYPES)):
        fix = f"use some of {', '.join(feed.TYPES)}"
        raise FieldError(f"there is no event type '{unknown[0]}'", where="type", fix=fix)
    twins = frozenset(site.twin(who, name).id for name in twin) if twin else None
    start = int(resume) if resume.isascii() and resume.isdigit() else after
    body = _events(request, site, who, wanted, twins, hub_of(site).cursor if start is None else start)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(body, media_type="text/event-stream", headers=headers)


async def _events(
    request: Request, site: Site, who: Principal, wanted: frozenset[str], twins: frozenset[str] | None, cursor: int
) -> AsyncIterator[bytes]:
    hub = hub_of(site)
    yield b"retry: 1000\n\n"
    beat = time.monotonic()
    while True:
        events, cursor = await hub.after(cursor, who.tenant)
        out = [
            b"id: %d\nevent: %s\ndata: %s\n\n" % (e.seq, e.type.encode(), encoded({"twin": e.twin, **e.data}))
            for e in events
            if e.type in wanted and (twins is None or e.twin in twins)
        ]
        if out:
            yield b"".join(out)
        elif time.monotonic() - beat > BEAT:
            beat = time.monotonic()
            if await site.gate.who(request) is None:
                return  # the token or session was taken back
            yield b"id: %d\n: alive\n\n" % cursor
        await asyncio.sleep(0)
