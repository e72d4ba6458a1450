"""Alerts by mail, to a real SMTP server: told once it listens, under one Message-ID, never a subject's name."""

import email
import json
import time
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller

from running import Running, free_port


class Box:
    """What was delivered; the first letter is refused for now, as a busy server does."""

    def __init__(self) -> None:
        self.letters: list[Message] = []
        self.tries = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.tries += 1
        if self.tries == 1:
            return "451 later, please"
        self.letters.append(email.message_from_bytes(envelope.content))
        return "250 taken"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    made = Running(str(tmp_path))
    made.prepare()
    made.start()
    yield made
    made.stop()


def test_an_alert_reaches_the_mail_server_that_was_away_and_then_busy(server: Running) -> None:
    port, box = free_port(), Box()
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"}, timeout=60) as api:
        target = {"host": "127.0.0.1", "port": port, "from": "twins@here", "to": "ward@here"}
        api.post("/v1/alert-channels", json={"type": "smtp", "target": target}).raise_for_status()
        body = {"kind": "infusion", "subject": "Ada Lovelace", "origin": "2026-03-01T08:00:00Z"}
        twin = api.post("/v1/twins", json=body).raise_for_status().json()["id"]
        rule = {"name": "too high", "twin": twin, "on": "reading", "of": "concentration", "high": 20.0}
        api.post("/v1/alert-rules", json=rule).raise_for_status()
        api.put(f"/v1/twins/{twin}/following", json={"hours": 1}).raise_for_status()
        rows = [{"observable": "concentration", "time": "2026-03-01T09:00:00Z", "value": 24.0, "unit": "mg/L"}]
        api.post(f"/v1/twins/{twin}/records", json={"observations": rows}).raise_for_status()
        alert = _until(lambda: api.get("/v1/alerts").json()["items"])[0]
        _until(lambda: _delivery(api, alert["id"])["attempts"] >= 1)  # nobody listens yet
        post = Controller(box, hostname="127.0.0.1", port=port)
        post.start()
        try:
            _until(lambda: box.letters)
            told = _until(lambda: _delivery(api, alert["id"])["sent"] and _delivery(api, alert["id"]))
            time.sleep(2.5)
        finally:
            post.stop()
    (letter,) = box.letters
    assert told["error"] is None
    assert told["attempts"] >= 3
    assert letter["To"] == "ward@here"
    assert letter["Message-ID"] == f"<{told['id']}@vitruvian>"
    text = letter.get_payload(decode=True).decode()
    assert "concentration 24 mg/L is above 20" in text
    assert json.loads(text[text.index("{") :])["twin"] == twin
    assert "Lovelace" not in letter.as_string()


def _delivery(api: httpx.Client, alert: str) -> dict[str, Any]:
    return api.get(f"/v1/alerts/{alert}").json()["deliveries"][0]


def _until(look: Any, seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen")
