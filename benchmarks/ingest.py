"""Ingest over HTTP into a durable store, and how soon a posted reading is a live event; beside what a peer costs.

The server is a process of its own (`vitruvian serve`); its CPU time is read from the operating system, so that what
else runs on the machine does not count. Peer: the same rows by FastAPI with pydantic models and SQLAlchemy inserts, one
commit a request, as their tutorials have it: it keeps no versions, tells no outcome a row, checks no unit, writes no
audit log, and a row that comes twice fails its batch. Writes benchmarks/results/ingest.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from vitruvian.platform.claims.beside import Absent, postgres
from vitruvian.platform.freeport import free_port
from vitruvian.platform.store.database import Database
from vitruvian.platform.trust import people

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
RESULTS = Path(__file__).parent / "results" / "ingest.json"


def cpu_of(pid: int) -> float:
    """User and system seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Server:
    """A server in a process of its own, with an admin's token."""

    def __init__(self, command: list[str], place: str, token: str, port: int) -> None:
        self.url, self.token = f"http://127.0.0.1:{port}", token
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            try:
                if httpx.get(f"{self.url}/health/live").is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise SystemExit("the server did not start")

    @property
    def headers(self) -> dict[str, str]:
        known = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {"Content-Type": "application/json", **known}

    @property
    def cpu(self) -> float:
        return cpu_of(self.process.pid)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)


def ours(place: str) -> Server:
    """`vitruvian serve` on an embedded database (or the one behind a URL)."""
    database = Database.open(place)
    with database.write() as connection:
        token = people.add_token(connection, "local", "bench", "admin", None, "bench", 0)[1]
    database.close()
    port = free_port()
    program = str(Path(sys.executable).with_name("vitruvian"))
    command = [program, "serve", "--db", place, "--port", str(port), "--quiet"]
    return Server(command, place, token, port)


def twins(server: Server, count: int) -> list[str]:
    made = []
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as client:
        for i in range(count):
            body = {"kind": "infusion", "subject": f"B{i}", "origin": START.isoformat()}
            made.append(client.post("/v1/twins", json=body).raise_for_status().json()["id"])
    return made


def rows(first: int, count: int) -> list[dict[str, Any]]:
    return [
        {
            "observable": "concentration",
            "time": (START + timedelta(seconds=first + i)).isoformat(),
            "value": 5.0 + (first + i) % 90 / 10,
            "unit": "mg/L",
            "sensor": "pump",
        }
        for i in range(count)
    ]


def batches(server: Server, path: Callable[[int], str], total: int, size: int) -> dict[str, float]:
    """Rows a second of the server's CPU and of the wall, in batches of `size`, two connections at once."""
    bodies = [json.dumps({"observations": rows(i, size)}).encode() for i in range(0, total, size)]

    async def send() -> None:
        async with httpx.AsyncClient(base_url=server.url, headers=server.headers, timeout=120) as client:
            gate = asyncio.Semaphore(2)

            async def one(i: int, body: bytes) -> None:
                async with gate:
                    answer = await client.post(path(i), content=body)
                    assert answer.is_success, answer.text[:500]
                    assert answer.json()["new"] == size

            await asyncio.gather(*(one(i, b) for i, b in enumerate(bodies)))

    before, start = server.cpu, time.perf_counter()
    asyncio.run(send())
    return {
        "rows": total,
        "per_cpu_s": total / (server.cpu - before),
        "per_wall_s": total / (time.perf_counter() - start),
    }


async def hammer(host: str, port: int, head: bytes, bodies: list[bytes], concurrent: int) -> list[float]:
    """Post every body over `concurrent` kept connections, by hand: a full client would cost more than the server."""
    spent: list[float] = []
    waiting = iter(bodies)

    async def worker() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        for body in waiting:
            start = time.perf_counter()
            writer.write(head % len(body) + body)
            header = await reader.readuntil(b"\r\n\r\n")
            assert header.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")), header
            length = int(header.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            spent.append(time.perf_counter() - start)
        writer.close()

    await asyncio.gather(*(worker() for _ in range(concurrent)))
    return spent


def singles(server: Server, path: str, total: int, concurrent: int, first: int) -> dict[str, float]:
    """One reading a post, `concurrent` at once, each acknowledged when it is on disk."""
    url = httpx.URL(server.url)
    token = f"Authorization: Bearer {server.token}\r\n" if server.token else ""
    head = f"POST {path} HTTP/1.1\r\nHost: here\r\n{token}Content-Type: application/json\r\nContent-Length: ".encode()
    bodies = [json.dumps({"observations": rows(first + i, 1)}).encode() for i in range(total)]
    before, start = server.cpu, time.perf_counter()
    spent = asyncio.run(hammer(str(url.host), int(url.port or 0), head + b"%d\r\n\r\n", bodies, concurrent))
    wall = time.perf_counter() - start
    quantiles = {f"p{q}_ms": float(1000 * np.percentile(spent, q)) for q in (50, 95, 99)}
    return {"posts": total, "per_wall_s": total / wall, "per_cpu_s": total / (server.cpu - before), **quantiles}


def live(server: Server, names: list[str], posts: int, rate: float) -> dict[str, float]:
    """From the post to the event on an open stream, with all of these twins on it."""

    async def main() -> list[float]:
        sent: dict[str, float] = {}
        spent: list[float] = []
        ready = asyncio.Event()
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=server.url, headers=server.headers, timeout=60, limits=limits) as client:

            async def listen() -> None:
                async with client.stream("GET", "/v1/stream", params={"type": "readings"}) as answer:
                    ready.set()
                    async for line in answer.aiter_lines():
                        if line.startswith("data: "):
                            now = time.perf_counter()
                            event = json.loads(line[6:])
                            for reading in event["readings"]:
                                key = f"{event['twin']} {reading['time']}"
                                if key in sent:
                                    spent.append(now - sent.pop(key))
                            if len(spent) >= posts:
                                return

            async def post(i: int) -> None:
                name, row = names[i % len(names)], rows(10_000_000 + i, 1)[0]
                sent[f"{name} {row['time'].replace('+00:00', 'Z')}"] = time.perf_counter()
                answer = await client.post(f"/v1/twins/{name}/records", json={"observations": [row]})
                assert answer.is_success

            listener = asyncio.create_task(listen())
            await ready.wait()
            tasks = []
            for i in range(posts):
                tasks.append(asyncio.create_task(post(i)))
                await asyncio.sleep(1.0 / rate)
            await asyncio.gather(*tasks)
            await asyncio.wait_for(listener, 60)
        return spent

    spent = asyncio.run(main())
    return {
        "twins": len(names),
        "posts": posts,
        **{f"p{q}_ms": float(1000 * np.percentile(spent, q)) for q in (50, 95)},
    }


