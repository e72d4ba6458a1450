"""FHIR R4 under /fhir: what HTTP brings goes to the FhirServer of the caller's tenant, its answer goes back.

JSON only; errors are OperationOutcomes. What is offered is stated by GET /fhir/metadata.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from vitruvian.api.gate import PUBLIC, need
from vitruvian.api.site import Site, site_of
from vitruvian.platform.connect.fhir import Answer, FhirServer
from vitruvian.platform.connect.fhir import Request as FhirRequest
from vitruvian.platform.connect.fhir.feed import feed
from vitruvian.platform.trust.policy import Principal

PREFIX = "/fhir"
router = APIRouter(prefix=PREFIX, tags=["fhir"])
OUTCOME = "OperationOutcome: what is wrong, where, and the fix"
JSON = {"application/fhir+json": {"schema": {"type": "object", "required": ["resourceType"]}}}
NDJSON = {"application/fhir+ndjson": {"schema": {"type": "string"}}}

Reader = Annotated[Principal, need("fhir:read")]
Writer = Annotated[Principal, need("fhir:write")]
Anybody = Annotated[Principal, need(PUBLIC)]
Kind = Annotated[str, Path(examples=["Patient"], description="an R4 resource type")]
Name = Annotated[str, Path(examples=["p1"])]


async def _answer(request: Request, path: str, who: Principal) -> Response:
    body = await request.body()
    headers = {key.lower(): value for key, value in request.headers.items()}
    query = request.query_params.multi_items()
    asked = FhirRequest(request.method, path, query, headers, body)
    answer = await run_in_threadpool(server(request, who).handle, asked)
    return _response(answer)


def server(request: Request, who: Principal) -> FhirServer:
    """The R4 server of the caller's tenant."""
    site = site_of(request)
    base = str(request.base_url).rstrip("/") + PREFIX
    return FhirServer(site.database, site.clock, base, who.tenant, who.actor, _writing(site), (feed,))


def _writing(site: Site) -> Callable[[Callable[[Connection], Any]], Any]:
    """In the next group commit."""
    return lambda work: site.writer.submit(work).result()


def _response(answer: Answer) -> Response:
    media = answer.media if answer.body else None
    return Response(answer.body, answer.status, dict(answer.headers), media)


def _documented(*refusals: int, ok: int = 200, content: Any = None) -> dict[int | str, dict[str, Any]]:
    """The statuses of a route for the OpenAPI document."""
    done: dict[str, Any] = {"description": "done"} | ({"content": content} if content else {})
    made: dict[int | str, dict[str, Any]] = {ok: done}
    return made | {s: {"description": OUTCOME, "content": JSON} for s in (401, 403, *refusals, 406, 422, 429, 503)}


def _body(media: Any) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": media}}


def _route(method: str, path: str, **more: Any) -> Any:
    return router.api_route(path, methods=[method], response_class=Response, **more)


@_route("GET", "/metadata", responses=_documented(content=JSON), summary="What this server offers")
async def metadata(request: Request, who: Anybody) -> Response:
    """The CapabilityStatement."""
    return await _answer(request, "metadata", who)


@_route("POST", "/", include_in_schema=False)
@_route(
    "POST",
    "",
    responses=_documented(400, 404, 409, 410, 412, 413, 415, 422, content=JSON),
    openapi_extra=_body(JSON),
    summary="Transaction or batch",
)
async def bundle(request: Request, who: Writer) -> Response:
    """A Bundle: a transaction holds as a whole or not at all, of a batch each entry by itself."""
    return await _answer(request, "", who)


@_route(
    "POST",
    "/$import",
    responses=_documented(400, content=JSON),
    openapi_extra=_body({"text/plain": NDJSON["application/fhir+ndjson"]}),
    summary="Bulk import",
)
async def bulk_import(request: Request, who: Writer) -> Response:
    """Resources one a line, of any content type; bad lines are told with their numbers, good ones are stored."""
    return await _answer(request, "$import", who)


@_route("GET", "/$export", status_code=202, responses=_documented(400, ok=202), summary="Begin a bulk export")
async def bulk_export(request: Request, who: Reader) -> Response:
    """The manifest is at the Content-Location of the answer."""
    return await _answer(request, "$export", who)


