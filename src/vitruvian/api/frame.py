"""What goes around every request: its id, a size limit, security headers, the audit log, metrics, one line of log.

Pure ASGI. No answer to a guarded request leaves before its access is on record. Logs name routes, never a path with an
id, a query, a body or a subject.
"""

from __future__ import annotations

import itertools
import json
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from vitruvian.api.access import access_of
from vitruvian.api.direct import Direct
from vitruvian.api.gate import PUBLIC, SELF
from vitruvian.api.problems import Problem, of_error, problem
from vitruvian.api.site import Site
from vitruvian.core.errors import StoreError, VitruvianError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

LOG = logging.getLogger("vitruvian.access")
PROCESS = secrets.token_hex(6)  # a random number a request would cost more than the request
_COUNTED = itertools.count(1)
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'"),
]


class Frame:
    """The outermost application."""

    def __init__(self, app: Any, site: Site, seen: Callable[[str, str, int, float], None]) -> None:
        self.app, self.site, self.seen = app, site, seen
        # The most frequent requests do not go through the framework's layers, which cost as much as they do.
        self._direct = [(route, route.get_route_handler()) for route in app.routes if isinstance(route, Direct)]

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(self.site, scope, receive, send)
        start = time.perf_counter()
        try:
            if exchange.too_large():
                limit = self.site.settings.body_bytes
                raise Problem(413, f"the body is larger than {limit} bytes", fix="send smaller batches")
            handler = self._handler(scope)
            if handler is None:
                await self.app(scope, exchange.receive, exchange.send)
            else:
                answer = await handler(Request(scope, exchange.receive))
                await answer(scope, exchange.receive, exchange.send)
        except Problem as err:
            said = {"where": err.where, "fix": err.fix, "headers": err.headers}
            await problem(exchange.request, err.status, err.detail, **said)(scope, receive, exchange.send)
        except VitruvianError as err:
            await of_error(exchange.request, err)(scope, receive, exchange.send)
        except ClientDisconnect:
            return
        except Exception as err:  # the server lives on; the caller gets a problem, the log the fault
            LOG.error(json.dumps({"fault": type(err).__name__, "request_id": exchange.id}), exc_info=err)
            if not exchange.status:
                answer = problem(exchange.request, 500, "a fault of the program", fix=f"report request {exchange.id}")
                await answer(scope, receive, exchange.send)
        finally:
            self._told(exchange, time.perf_counter() - start)

    def _handler(self, scope: MutableMapping[str, Any]) -> Any:
        """Of a direct route, if this is for one."""
        if scope["method"] != "POST" or not scope["path"].endswith("/records"):
            return None
        for route, handler in self._direct:
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope.update(found)
                scope["app"] = self.app
                return handler
        return None

    def _told(self, exchange: _Exchange, spent: float) -> None:
        route = getattr(exchange.scope.get("route"), "path", "unknown")
        self.seen(exchange.scope["method"], route, exchange.status, spent)
        if LOG.isEnabledFor(logging.INFO):
            who = exchange.scope.get("vitruvian.access")
            line = {
                "at": self.site.clock().isoformat(timespec="milliseconds"),
                "method": exchange.scope["method"],
                "route": route,
                "status": exchange.status,
                "ms": round(1000 * spent, 1),
                "role": who[0].role if who else "",
                "request_id": exchange.id,
            }
            LOG.info(json.dumps(line))


class _Exchange:
    """One request and its answer."""

    def __init__(self, site: Site, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        self.site, self.scope = site, scope
        self._receive, self._send = receive, send
        self.request = Request(scope)
        given = self.request.headers.get("x-request-id", "")
        self.id = given if REQUEST_ID.fullmatch(given) else f"{PROCESS}-{next(_COUNTED):08x}"
        scope["vitruvian.request_id"] = self.id
        self.status = 0
        self._read = 0

    def too_large(self) -> bool:
        """By what the caller says of the length."""
        said = self.request.headers.get("content-length", "0")
        return said.isdigit() and int(said) > self.site.settings.body_bytes

    async def receive(self) -> Message:
        """Counts what comes: a body without a length is bounded too."""
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > self.site.settings.body_bytes:
            raise Problem(413, f"the body is larger than {self.site.settings.body_bytes} bytes", fix="send less")
        return message

    async def send(self, message: Message) -> None:
        """Writes the access to the log before the answer begins."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            access = self.scope.get("vitruvian.access")
            if access is not None and access[1] not in (PUBLIC, SELF) and not self.scope.get("vitruvian.audited"):
                row = access_of(self.site, self.request, self.status)
                try:
                    await self.site.writer.write(row.row)
                except StoreError as err:
                    await self._refuse(err)
                    return
            given = {name.lower() for name, _ in message.get("headers", [])}  # a page may set a stricter policy itself
            secured = [header for header in SECURITY if header[0] not in given]
            headers = [*message.get("headers", []), *secured, (b"x-request-id", self.id.encode())]
            message = {**message, "headers": headers}
        elif self.status < 0:
            return  # the answer was replaced
        await self._send(message)

    async def _refuse(self, error: StoreError) -> None:
        answer = problem(self.request, 503, f"the access cannot be recorded: {error.what}", fix=error.fix)
        self.status = -503
        await answer(self.scope, self._receive, self._send)
