"""Set-up, sessions, and who one is."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from vitruvian.api.answering import json_answer, read_answer
from vitruvian.api.gate import COOKIE, PUBLIC, SELF, address_of, need
from vitruvian.api.problems import Problem, answers, nothing
from vitruvian.api.site import Site, site_of
from vitruvian.platform.trust import audit, people
from vitruvian.platform.trust.policy import Principal
from vitruvian.platform.trust.secret import check_password, hash_password

router = APIRouter(prefix="/v1", tags=["people"])
TRIES = asyncio.Semaphore(2)  # argon2 takes 64 MiB and a third of a second each


class SetUp(BaseModel):
    """The first user, who becomes an admin."""

    token: str = Field(max_length=200, description="printed at the first start", examples=["vt_one-time-token"])
    name: str = Field(min_length=1, max_length=200, examples=["ada"])
    password: str = Field(max_length=256, examples=["correct horse battery staple"])


class Login(BaseModel):
    """Name and password."""

    name: str = Field(max_length=200, examples=["ada"])
    password: str = Field(max_length=256, examples=["correct horse battery staple"])


class OneTime(BaseModel):
    """A token that begins one session."""

    token: str = Field(max_length=200, description="printed by the server, in a link", examples=["vt_one-time-token"])


class Me(BaseModel):
    """Who one is and what one may do."""

    tenant: str = Field(examples=["local"])
    actor: str = Field(examples=["ada"])
    role: str = Field(examples=["admin"])
    permissions: list[str] = Field(examples=[["kinds:read", "twins:read"]])
    csrf: str | None = Field(description="in a browser's session: send it in X-CSRF-Token with every change")


def me_of(who: Principal) -> dict[str, object]:
    """A principal as it is shown to itself."""
    said = {"tenant": who.tenant, "actor": who.actor, "role": who.role}
    return {**said, "permissions": who.permissions, "csrf": who.csrf}


@router.post(
    "/setup",
    **answers(Me, 404, 409, 422, status=201),
    summary="First user",
)
async def set_up(request: Request, body: SetUp, who: Annotated[Principal, need(PUBLIC)]) -> Response:
    """Make the first user with the one-time token that the server printed. There is no default password."""
    site = site_of(request)
    async with TRIES:
        hashed = await asyncio.to_thread(hash_password, body.password)
    await site.write(lambda c: people.set_up(c, body.token, body.name, hashed, "local", site.now_us))
    return json_answer(me_of(Principal("local", body.name, "admin")), 201)


@router.post(
    "/sessions",
    **answers(Me, 422, status=201),
    summary="Log in",
)
async def log_in(request: Request, body: Login, who: Annotated[Principal, need(PUBLIC)]) -> Response:
    """Begin a session: the answer sets an HttpOnly cookie and holds the csrf value."""
    site = site_of(request)

    def look() -> dict[str, object] | None:
        with site.database.read() as connection:
            return people.find_user(connection, body.name)

    user = await asyncio.to_thread(look)
    async with TRIES:
        fits = await asyncio.to_thread(check_password, str(user["password"]) if user else None, body.password)
    tenant = str(user["tenant"]) if user else ""
    status = 201 if user and fits else 401
    entry = audit.Access(
        at_us=site.now_us,
        tenant=tenant,
        actor=body.name[:200].replace("\x00", "") if user else "anonymous",
        permission="login",
        method="POST",
        path="/v1/sessions",
        status=status,
        request_id=request.scope["vitruvian.request_id"],
        address=address_of(request),
    )
    if not user or not fits:
        await site.write(lambda c: audit.write(c, [entry]))
        raise Problem(401, "name or password is wrong", headers={"WWW-Authenticate": "Bearer"}, fix="try again")

    def begin(connection: people.Connection) -> tuple[str, str]:
        audit.write(connection, [entry])
        return people.open_session(connection, str(user["id"]), site.now_us)

    secret, csrf = await site.write(begin)
    answer = json_answer(me_of(Principal(tenant, body.name, str(user["role"]), None, csrf)), 201)
    return with_cookie(site, answer, secret)


@router.post(
    "/sessions/one-time",
    **answers(Me, 404, 422, status=201),
    summary="Log in by a one-time token",
)
async def log_in_once(request: Request, body: OneTime, who: Annotated[Principal, need(PUBLIC)]) -> Response:
    """Begin a session with a one-time token, as the link of a demonstration has it. It is spent."""
    secret, me = await spent(request, body.token)
    return with_cookie(site_of(request), json_answer(me_of(me), 201), secret)


async def spent(request: Request, token: str) -> tuple[str, Principal]:
    """(cookie's secret, who) of a one-time token; the log-in is audited."""
    site = site_of(request)

    def begin(connection: people.Connection) -> tuple[str, Principal]:
        secret, me = people.spend_login(connection, token, site.now_us)
        entry = audit.Access(
            at_us=site.now_us,
            tenant=me.tenant,
            actor=me.actor,
            permission="login",
            method=request.method,
            path=request.url.path,
            status=201,
            request_id=request.scope["vitruvian.request_id"],
            address=address_of(request),
        )
        audit.write(connection, [entry])
        return secret, me

    return await site.write(begin)


def with_cookie(site: Site, answer: Response, secret: str) -> Response:
    """The answer, with the session's cookie."""
    cookie = {"httponly": True, "samesite": "strict", "max_age": people.SESSION_US // 1_000_000, "path": "/"}
    answer.set_cookie(COOKIE, secret, secure=site.settings.secure_cookies, **cookie)
    return answer


@router.delete("/sessions/current", **nothing(), summary="Log out")
async def log_out(request: Request, who: Annotated[Principal, need(SELF)]) -> Response:
    """End the session whose cookie is sent."""
    site = site_of(request)
    secret = request.cookies.get(COOKIE, "")
    await site.write(lambda c: people.close_session(c, secret, site.now_us))
    site.gate.forget()
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, path="/")
    return answer


class Known(BaseModel):
    """Whether this server knows the caller, and has anybody to know."""

    known: bool
    ready: bool = Field(description="false: no user yet, see POST /v1/setup")


@router.get(
    "/sessions/current",
    **answers(Known),
    summary="Am I known",
)
async def known(request: Request, who: Annotated[Principal, need(PUBLIC)]) -> Response:
    """Whether a session or token came with the request: a page asks before it asks for anything else."""
    site = site_of(request)

    def look() -> bool:
        with site.database.read() as connection:
            return people.has_users(connection)

    came = await site.gate.who(request) is not None
    return json_answer({"known": came, "ready": came or await asyncio.to_thread(look)})


@router.get("/me", **answers(Me), summary="Who am I")
async def me(request: Request, who: Annotated[Principal, need(SELF)]) -> Response:
    """Tenant, role, permissions, and in a browser's session the csrf value."""
    return read_answer(request, me_of(who))
