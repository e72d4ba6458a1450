"""A twin from what somebody has in files: exports of sensors, tables, Parquet, event logs; and readings out in bulk."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from pydantic import BaseModel, Field
from sqlalchemy import select

from vitruvian.api.alone import alone
from vitruvian.api.answering import json_answer
from vitruvian.api.gate import need
from vitruvian.api.kinds import kind_of
from vitruvian.api.problems import answers, documented
from vitruvian.api.readings import AsideRow, aside_of
from vitruvian.api.site import Site, site_of
from vitruvian.api.twins import AsOf, Reader, TwinState, state
from vitruvian.core.errors import FieldError
from vitruvian.platform import taking_out
from vitruvian.platform.live import LiveTwin
from vitruvian.platform.session import Session, checked_zone
from vitruvian.platform.store.schema import kept_aside
from vitruvian.platform.trust.policy import Principal

router = APIRouter(prefix="/v1/twins", tags=["records"])
SHOWN = 500  # rows kept aside in an answer; the rest under /kept-aside
MOST = 20  # files at once
PARQUET = "application/vnd.apache.parquet"
Word = Annotated[str, Form(max_length=200)]


class Report(BaseModel):
    """What became of a file."""

    model_config = {"extra": "allow"}

    file: str = Field(examples=["clarity_export.csv"])
    format: str = Field(examples=["Dexcom Clarity"])
    new: int = Field(examples=[2870])
    changed: int = Field(examples=[0])
    known: int = Field(description="there before", examples=[0])
    kept_aside: int = Field(examples=[2])
    said: list[str] = Field(description="the same in sentences", examples=[["2870 new"]])


class FromFiles(BaseModel):
    """The new twin, what became of each file, and what could not be used."""

    twin: TwinState
    files: list[Report]
    kept_aside: list[AsideRow] = Field(description=f"the first {SHOWN}; all: GET /v1/twins/{{twin_id}}/kept-aside")


@router.post(
    "/from-files",
    **answers(FromFiles, 404, 409, 413, 422, status=201),
    summary="Make a twin from files",
)
async def from_files(
    request: Request,
    who: Annotated[Principal, need("twins:write")],
    files: Annotated[
        list[UploadFile],
        File(min_length=1, max_length=MOST, description="Clarity, LibreView, Nightscout, Tidepool, CSV, Parquet, XES"),
    ],
    subject: Annotated[
        str, Form(min_length=1, max_length=200, pattern=r"^[^\x00]*$", description="a pseudonym", examples=["S1"])
    ],
    kind: Annotated[str, Form(max_length=200, examples=["metabolic"])] = "metabolic",
    zone: Annotated[str, Form(max_length=64, description="IANA zone of the subject and of local times")] = "UTC",
    fields: Annotated[
        str, Form(max_length=10_000, description="of the kind's subject, as JSON", examples=['{"weight": "82 kg"}'])
    ] = "{}",
    unit: Annotated[str, Form(max_length=16, description="mg/dL or mmol/L, where the files do not say")] = "",
    dates: Annotated[str, Form(max_length=8, description="dmy or mdy, where the files do not say")] = "",
    sensor: Word = "",
) -> Response:
    """A twin of a subject with what is in the files. A file that cannot be read at all leaves no twin behind; rows that
    cannot be used are kept aside and listed in the answer, with reason and fix."""
    site = site_of(request)
    kind_of(kind)
    person = _fields(fields)
    held = [(file.filename or "", await file.read()) for file in files]
    session = Session(site.store(who), site.clock, who.actor)

    def work() -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            paths = [_written(Path(folder) / str(i), name, data) for i, (name, data) in enumerate(held)]
            more = {"zone": checked_zone(zone), "unit": unit, "dates": dates, "sensor": sensor}
            live, taken = session.create(kind, subject, *paths, fields=person, progress=None, **more)
        reports = [{**t.to_json(), "said": t.lines()} for t in taken]
        return {"twin": state(live), "files": reports, "kept_aside": _aside(site, live.row.id)}

    return json_answer(await site.answer(work), 201)


@router.get(
    "/{twin_id}/observations.parquet",
    response_class=Response,
    responses={**documented(404, 422), 200: {"content": {PARQUET: {"schema": {"type": "string", "format": "binary"}}}}},
    summary="Readings as Parquet",
)
async def as_parquet(request: Request, twin_id: str, who: Reader, as_of: AsOf = None) -> Response:
    """All readings in force, as known then (default: now): columns that can be taken in again as they are."""
    live = site_of(request).live(who, twin_id)
    data = await site_of(request).answer(lambda: taking_out.as_parquet(live, as_of))
    named = {"Content-Disposition": f'attachment; filename="{live.row.id}.parquet"'}
    return Response(data, 200, named, PARQUET)


@router.get(
    "/{twin_id}/report",
    response_class=Response,
    responses={
        **documented(404, 409, 422),
        200: {"content": {"text/html": {"schema": {"type": "string"}}}},
    },
    summary="A report to print",
)
async def report(
    request: Request,
    twin_id: str,
    who: Annotated[Principal, need("answers:ask")],
    hours: Annotated[float, Query(gt=0, le=8784, description="how far ahead")] = 3.0,
) -> Response:
    """One self-contained page: data, fit, forecast, what was learned, evidence, limits."""
    live = site_of(request).live(who, twin_id)
    page = await site_of(request).answer(lambda: _page(live, hours))
    return alone(page)


def _page(live: LiveTwin, hours: float) -> bytes:
    from vitruvian.platform.synthetic import is_synthetic

    with tempfile.TemporaryDirectory() as folder:
        made = live.report(Path(folder) / "report.html", hours=hours, synthetic=is_synthetic(live.name))
        return made.read_bytes()


def _fields(given: str) -> dict[str, Any]:
    try:
        read = json.loads(given or "{}")
    except ValueError:
        read = None
    if not isinstance(read, dict) or any(isinstance(v, (dict, list)) for v in read.values()):
        raise FieldError("is no JSON object of plain values", where="fields", fix='send e.g. {"weight": "82 kg"}')
    return read


def _written(folder: Path, name: str, data: bytes) -> Path:
    """The file under its own name, in a folder of its own."""
    plain = re.sub(r"[^\w. -]", "_", Path(name).name).strip(" .")[-100:]
    folder.mkdir()
    path = folder / (plain or "file")
    path.write_bytes(data)
    return path


def _aside(site: Site, twin_id: str) -> Sequence[dict[str, Any]]:
    match = select(kept_aside).where(kept_aside.c.twin_id == twin_id).order_by(kept_aside.c.seq).limit(SHOWN)
    with site.database.read() as connection:
        return [aside_of(row) for row in connection.execute(match).mappings()]
