"""What lies behind the last whole commit of a write-ahead log: nothing, an unfinished write, or lost commits."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vitruvian.platform.store import Store, log
from vitruvian.platform.store.database import FILE, Database
from vitruvian.platform.store.log import Found

Copy = Callable[[], Path]
ROWS, COMMITS = 20, 8


@pytest.fixture
def copied(tmp_path: Path) -> Iterator[Copy]:
    """Copies of a database that is open, with its log."""
    original = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    original.execute("PRAGMA journal_mode=WAL")
    original.execute("CREATE TABLE t (x)")
    for _ in range(COMMITS):
        original.execute("BEGIN")
        original.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * ROWS)
        original.execute("COMMIT")

    def copy() -> Path:
        for end in ("", "-wal"):
            shutil.copy(tmp_path / f"a.db{end}", tmp_path / f"b.db{end}")
        return tmp_path / "b.db"

    yield copy
    original.close()


def rows(path: Path) -> int:
    opened = sqlite3.connect(path)
    try:
        return int(opened.execute("SELECT count(*) FROM t").fetchone()[0])
    finally:
        opened.close()


def test_a_whole_log_has_nothing_behind_it(copied: Copy) -> None:
    path = copied()
    assert log.inspect(path) == Found(COMMITS + 1, 0, 0)
    assert log.inspect(path).said == ""
    assert rows(path) == COMMITS * ROWS


@pytest.mark.parametrize("cut", [1, 24, 4096, 4120, 9000])
def test_a_cut_end_is_an_unfinished_write(copied: Copy, cut: int) -> None:
    path = copied()
    file = path.with_name("b.db-wal")
    os.truncate(file, file.stat().st_size - cut)
    found = log.inspect(path)
    assert (found.commits, found.lost) == (COMMITS, 0)
    assert "unfinished write" in found.said
    assert rows(path) == (COMMITS - 1) * ROWS, "as SQLite reads it"


def test_a_turned_bit_loses_the_commits_behind_it(copied: Copy) -> None:
    path = copied()
    file = path.with_name("b.db-wal")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    found = log.inspect(path)
    assert found.commits + found.lost == COMMITS + 1
    assert found.lost > 0
    assert "is damaged" in found.said
    assert rows(path) == (found.commits - 1) * ROWS, "as SQLite reads it"


def test_without_its_head_all_of_it_is_lost(copied: Copy) -> None:
    path = copied()
    file = path.with_name("b.db-wal")
    data = bytearray(file.read_bytes())
    data[17] ^= 1
    file.write_bytes(data)
    assert log.inspect(path).lost == COMMITS + 1


def test_a_store_says_what_it_found(tmp_path: Path) -> None:
    with Store.open(tmp_path):
        pass
    calm = Database.open(tmp_path, look=True)
    assert calm.found == ""
    calm.close()
    (tmp_path / f"{FILE}-wal").write_bytes(b"rubbish" * 1000)
    opened = Database.open(tmp_path, look=True)
    assert "left out" in opened.found or "damaged" in opened.found
    assert opened.check() == ()
    opened.close()
