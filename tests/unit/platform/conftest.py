"""A database that the tests of a file share: what one writes is taken back before the next."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from vitruvian.platform.store.database import Database


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database.open(tmp_path_factory.mktemp("store"))
    yield opened
    opened.close()


@pytest.fixture
def c(shared: Database) -> Iterator[Connection]:
    with shared._engine.connect() as connection:
        yield connection
        connection.rollback()
