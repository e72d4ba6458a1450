"""The web client as it was built: one page under many paths, and its files, which never change under their name.

The folder is filled by `make client` (in a wheel: by the build). Without it the server's own first page is shown.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request, Response

from vitruvian.api.gate import STATIC, need
from vitruvian.api.landing import landing
from vitruvian.api.problems import Problem
from vitruvian.platform.trust.policy import Principal

router = APIRouter(include_in_schema=False)
Anybody = Annotated[Principal, need(STATIC)]
FOLDER = Path(__file__).parents[1] / "web"
PAGES = ("login", "setup", "twins", "alerts", "cohort", "data", "jobs", "admin", "kinds", "unit", "trials")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
PACKED = (("br", ".br"), ("gzip", ".gz"))  # the smaller first
FOREVER = "public, max-age=31536000, immutable"  # a file's name holds the hash of its content


def client(request: Request, who: Anybody) -> Response:
    """The client's page; which part of it is shown, the client reads from the address."""
    if not (FOLDER / "index.html").exists():
        return landing(request, who)
    return _file(request, "index.html", "no-cache")


for _path in ("/", *(f"/{page}{rest}" for page in PAGES for rest in ("", "/{rest:path}"))):
    router.add_api_route(_path, client, methods=["GET"])


@router.get("/assets/{name}")
def asset(request: Request, name: str, who: Anybody) -> Response:
    """A script, style or font of the client."""
    return _file(request, f"assets/{name}", FOREVER)


@router.get("/favicon.svg")
def icon(request: Request, who: Anybody) -> Response:
    """The sign in the browser's tab."""
    return _file(request, "favicon.svg", "public, max-age=86400")


@router.get("/theme.js")
def theme(request: Request, who: Anybody) -> Response:
    """Sets light or dark before the first paint; a file of its own, so that no inline script need be allowed."""
    return _file(request, "theme.js", "no-cache")


def _file(request: Request, name: str, caching: str) -> Response:
    if not NAME.fullmatch(name.removeprefix("assets/")) or not (FOLDER / name).is_file():
        raise Problem(404, f"there is no file '{name}'", where="web", fix="load the page again")
    accepted = {part.split(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    for encoding, suffix in PACKED:
        if encoding in accepted and (FOLDER / (name + suffix)).is_file():
            body, tag = _read(name + suffix, _changed(name + suffix))
            return _answer(request, body, tag, kind, caching, {"Content-Encoding": encoding})
    body, tag = _read(name, _changed(name))
    return _answer(request, body, tag, kind, caching, {})


def _answer(request: Request, body: bytes, tag: str, kind: str, caching: str, more: dict[str, str]) -> Response:
    headers = {"ETag": tag, "Cache-Control": caching, "Vary": "Accept-Encoding", **more}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, kind)


def _changed(name: str) -> int:
    return (FOLDER / name).stat().st_mtime_ns


@cache
def _read(name: str, changed: int) -> tuple[bytes, str]:
    """The file and its ETag; read anew when it was built anew."""
    body = (FOLDER / name).read_bytes()
    return body, f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
