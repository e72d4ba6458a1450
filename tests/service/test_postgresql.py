"""The same server on PostgreSQL: the same outcomes, COPY on the batch path, two processes on one database, kill -9."""

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from levels import CASE, FILE, bolus, hour, level
from needs import require
from running import Running, free_port
from vitruvian.client import Client, Reading
from vitruvian.core.errors import ConflictError
from vitruvian.kinds.infusion import KIND
from vitruvian.platform import feed
from vitruvian.platform.store import Source, Store
from vitruvian.platform.store.bulk import Batch
from vitruvian.platform.store.writer import Writer

START = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A server of its own, stopped and removed afterwards: the URL of its database."""
    programs = require("postgres").resolve().parent
    place = Path(tempfile.mkdtemp(prefix="vitruvian-pg-"))
    port = free_port()

    def run(*command: str) -> None:
        whole = [str(programs / command[0]), *command[1:]]
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(place, "postgres")
            whole = ["su", "postgres", "-s", "/bin/sh", "-c", " ".join(f"'{part}'" for part in whole)]
        subprocess.run(whole, check=True, stdout=subprocess.DEVNULL, cwd=place)

    data = str(place / "data")
    run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
    options = f"-p {port} -k {place} -c listen_addresses=127.0.0.1"
    run("pg_ctl", "-D", data, "-o", options, "-l", str(place / "log"), "-w", "start")
    yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    shutil.rmtree(place)


@pytest.fixture
def store(cluster: str, request: pytest.FixtureRequest) -> Iterator[Store]:
    with Store.open(cluster, tenant=request.node.name[:60]) as opened:
        opened.create_twin("S1", KIND, CASE)
        yield opened


def test_batches_by_copy_are_new_changed_and_doubled_as_on_sqlite(store: Store, tmp_path: Path) -> None:
    told = []
    with Store.open(tmp_path) as embedded:
        embedded.create_twin("S1", KIND, CASE)
        for one in (store, embedded):
            writer, twin = Writer(one.database), one.find_twin("S1")  # pyright: ignore[reportArgumentType]
            rows = [level(h, 1.0 + h) for h in range(300)]
            batches = [
                Batch(twin, Source("a"), rows),
                Batch(twin, Source("a"), [*rows[:3], level(5, 99.0), level(400, 1.0)], [bolus(3, 50.0)]),
                Batch(twin, Source("b"), [level(500, 1.0, idempotency_key="k")]),
                Batch(twin, Source("b"), [level(501, 1.0, idempotency_key="k")]),
            ]
            said = []
            for batch in batches:
                try:
                    said.append([r.status for r in writer.append(batch).result().observations])
                except ConflictError as err:
                    said.append(err.what)
            writer.close()
            told.append((said, one.record("S1", hour(999)).value.tolist()))
    assert told[0] == told[1]
    assert told[0][0][1] == ["duplicate"] * 3 + ["changed", "new"]


def test_readings_lie_in_partitions_and_a_key_is_of_one_reading_of_all(store: Store) -> None:
    store.create_twin("S2", KIND, CASE)
    one, two = (store.find_twin(name) for name in ("S1", "S2"))
    writer = Writer(store.database)  # pyright: ignore[reportArgumentType]
    assert writer.append(Batch(one, Source("a"), [level(1, 1.0, idempotency_key="k")])).result().observations
    with pytest.raises(ConflictError, match="'k' came before"):
        writer.append(Batch(two, Source("a"), [level(2, 2.0, idempotency_key="k")])).result()
    writer.close()
    with store.database.read() as connection:
        found = connection.execute(text("SELECT count(*) FROM pg_inherits WHERE inhparent = 'observations'::regclass"))
        assert found.scalar_one() == 16
        where = connection.execute(text("SELECT DISTINCT tableoid::regclass::text FROM observations")).scalars()
        assert all(name.startswith("observations_") for name in where)


def test_the_feed_and_as_of_read_the_same(store: Store) -> None:
    store.append_observations("S1", [level(1, 5.0, known_us=1), level(1, 6.0, known_us=2)], FILE)
    with store.database.read() as connection:
        events, _ = feed.after(connection, 0, tenant=store.tenant)
    assert [r["value"] for e in events if e.type == "readings" for r in e.data["readings"]] == [5.0, 6.0]
    assert store.record("S1").until(float("inf")).value.tolist() == [6.0]


def test_the_audit_log_cannot_be_changed_there_either(store: Store) -> None:
    with store.database.write() as connection:
        row = "INSERT INTO audit (at_us, tenant, actor, permission, method, path, status, request_id, address)"
        connection.execute(text(f"{row} VALUES (1, 't', 'a', 'p', 'GET', '/', 200, 'r', 'x')"))
    for statement in ("UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"):
        with pytest.raises(DatabaseError, match="append-only"), store.database.write() as connection:
            connection.execute(text(statement))


@pytest.mark.kill
def test_two_servers_share_a_database_and_one_is_killed(cluster: str) -> None:
    """What the one took in, the other tells; a killed one's work is gone on with by the other."""
    one = Running(cluster)
    one.prepare()
    two = Running(cluster, one.token)
    one.start()
    two.start()
    try:
        with one.client() as here, Client(two.url, token=two.token) as there:
            twin = here.create_twin("infusion", "shared", origin=START).id
            stream = there.stream(0, twin=twin, types=["readings"])
            for k in range(20):
                here.send(twin, [Reading("concentration", START + timedelta(seconds=k), 1.0 + k)])
            heard: list[float] = []
            while len(heard) < 20:
                heard += [r["value"] for r in next(stream).data["readings"]]
            assert heard == [1.0 + k for k in range(20)]
            one.kill()
            again = there.send(
                twin, [Reading("concentration", START + timedelta(seconds=k), 1.0 + k) for k in range(25)]
            )
            assert (again.duplicate, again.new) == (20, 5)
            stream.close()  # pyright: ignore[reportAttributeAccessIssue]
    finally:
        one.stop()
        two.stop()


