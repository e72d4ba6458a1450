"""Forecasts: ask for one, and read those that were said, as of any moment."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import select

from vitruvian.api.answering import json_answer, page_answer, read_answer
from vitruvian.api.gate import need
from vitruvian.api.problems import answers
from vitruvian.api.site import site_of
from vitruvian.api.twins import AsOf, Reader
from vitruvian.core.errors import MissingError
from vitruvian.platform.instant import micros, text
from vitruvian.platform.store import beliefs
from vitruvian.platform.store.schema import forecasts
from vitruvian.platform.trust.policy import Principal

router = APIRouter(prefix="/v1/twins/{twin_id}/forecasts", tags=["answers"])
Asker = Annotated[Principal, need("answers:ask")]
Hours = Annotated[float, Field(gt=0, le=8784, description="how far ahead", examples=[3.0])]
Names = Annotated[
    list[Annotated[str, Field(max_length=200)]],
    Field(max_length=50, description="observables and quantities (default: all)", examples=[["concentration"]]),
]
Then = Annotated[
    str | None, Field(max_length=64, description="use only what was known then", examples=["2026-03-01T12:30"])
]
Version = Annotated[int, Path(ge=1, le=2**31 - 1)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1, description="of the random draws")]


class AskForecast(BaseModel):
    """What is asked."""

    hours: Hours = 3.0
    of: Names = []
    as_of: Then = None
    noise: bool = Field(default=False, description="with the sensor's noise: bands for readings")
    sensor: str = Field(default="", max_length=200)
    seed: Seed = 0


class Band(BaseModel):
    """One observable or quantity: mean, median (q50), 50 % (q25, q75) and 90 % bands (q05, q95)."""

    model_config = {"extra": "allow"}

    unit: str = Field(examples=["mg/L"])
    times: list[Any] = Field(description="seconds since the twin's origin; windows for quantities")
    local: list[str] = Field(description="the same in the subject's time")
    mean: list[Any]
    q05: list[Any]
    q50: list[Any]
    q95: list[Any]


class Forecast(BaseModel):
    """What will happen: bands, what they rest on, and warnings."""

    kind: str = Field(examples=["infusion"])
    at: str = Field(description="from when on", examples=["2026-03-01T12:00:00+00:00"])
    items: dict[str, Band]
    basis: dict[str, Any] = Field(description="method, readings, and the share learned per parameter")
    warnings: list[str]
    seed: int
    noise: bool
    disclaimer: str


class StoredForecast(BaseModel):
    """A forecast as it was said."""

    version: int = Field(examples=[1])
    known_at: str = Field(description="nothing known later went into it", examples=["2026-03-01T12:00:00Z"])
    created: str = Field(examples=["2026-03-01T12:00:01Z"])
    belief: int = Field(description="version of the belief", examples=[1])
    request: dict[str, Any]
    actor: str = Field(examples=["ada"])


class WholeForecast(StoredForecast):
    """With what was said."""

    forecast: Forecast


class ForecastPage(BaseModel):
    """Forecasts, newest first."""

    items: list[StoredForecast]
    next: str | None


@router.post(
    "",
    **answers(WholeForecast, 404, 409, 422, status=201),
    summary="Ask for a forecast",
)
async def ask(request: Request, twin_id: str, body: AskForecast, who: Asker) -> Response:
    """What will happen in the next hours, from the newest belief on. It is kept, to be scored against what comes."""
    live = site_of(request).live(who, twin_id)

    def work() -> dict[str, Any]:
        said = {"of": body.of, "as_of": body.as_of, "noise": body.noise, "sensor": body.sensor, "seed": body.seed}
        version, answer = live.said(body.hours, **said)
        return {**one(request, live.row.id, version), "forecast": answer.to_json()}

    return json_answer(await site_of(request).answer(work), 201)


@router.get(
    "",
    **answers(ForecastPage, 404, 422),
    summary="Forecasts said",
)
def list_forecasts(
    request: Request,
    twin_id: str,
    who: Reader,
    as_of: AsOf = None,
    after: Annotated[int, Query(ge=0, le=2**31, description="versions before this one")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """What was said of this twin, newest first: with `as_of`, what had been said by then."""
    site = site_of(request)
    live, t = site.live(who, twin_id), forecasts.c
    match = _columns().where(t.twin_id == live.row.id).order_by(t.version.desc()).limit(limit)
    if after:
        match = match.where(t.version < after)
    if (then := live.know.then(as_of)) is not None:
        match = match.where(t.known_us <= micros(then))
    with site.database.read() as connection:
        items = [_said(row) for row in connection.execute(match).mappings()]
    return page_answer(request, items, items[-1]["version"] if len(items) == limit else None)


@router.get(
    "/{version}",
    **answers(WholeForecast, 404, 422),
    summary="One forecast as it was said",
)
def read_one(request: Request, twin_id: str, version: Version, who: Reader) -> Response:
    """The forecast of this version, to the last digit."""
    site = site_of(request)
    twin = site.twin(who, twin_id)
    said = one(request, twin.id, version)
    with site.database.read() as connection:
        result = beliefs.read_forecast(connection, twin, version)
    return read_answer(request, {**said, "forecast": result})


def one(request: Request, twin_id: str, version: int) -> dict[str, Any]:
    """What is written beside a forecast."""
    t = forecasts.c
    match = _columns().where(t.twin_id == twin_id, t.version == version)
    with site_of(request).database.read() as connection:
        row = connection.execute(match).mappings().first()
    if row is None:
        raise MissingError(f"there is no forecast {version}", where=f"twin {twin_id}", fix="see the list of forecasts")
    return _said(row)


def _columns() -> Any:
    t = forecasts.c
    return select(t.version, t.known_us, t.created_us, t.belief_version, t.request, t.actor)


def _said(row: Any) -> dict[str, Any]:
    times = {"known_at": text(row["known_us"]), "created": text(row["created_us"])}
    said = {"version": row["version"], **times, "belief": row["belief_version"]}
    return {**said, "request": row["request"], "actor": row["actor"]}
