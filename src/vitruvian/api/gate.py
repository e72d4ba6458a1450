"""The gate every request goes through: who is it, may they, not too often. Deny by default.

A route names its permission with `need`; `check` refuses an application with a route that names none.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastapi import Depends, FastAPI, Request
from fastapi.routing import APIRoute

from vitruvian.api.limits import Limiter
from vitruvian.api.problems import Problem
from vitruvian.platform.trust import people
from vitruvian.platform.trust.policy import PERMISSIONS, Principal

if TYPE_CHECKING:
    from vitruvian.api.site import Site

COOKIE = "vitruvian_session"
CSRF = "X-CSRF-Token"
PUBLIC = "public"  # for the few routes that anybody may call
STATIC = "static"  # for the client's own files: the same for everybody, and a page takes many at once
SELF = "self"  # for what every known caller may do
REMEMBERED = 5.0  # s for which a caller is not looked up again: how long a revoked one lives on in another process
SAFE = {"GET", "HEAD", "OPTIONS"}
NOBODY = Principal("", "anonymous", "")


class Gate:
    """Knows callers for a few seconds, and how often each came."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._known: dict[str, tuple[Principal, float]] = {}
        self._asking: dict[str, asyncio.Future[Principal | None]] = {}
        self._callers = Limiter(site.settings.rate, site.settings.burst)
        self._strangers = Limiter(site.settings.stranger_rate, site.settings.stranger_burst)

    def forget(self) -> None:
        """Look everybody up again: a user or token was taken back."""
        self._known.clear()

    async def who(self, request: Request) -> Principal | None:
        """The holder of the bearer token or of the session's cookie; a token goes before a cookie."""
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        bearer = scheme.lower() == "bearer"
        secret = secret.strip() if bearer else request.cookies.get(COOKIE, "")
        if not secret:
            return None
        key = f"{'b' if bearer else 's'}{secret}"
        found = self._known.get(key)
        if found is not None and found[1] >= time.monotonic():
            return found[0]
        if self._strangers.is_empty(address_of(request)):
            self.limit(request, None)  # wrong tokens cannot be tried without end
        if key not in self._asking:  # of many requests with one token, one looks it up
            self._asking[key] = asyncio.ensure_future(self._found(key, secret, bearer))
        return await asyncio.shield(self._asking[key])

    def limit(self, request: Request, who: Principal | None) -> None:
        """Problem 429 when this caller comes too often."""
        if who is None:
            wait = self._strangers.wait(address_of(request))
        else:
            wait = self._callers.wait(f"{who.tenant} {who.actor}")
        if wait > 0:
            raise Problem(
                429,
                "too many requests",
                fix=f"wait {wait:.1f} s; send many readings in one batch",
                headers={"Retry-After": str(int(wait) + 1)},
            )

    async def _found(self, key: str, secret: str, bearer: bool) -> Principal | None:
        try:
            principal = await asyncio.to_thread(self._look_up, secret, bearer)
        finally:
            self._asking.pop(key, None)
        if principal is not None:
            if len(self._known) > 10_000:
                self._known.clear()
            self._known[key] = (principal, time.monotonic() + REMEMBERED)
        return principal

    def _look_up(self, secret: str, bearer: bool) -> Principal | None:
        find = people.by_token if bearer else people.by_session
        with self.site.database.read() as connection:
            return find(connection, secret, self.site.now_us)


class Need:
    """The dependency that lets a request through, or does not."""

    def __init__(self, permission: str) -> None:
        if permission not in PERMISSIONS and permission not in (PUBLIC, STATIC, SELF):
            raise ValueError(f"there is no permission '{permission}'")
        self.permission = permission

    async def __call__(self, request: Request) -> Principal:
        """The caller. Problems: 401 nobody, 403 not allowed, 429 too often."""
        gate: Gate = request.app.state.site.gate
        if self.permission == STATIC:
            return NOBODY
        if self.permission == PUBLIC:
            gate.limit(request, None)
            return NOBODY
        who = await gate.who(request)
        request.scope["vitruvian.access"] = (who or NOBODY, self.permission)
        if who is None:
            gate.limit(request, None)
            raise Problem(
                401,
                "who are you?",
                fix="send a token (Authorization: Bearer ...) or log in at POST /v1/sessions",
                headers={"WWW-Authenticate": "Bearer"},
            )
        gate.limit(request, who)
        if who.csrf is not None and request.method not in SAFE:
            sent = request.headers.get(CSRF, "")
            if not secrets.compare_digest(sent.encode(), who.csrf.encode()):
                fix = f"send the session's csrf value in {CSRF}: see GET /v1/me"
                raise Problem(403, "this request may come from another site", fix=fix)
        if self.permission != SELF and not who.may(self.permission):
            fix = "ask an admin for a role or a scope that has it"
            raise Problem(403, f"{who.actor} ({who.role}) may not {self.permission}", fix=fix)
        return who


def need(permission: str) -> Any:
    """For a route's signature: `who: Annotated[Principal, need("twins:read")]`."""
    return Depends(Need(permission))


def routes(app: FastAPI) -> Iterator[tuple[APIRoute, str | None]]:
    """Every route with the permission it names, None where it names none."""
    for route in app.routes:
        if isinstance(route, APIRoute):
            yield route, permission_of(route)


def permission_of(route: APIRoute) -> str | None:
    """What a route asks for."""
    ahead = [route.dependant]
    while ahead:
        dependant = ahead.pop()
        if isinstance(dependant.call, Need):
            return dependant.call.permission
        ahead += dependant.dependencies
    return None


def check(app: FastAPI) -> None:
    """ValueError when a route names no permission: it would be open to everybody."""
    open_ = [f"{route.methods} {route.path}" for route, permission in routes(app) if permission is None]
    open_ += [str(route) for route in app.routes if not isinstance(route, APIRoute)]  # mounts, included routers
    if open_:
        raise ValueError(f"these routes name no permission: {open_}; add Annotated[Principal, need(...)]")


def address_of(request: Request) -> str:
    """Where the request came from."""
    return request.client.host if request.client else "unknown"
