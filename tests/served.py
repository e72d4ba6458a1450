"""A server in this process, and ways to call it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from vitruvian.platform.trust import people

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
PERSON = {"kind": "infusion", "subject": "S1", "origin": "2026-03-01T08:00:00Z"}


@dataclass
class Served:
    """The application, and ways to call it."""

    app: Any
    token: str = ""

    @property
    def site(self) -> Any:
        return self.app.site

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        """A client with this token (default: the admin's; "": none)."""
        held = self.token if token is None else token
        headers = {"Authorization": f"Bearer {held}"} if held else {}
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://here", headers=headers)

    def add_token(self, role: str, scopes: list[str] | None = None, tenant: str = "local") -> str:
        with self.site.database.write() as connection:
            return people.add_token(connection, tenant, role, role, scopes, "test", self.site.now_us)[1]

    def run(self, work: Callable[[httpx.AsyncClient], Coroutine[Any, Any, Any]], token: str | None = None) -> Any:
        async def whole() -> Any:
            async with self.client(token) as client:
                return await work(client)

        return asyncio.run(whole())

    def call(self, method: str, path: str, token: str | None = None, **more: Any) -> httpx.Response:
        return self.run(lambda client: client.request(method, path, **more), token)

    def make_twin(self, **more: Any) -> str:
        made = self.call("POST", "/v1/twins", json={**PERSON, **more})
        assert made.status_code == 201, made.text
        return made.json()["id"]
