"""The demonstration's course: two days of history at once, then what happens as it happens.

History is sent an hour at a time with the moments at which it became known, and the twins follow: so there are past
beliefs and forecasts, and those are scored, as if the server had run for two days. All of it is computed here and now.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import httpx

from vitruvian.api.beside import beside
from vitruvian.api.demo import others, rules, senders
from vitruvian.api.demo.bedside import Bedside
from vitruvian.api.demo.house import SITE, House
from vitruvian.api.demo.people import PEOPLE, Course
from vitruvian.api.demo.warm import warmed
from vitruvian.api.site import Service, Site
from vitruvian.core.errors import VitruvianError
from vitruvian.platform import registry
from vitruvian.platform.follow import standing
from vitruvian.platform.trust.policy import Principal

LOG = logging.getLogger("vitruvian.demo")
PERSON, PLACE = "metabolic", "hospital"
HISTORY, FOLLOWED = timedelta(days=2), timedelta(hours=8)  # sent in all; of it, an hour at a time
HOUR, STEP = timedelta(hours=1), timedelta(minutes=15)
AHEAD = {PERSON: 3.0, PLACE: 12.0}  # h of the standing forecasts
TICK = 5.0  # s between two looks at what has happened
WHO = Principal("local", "demonstration", "engineer")


def service(url: str, token: str, broker: str | None) -> Service:
    """For the server at this address; the token must be an engineer's. Without a broker sensors post over HTTP."""

    @asynccontextmanager
    async def run(site: Site) -> AsyncIterator[None]:
        async with beside(_guarded(site, url, token, broker)):
            yield

    return run


async def _guarded(site: Site, url: str, token: str, broker: str | None) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120) as client:
        try:
            await _until_ready(client)
            await Living(site, client, broker).run()
        except (httpx.HTTPError, VitruvianError, OSError, RuntimeError) as err:
            LOG.error(json.dumps({"demonstration": "ended", "why": str(err)[:500]}))


