"""Getting in: set-up with the one-time token, log-in, and what a stranger sees."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browsing import NAME, PASSWORD, SCREEN, Place, accessible, watched
from running import Running
from vitruvian.platform.store.database import Database
from vitruvian.platform.trust import people

pytestmark = pytest.mark.service


def test_a_stranger_logs_in_and_comes_to_the_page_that_was_asked_for(stranger: Page, place: Place) -> None:
    stranger.goto("/alerts")
    expect(stranger.get_by_role("heading", name="Log in")).to_be_visible()
    accessible(stranger)
    stranger.get_by_label("Name").fill(NAME)
    stranger.get_by_label("Password").fill(PASSWORD)
    stranger.keyboard.press("Enter")
    expect(stranger.get_by_role("heading", name="Alerts", exact=True)).to_be_visible()
    assert stranger.url == f"{place.url}/alerts"


def test_a_new_server_is_set_up_by_the_link_with_its_token(chromium: Browser, tmp_path: Path) -> None:
    server = Running(str(tmp_path / "store"))
    database = Database.open(server.place)
    with database.write() as connection:
        token = people.setup_token(connection, 0)
    database.close()
    server.start()
    try:
        pages = watched(chromium.new_context(base_url=server.url, **SCREEN))
        page = next(pages)
        page.goto("/")
        expect(page.get_by_role("heading", name="Set up this server")).to_be_visible()
        newest = re.findall(r"vt_\S+", told(server)) or [token]
        page.goto(f"/setup#token={newest[-1]}")
        page.reload()
        page.get_by_label("Name").fill("grace")
        page.get_by_label("Password").fill("short")
        page.get_by_role("button", name="Make the first user").click()
        expect(page.get_by_role("alert")).to_contain_text("Must have 12")  # the server's reason, at its field
        accessible(page)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_text("No twin yet")).to_be_visible()
        accessible(page)
        assert list(pages) == []
    finally:
        server.stop()


def told(server: Running) -> str:
    """What the server printed before its first answer."""
    assert server.process is not None
    assert server.process.stdout is not None
    return server.process.stdout.readline().decode() + server.process.stdout.readline().decode()
