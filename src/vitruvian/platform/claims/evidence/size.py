"""How large it may be: a hundred thousand idle twins in one server, and a bundle of twenty thousand entries."""

from __future__ import annotations

import json
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert, select, update

from vitruvian.core.case import Case, Origin
from vitruvian.platform import registry
from vitruvian.platform.claims.senders import ORIGIN
from vitruvian.platform.claims.server import Server
from vitruvian.platform.connect.fhir import FhirServer, Request
from vitruvian.platform.store import Store
from vitruvian.platform.store.database import Database
from vitruvian.platform.store.schema import counters, subjects, twins
from vitruvian.platform.store.schema_live import standing

TWINS, READ, SENT = 100_000, 500, 5000
MEMORY, START = 2000.0, 10.0  # MB, s: the targets
RATIO = 2.2
Progress = Callable[[float], None]


def idle(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> Mapping[str, Any]:
    """A store of followed twins, a server on it; then some are read, and thousands get a reading in one request."""
    count = TWINS // 10 if quick else TWINS
    with tempfile.TemporaryDirectory() as place:
        names = _made(place, count)
        progress(0.3)
        served = Server(place)
        before = time.perf_counter()
        served.start()
        try:
            wall, start = time.perf_counter() - before, served.cpu
            alone = served.memory()
            with served.client() as client:
                for name in names[:: max(count // READ, 1)]:
                    client.get(f"/v1/twins/{name}").raise_for_status()
                some = names[:: max(count // SENT, 1)]
                rows = [_row(name) for name in some]
                spent = served.cpu
                answer = client.post("/v1/records", json={"observations": rows}, timeout=300.0)
                spent = served.cpu - spent
                assert answer.json()["new"] == len(some), answer.text[:300]
            progress(0.9)
            most = served.memory("VmHWM")
        finally:
            served.stop()
    measured = {"start, CPU s": start, "memory MB": most}
    told = f"{alone:.0f} MB before the first request; start {wall:.1f} s by the clock of a machine at work"
    told += f"; a batch for {len(some)} twins takes {1000 * spent / len(some):.2f} ms of CPU each"
    return {"measured": measured, "met": start < START and most < MEMORY, "n": count, "baseline": told}


def _made(place: str, count: int) -> list[str]:
    """A store with so many twins of infusion patients, each followed: their ids."""
    with Store.open(place) as store:
        kind = registry.get("infusion")
        row = store.create_twin("first", kind, Case(kind.subject(), origin=Origin(ORIGIN)), now=ORIGIN)
    database = Database.open(place)
    names = [f"tw-{i:010x}" for i in range(count)]
    with database.write() as connection:
        one = dict(connection.execute(select(twins).where(twins.c.id == row.id)).mappings().one())
        who = dict(connection.execute(select(subjects).where(subjects.c.id == one["subject_id"])).mappings().one())
        seq = connection.execute(select(counters.c.value).where(counters.c.name == "ingest")).scalar_one()
        people = [{**who, "id": f"su-{i:010x}", "pseudonym": f"P{i}"} for i in range(count)]
        made = [{**one, "id": name, "subject_id": f"su-{i:010x}", "seq": seq + 1 + i} for i, name in enumerate(names)]
        wish = {"tenant": one["tenant"], "request": {"hours": 3.0, "of": []}, "failed": None, "actor": "claims"}
        follow = [{**wish, "twin_id": m["id"], "done_seq": m["seq"], "created_us": 0, "ended_us": None} for m in made]
        connection.execute(insert(subjects), people)
        connection.execute(insert(twins), made)
        connection.execute(insert(standing), follow)
        connection.execute(update(counters).where(counters.c.name == "ingest").values(value=seq + count))
    database.close()
    return names


def _row(name: str) -> dict[str, Any]:
    return {"twin": name, "observable": "concentration", "time": ORIGIN.isoformat(), "value": 5.0}


def bundle(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> Mapping[str, Any]:
    """CPU of a transaction whose Observations refer to Patients of the same bundle: medians, sizes in turn.

    The best of two each swings by a tenth from run to run (1.87 to 2.26 within an hour): too much beside what is asked.
    """
    small, times = (1000, 3) if quick else (10_000, 7)
    bodies, spent = [_bundle(small), _bundle(2 * small)], []
    for k in range(times):
        spent.append([_taken(body) for body in bodies])
        progress((k + 1) / times)
    usual = np.median(spent, axis=0).tolist()
    ratio = usual[1] / usual[0]
    told = f"{usual[0]:.2f} and {usual[1]:.2f} CPU s for {small} and {2 * small} entries; in proportion: 2"
    return {"measured": ratio, "met": ratio <= RATIO, "n": 2 * small, "baseline": told}


def _taken(body: bytes) -> float:
    with tempfile.TemporaryDirectory() as place:
        database = Database.open(place)
        server = FhirServer(database, lambda: ORIGIN, "http://here/fhir")
        start = time.process_time()
        answer = server.handle(Request("POST", "", [], {}, body))
        spent = time.process_time() - start
        assert answer.status == 200, answer.body[:300]
        database.close()
    return spent


def _bundle(count: int) -> bytes:
    """A tenth Patients; every Observation refers to one by its place in the bundle."""
    patients, entries = count // 10, []
    for i in range(count):
        if i < patients:
            resource: dict[str, Any] = {"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": str(i)}]}
        else:
            code = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}
            whose = {"reference": f"urn:uuid:{uuid.UUID(int=i % patients)}"}
            value = {"value": i, "unit": "/min"}
            resource = {"resourceType": "Observation", "status": "final", "code": code, "subject": whose}
            resource["valueQuantity"] = value
        request = {"method": "POST", "url": resource["resourceType"]}
        entries.append({"fullUrl": f"urn:uuid:{uuid.UUID(int=i)}", "resource": resource, "request": request})
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()