class Receiver(BaseHTTPRequestHandler):
    """A webhook that keeps what it is told."""

    heard: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.heard.append(self.headers["Idempotency-Key"])
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # the name that http.server calls
        pass


@pytest.fixture
def webhook() -> Iterator[str]:
    Receiver.heard.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_of_two_servers_one_tells_an_alert_and_one_does_a_job(cluster: str, webhook: str) -> None:
    one = Running(cluster)
    one.prepare()
    two = Running(cluster, one.token)
    one.start()
    two.start()
    try:
        with one.client() as here, Client(two.url, token=two.token) as there:
            twin = here.create_twin("infusion", "told once", origin=START).id
            here.send(twin, [Reading("concentration", START + timedelta(hours=h), 9.0 - h / 2) for h in range(1, 7)])
            started = [server.start("calibrate", twin) for server in (here, there)]
            ended = [here.wait(there.job(job.id), timeout=120) for job in started]
            assert [(job.state, job.attempt) for job in ended] == [("done", 1)] * 2
            assert here.twin(twin).belief == 2, "one belief a job"
            answer = httpx.post(
                f"{one.url}/v1/alert-channels",
                json={"type": "webhook", "target": {"url": webhook}},
                headers={"Authorization": f"Bearer {one.token}"},
            )
            assert answer.is_success, answer.text
            here.add_rule("high", twin=twin, on="reading", of="concentration", high=20.0)
            there.follow(twin, hours=1)
            here.send(twin, [Reading("concentration", START + timedelta(hours=8), 25.0)])
            deadline = time.monotonic() + 60
            while not Receiver.heard and time.monotonic() < deadline:
                time.sleep(0.1)
            time.sleep(3.0)  # two looks of the other server
            assert len(Receiver.heard) == 1
            assert len(list(here.alerts())) == 1
    finally:
        one.stop()
        two.stop()
