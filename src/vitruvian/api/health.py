"""Health: alive, and ready to serve."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy import text

from vitruvian import __version__
from vitruvian.api.gate import PUBLIC, need
from vitruvian.api.problems import documented
from vitruvian.api.site import site_of
from vitruvian.platform.trust.policy import Principal

router = APIRouter(prefix="/health", tags=["health"])


class Health(BaseModel):
    """How the server is."""

    status: str = Field(examples=["ok"])
    version: str = Field(examples=["0.1.0"])


@router.get("/live", responses=documented(), summary="Is the process alive?")
async def live(who: Annotated[Principal, need(PUBLIC)]) -> Health:
    """Answers as long as the process does."""
    return Health(status="ok", version=__version__)


@router.get("/ready", responses=documented(), summary="Can it serve?")
def ready(request: Request, who: Annotated[Principal, need(PUBLIC)]) -> Health:
    """Reads from the database; 503 when that fails."""
    with site_of(request).database.read() as connection:
        connection.execute(text("SELECT value FROM counters WHERE name = 'ingest'")).scalar_one()
    return Health(status="ok", version=__version__)
