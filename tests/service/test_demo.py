"""`vitruvian serve --demo`: up within seconds, and every source arrives by its own protocol."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from needs import require
from running import Running

pytestmark = pytest.mark.service


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    require("mosquitto")
    made = Running(str(tmp_path))
    made.prepare()
    made.start("--demo")
    yield made
    made.stop()


def test_it_fills_in_by_every_protocol(server: Running) -> None:
    assert server.process is not None
    assert server.process.stdout is not None
    lines = [server.process.stdout.readline().decode() for _ in range(3)]
    link = lines[2].split()[-1]
    with httpx.Client(timeout=60) as browser:
        assert browser.get(link).headers["location"] == "/"
        assert browser.get(f"{server.url}/v1/me").json()["role"] == "admin"
        deadline = time.monotonic() + 180
        twins: list[dict[str, object]] = []
        while time.monotonic() < deadline:
            listed = browser.get(f"{server.url}/v1/twins").json()["items"]
            twins = [browser.get(f"{server.url}/v1/twins/{t['id']}").json() for t in listed]
            if len(twins) >= 7 and all(t["readings"] for t in twins):
                break
            time.sleep(0.5)
        assert len(twins) >= 7
        assert all(t["synthetic"] and t["readings"] for t in twins)
        ways = set()
        for twin in twins:
            said = browser.get(f"{server.url}/v1/twins/{twin['id']}/history").json()["items"]
            ways |= {word for h in said for word in ("mqtt", "fhir", "hl7", "sensor reader") if word in str(h).lower()}
    assert ways == {"mqtt", "fhir", "hl7", "sensor reader"}
