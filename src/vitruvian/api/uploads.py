"""Files in: what a sensor's or a meter's own program exported, looked at first or taken in at once."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from vitruvian.api.answering import json_answer
from vitruvian.api.gate import need
from vitruvian.api.kinds import kind_of
from vitruvian.api.problems import answers
from vitruvian.api.site import site_of
from vitruvian.core.errors import FieldError
from vitruvian.platform import ingest
from vitruvian.platform.connect import how
from vitruvian.platform.instant import text
from vitruvian.platform.trust.policy import Principal

router = APIRouter(prefix="/v1", tags=["records"])
Sender = Annotated[Principal, need("records:write")]
T = TypeVar("T")
SHOWN = 20  # rows that would be kept aside
Name = Annotated[
    str, Query(min_length=1, max_length=200, description="the file's own name", examples=["clarity_export.csv"])
]
Zone = Annotated[str, Query(max_length=64, description="IANA zone of local times (default: the subject's)")]
Unit = Annotated[str, Query(max_length=16, description="mg/dL or mmol/L, where the file does not say")]
Dates = Annotated[str, Query(max_length=8, description="dmy or mdy, where the file does not say")]
FILE = {
    "requestBody": {
        "required": True,
        "description": "the file as it is",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class Found(BaseModel):
    """What is in a file."""

    model_config = {"extra": "allow"}

    file: str = Field(examples=["clarity_export.csv"])
    format: str = Field(examples=["clarity"])
    rows: int
    readings: int
    events: int
    kept_aside: int
    first: str | None = Field(description="time of its first reading", examples=["2026-03-01T00:02:00Z"])
    last: str | None
    sentences: list[str] = Field(description="the same for a person")
    examples: list[dict[str, Any]] = Field(description="some of what would be kept aside, with reason and fix")


class Taken(BaseModel):
    """What became of a file. It is on disk."""

    new: int
    changed: int
    known: int
    kept_aside: int
    first: str | None
    last: str | None
    sentences: list[str]


@router.post(
    "/files",
    openapi_extra=FILE,
    **answers(Found, 404, 422),
    summary="Look at a file",
)
async def look(
    request: Request, who: Sender, name: Name, kind: Annotated[str, Query(max_length=200)], zone: Zone = "UTC",
    unit: Unit = "", dates: Dates = "",
) -> Response:  # fmt: skip
    """What is in an export and what a twin of this kind could use; nothing is stored."""
    found = kind_of(kind)
    said = how(zone=zone, unit=unit, dates=dates, now=site_of(request).clock())

    def work(path: Path) -> dict[str, Any]:
        report, asides = ingest.look(found, path, said)
        shown = [{"line": a.line, "column": a.column, "reason": a.reason, "fix": a.fix} for a in asides[:SHOWN]]
        return {**report.to_json(), **_times(report), "sentences": report.lines(), "examples": shown}

    return json_answer(await _with_file(request, name, work))


@router.post(
    "/twins/{twin_id}/files",
    openapi_extra=FILE,
    **answers(Taken, 404, 422),
    summary="Take in a file",
)
async def take(
    request: Request, twin_id: str, who: Sender, name: Name, zone: Zone = "", unit: Unit = "", dates: Dates = ""
) -> Response:
    """An export into a twin, whole or not at all where it cannot be read; the same file again changes nothing."""
    site = site_of(request)
    live = site.live(who, twin_id)

    def work(path: Path) -> dict[str, Any]:
        (taken,) = ingest.observe(
            live.store, live.row.id, [path], zone=zone, unit=unit, dates=dates, now=site.clock(), actor=who.actor
        )
        counts = {"new": taken.new, "changed": taken.changed, "known": taken.known, "kept_aside": taken.kept_aside}
        return {**counts, **_times(taken.found), "sentences": taken.lines()}

    return json_answer(await _with_file(request, name, work))


async def _with_file(request: Request, name: str, work: Callable[[Path], T]) -> T:
    """The body as a file of this name, as long as the work lasts."""
    plain = re.sub(r"[^\w. -]", "_", Path(name).name).strip(" .")
    if not plain:
        raise FieldError(f"'{name}' is no name of a file", where="name", fix="give its own name: export.csv")
    body = await request.body()

    def whole() -> T:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / plain
            path.write_bytes(body)
            return work(path)

    return await site_of(request).answer(whole)


def _times(report: Any) -> dict[str, str | None]:
    return {
        "first": None if report.first_us is None else text(report.first_us),
        "last": None if report.last_us is None else text(report.last_us),
    }
