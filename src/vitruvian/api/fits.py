"""Fits of a kind from a tenant's own subjects: which is in use, which were made, take one into use, go back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from vitruvian.api.answering import IdempotencyKey, once, read_answer
from vitruvian.api.gate import need
from vitruvian.api.jobs import Job, job_of
from vitruvian.api.kinds import kind_of
from vitruvian.api.people import TEXT
from vitruvian.api.problems import answers
from vitruvian.api.site import site_of
from vitruvian.platform import fits
from vitruvian.platform.jobs import queue
from vitruvian.platform.trust.policy import Principal

router = APIRouter(prefix="/v1/kinds/{kind}", tags=["kinds"])
Worker = Annotated[Principal, need("jobs:write")]
Engineer = Annotated[Principal, need("fits:write")]
WHY = "why; kept in the line of uses"


class Loss(BaseModel):
    """Of a fit's risks on what came."""

    log_loss: float
    brier: float


class Compared(BaseModel):
    """Two fits on the same outcomes of subjects that neither saw; a difference below 0 is in favour of the new one."""

    old: Loss
    new: Loss
    difference: float = Field(description="of the log loss, new less old")
    interval: tuple[float, float] = Field(description="95 %, resampled by subject")
    better: float = Field(description="probability that the new one is better; it can be used from 0.95 on")
    outcomes: int
    patients: int


class MadeFit(BaseModel):
    """A fit that was made from some of the tenant's subjects and compared on the others."""

    id: str = Field(examples=["fit-0123456789"])
    kind: str = Field(examples=["deterioration"])
    artefact: str = Field(description="hash of its weights")
    against: str = Field(description="hash of the weights it was compared with")
    origin: str = Field(description="what it was fitted on")
    reason: str = Field(description="why it was made: what had drifted")
    compared: Compared
    actor: str
    created: str


class Use(BaseModel):
    """A fit in use from a moment on. Version 0 came with the package."""

    version: int = Field(examples=[1])
    fit: str | None = Field(description="null: as it came with the package")
    artefact: str
    reason: str
    actor: str
    at: str | None


class Fits(BaseModel):
    """The fits of a kind: the one in use, the line of uses, those that were made."""

    kind: str
    current: Use
    uses: list[Use]
    fits: list[MadeFit]


class NewFit(BaseModel):
    """A fit to be made. Without a reason it is what has drifted; where nothing has, one must be given."""

    reason: str = Field(default="", max_length=2000, pattern=f"^$|{TEXT}", examples=["a new monitor since May"])
    seed: int = Field(default=0, ge=0, le=2**31 - 1)


class Reason(BaseModel):
    """Why."""

    reason: str = Field(min_length=1, max_length=2000, pattern=TEXT, description=WHY, examples=["fewer false alarms"])


@router.get("/fits", **answers(Fits, 404, 422), summary="Fits of a kind")
def list_fits(request: Request, kind: str, who: Annotated[Principal, need("kinds:read")]) -> Response:
    """Which fit the tenant's twins use, every use before it, and every fit that was made, with its comparison."""
    kind_of(kind)
    with site_of(request).database.read() as connection:
        return read_answer(request, fits.told(connection, who.tenant, kind))


@router.post("/fits", **answers(Job, 404, 409, 422, status=202), summary="Fit a kind again")
async def make(request: Request, kind: str, body: NewFit, who: Worker, key: IdempotencyKey = "") -> Response:
    """A job that fits the kind on some of the tenant's twins and compares it on the others; no use of it yet."""
    site = site_of(request)
    fits.renewable(kind_of(kind))
    arguments = {"kind": kind, **body.model_dump()}

    def write(connection: Connection) -> tuple[int, Any]:
        made = queue.put(connection, who.tenant, None, "refit", arguments, who.actor, site.now_us)
        return 202, job_of(queue.find(connection, who.tenant, made))

    return await once(request, who, key, write)


@router.post("/fits/{fit}/use", **answers(Fits, 404, 409, 422), summary="Take a fit into use")
async def use(request: Request, kind: str, fit: str, body: Reason, who: Engineer, key: IdempotencyKey = "") -> Response:
    """Only a fit that is better, with 95 % confidence, on subjects that neither saw. Followed twins are calibrated
    again."""
    site = site_of(request)
    kind_of(kind)

    def write(connection: Connection) -> tuple[int, Any]:
        fits.take(connection, who.tenant, kind, fit, body.reason, who.actor, site.now_us)
        return 200, fits.told(connection, who.tenant, kind)

    return await once(request, who, key, write)


@router.post("/fits/back", **answers(Fits, 404, 409, 422), summary="Go back to the fit before")
async def back(request: Request, kind: str, body: Reason, who: Engineer, key: IdempotencyKey = "") -> Response:
    """The fit before the present one is in use again, as a further entry of the line; nothing is deleted."""
    site = site_of(request)
    kind_of(kind)

    def write(connection: Connection) -> tuple[int, Any]:
        fits.back(connection, who.tenant, kind, body.reason, who.actor, site.now_us)
        return 200, fits.told(connection, who.tenant, kind)

    return await once(request, who, key, write)