class Living:
    """One run of the demonstration."""

    def __init__(self, site: Site, client: httpx.AsyncClient, broker: str | None) -> None:
        self.site, self.client = site, client
        self.now = site.clock().replace(microsecond=0)
        self.course, self.house = Course(self.now), House(self.now)
        self.fhir, self.native = senders.Fhir(client), senders.Native(client)
        self.mqtt = None if broker is None else senders.Mqtt(broker)
        self.mllp = senders.Mllp(site.parts["mllp"])
        self.twins: dict[str, str] = {}
        self.known: dict[str, datetime] = {}  # of each twin, when this run began

    async def run(self) -> None:
        """Until cancelled."""
        await self.fhir.patients(PEOPLE)
        for person in PEOPLE:
            given = {"zone": person.zone, "fields": person.fields}
            self.twins[person.id] = await self.twin(PERSON, person.subject, self.now - HISTORY, **given)
        self.twins[PLACE] = await self.twin(PLACE, SITE, self.now - HISTORY, zone="UTC", fields={"model": "emergency"})
        await rules.set_up(self.client)
        at = await self._first()
        async with beside(self._begun(PLACE)):  # its kernel takes longer to compile, the first time: none waits for it
            await self._history(at)
            await self._live()

    async def _live(self) -> None:
        """What happens as it happens; a twin of each other kind beside it."""
        said, happened = self.now, self.now
        async with beside(self._others()), beside(Bedside(self).run()):
            while True:
                at = self.site.clock()
                await self._people(said, at)
                await self._place(happened, at)
                said = happened = at
                await asyncio.sleep(TICK)

    async def twin(self, kind: str, subject: str, origin: datetime, **given: Any) -> str:
        """The twin of this subject, made if it is not there."""
        body = {"kind": kind, "subject": subject, "origin": origin.isoformat(), **given}
        made = await self.client.post("/v1/twins", json=body)
        if made.status_code != 409:
            return made.raise_for_status().json()["id"]
        found = (await self.client.get("/v1/twins", params={"kind": kind, "limit": 1000})).raise_for_status().json()
        return next(t["id"] for t in found["items"] if t["subject"] == subject)

    async def _first(self) -> datetime:
        """What is not there yet, up to where the twins are first calibrated: the persons are, and are followed."""
        self.known = {name: await self._known(twin) for name, twin in self.twins.items()}
        first = self.now - HISTORY
        at = max(min(self.known.values()), self.now - FOLLOWED)
        async with asyncio.TaskGroup() as group:
            group.create_task(warmed(PERSON))
            await self._people(first, at)
            await self._place(first, at, begin=self.known[PLACE] == first)
        for person in PEOPLE:
            await self._begun(person.id)
        return at

    async def _begun(self, name: str) -> None:
        """The twin has a belief, and is followed."""
        live = self.site.live(WHO, self.twins[name])
        await warmed(live.row.kind)
        if live.know.belief(None) is None:
            await self.site.answer(live.calibrate)
        await self.follow(live.row.id, AHEAD[live.row.kind])

    async def _history(self, at: datetime) -> None:
        """The rest, an hour at a time, as it became known."""
        while at < self.now:
            await self._renewed()
            later = min(at + HOUR, self.now)
            await self._people(at, later)
            await self._place(at, later)
            at = later
        LOG.info(json.dumps({"demonstration": "history is there", "s": (self.site.clock() - self.now).total_seconds()}))

    async def _known(self, twin: str) -> datetime:
        """Up to when an earlier run has sent of this twin: from there on it goes on."""
        known = (await self._state(twin))["known"]
        return max(self.now - HISTORY, datetime.fromisoformat(known)) if known else self.now - HISTORY

    async def _state(self, twin: str) -> dict[str, Any]:
        return (await self.client.get(f"/v1/twins/{twin}")).raise_for_status().json()

    async def follow(self, twin: str, hours: float) -> None:
        """Its belief and forecast are renewed from now on."""
        (await self.client.put(f"/v1/twins/{twin}/following", json={"hours": hours})).raise_for_status()

    async def _renewed(self) -> None:
        """Wait until the twins know all that was sent."""
        for _ in range(600):
            await asyncio.sleep(0.1)
            if not await asyncio.to_thread(self._due):
                return

    def _due(self) -> Sequence[Any]:
        with self.site.database.read() as connection:
            return [d for d in standing.due(connection) if d.twin_id in self.twins.values()]

    async def _people(self, first: datetime, last: datetime) -> None:
        said = await asyncio.to_thread(self.course.between, first, last)
        said = [s for s in said if s.known_at > self.known[s.person.id]]
        await senders.people_say(said, self.twins, self.fhir, self.native, self.mqtt)
        await self._faults(first, last)

    async def _faults(self, first: datetime, last: datetime) -> None:
        """A reader that now and then sends what cannot be used: it is kept aside, with the reason."""
        for person in (p for p in PEOPLE if p.faults):
            hour = last.replace(minute=0, second=0, microsecond=0)
            if first < hour <= last and hour.hour % 4 == 0:
                row = {"observable": "glucose", "time": hour.isoformat(), "value": 7200.0, "unit": "mg/dL"}
                other = {**row, "value": 101.0, "unit": "mmHg"}
                await self.native.send(self.twins[person.id], "sensor reader", [row, other])

    async def _place(self, first: datetime, last: datetime, *, begin: bool = False) -> None:
        """Admissions as messages; the bed board's counts by the hour and by the quarter."""
        first = max(first, self.known[PLACE])
        events = await asyncio.to_thread(
            self.house.present if begin else lambda at: self.house.between(first, at), last
        )
        await self.mllp.send(events)
        rows, at = [], first.replace(minute=0, second=0, microsecond=0)
        while (at := at + STEP) <= last:
            if at > first:
                rows.append(_count("present", at, self.house.count(at)))
                if at.minute == 0:
                    rows.append(_count("arrivals", at, self.house.arrivals(at - HOUR)))
        await self.native.send(self.twins[PLACE], "bed board", rows)

    async def _others(self) -> None:
        """A twin of each other kind: sent, calibrated by a job, followed; and one job that looks back."""
        for name in registry.names():
            if name in AHEAD:
                continue
            try:
                made = await asyncio.to_thread(lambda name=name: others.sample(registry.get(name), self.now))
                fields = {"fields": made.fields, "zone": "UTC"}
                twin = await self.twin(name, made.subject, made.origin, **fields)
                if (await self._state(twin))["known"] is None:  # not sent by an earlier run
                    await self.native.send(twin, "laboratory", made.observations, made.actions)
                if made.observations and await self.job("calibrate", twin):
                    await self.follow(twin, made.hours)
            except (VitruvianError, httpx.HTTPStatusError) as err:
                LOG.warning(json.dumps({"demonstration": name, "left_out": str(err)[:300]}))
        await self.job("backtest", self.twins[PEOPLE[0].id], days=1, step="1h")

    async def job(self, type_: str, twin: str, **arguments: Any) -> bool:
        """Done, once it is."""
        if type_ == "calibrate" and (await self._state(twin))["belief"] is not None:
            return True
        body = {"type": type_, "twin": twin, "arguments": arguments}
        job = (await self.client.post("/v1/jobs", json=body)).raise_for_status().json()
        while job["state"] in ("queued", "running"):
            await asyncio.sleep(1.0)
            job = (await self.client.get(f"/v1/jobs/{job['id']}")).raise_for_status().json()
        return job["state"] == "done"


def _count(name: str, at: datetime, value: int) -> dict[str, Any]:
    return {"observable": name, "time": at.isoformat(), "known_at": at.isoformat(), "value": float(value)}


async def _until_ready(client: httpx.AsyncClient) -> None:
    while True:
        with suppress(httpx.TransportError):
            if (await client.get("/health/ready")).is_success:
                return
        await asyncio.sleep(0.1)
