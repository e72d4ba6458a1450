"""A server with an admin's token, on a store of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from served import NOW, Served
from vitruvian.api.app import create_app
from vitruvian.api.site import Settings
from vitruvian.platform.store.database import Database


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without a row: migrating one takes longer than most tests."""
    place = tmp_path_factory.mktemp("blank") / "vitruvian.db"
    Database.open(place).close()
    return place


@pytest.fixture
def served(tmp_path: Path, blank: Path) -> Iterator[Served]:
    app = create_app(
        shutil.copy(blank, tmp_path), clock=lambda: NOW, settings=Settings(stranger_rate=1e6, stranger_burst=1e6)
    )
    made = Served(app)
    made.token = made.add_token("admin")
    yield made
    app.site.close()