PEER = """
import sys
from datetime import datetime
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import Column, DateTime, Float, Integer, MetaData, String, Table, UniqueConstraint, create_engine, event
from sqlalchemy import insert

class Row(BaseModel):
    observable: str
    time: datetime
    value: float
    unit: str
    sensor: str

class Rows(BaseModel):
    observations: list[Row]

meta = MetaData()
names = ("observable", "unit", "sensor")
table = Table("o", meta, Column("id", Integer, primary_key=True), Column("time", DateTime), Column("value", Float),
              *(Column(n, String) for n in names), UniqueConstraint("observable", "sensor", "time"))
engine = create_engine(f"sqlite:///{sys.argv[1]}/peer.db")

@event.listens_for(engine, "connect")
def _(raw, _):
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=FULL")

meta.create_all(engine)
app = FastAPI()

@app.get("/health/live")
def live():
    return {}

@app.post("/records")
def send(body: Rows):
    with engine.begin() as connection:
        connection.execute(insert(table), [row.model_dump() for row in body.observations])
    return {"new": len(body.observations)}

uvicorn.run(app, port=int(sys.argv[2]), log_config=None, access_log=False)
"""


def peer(place: str) -> Server:
    """FastAPI, pydantic and SQLAlchemy as their tutorials have them."""
    script = Path(place) / "peer.py"
    script.write_text(PEER)
    port = free_port()
    return Server([sys.executable, str(script), place, str(port)], place, "", port)


def on_postgresql(rows: int) -> dict[str, Any]:
    """The batches again by COPY into a PostgreSQL of their own; nothing where there is none. Its CPU is not counted."""
    try:
        with postgres() as database:
            server = ours(database.url)
            try:
                path = f"/v1/twins/{twins(server, 1)[0]}/records"
                return {"postgresql_batch": batches(server, lambda i: path, rows, 2000)}
            finally:
                server.stop()
    except Absent:
        return {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", default="", help="a database URL instead of the embedded one")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--twins", type=int, default=1000)
    given = parser.parse_args()
    found: dict[str, Any] = {"date": datetime.now(UTC).date().isoformat(), "cores": os.cpu_count()}
    found["machine"] = f"{platform.machine()}, Python {platform.python_version()}"
    found["load_before"] = os.getloadavg()[0]  # wall figures are good on a quiet machine only
    found["nice"] = os.getpriority(os.PRIO_PROCESS, 0)  # below 0: ahead of what else runs
    with tempfile.TemporaryDirectory() as place:
        server = ours(given.db or place)
        try:
            names = twins(server, given.twins)
            path = f"/v1/twins/{names[0]}/records"
            found["batch"] = batches(server, lambda i: path, given.rows, 2000)
            found["single"] = singles(server, path, given.posts, 200, 2_000_000)
            found["live"] = live(server, names, 1000, 100.0)
        finally:
            server.stop()
    found |= on_postgresql(given.rows)
    with tempfile.TemporaryDirectory() as place:
        server = peer(place)
        try:
            found["peer_batch"] = batches(server, lambda i: "/records", given.rows // 5, 2000)
            found["peer_single"] = singles(server, "/records", given.posts // 10, 200, 2_000_000)
        finally:
            server.stop()
    for name in ("batch", "postgresql_batch", "peer_batch", "single", "peer_single", "live"):
        if name in found:
            print(name.ljust(16), ", ".join(f"{k} {v:,.0f}" for k, v in found[name].items()))
    if not given.db:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
