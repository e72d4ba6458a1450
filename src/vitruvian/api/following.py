"""Following: a twin renews its belief and its standing forecast when data come; how good those forecasts were."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from vitruvian.api.answering import json_answer, read_answer
from vitruvian.api.beside import beside
from vitruvian.api.forecasts import Hours, Names
from vitruvian.api.gate import need
from vitruvian.api.hub import hub_of
from vitruvian.api.people import spelled
from vitruvian.api.problems import answers, nothing
from vitruvian.api.site import Site, site_of
from vitruvian.api.twins import Reader
from vitruvian.core.errors import MissingError, VitruvianError
from vitruvian.platform.follow import renew, scores, standing
from vitruvian.platform.follow.standing import Due
from vitruvian.platform.trust.policy import Principal

router = APIRouter(prefix="/v1/twins/{twin_id}", tags=["live"])
LOG = logging.getLogger("vitruvian.follow")
T = TypeVar("T")
TOGETHER = 64  # twins in one renewal: all of one kind go in one call
PAUSE = 0.05  # s in which readings gather, so that a burst is one renewal


class NewFollowing(BaseModel):
    """What is forecast whenever data come."""

    hours: Hours = 3.0
    of: Names = []


class Following(BaseModel):
    """How a twin is followed."""

    request: dict[str, Any] = Field(examples=[{"hours": 3.0, "of": []}])
    done_seq: int = Field(description="all facts up to here are in the belief", examples=[4711])
    failed: str | None = Field(description="why the last renewal could not be done")
    actor: str
    created: str


class Lead(BaseModel):
    """Forecasts at least so long before the reading, against the readings that came."""

    observable: str = Field(examples=["concentration"])
    lead: float = Field(description="s", examples=[0.0])
    n: int
    in50: float = Field(description="share of readings in the 50 % band")
    in90: float = Field(description="share of readings in the 90 % band")
    bias: float
    rmse: float
    drift: bool = Field(description="so few in the 90 % band would be chance in less than 1 of 100")


class LiveCalibration(BaseModel):
    """How good this twin's own past forecasts were."""

    items: list[Lead]
    drift: bool
    proposal: str | None = Field(description="what to do about it, and why")


@router.put(
    "/following",
    **answers(Following, 404, 422),
    summary="Follow a twin",
)
async def follow(
    request: Request, twin_id: str, body: NewFollowing, who: Annotated[Principal, need("twins:write")]
) -> Response:
    """From now on its belief, its forecast and its alerts are renewed when data come. Without a belief it is first
    calibrated, once there are readings."""
    site = site_of(request)
    twin = site.twin(who, twin_id)
    for name in body.of:
        site.live(who, twin_id).kind.unit_of(name)
    wish = {"hours": body.hours, "of": body.of}
    await site.write(lambda c: standing.begin(c, who.tenant, twin.id, wish, who.actor, site.now_us))
    follower_of(site).look(twin.id)
    return json_answer(_following(site, who, twin.id))


@router.get(
    "/following",
    **answers(Following, 404),
    summary="Is it followed",
)
def following(request: Request, twin_id: str, who: Reader) -> Response:
    """How the twin is followed; 404 when it is not."""
    site = site_of(request)
    return read_answer(request, _following(site, who, site.twin(who, twin_id).id))


@router.delete("/following", **nothing(404), summary="Follow no longer")
async def leave(request: Request, twin_id: str, who: Annotated[Principal, need("twins:write")]) -> Response:
    """Its belief stays as it is."""
    site = site_of(request)
    twin = site.twin(who, twin_id)
    await site.write(lambda c: standing.end(c, who.tenant, twin.id, site.now_us))
    return Response(status_code=204)


@router.get(
    "/live-calibration",
    **answers(LiveCalibration, 404),
    summary="Its past forecasts against what came",
)
def live_calibration(request: Request, twin_id: str, who: Reader) -> Response:
    """Coverage, bias and error of the twin's own forecasts; a twin that drifts is proposed for recalibration."""
    site = site_of(request)
    twin = site.twin(who, twin_id)
    with site.database.read() as connection:
        return read_answer(request, scores.summary(connection, twin.id))


def _following(site: Site, who: Principal, twin_id: str) -> dict[str, Any]:
    with site.database.read() as connection:
        row = standing.find(connection, who.tenant, twin_id)
    if row is None:
        raise MissingError("the twin is not followed", where=f"twin {twin_id}", fix="PUT it")
    return {k: v for k, v in spelled(row).items() if k in ("request", "done_seq", "failed", "actor", "created")}


class Follower:
    """Renews due twins, all of a kind together, for as long as the server runs."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._asked: set[str] = set()

    def look(self, twin_id: str) -> None:
        """Renew this twin: something else than data made it due."""
        self._asked.add(twin_id)
        hub_of(self.site).poke()

    async def run(self) -> None:
        """Until cancelled: first whatever is due, then those about which something comes."""
        hub = hub_of(self.site)
        cursor, begun = hub.cursor, False
        while True:
            try:
                if not begun:
                    await self._renew(await asyncio.to_thread(self._read, standing.due))
                    begun = True
                if self._asked:
                    names, self._asked = self._asked, set()
                    await self._renew(await asyncio.to_thread(self._read, standing.of, names))
                if await hub.wait(cursor) > cursor:
                    await asyncio.sleep(PAUSE)
                    due, cursor = await asyncio.to_thread(self._read, standing.told, cursor, renew.FOLLOWER)
                    await self._renew(due)
            except VitruvianError as err:  # the database is away, the disk is full
                LOG.error(json.dumps({"fault": err.what}))
                begun = False
                await asyncio.sleep(1.0)
            except Exception as err:  # a fault of ours must not end the following of all twins
                LOG.error(json.dumps({"fault": type(err).__name__}), exc_info=err)
                begun = False
                await asyncio.sleep(1.0)

    async def _renew(self, due: Sequence[Due]) -> None:
        kinds: dict[str, list[Due]] = {}
        for one in due:
            kinds.setdefault(one.kind, []).append(one)
        for some in kinds.values():
            for first in range(0, len(some), TOGETHER):
                await self._group(some[first : first + TOGETHER])

    async def _group(self, some: Sequence[Due]) -> None:
        try:
            made = await asyncio.to_thread(renew.renewed, self.site.database, self.site.clock, some)
        except VitruvianError:
            raise  # the database is away: nothing is said of the twins, and all is done again
        except Exception as err:  # a fault in a kind: it is told, and the others go on
            LOG.error(json.dumps({"fault": type(err).__name__, "kind": some[0].kind}), exc_info=err)
            why = f"a fault of the program ({type(err).__name__})"
            made = [renew.Renewed(due, self._live(due), failed=why) for due in some]
        now = self.site.clock()
        await asyncio.gather(*(self.site.write(partial(_keep, one, now)) for one in made))

    def _live(self, due: Due) -> Any:
        who = Principal(due.tenant, renew.FOLLOWER, "engineer")
        return self.site.live(who, due.twin_id)

    def _read(self, question: Callable[..., T], *more: Any) -> T:
        with self.site.database.read() as connection:
            return question(connection, *more)


def _keep(one: renew.Renewed, now: datetime, connection: Connection) -> bool:
    return renew.keep(connection, one, now)


def follower_of(site: Site) -> Follower:
    """The follower of a running server."""
    return site.parts["follower"]


@asynccontextmanager
async def service(site: Site) -> AsyncIterator[None]:
    """The follower runs as long as the server does."""
    site.parts["follower"] = follower = Follower(site)
    async with beside(follower.run()):
        yield
