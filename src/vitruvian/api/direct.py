"""A route whose endpoint is called with what it needs, taken from the request by hand."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from vitruvian.api.gate import Need, permission_of
from vitruvian.api.problems import Problem

KEY = 200  # characters


class Direct(APIRoute):
    """Calls the endpoint with what it needs, taken from the request by hand: the general way costs as much as the rest.

    The signature stays what is documented and what the gate checks; parameters: twin_id, who, key.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        guard, endpoint = Need(permission_of(self) or ""), self.endpoint

        async def handle(request: Request) -> Response:
            who = await guard(request)
            key = request.headers.get("idempotency-key", "")
            if len(key) > KEY:
                raise Problem(422, f"is longer than {KEY} characters", where="Idempotency-Key", fix="shorten it")
            return await endpoint(request, who=who, key=key, **request.path_params)

        return handle
