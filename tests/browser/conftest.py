"""Fixtures of the browser tests: the server with its twins, the browser, a page of a stranger and one of an admin."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from browsing import AXE, BUILT, NAME, OTHER, PASSWORD, SCREEN, Place, drug, known, person, watched
from needs import missing, require
from running import Running
from vitruvian.platform.store.database import Database
from vitruvian.platform.trust import people
from vitruvian.platform.trust.secret import hash_password


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    require("chromium")
    if not BUILT.exists() or not AXE.exists():
        missing("the built client", "make client")
    server = Running(str(tmp_path_factory.mktemp("store")))
    server.prepare()
    database = Database.open(server.place)
    with database.write() as connection:
        people.add_user(connection, "local", NAME, "admin", hash_password(PASSWORD), 0)
        people.add_user(connection, "local", OTHER, "clinician", hash_password(PASSWORD), 0)
    database.close()
    server.start()
    try:
        with server.client() as api:
            yield Place(server, person(api), drug(api))
    finally:
        server.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Closed with each module: while it is open an event loop runs, and other tests start loops of their own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(require("chromium")), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def stranger(chromium: Browser, place: Place) -> Iterator[Page]:
    """A page of somebody who is not logged in."""
    yield from watched(chromium.new_context(base_url=place.url, **SCREEN))


@pytest.fixture
def page(chromium: Browser, place: Place) -> Iterator[Page]:
    """A page of an admin."""
    yield from watched(known(chromium, place, NAME))


@pytest.fixture
def colleague(chromium: Browser, place: Place) -> Iterator[Page]:
    """A page of a clinician, beside the admin's."""
    yield from watched(known(chromium, place, OTHER))
