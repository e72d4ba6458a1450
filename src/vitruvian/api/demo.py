"""A living demonstration: a synthetic person's sensor and meals, sent to the server over HTTP as a gateway would.

The export that ships with the metabolic kind is moved to the present by whole days. What lies before the last hours is
sent at once and calibrated; the rest follows, first quickly, then as it comes due. All of it is labelled as synthetic.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from vitruvian.api.site import Service, Site
from vitruvian.platform import registry
from vitruvian.platform.connect import Export, how
from vitruvian.platform.demonstration import FILES, KIND, SYNTHETIC
from vitruvian.platform.evidence import folder
from vitruvian.platform.instant import moment
from vitruvian.platform.mapping import Mapper
from vitruvian.platform.store.facts import Deed, Observation

LOG = logging.getLogger("vitruvian.demo")
DAY = timedelta(days=1)
QUICK = timedelta(hours=2)  # sent one by one, so that there is something to see from the beginning
PACE = 1.0  # s between two of those
FIELDS = {"weight": "91 kg", "diabetes": "type2"}  # of the person who was simulated: evidence/demonstration.py
RULES: tuple[dict[str, Any], ...] = (
    {"name": "Demonstration: high glucose ahead", "on": "forecast", "of": "glucose", "high": 250.0, "hours": 1.0},
    {"name": "Demonstration: low glucose", "on": "reading", "of": "glucose", "low": 70.0, "severity": "critical"},
)

Fact = tuple[datetime, str, dict[str, Any]]  # when, "observations" or "actions", the row


def facts() -> list[Fact]:
    """The shipped export as rows, in order of their time."""
    kind = registry.get(KIND)
    made: list[Fact] = []
    for name in FILES:
        mapper = Mapper(kind, name)
        for batch in Export(folder(KIND) / "demo" / name, how(zone="UTC")).batches():
            rows = mapper.batch(batch.readings, batch.events)
            made += [_observation(o) for o in rows.observations]
            made += [_action(d) for d in rows.deeds]
    return sorted(made, key=lambda fact: fact[0])


def shifted(rows: list[Fact], now: datetime) -> tuple[list[Fact], timedelta]:
    """The rows moved by whole days so that the present lies in their last day, and by how much."""
    by = DAY * -(-(now - rows[-1][0]) // DAY)
    return [(at + by, what, {**row, "time": (at + by).isoformat()}) for at, what, row in rows], by


def service(url: str, token: str) -> Service:
    """For the server at this address; the token must be a clinician's or more."""

    @asynccontextmanager
    async def run(site: Site) -> AsyncIterator[None]:
        task = asyncio.create_task(_live(site, url, token))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return run


async def _live(site: Site, url: str, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120) as client:
        await _until_ready(client)
        rows, by = shifted(await asyncio.to_thread(facts), site.clock())
        twin = await _twin(client, rows[0][0])
        now = site.clock()
        await _send(client, twin, [r for r in rows if r[0] <= now - QUICK])
        await _calibrated(client, twin)
        for rule in RULES:
            key = {"Idempotency-Key": rule["name"]}
            await client.post("/v1/alert-rules", json={**rule, "twin": twin}, headers=key)
        (await client.put(f"/v1/twins/{twin}/following", json={"hours": 3})).raise_for_status()
        LOG.info(json.dumps({"demonstration": twin, "moved_by_days": by.days}))
        for at, what, row in _onwards([r for r in rows if r[0] > now - QUICK], rows):
            wait = (at - site.clock()).total_seconds()
            await asyncio.sleep(max(wait, PACE))
            await _send(client, twin, [(at, what, row)])


def _onwards(first: list[Fact], rows: list[Fact]) -> Any:
    """The rest, and then the last day again and again."""
    yield from first
    last = [r for r in rows if r[0] > rows[-1][0] - DAY]
    k = 0
    while True:
        k += 1
        for at, what, row in last:
            yield at + k * DAY, what, {**row, "time": (at + k * DAY).isoformat()}


async def _until_ready(client: httpx.AsyncClient) -> None:
    while True:
        with suppress(httpx.TransportError):
            if (await client.get("/health/ready")).is_success:
                return
        await asyncio.sleep(0.2)


async def _twin(client: httpx.AsyncClient, origin: datetime) -> str:
    """The twin of the synthetic person, made if it is not there."""
    body = {"kind": KIND, "subject": SYNTHETIC, "zone": "UTC", "fields": FIELDS, "origin": origin.isoformat()}
    made = await client.post("/v1/twins", json=body)
    if made.status_code != 409:
        return made.raise_for_status().json()["id"]
    found = (await client.get("/v1/twins", params={"kind": KIND, "limit": 1000})).raise_for_status().json()["items"]
    return next(t["id"] for t in found if t["subject"] == SYNTHETIC)


async def _calibrated(client: httpx.AsyncClient, twin: str) -> None:
    """With a belief: an earlier one, or that of a job."""
    if (await client.get(f"/v1/twins/{twin}")).raise_for_status().json()["belief"] is not None:
        return
    job = (await client.post("/v1/jobs", json={"type": "calibrate", "twin": twin})).raise_for_status().json()
    while job["state"] in ("queued", "running"):
        await asyncio.sleep(1.0)
        job = (await client.get(f"/v1/jobs/{job['id']}")).raise_for_status().json()


async def _send(client: httpx.AsyncClient, twin: str, rows: list[Fact]) -> None:
    body: dict[str, Any] = {"source": "demonstration (synthetic)", "observations": [], "actions": []}
    for _, what, row in rows:
        body[what].append(row)
    if rows:
        (await client.post(f"/v1/twins/{twin}/records", json=body)).raise_for_status()


def _observation(o: Observation) -> Fact:
    row = {"observable": o.observable, "value": o.value, "unit": o.unit, "sensor": o.sensor, "device": o.device}
    return moment(o.valid_us), "observations", {**row, "limit": o.limit}


def _action(d: Deed) -> Fact:
    return moment(d.at_us).astimezone(UTC), "actions", {"type": d.type, "fields": dict(d.body)}
