"""Live waveforms in a real browser: frames are drawn, the page keeps up, its memory stays flat, it goes on when cut."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from browsing import NAME, Place, accessible, known, watched
from vitruvian.models.bedside import Heart, Monitor
from vitruvian.models.bedside.monitor import CHANNELS
from vitruvian.platform.synthetic import MARK

pytestmark = pytest.mark.service
CHUNK = 0.25  # s
MOST = 4_000_000  # bytes that the heap may differ by between two collections; a leak of every frame is far more
COLLECT = "HeapProfiler.collectGarbage"


@pytest.fixture
def bed(place: Place) -> Iterator[str]:
    """A twin whose monitor sends until the test is over."""
    done = threading.Event()

    def send() -> None:
        monitor, at = Monitor(Heart(), 1), datetime.now(UTC)
        headers = {"Authorization": f"Bearer {place.server.token}"}
        with httpx.Client(base_url=place.url, headers=headers, timeout=60) as client:
            while not done.is_set():
                drawn = monitor.draw(int(CHUNK * monitor.rate))
                channels = [
                    {"name": n, "unit": CHANNELS[n], "rate": monitor.rate, "samples": v.tolist()}
                    for n, v in drawn.items()
                ]
                body = {"start": at.isoformat(), "source": f"monitor {MARK}", "channels": channels}
                client.post(f"/v1/twins/{place.drug}/waveforms", json=body).raise_for_status()
                at += timedelta(seconds=CHUNK)
                done.wait(max(0.0, (at - datetime.now(UTC)).total_seconds()))

    sender = threading.Thread(target=send)
    sender.start()
    yield place.drug
    done.set()
    sender.join()


@pytest.fixture
def moving(chromium: Browser, place: Place) -> Iterator[Page]:
    """A page of somebody who did not ask for less motion."""
    yield from watched(known(chromium, place, NAME, reduced_motion="no-preference"))


def number(page: Page, name: str) -> float:
    return float(page.locator(".monitor .strips").get_attribute(f"data-{name}") or 0)


def until(page: Page, name: str, least: float) -> None:
    there = "([name, least]) => Number(document.querySelector('.strips')?.dataset[name]) >= least"
    page.wait_for_function(there, arg=[name, least], timeout=120_000)


def heap(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send(COLLECT)
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return used


def test_waves_are_drawn_keep_up_and_need_no_more_memory(moving: Page, place: Place, bed: str) -> None:
    moving.goto(f"/twins/{bed}")
    moving.get_by_role("link", name="Waveforms", exact=True).click()
    strip = moving.get_by_role("region", name="arterial pressure")
    expect(strip).to_be_visible()
    until(moving, "frames", 60)
    expect(strip).to_contain_text("mean")
    before, head = heap(moving), number(moving, "head")
    until(moving, "head", head + 8_000)  # ms of the signal
    grown = heap(moving) - before
    frames, behind = number(moving, "frames"), number(moving, "behind")
    print(f"{frames:.0f} frames; heap grew by {grown / 1e6:.2f} MB; {behind:.0f} ms behind")
    assert grown < MOST
    systolic = int(strip.locator(".value").inner_text().partition("/")[0])
    assert 110 < systolic < 140
    moving.get_by_role("button", name="Freeze").click()
    accessible(moving)
    frozen = number(moving, "frames")
    moving.get_by_role("button", name="Go on").click()
    until(moving, "frames", frozen + 5)


def test_a_cut_stream_goes_on_and_less_motion_is_honoured(page: Page, place: Place, bed: str) -> None:
    page.goto(f"/twins/{bed}/waveforms")
    until(page, "frames", 3)
    head = number(page, "head")
    page.context.set_offline(True)
    page.context.set_offline(False)
    until(page, "head", head + 4_000)
    frames, head = number(page, "frames"), number(page, "head")
    until(page, "head", head + 3_000)
    seconds = (number(page, "head") - head) / 1000
    assert number(page, "frames") - frames <= 2 * seconds + 2, "one a second, where motion is not wanted"
    accessible(page)
