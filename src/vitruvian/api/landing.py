"""The first page, and the reference of the interface as a page: plain HTML from the server, nothing from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from vitruvian import __version__
from vitruvian.api.answering import json_answer
from vitruvian.api.gate import PUBLIC, need
from vitruvian.api.login import spent, with_cookie
from vitruvian.api.site import site_of
from vitruvian.platform import registry
from vitruvian.platform.trust import people
from vitruvian.platform.trust.policy import Principal

router = APIRouter(include_in_schema=False)

STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a2530}
a{color:#0b5cad}code,pre{background:#f2f5f8;padding:.1rem .3rem;border-radius:3px;overflow-x:auto}pre{padding:.7rem}
table{border-collapse:collapse}td,th{text-align:left;padding:.25rem 1rem .25rem 0;vertical-align:top}
h2{margin-top:2rem;border-bottom:1px solid #d5dde5}.m{font-weight:600;color:#0b5cad}"""


def landing(request: Request, who: Principal) -> HTMLResponse:
    """How the server is, and where to go on: shown where the client was not built."""
    site = site_of(request)
    with site.database.read() as connection:
        ready = people.has_users(connection)
    state = (
        "It is set up: log in with <code>POST /v1/sessions</code> or send an API token."
        if ready
        else "It has no user yet: send the one-time token that was printed at its start to <code>POST /v1/setup</code>."
    )
    rows = "".join(f'<li><a href="/docs#kinds">{escape(name)}</a></li>' for name in registry.names())
    return _page(
        "Vitruvian",
        f"""<h1>Vitruvian {escape(__version__)}</h1>
<p>A server of healthcare digital twins is running here. {state}</p>
<p>For research use: not a medical device. The web client is not built here: <code>make client</code>.</p>
<ul><li><a href="/docs">What it answers</a>: every path, with examples</li>
<li><a href="/openapi.json">OpenAPI document</a></li><li><a href="/health/ready">Health</a></li></ul>
<h2>Kinds of twins here</h2><ul>{rows}</ul>""",
    )


@router.get("/enter")
async def enter(
    request: Request,
    who: Annotated[Principal, need(PUBLIC)],
    token: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Begin a session with the one-time token of a link, and go to the first page."""
    secret, _ = await spent(request, token)
    return with_cookie(site_of(request), RedirectResponse("/", 303), secret)


@router.get("/openapi.json")
def openapi(request: Request, who: Annotated[Principal, need(PUBLIC)]) -> Response:
    """The OpenAPI 3.1 document."""
    return json_answer(request.app.openapi())


@router.get("/docs")
def docs(request: Request, who: Annotated[Principal, need(PUBLIC)]) -> HTMLResponse:
    """The OpenAPI document as a page."""
    document = request.app.openapi()
    groups: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            groups.setdefault(operation.get("tags", ["other"])[0], []).append(_operation(path, method, operation))
    parts = "".join(f'<h2 id="{escape(tag)}">{escape(tag)}</h2>{"".join(some)}' for tag, some in groups.items())
    about = "".join(f"<p>{escape(part)}</p>" for part in document["info"]["description"].split("\n\n"))
    return _page("Vitruvian: what it answers", f"<h1>What it answers</h1>{about}{parts}")


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    statuses = ", ".join(sorted(operation["responses"]))
    rows = "".join(
        f"<tr><td><code>{escape(p['name'])}</code></td><td>{p['in']}</td>"
        f"<td>{escape(p.get('description', ''))}</td></tr>"
        for p in operation.get("parameters", [])
    )
    return (
        f'<h3><span class="m">{method.upper()}</span> <code>{escape(path)}</code></h3>'
        f"<p><b>{escape(operation.get('summary', ''))}</b> {escape(operation.get('description', ''))}</p>"
        f"<p>Permission: <code>{escape(operation.get('x-permission', ''))}</code>. Answers: {statuses}.</p>"
        + (f"<table>{rows}</table>" if rows else "")
    )


def _page(title: str, body: str) -> HTMLResponse:
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/style.css"></head>'
        f"<body>{body}</body></html>"
    )
    return HTMLResponse(page)


@router.get("/style.css")
async def style(who: Annotated[Principal, need(PUBLIC)]) -> Response:
    """The pages' style: by itself, so that no inline style need be allowed."""
    return Response(STYLE, media_type="text/css")
