"""Real sockets: python-hl7's client over MLLP, mosquitto over MQTT; a process that is killed while it takes things in.

What was acknowledged is there after the kill, nothing is there twice, and when the senders have sent everything again
the state is that of a run that was never killed.
"""

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hl7
import pytest
from hl7.mllp import open_hl7_connection

from hl7_messages import Hospital, oru, said
from needs import require
from vitruvian.platform.connect.hl7v2.mllp import END, LARGEST, START, listening
from vitruvian.platform.freeport import free_port
from vitruvian.platform.store.database import Database

KILLS = 10
MESSAGES = [oru(f"{n}.5", at=f"2026030109{n:02d}00+0000", number=str(n), order=f"F{n % 20}") for n in range(40)]
POINTS = [
    json.dumps(
        {
            "header": {
                "id": str(n % 30),
                "creation_date_time": f"2026-03-01T07:{n:02d}:00Z",
                "schema_id": {"namespace": "omh", "name": "heart-rate", "version": "2.0"},
            },
            "body": {
                "heart_rate": {"value": 60 + n, "unit": "beats/min"},
                "effective_time_frame": {"date_time": "2026-03-01T07:00:00Z"},
            },
        }
    ).encode()
    for n in range(40)
]


# MLLP in this process


def over_mllp(hospital: Hospital, work: Any) -> Any:
    async def whole() -> Any:
        async def take(data: bytes) -> Any:
            return await asyncio.to_thread(hospital.intake.take, data)

        async with listening(take, "127.0.0.1", 0) as port:
            return await work(port)

    return asyncio.run(whole())


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    made = Hospital(tmp_path)
    yield made
    made.database.close()


def test_python_hl7s_client(hospital: Hospital) -> None:
    async def work(port: int) -> list[str]:
        reader, writer = await open_hl7_connection("127.0.0.1", port, encoding="utf-8")
        codes = []
        for message in (*MESSAGES[:5], b"MSH|^~\\&|A|B|C|D|2026||XYZ^A01|9|P|2.5\r"):
            writer.writemessage(hl7.parse(message.decode()))
            await writer.drain()
            codes.append(said(await reader.readmessage()))
        writer.close()
        return codes

    assert over_mllp(hospital, work) == ["AA"] * 5 + ["AR"]
    assert len(hospital.all("Observation")) == 5


