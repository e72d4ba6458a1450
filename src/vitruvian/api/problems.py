"""Errors as application/problem+json (RFC 9457): what is wrong, where, and the fix. Never a stack trace."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from vitruvian.core.errors import (
    BeliefError,
    ConflictError,
    InferenceError,
    MissingError,
    StoreError,
    VitruvianError,
)

MEDIA = "application/problem+json"
LOG = logging.getLogger("vitruvian.api")


class ProblemBody(BaseModel):
    """An error: its status, what is wrong, where, and how to put it right."""

    type: str = Field(examples=["urn:vitruvian:problem:not-found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["there is no twin 'tw-0000000000'"])
    where: str = Field(default="", examples=["store"])
    fix: str = Field(default="", examples=["see the list of twins"])
    request_id: str = Field(default="", examples=["4f2a9c1be07d4c55"])
    errors: list[dict[str, str]] = Field(default_factory=list, description="one entry a field at fault")


class Problem(Exception):
    """Ends a request with this answer."""

    def __init__(
        self, status: int, detail: str, *, where: str = "", fix: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.where, self.fix, self.headers = status, detail, where, fix, dict(headers or {})


def status_of(error: VitruvianError) -> int:
    """404 for what is not there, 409 for what does not fit the state, 503 for a store that cannot, else 422."""
    if isinstance(error, MissingError):
        return 404
    if isinstance(error, (ConflictError, InferenceError, BeliefError)):
        return 409
    return 503 if isinstance(error, StoreError) else 422


def problem(
    request: Request,
    status: int,
    detail: str,
    *,
    where: str = "",
    fix: str = "",
    headers: Mapping[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
) -> Response:
    """The answer itself; under /fhir it is an OperationOutcome."""
    if request.url.path.startswith("/fhir"):
        return _outcome(status, f"{where} {detail}".strip(), fix, headers)
    title = HTTPStatus(status).phrase
    body = {
        "type": f"urn:vitruvian:problem:{title.lower().replace(' ', '-')}",
        "title": title,
        "status": status,
        "detail": detail,
        "where": where,
        "fix": fix,
        "request_id": request.scope.get("vitruvian.request_id", ""),
        "errors": errors or [],
    }
    return Response(_json(body), status, dict(headers or {}), MEDIA)


def _json(body: Any) -> bytes:
    """As JSON; half a surrogate pair, which a sender's text may hold, stays the escape that it came as."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        return json.dumps(body).encode()


def _outcome(status: int, said: str, fix: str, headers: Mapping[str, str] | None) -> Response:
    from vitruvian.platform.connect.fhir.outcome import Issue, outcome  # lazy: most requests meet no error

    codes = {401: "login", 403: "forbidden", 404: "not-found", 405: "not-supported", 413: "too-long", 429: "throttled"}
    body = outcome([Issue(codes.get(status, "processing"), said, "", fix)])
    return Response(_json(body), status, dict(headers or {}), "application/fhir+json")


def of_error(request: Request, error: VitruvianError) -> Response:
    """A user's error as an answer; a busy store asks to come back."""
    status = status_of(error)
    headers = {"Retry-After": "1"} if status == 503 else {}
    where = error.where.removeprefix("--")  # an option of the command line is a field here
    return problem(request, status, error.what, where=where, fix=error.fix, headers=headers)


def install(app: FastAPI) -> None:
    """Every error of this application becomes a problem."""

    async def on_problem(request: Request, error: Any) -> Response:
        return problem(request, error.status, error.detail, where=error.where, fix=error.fix, headers=error.headers)

    async def on_error(request: Request, error: Any) -> Response:
        return of_error(request, error)

    async def on_http(request: Request, error: Any) -> Response:
        fixes = {
            400: "send UTF-8 JSON",
            404: "see /docs for what there is",
            405: "see /docs for the methods of this path",
        }
        return problem(
            request, error.status_code, str(error.detail), fix=fixes.get(error.status_code, ""), headers=error.headers
        )

    async def on_invalid(request: Request, error: Any) -> Response:
        fields = [
            {"where": ".".join(str(part) for part in e["loc"]), "what": str(e["msg"])} for e in error.errors()[:20]
        ]
        first = fields[0]
        fix = "see /docs for the form of this request"
        return problem(request, 422, first["what"], where=first["where"], fix=fix, errors=fields)

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(VitruvianError, on_error)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_invalid)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=`: these problems, and those that every guarded request may meet."""
    every = {400, 401, 403, 413, 429, 503, *statuses}
    content = {MEDIA: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in sorted(every)}


def answers(model: Any, *problems: int, status: int = 200) -> dict[str, Any]:
    """For a route's decorator: it answers with this model and status, or with these problems."""
    responses = {**documented(*problems), status: {"model": model}}
    return {"response_class": Response, "status_code": status, "responses": responses}


def nothing(*problems: int) -> dict[str, Any]:
    """For a route's decorator: 204 without a body, or these problems."""
    return {"response_class": Response, "status_code": 204, "responses": documented(*problems)}
