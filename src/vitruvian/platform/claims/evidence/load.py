"""Bad input of every kind, while good readings come: the right refusal, the server alive, its memory bounded."""

from __future__ import annotations

import json
import random
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from vitruvian.platform.claims.senders import END, FRAME, ORIGIN, messages, readings
from vitruvian.platform.claims.server import Server
from vitruvian.platform.freeport import free_port

SEED = 20261129
GROWTH = 300.0  # MB above what good input alone takes; the largest body is 32 MB, the largest frame 16 MB
PERSON = {"kind": "infusion", "origin": ORIGIN.isoformat(), "subject": "bulk"}
GOOD = {"observable": "concentration", "time": ORIGIN.isoformat(), "value": 5.0}
Progress = Callable[[float], None]


def bad(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> Mapping[str, Any]:
    """Rounds of every kind of bad body and frame, between them good ones that must be taken."""
    rounds, dice = 2 if quick else 40, random.Random(SEED)
    port = free_port()
    faults, sent = list[str](), 0
    with tempfile.TemporaryDirectory() as place:
        served = Server(place, ("--mllp", str(port)))
        served.start()
        try:
            twin = served.ask("POST", "/v1/twins", json=PERSON)["id"]
            batches = readings(twin, 100 * rounds, 50, dice)
            with served.client() as client:
                for _, rows in batches[:4]:
                    client.post(f"/v1/twins/{twin}/records", json={"observations": rows}).raise_for_status()
                calm = served.memory("VmHWM")
                for number in range(rounds):
                    for path, body, allowed in _bodies(twin, dice):
                        answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
                        sent += 1
                        faults += _fault(answer, allowed, body)
                    faults += _frames(port, dice)
                    _, rows = batches[number % len(batches)]
                    good = client.post(f"/v1/twins/{twin}/records", json={"observations": rows})
                    faults += [] if good.is_success else [f"good rows met {good.status_code}"]
                    progress((number + 1) / rounds)
            grown = served.memory("VmHWM") - calm
        finally:
            served.stop()
    measured = {"wrong answers": len(faults), "growth MB": grown}
    met = not faults and grown < GROWTH
    told = f"{sent} bad bodies; {calm:.0f} MB with good input alone"
    return {"measured": measured, "met": met, "n": rounds, "baseline": told, "detail": faults[:5]}


def _bodies(twin: str, dice: random.Random) -> Iterator[tuple[str, bytes, tuple[int, ...]]]:
    """(path, body, statuses that are right). 200 where the rest of a batch is taken and the row listed."""
    own, fhir = f"/v1/twins/{twin}/records", "/fhir"
    whole = json.dumps({"observations": [GOOD] * 50}).encode()
    observation = json.dumps({"resourceType": "Observation", "status": "final", "code": {"text": "x"}}).encode()
    yield own, whole[: dice.randrange(len(whole))], (400,)
    yield own, b"[" * 200_000, (400,)
    yield own, b'{"observations":' + b"[" * 100_000 + b"]" * 100_000 + b"}", (200, 400)
    yield own, b'{"a":' * 50_000 + b"1" + b"}" * 50_000, (400,)
    yield own, dice.randbytes(5000), (400,)
    yield own, whole.decode().encode("utf-16"), (400,)
    yield own, whole.replace(b"concentration", b"\xff\xfe\x80"), (200, 400)
    yield own, json.dumps({"observations": [GOOD] * 30_000}).encode(), (400, 413)
    yield own, b" " * (33 << 20), (400, 413)
    yield own, json.dumps({"source": "x" * (8 << 20), "observations": [GOOD]}).encode(), (400,)
    rows: list[dict[str, Any]] = [
        {**GOOD, "unit": "furlong"},
        {**GOOD, "observable": "nonsense"},
        {**GOOD, "time": "2126-01-01T00:00:00Z"},
        {**GOOD, "time": "yesterday"},
        {**GOOD, "value": 1e300},
        {**GOOD, "value": "NaN"},
        {**GOOD, "sensor": dice.randbytes(20).hex()},
        {**GOOD, "id": "two", "value": 1.0},
        {**GOOD, "id": "two", "value": 2.0},
    ]
    yield own, json.dumps({"observations": rows}).encode(), (200,)
    yield fhir + "/Observation", observation[:-5], (400,)
    yield fhir + "/Observation", b"[" * 200_000, (400, 422)
    yield fhir + "/Observation", b'{"resourceType":"Observation","x":' * 20_000 + b"1" + b"}" * 20_000, (400, 422)
    yield fhir + "/Observation", observation.replace(b"final", b"nope"), (400, 422)
    yield fhir + "/Observation", observation.decode().encode("utf-16"), (400, 422)
    yield fhir, dice.randbytes(3000), (400,)


def _fault(answer: httpx.Response, allowed: tuple[int, ...], body: bytes) -> list[str]:
    if answer.status_code not in allowed:
        return [f"{answer.status_code} to {body[:60]!r}: {answer.text[:200]}"]
    media = answer.headers.get("content-type", "")
    if answer.status_code >= 400 and media not in ("application/problem+json", "application/fhir+json"):
        return [f"{answer.status_code} as {media}"]
    return []


def _frames(port: int, dice: random.Random) -> list[str]:
    """Noise between frames, frames cut off and one without an end; then a good one is still answered."""
    good = messages(1)[0]
    with socket.create_connection(("127.0.0.1", port), 30) as sender:
        sender.sendall(dice.randbytes(20_000).replace(FRAME, b"") + FRAME + good[:20])
        sender.sendall(FRAME + good + END)
        answers = b""
        while b"|AA|" not in answers:
            part = sender.recv(65536)
            if not part:
                return ["no answer to a good frame after noise"]
            answers += part
    with socket.create_connection(("127.0.0.1", port), 30) as sender, suppress(OSError):
        sender.sendall(FRAME + b"x" * (20 << 20))  # and no end
    return []
