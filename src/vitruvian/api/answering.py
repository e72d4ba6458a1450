"""How answers are written: JSON without nan, an ETag on everything that is read, kept replies for idempotency keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from fastapi import Header, Query, Request, Response
from sqlalchemy import Connection, insert, select

from vitruvian.api.problems import Problem
from vitruvian.api.site import site_of
from vitruvian.core.errors import ConflictError
from vitruvian.platform.jsonable import plain
from vitruvian.platform.store.schema_trust import replies
from vitruvian.platform.trust.policy import Principal

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        description="a text of your own; the same request with the same key is done once and gets the same answer",
        examples=["7d1f6a52-2b0e-4b53-9f3c-5f6f7c0a9a10"],
    ),
]
Newest = Annotated[bool, Query(description="newest first, and `after` goes back")]
After = Annotated[int, Query(ge=0, le=2**62, description="`next` of the page before", examples=[0])]
Work = Callable[[Connection], tuple[int, Any]]


def encoded(value: Any) -> bytes:
    """JSON bytes; what JSON cannot say (nan, infinity) becomes null."""
    made = plain(value)
    try:
        return msgspec.json.encode(made)
    except UnicodeEncodeError:  # half a surrogate pair stays the escape that it came as
        return json.dumps(made).encode()


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that is not worth remembering."""
    return Response(encoded(value), status, dict(headers or {}), "application/json")


def read_answer(request: Request, value: Any, *, links: str = "") -> Response:
    """What was read, with its ETag; 304 without a body when the caller has it already."""
    body = encoded(value)
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"} | ({"Link": links} if links else {})
    held = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
    if tag in held:
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, "application/json")


def page_answer(request: Request, items: list[Any], next_: str | int | None) -> Response:
    """One page of a list and where the next one begins (null: this was the last)."""
    links = ""
    if next_ is not None:
        links = f'<{request.url.include_query_params(after=next_)}>; rel="next"'
    return read_answer(request, {"items": items, "next": None if next_ is None else str(next_)}, links=links)


async def once(request: Request, who: Principal, key: str, work: Work) -> Response:
    """Do the work in a transaction; with a key that was used before: its answer again, and nothing is done."""
    site = site_of(request)
    digest = ""
    if key:
        told = f"{request.method} {request.url.path}\n".encode() + await request.body()
        digest = hashlib.sha256(told).hexdigest()

    def write(connection: Connection) -> tuple[int, bytes]:
        if key and (held := _held(connection, who, key, digest)):
            return held
        status, value = work(connection)
        body = encoded(value)
        if key:
            row = {"tenant": who.tenant, "actor": who.actor, "key": key, "digest": digest, "status": status}
            connection.execute(insert(replies).values(**row, body=body, created_us=site.now_us))
        return status, body

    status, body = await site.write(write)
    return Response(body, status, media_type="application/json")


def _held(connection: Connection, who: Principal, key: str, digest: str) -> tuple[int, bytes] | None:
    r = replies.c
    match = select(r.digest, r.status, r.body).where(r.tenant == who.tenant, r.actor == who.actor, r.key == key)
    row = connection.execute(match).first()
    if row is None:
        return None
    if row.digest != digest:
        raise ConflictError(
            f"the idempotency key '{key}' came before with another request",
            where="Idempotency-Key",
            fix="give every request its own key",
        )
    return row.status, row.body


def matching(request: Request, tag: str) -> None:
    """Problem 412 when the caller's If-Match names another version than the present one."""
    wanted = request.headers.get("if-match")
    if wanted is not None and wanted.strip() not in (tag, "*"):
        raise Problem(412, f"it has changed since: it is {tag} now", where="If-Match", fix="read it again")
