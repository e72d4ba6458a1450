"""What happened while a page was cut off is on it afterwards: nothing is missed, nothing has to be reloaded."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from browsing import NAME, Place, known, now, watched
from running import Running
from vitruvian.client import Client, Reading

pytestmark = pytest.mark.service
AWAY = re.compile(r"net::ERR_(CONNECTION|INTERNET|INCOMPLETE|NETWORK|EMPTY|FAILED|ABORTED)").search  # as it should be


@pytest.fixture
def cut(chromium: Browser, place: Place) -> Iterator[Page]:
    """A page whose browser may say that the server is not there."""
    yield from watched(known(chromium, place, NAME), AWAY)


def say(api: Client, twin: str, value: float, minutes: float) -> None:
    api.send(twin, [Reading("glucose", now() - timedelta(minutes=minutes), value, unit="mg/dL", sensor="dexcom")])


def test_a_server_that_was_away_comes_back_with_what_others_wrote(cut: Page, place: Place) -> None:
    cut.goto(f"/twins/{place.person}")
    figure = cut.locator(".figures b").first
    expect(figure).to_be_visible()
    expect(cut.get_by_role("status").filter(has_text="Live")).to_be_visible()
    place.server.kill()
    other = Running(place.server.place, place.server.token)  # on the same store, which the page does not know
    other.start()
    try:
        with other.client() as api:
            say(api, place.person, 201.0, 0.5)
    finally:
        other.stop()
    place.server.start()
    expect(figure).to_have_text("201", timeout=60_000)
    expect(cut.get_by_role("status").filter(has_text="Live")).to_be_visible()
    with place.server.client() as api:  # and the stream is the live one again
        say(api, place.person, 202.0, 0.0)
    expect(figure).to_have_text("202", timeout=60_000)


def test_a_browser_that_was_offline_catches_up(cut: Page, place: Place) -> None:
    cut.goto(f"/twins/{place.person}")
    figure = cut.locator(".figures b").first
    expect(figure).to_be_visible()
    cut.context.set_offline(True)
    with place.server.client() as api:
        say(api, place.person, 203.0, 0.0)
    cut.context.set_offline(False)
    expect(figure).to_have_text("203", timeout=60_000)
