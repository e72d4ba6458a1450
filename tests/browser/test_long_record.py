"""10,000 readings under one's hand: pan and zoom by drag, wheel and keys; all are reachable, nothing piles up.

How fast it is, is printed and no condition: the page says what was measured.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from browsing import NAME, Place, accessible, known, now, watched
from vitruvian.client import Reading

pytestmark = pytest.mark.service
COUNT, EVERY = 10_000, timedelta(minutes=5)
FIRST, LAST = 61.0, 62.0  # mg/dL, values that no other reading has
MOST = 24e6  # bytes by which the heap may grow: what is held are the readings, once
DAY = 86_400_000  # ms
RECORD = """() => { const seen = window.seen = []; let last = performance.now();
  const tick = at => { seen.push(at - last); last = at; window.seen === seen && requestAnimationFrame(tick); };
  requestAnimationFrame(tick); }"""


@pytest.fixture(scope="module")
def long(place: Place) -> str:
    """A twin with 10,000 readings, five minutes apart, the last a quarter of an hour ago."""
    start = now() - timedelta(minutes=15) - (COUNT - 1) * EVERY
    values = [FIRST, *(120.0 + 40 * ((i * 37 % 288) / 288) for i in range(1, COUNT - 1)), LAST]
    readings = [Reading("glucose", start + i * EVERY, v, unit="mg/dL", sensor="dexcom") for i, v in enumerate(values)]
    with place.server.client() as api:
        twin = api.create_twin("metabolic", "Long record (synthetic)", fields={"weight": "80 kg"}, origin=start).id
        for k in range(0, COUNT, 2_500):
            api.send(twin, readings[k : k + 2_500], source="sensor (synthetic)")
    return twin


@pytest.fixture
def moving(chromium: Browser, place: Place) -> Iterator[Page]:
    yield from watched(known(chromium, place, NAME, reduced_motion="no-preference"))


def shown(chart: Locator) -> tuple[float, float]:
    """The window, ms."""
    a, b = chart.get_attribute("data-from"), chart.get_attribute("data-to")
    assert a is not None
    assert b is not None
    return float(a), float(b)


def until(page: Page, holds: str, *values: float) -> None:
    """Waits for what is said of `from` and `to`."""
    window = "const d = document.querySelector('.chart-area').dataset, from = +d.from, to = +d.to"
    page.wait_for_function(f"v => {{ {window}; return {holds}; }}", arg=list(values), timeout=60_000)


def weight(page: Page) -> tuple[float, int]:
    """Heap in use after a collection, bytes; nodes of the document."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return used, page.evaluate("document.querySelectorAll('*').length")


def told(page: Page, what: str) -> None:
    """How long frames took since RECORD; the loop ends."""
    seen: list[Any] = sorted(page.evaluate("() => { const s = window.seen; window.seen = null; return s; }"))
    n = len(seen)
    print(f"{what}: {n} frames, median {seen[n // 2]:.0f} ms, 95 % below {seen[int(0.95 * n)]:.0f} ms, {seen[-1]:.0f}")


def test_ten_thousand_points_pan_and_zoom(moving: Page, long: str) -> None:
    page = moving
    page.goto(f"/twins/{long}")
    chart = page.get_by_role("group", name="Timeline")
    expect(chart).to_be_visible()
    page.get_by_role("button", name="14 d", exact=True).click()
    until(page, "to - from > 13 * v[0]", DAY)
    box = chart.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)

    page.keyboard.down("Control")
    page.evaluate(RECORD)
    for _ in range(30):
        page.mouse.wheel(0, 120)  # out, until all of it is there
    until(page, "to - from > 34 * v[0]", DAY)
    page.keyboard.up("Control")
    told(page, "zoom, wheel")
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    before = weight(page)

    page.keyboard.down("Control")
    for _ in range(10):
        page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    until(page, "to - from < 14 * v[0]", DAY)
    here = shown(chart)
    page.evaluate(RECORD)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(x + 8 * step, y)
    page.mouse.up()
    until(page, "from < v[0] - v[1]", here[0], DAY)
    told(page, "pan, drag")
    here = shown(chart)
    page.keyboard.down("Shift")
    page.mouse.wheel(0, 300)
    page.keyboard.up("Shift")
    until(page, "from > v[0]", here[0])

    chart.focus()
    for _ in range(4):
        page.get_by_role("button", name="Zoom in").click()
    until(page, "to - from < v[0] && to - from > v[0] / 2", DAY)
    for key, value in (("Home", FIRST), ("End", LAST)):  # all are reachable, the first and the last too
        chart.focus()
        page.keyboard.press(key)
        page.get_by_role("button", name="Table").click()
        expect(page.locator(".behind td").get_by_text(f"{value:.0f}", exact=True)).to_be_visible()
        page.get_by_role("button", name="Table").click()
    grown, nodes = (after - b for after, b in zip(weight(page), before, strict=True))
    print(f"heap grew by {grown / 1e6:.1f} MB, the document by {nodes} nodes")
    assert grown < MOST
    assert nodes < 200
    accessible(page)
