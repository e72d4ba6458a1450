"""Waveforms over HTTP and MQTT payloads: sent, listed, streamed and resumed without a sample lost."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
from fastapi import Request

from served import NOW, Served
from vitruvian.api.devices import _waveforms
from vitruvian.api.waveforms import _events

RATE = 250.0


def body(first: int, count: int, **more: Any) -> dict[str, Any]:
    samples = [float(v) for v in range(first, first + count)]
    start = (NOW + timedelta(seconds=first / RATE)).isoformat()
    channel = {"name": "II", "unit": "mV", "rate": RATE, "samples": samples, **more}
    return {"start": start, "source": "monitor", "channels": [channel]}


def test_chunks_are_taken_once_and_listed(served: Served) -> None:
    twin = served.make_twin(subject="S1 (synthetic)")
    path = f"/v1/twins/{twin}/waveforms"
    assert served.call("POST", path, json=body(0, 50)).json() == {"new": {"II": 50}}
    assert served.call("POST", path, json=body(25, 50)).json() == {"new": {"II": 25}}
    (only,) = served.call("GET", path).json()["items"]
    assert (only["name"], only["rate"], only["synthetic"], only["first"]) == ("II", RATE, True, "2026-03-02T08:00:00Z")
    assert served.call("GET", "/v1/waveforms").json()["items"] == [twin]
    assert served.call("POST", path, served.add_token("viewer"), json=body(0, 1)).status_code == 403
    other = served.add_token("admin", tenant="elsewhere")
    assert served.call("GET", path, other).status_code == 404
    assert served.call("GET", "/v1/waveforms", other).json()["items"] == []


def test_what_is_no_waveform_is_refused_with_the_reason(served: Served) -> None:
    path = f"/v1/twins/{served.make_twin()}/waveforms"
    for more, said in (
        ({"unit": "furlong per"}, "furlong"),
        ({"rate": 5000.0}, "5000 Hz"),
        ({"samples": []}, "0 samples"),
        ({"name": "<b>"}, "pattern"),
    ):
        answer = served.call("POST", path, json=body(0, 5, **more))
        assert answer.status_code == 422
        assert said in answer.json()["detail"]


def test_a_stream_is_resumed_after_the_last_sample(served: Served) -> None:
    """The generator itself: a stream has no end, and this transport waits for one."""
    twin = served.make_twin()

    async def read(begin: int, count: int) -> tuple[list[float], int]:
        got: list[float] = []
        last = 0
        events = _events(Request({"type": "http"}), served.site, twin, [], begin)
        async for part in events:
            for event in part.decode().split("\n\n"):
                if "event: samples" in event:
                    fields = dict(line.split(": ", 1) for line in event.split("\n"))
                    got += json.loads(fields["data"])["samples"]
                    last = int(fields["id"])
            if len(got) >= count:
                break
        await events.aclose()
        return got, last

    async def work(client: httpx.AsyncClient) -> None:
        await client.post(f"/v1/twins/{twin}/waveforms", json=body(0, 60))
        first, last = await read(0, 60)
        for k in range(3):
            await client.post(f"/v1/twins/{twin}/waveforms", json=body(60 + 50 * k, 50))
        rest, _ = await asyncio.wait_for(read(last, 150), 10)
        assert first + rest == [float(v) for v in range(210)]

    served.run(work)


def test_a_payload_over_mqtt_is_the_same_body(served: Served, caplog: Any) -> None:
    twin = served.make_twin()
    _waveforms(served.site, "local", twin, json.dumps(body(0, 5)).encode())
    _waveforms(served.site, "local", twin, b"{}")
    _waveforms(served.site, "local", "tw-none", json.dumps(body(0, 5)).encode())
    assert len(served.call("GET", f"/v1/twins/{twin}/waveforms").json()["items"]) == 1
    assert [r.message for r in caplog.records] == [
        "waveforms not taken: Field required",
        "waveforms not taken: twins: there is no twin 'tw-none'. Fix: see GET /v1/twins",
    ]