@_route("GET", "/$export/{token}", responses=_documented(404, content=JSON), summary="Manifest of an export")
async def export_manifest(request: Request, token: str, who: Reader) -> Response:
    """Which files there are."""
    return await _answer(request, f"$export/{token}", who)


@_route("GET", "/$export/{token}/{file}", responses=_documented(404, content=NDJSON), summary="File of an export")
async def export_file(request: Request, token: str, file: str, who: Reader) -> Response:
    """Resources of one type, one a line."""
    return await _answer(request, f"$export/{token}/{file}", who)


@_route("GET", "/{kind}", responses=_documented(400, 404, content=JSON), summary="Search")
async def search(request: Request, kind: Kind, who: Reader) -> Response:
    """A searchset. Parameters that are not known are refused, unless Prefer: handling=lenient."""
    return await _answer(request, kind, who)


@_route(
    "POST",
    "/{kind}/_search",
    responses=_documented(400, 404, content=JSON),
    openapi_extra=_body({"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}),
    summary="Search by form",
)
async def search_by_form(request: Request, kind: Kind, who: Reader) -> Response:
    """The same, with the parameters in the body."""
    return await _answer(request, f"{kind}/_search", who)


@_route(
    "POST",
    "/{kind}",
    status_code=201,
    responses=_documented(400, 404, 409, 412, 415, 422, ok=201, content=JSON) | _documented(content=JSON),
    openapi_extra=_body(JSON),
    summary="Create",
)
async def create(request: Request, kind: Kind, who: Writer) -> Response:
    """A new resource; If-None-Exist makes it conditional (200 when there is one)."""
    return await _answer(request, kind, who)


@_route(
    "PUT",
    "/{kind}",
    responses=_documented(400, 404, 409, 412, 415, 422, ok=201, content=JSON) | _documented(content=JSON),
    openapi_extra=_body(JSON),
    summary="Conditional update",
)
async def update_where(request: Request, kind: Kind, who: Writer) -> Response:
    """The one resource that matches the query."""
    return await _answer(request, kind, who)


@_route(
    "POST",
    "/{kind}/$validate",
    responses=_documented(400, 404, content=JSON),
    openapi_extra=_body(JSON),
    summary="Validate",
)
async def validate(request: Request, kind: Kind, who: Reader) -> Response:
    """An OperationOutcome; nothing is stored."""
    return await _answer(request, f"{kind}/$validate", who)


@_route("GET", "/{kind}/_history", responses=_documented(400, 404, content=JSON), summary="History of a type")
async def history_of_type(request: Request, kind: Kind, who: Reader) -> Response:
    """All versions, newest first."""
    return await _answer(request, f"{kind}/_history", who)


@_route(
    "GET", "/{kind}/{name}", responses=_documented(400, 404, 410, content=JSON) | _documented(ok=304), summary="Read"
)
async def read(request: Request, kind: Kind, name: Name, who: Reader) -> Response:
    """The newest version."""
    return await _answer(request, f"{kind}/{name}", who)


@_route(
    "PUT",
    "/{kind}/{name}",
    responses=_documented(400, 404, 409, 412, 415, 422, ok=201, content=JSON) | _documented(content=JSON),
    openapi_extra=_body(JSON),
    summary="Update",
)
async def update(request: Request, kind: Kind, name: Name, who: Writer) -> Response:
    """A further version, or a new resource under this id; If-Match guards against lost updates."""
    return await _answer(request, f"{kind}/{name}", who)


@_route("DELETE", "/{kind}/{name}", status_code=204, responses=_documented(400, 404, 412, ok=204), summary="Delete")
async def delete(request: Request, kind: Kind, name: Name, who: Writer) -> Response:
    """A version that says so; the history stays."""
    return await _answer(request, f"{kind}/{name}", who)


@_route("GET", "/{kind}/{name}/_history", responses=_documented(400, 404, content=JSON), summary="History")
async def history(request: Request, kind: Kind, name: Name, who: Reader) -> Response:
    """All versions of a resource, newest first."""
    return await _answer(request, f"{kind}/{name}/_history", who)


@_route(
    "GET", "/{kind}/{name}/_history/{version}", responses=_documented(400, 404, 410, content=JSON), summary="Version"
)
async def vread(request: Request, kind: Kind, name: Name, version: str, who: Reader) -> Response:
    """One version of a resource."""
    return await _answer(request, f"{kind}/{name}/_history/{version}", who)
