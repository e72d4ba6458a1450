"""The server as it runs: killed in the middle of its work it loses and doubles nothing, and goes on."""

import random
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from running import Running
from vitruvian.client import Action, Client, Event, Reading, Refused
from vitruvian.platform.store import Store

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
KILLS = 10


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    made = Running(str(tmp_path / "store"))
    made.prepare()
    made.start()
    yield made
    made.stop()


def reading(k: int) -> Reading:
    """The k-th: each has its own second and value."""
    return Reading("concentration", START + timedelta(seconds=k), 1.0 + k % 97, id=f"r{k}")


@pytest.mark.kill
def test_a_killed_server_loses_and_doubles_nothing_it_acknowledged(server: Running) -> None:
    with server.client() as client:
        twin = client.create_twin("infusion", "S1", origin=START).id
    seed = 20261126
    rng, acknowledged, sent = random.Random(seed), set[str](), 0
    print(f"seed {seed}")
    for _ in range(KILLS):
        stop = threading.Event()

        def pour(first: int, stop: threading.Event = stop) -> None:
            with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"}) as http:
                k = first
                while not stop.is_set():
                    rows = [
                        {"observable": r.observable, "time": r.time.isoformat(), "value": r.value, "id": r.id}
                        for r in map(reading, range(k, k + rng.choice([1, 20, 300])))
                    ]
                    try:
                        answer = http.post(f"/v1/twins/{twin}/records", json={"observations": rows})
                    except httpx.TransportError:
                        return
                    acknowledged.update(o["id"] for o in answer.json()["outcomes"] if o["status"] != "kept_aside")
                    k += len(rows) // 2 + 1  # half of every batch comes again in the next one

        threads = [threading.Thread(target=pour, args=(sent + 100_000 * i,)) for i in range(3)]
        for thread in threads:
            thread.start()
        before, deadline = len(acknowledged), time.monotonic() + 30
        while len(acknowledged) == before and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(rng.uniform(0.0, 0.5))
        server.kill()
        stop.set()
        for thread in threads:
            thread.join()
        sent += 1_000_000
        with Store.open(server.place) as store:
            assert store.database.check() == ()  # pyright: ignore[reportAttributeAccessIssue]
            record = store.record(twin)
        held = record.id.tolist()
        assert len(held) == len(set(held)), "doubled"
        assert acknowledged <= set(held), "lost"
        server.start()
    assert len(acknowledged) >= KILLS
    print(f"{len(acknowledged)} acknowledged readings, {KILLS} kills")


@pytest.mark.kill
def test_a_stream_goes_on_across_a_kill_without_a_gap(server: Running) -> None:
    with server.client() as client:
        twin = client.create_twin("infusion", "S1", origin=START).id
        heard: list[Event] = []
        done = threading.Event()

        def listen() -> None:
            for event in client.stream(0, types=["readings"]):
                heard.append(event)
                if any(r["id"] == "r99" for r in event.data["readings"]):
                    done.set()
                    return

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        for k in range(50):
            client.send(twin, [reading(k)])
        server.kill()
        server.start()
        for k in range(50, 100):
            client.send(twin, [reading(k)])
        assert done.wait(120)
        listener.join()
    told = [r["id"] for e in heard for r in e.data["readings"]]
    assert told == [f"r{k}" for k in range(100)], "every one once, in order"


@pytest.mark.kill
def test_a_followed_twin_and_a_job_survive_a_kill(server: Running) -> None:
    """Calibration is killed with its server, done after the restart; then data renew belief, forecast and alert."""
    with server.client() as client:
        twin = client.create_twin("infusion", "S1", origin=START, fields={"weight": "80 kg"}).id
        levels = [Reading("concentration", START + timedelta(hours=h), 9.0 - h / 2) for h in range(1, 7)]
        sent = client.send(twin, levels, [Action("Bolus", START, {"dose": 300})])
        assert sent.new == 7
        job = client.start("calibrate", twin)
        deadline = time.monotonic() + 30
        while client.job(job.id).state != "running":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        server.kill()
        server.start()
        ended = client.wait(client.job(job.id), timeout=120)
        assert (ended.state, ended.error) == ("done", None)
        assert ended.attempt == 2
        assert client.twin(twin).belief == 1, "one belief, not two"
        client.add_rule("high", twin=twin, on="reading", of="concentration", high=20.0)
        client.follow(twin, hours=2)
        start = client.stream()
        threading.Timer(0.5, _late, (client, twin)).start()
        seen: dict[str, Event] = {}
        for event in start:
            seen[event.type] = event
            if {"readings", "belief", "forecast", "alert"} <= set(seen):
                break
        start.close()  # pyright: ignore[reportAttributeAccessIssue]
        assert seen["belief"].data["version"] in (2, 3), "following may renew it once before the reading comes"
        assert [a.state for a in client.alerts()] == ["open"]
        said = client.live_calibration(twin)
        assert said["drift"] is False
        with pytest.raises(Refused, match="there is no twin"):
            client.twin("tw-0000000000")


def _late(client: Client, twin: str) -> None:
    client.send(twin, [Reading("concentration", START + timedelta(hours=7), 25.0)])


@pytest.mark.kill
def test_a_cancelled_jobs_process_ends(server: Running) -> None:
    with server.client() as client:
        job = client.start("evidence", kind="queue", quick=False)
        while client.job(job.id).state == "queued":
            time.sleep(0.1)
        assert client.cancel(job.id).state == "cancelled"
        time.sleep(2.5)
        assert client.job(job.id).state == "cancelled"
        ended = client.wait(
            client.start("evidence", kind="infusion", quick=True, claims=["infusion.closed_form"]), timeout=120
        )
        assert ended.state == "done"
        assert [c["id"] for c in ended.result["claims"]] == ["infusion.closed_form"]
