"""The application: every resource's router, every service beside them, behind one gate.

    app = create_app("folder or database URL")        # ASGI; `vitruvian serve` runs it under uvicorn

Another part of the platform (FHIR, HL7, MQTT) plugs in with `Part(router, services)`: routes name their permission by
`Annotated[Principal, need("fhir:read")]` and reach the server by `site_of(request)`; a service is an async context
manager that gets the Site: `site.store(who)`, `site.writer.append(Batch(...))`, `site.write(work)`, `site.clock`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI

from vitruvian import __version__
from vitruvian.api import alerts, following, gate, hub, jobs, problems, quiet, schema
from vitruvian.api.attention import router as attention
from vitruvian.api.board import router as board
from vitruvian.api.doubted import router as doubted
from vitruvian.api.fhir import router as fhir
from vitruvian.api.fits import router as fits
from vitruvian.api.forecasts import router as forecasts
from vitruvian.api.frame import Frame
from vitruvian.api.health import router as health
from vitruvian.api.imports import router as imports
from vitruvian.api.kinds import router as kinds
from vitruvian.api.landing import router as landing
from vitruvian.api.login import router as login
from vitruvian.api.metrics import Metrics
from vitruvian.api.metrics import router as metrics
from vitruvian.api.overview import router as overview
from vitruvian.api.pages import router as pages
from vitruvian.api.people import router as people
from vitruvian.api.questions import router as questions
from vitruvian.api.readings import router as readings
from vitruvian.api.records import router as records
from vitruvian.api.rules import router as rules
from vitruvian.api.site import Service, Settings, Site
from vitruvian.api.stays import router as stays
from vitruvian.api.stream import router as stream
from vitruvian.api.trials import router as trials
from vitruvian.api.twins import router as twins
from vitruvian.api.uploads import router as uploads
from vitruvian.api.waveforms import router as waveforms
from vitruvian.api.whatifs import router as whatifs
from vitruvian.platform.home import home
from vitruvian.platform.session import now
from vitruvian.platform.store.database import Database

ROUTERS = (
    *(records, landing, health, login, people, kinds, twins, readings),  # the most frequent first
    *(forecasts, questions, following.router, alerts.router, jobs.router, stream, fhir, metrics),
    *(attention, overview, uploads, imports, pages, whatifs, rules, waveforms, board, stays, fits, trials, doubted),
)
SERVICES: tuple[Service, ...] = (quiet.service, hub.service, following.service, alerts.service, jobs.service)


@dataclass(frozen=True)
class Part:
    """What another package adds to the server: routes, and what runs beside them."""

    router: APIRouter | None = None
    services: Sequence[Service] = ()


def create_app(
    place: str | Path | None = None,
    *,
    clock: Callable[[], datetime] = now,
    settings: Settings | None = None,
    parts: Sequence[Part] = (),
) -> Any:
    """The ASGI application on the store in `place` (a folder, a file or a database URL; default: the program's home).

    Its `app` is the FastAPI application, its `site` what the server holds.
    """
    database = Database.open(home() if place is None else place, look=True)
    site = Site(database, clock, settings or Settings())
    site.services += [*SERVICES, *(s for part in parts for s in part.services)]
    app = FastAPI(
        title="Vitruvian",
        version=__version__,
        description=schema.ABOUT,
        lifespan=_lifespan,
        docs_url=None,  # the stock pages load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.site = site
    for router in (*ROUTERS, *(part.router for part in parts if part.router is not None)):
        app.router.routes.extend(router.routes)
    problems.install(app)
    schema.install(app)
    gate.check(app)
    counted = Metrics(site)
    site.parts["metrics"] = counted
    return Frame(app, site, counted.seen)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    site: Site = app.state.site
    async with AsyncExitStack() as stack:
        stack.callback(site.close)
        for service in site.services:
            await stack.enter_async_context(service(site))
        yield