def test_noise_between_frames(hospital: Hospital) -> None:
    noise = [b"", b"\r\n", b"GET / HTTP/1.1\r\n\r\n", os.urandom(2000).replace(START, b"").replace(END, b""), b"\x1c\r"]

    async def work(port: int) -> list[bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answers = []
        for message, before in zip(MESSAGES[:5], noise, strict=True):
            writer.write(before + START + message + END)
            answers.append(await reader.readuntil(END))
        writer.write(START + b"MSH|broken off" + START + MESSAGES[5] + END)
        answers.append(await reader.readuntil(END))
        writer.write(START + b"x" * (LARGEST + 100) + END + START + MESSAGES[6] + END)
        answers += [await reader.readuntil(END), await reader.readuntil(END)]
        writer.write(START + MESSAGES[7][:50])  # and gone
        writer.close()
        return answers

    codes = [a.decode().partition("MSA|")[2][:2] for a in over_mllp(hospital, work)]
    assert codes == ["AA"] * 6 + ["AE", "AA"]
    assert len(hospital.all("Observation")) == 7


def test_many_senders_at_once(hospital: Hospital) -> None:
    async def send(port: int, some: list[bytes]) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for message in some:
            writer.write(START + message + END)
            assert b"|AA|" in await reader.readuntil(END)
        writer.close()
        return len(some)

    async def work(port: int) -> int:
        return sum(await asyncio.gather(*(send(port, MESSAGES[i::50]) for i in range(50))))

    assert over_mllp(hospital, work) == len(MESSAGES)
    assert len(hospital.all("Observation")) == 20


# a process that dies

SERVER = """
import asyncio, sys
from vitruvian.api.app import Part, create_app
from vitruvian.api.devices import mllp, mqtt

async def main():
    app = create_app(sys.argv[1], parts=[Part(services=[mllp("127.0.0.1", int(sys.argv[2]))] if sys.argv[2] != "-" else
                                              [mqtt(sys.argv[3])])])
    async with app.app.router.lifespan_context(app.app):
        if sys.argv[2] == "-":
            await app.site.parts["mqtt"].wait()
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def start(place: Path, port: str, url: str = "") -> subprocess.Popen[str]:
    made = subprocess.Popen([sys.executable, "-c", SERVER, str(place), port, url], stdout=subprocess.PIPE, text=True)
    assert made.stdout is not None
    assert made.stdout.readline() == "ready\n"
    made.stdout.close()
    return made


def state(place: Path) -> list[tuple[Any, ...]]:
    """What is stored, but for version numbers and the times of arrival."""
    database = Database.open(place)
    with database.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT v.type, v.id, v.body FROM fhir_versions v JOIN fhir_heads h ON h.seq = v.seq ORDER BY 1, 2"
        ).fetchall()
        digests = connection.exec_driver_sql("SELECT digest FROM messages ORDER BY 1").fetchall()
        sound = database.check()
    database.close()
    assert sound == ()
    plain = []
    for kind, name, body in rows:
        resource = json.loads(body)
        resource.pop("meta")
        plain.append((kind, name, json.dumps(resource, sort_keys=True)))
    return [*plain, *map(tuple, digests)]


@pytest.mark.kill
def test_nothing_acknowledged_over_mllp_is_lost_or_doubled(tmp_path: Path) -> None:
    seed = 11
    rng = random.Random(seed)
    print(f"seed {seed}")
    unkilled = Hospital(tmp_path / "unkilled")
    for message in MESSAGES:
        unkilled.take(message)
    unkilled.database.close()
    place, port = tmp_path / "killed", free_port()
    acknowledged: set[int] = set()
    for _ in range(KILLS):
        server = start(place, str(port))
        order = rng.sample(range(len(MESSAGES)), len(MESSAGES))
        _until_killed(server, port, order, rng.randrange(1, 12), acknowledged)
        database = Database.open(place)
        with database.read() as connection:
            held = {r[0] for r in connection.exec_driver_sql("SELECT message_id FROM messages")}
            count = connection.exec_driver_sql("SELECT count(*) FROM messages").scalar()
        database.close()
        assert {str(n) for n in acknowledged} <= held
        assert count == len(held), "none twice"
    server = start(place, str(port))
    _until_killed(server, port, list(range(len(MESSAGES))), len(MESSAGES), acknowledged)
    assert state(place) == state(tmp_path / "unkilled")


def _until_killed(server: Any, port: int, order: list[int], after: int, acknowledged: set[int]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as sender:
        sender.settimeout(20)
        for n in order[:after]:
            sender.sendall(START + MESSAGES[n] + END)
            answer = b""
            while not answer.endswith(END):
                answer += sender.recv(4096)
            assert b"|AA|" in answer
            acknowledged.add(n)
        if after < len(order):
            sender.sendall(START + MESSAGES[order[after]] + END)  # dies with this one on its way
    server.send_signal(signal.SIGKILL)
    server.wait()


# MQTT


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    program, port = require("mosquitto"), free_port()
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 10000\n")
    running = subprocess.Popen([str(program), "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield port
    running.terminate()
    running.wait()


def publish(port: int, payloads: list[bytes]) -> None:
    import aiomqtt

    async def whole() -> None:
        async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client:
            for payload in payloads:
                await client.publish("omh/p1", payload, qos=1)

    asyncio.run(whole())


@pytest.mark.kill
def test_nothing_published_is_lost_or_doubled(tmp_path: Path, broker: int) -> None:
    seed = 12
    rng = random.Random(seed)
    print(f"seed {seed}")
    from vitruvian.platform.connect.mqtt import Gateway

    unkilled = Hospital(tmp_path / "unkilled")
    for payload in POINTS:
        assert Gateway(unkilled.writing, unkilled.clock).take("omh/p1", payload) == "taken"
    unkilled.database.close()
    place, url = tmp_path / "killed", f"mqtt://127.0.0.1:{broker}/omh"
    shuffled = [*POINTS, *POINTS[:5]]
    rng.shuffle(shuffled)
    step = -(-len(shuffled) // KILLS)
    for i in range(KILLS):
        server = start(place, "-", url)
        publish(broker, shuffled[i * step : (i + 1) * step])
        time.sleep(rng.uniform(0, 0.1))
        server.send_signal(signal.SIGKILL)
        server.wait()
    server = start(place, "-", url)
    expected = state(tmp_path / "unkilled")
    deadline = time.monotonic() + 60
    while state(place) != expected and time.monotonic() < deadline:
        time.sleep(0.2)
    server.send_signal(signal.SIGKILL)
    server.wait()
    assert state(place) == expected
