"""A store in a folder of its own, with one twin."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from levels import CASE
from vitruvian.kinds.infusion import KIND
from vitruvian.platform.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        opened.create_twin("S1", KIND, CASE)
        yield opened
