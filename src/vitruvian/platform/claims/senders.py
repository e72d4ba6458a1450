"""Senders that never give up: over HTTP, MLLP and MQTT; each knows what was acknowledged, and sends the rest again."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

ORIGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)
FRAME, END = b"\x0b", b"\x1c\r"
PAUSE = 0.02  # s before a sender tries again


class AbstractSender(ABC):
    """Sends numbered things in random order from a thread of its own, some twice, until all are acknowledged."""

    def __init__(self, things: Sequence[Any], dice: random.Random, pace: float) -> None:
        """pace: s from one to the next."""
        self.things, self.acknowledged, self._pace = things, set[int](), pace
        self.refused: list[str] = []
        self._left = dice.sample(range(len(things)), len(things))
        self._left += dice.sample(range(len(things)), len(things) // 4)  # a quarter comes twice
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether everything was acknowledged within so many seconds; the sender ends then."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def stop(self) -> None:
        """End before everything is sent."""
        self._stop.set()
        self._thread.join(60)

    @property
    def left(self) -> int:
        """How many are still to be sent."""
        return len(self._left)

    def _run(self) -> None:
        while self._left and not self._stop.is_set():
            number = self._left[0]
            try:
                self.send(number)
            except (OSError, EOFError, httpx.TransportError):
                self.broken()
                time.sleep(PAUSE)
                continue
            self.acknowledged.add(number)
            self._left.pop(0)
            time.sleep(self._pace)
        self.close()

    @abstractmethod
    def send(self, number: int) -> None:
        """Returns when it is acknowledged; OSError, EOFError or TransportError when that is not known."""

    @abstractmethod
    def broken(self) -> None:
        """Let go of the connection; the next thing is sent over a new one."""

    def close(self) -> None:
        """Let go of everything."""
        self.broken()


class Http(AbstractSender):
    """Batches of readings to the native endpoint: (twin id, rows)."""

    def __init__(self, url: str, token: str, things: Sequence[Any], dice: random.Random, pace: float) -> None:
        super().__init__(things, dice, pace)
        self._client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30.0)

    def send(self, number: int) -> None:
        twin, rows = self.things[number]
        answer = self._client.post(f"/v1/twins/{twin}/records", json={"observations": rows})
        if answer.status_code >= 500:
            if answer.headers.get("content-type") != "application/problem+json" or answer.status_code not in (503, 507):
                self.refused.append(f"{answer.status_code} {answer.text[:200]}")
            raise OSError(answer.status_code)
        if not answer.is_success or answer.json()["kept_aside"] or answer.json()["refused"]:
            self.refused.append(f"{answer.status_code} {answer.text[:200]}")

    def broken(self) -> None:
        """The client opens connections anew by itself."""

    def close(self) -> None:
        self._client.close()


class Mllp(AbstractSender):
    """HL7 messages, each answered by AA before the next."""

    def __init__(self, port: int, things: Sequence[bytes], dice: random.Random, pace: float) -> None:
        super().__init__(things, dice, pace)
        self._port, self._socket = port, None

    def send(self, number: int) -> None:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), 30)
        self._socket.sendall(FRAME + self.things[number] + END)
        answer = b""
        while not answer.endswith(END):
            part = self._socket.recv(4096)
            if not part:
                raise EOFError
            answer += part
        if b"|AA|" not in answer:
            raise OSError(answer[:200])

    def broken(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Mqtt(AbstractSender):
    """Payloads to a broker with QoS 1: acknowledged by the broker, which holds them for the server."""

    def __init__(self, port: int, topic: str, things: Sequence[bytes], dice: random.Random, pace: float) -> None:
        super().__init__(things, dice, pace)
        import paho.mqtt.client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        self._topic = topic
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def send(self, number: int) -> None:
        self._client.publish(self._topic, self.things[number], qos=1).wait_for_publish(30)

    def broken(self) -> None:
        """The client connects again by itself."""

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def readings(twin: str, count: int, each: int, dice: random.Random) -> list[tuple[str, list[dict[str, Any]]]]:
    """`count` readings of one twin in batches: 5 min apart, a tenth of them corrected later, batches overlapping."""
    rows = [_row(k, 4.0 + (37 * k) % 90 / 10) for k in range(count)]
    fixed = [
        {**row, "value": row["value"] + 1.0, "known_at": _time(k + 12)} for k, row in enumerate(rows) if k % 10 == 3
    ]
    out = []
    for first in range(0, count, each):
        out.append((twin, rows[first : first + each + each // 4]))
    for first in range(0, len(fixed), each):
        out.append((twin, fixed[first : first + each]))
    for _, some in out:
        dice.shuffle(some)
    return out


def _row(k: int, value: float) -> dict[str, Any]:
    return {"observable": "concentration", "time": _time(k), "known_at": _time(k), "value": value, "id": f"r{k}"}


def _time(k: int) -> str:
    return (ORIGIN + timedelta(minutes=5 * (k + 1))).isoformat()


def levels(twin: str, hours: Sequence[int]) -> list[tuple[str, list[dict[str, Any]]]]:
    """A level an hour of a twin that is followed, a request each."""
    row = [{**_row(12 * h - 1, 9.0 - h / 4 % 7), "id": f"level{h}"} for h in hours]
    return [(twin, [one]) for one in row]


def messages(count: int) -> list[bytes]:
    """ORU messages with a theophylline level each; every fourth corrects an order that came before."""
    out = []
    for n in range(count):
        at = f"{(ORIGIN + timedelta(minutes=n)).strftime('%Y%m%d%H%M%S')}+0000"
        lines = (
            f"MSH|^~\\&|LAB|HOSP|TWINS|HERE|{at}||ORU^R01|{n}|P|2.5.1",
            "PID|1||77^^^HOSP^MR||Lovelace^Ada||18151210|F",
            f"OBR|1|P1|F{n - n // 4}|4049-3^Theophylline^LN",
            f"OBX|1|NM|4049-3^Theophylline^LN||{n % 20}.5|mg/L|10-20||||F|||{at}",
        )
        out.append(("\r".join(lines) + "\r").encode())
    return out


def points(count: int) -> list[bytes]:
    """Open mHealth heart rates; a quarter of them say an earlier point anew."""
    out = []
    for n in range(count):
        made = (ORIGIN + timedelta(minutes=n)).isoformat()
        schema = {"namespace": "omh", "name": "heart-rate", "version": "2.0"}
        body = {"heart_rate": {"value": 60 + n % 90, "unit": "beats/min"}, "effective_time_frame": {"date_time": made}}
        header = {"id": str(n - n // 4), "creation_date_time": made, "schema_id": schema}
        out.append(json.dumps({"header": header, "body": body}).encode())
    return out
