"""Backup and restore: whole while writers go on, checked, never over something that is there."""

import threading
from pathlib import Path

import pytest

from levels import CASE, FILE, level
from vitruvian.core.errors import StoreError
from vitruvian.kinds.infusion import KIND
from vitruvian.platform.backup import backup, restore
from vitruvian.platform.store import Store
from vitruvian.platform.store.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    opened = Database.open(tmp_path / "store")
    Store(opened).create_twin("S1", KIND, CASE)
    return opened


def test_a_backup_under_load_is_a_moment_of_the_store(database: Database, tmp_path: Path) -> None:
    store, stop, acknowledged = Store(database), threading.Event(), list[str]()

    def pour() -> None:
        k = 0
        while not stop.is_set():
            acknowledged.extend(
                r.id
                for r in store.append_observations("S1", [level(k + i / 10, 1.0) for i in range(9)], FILE).observations
            )
            k += 1

    writer = threading.Thread(target=pour)
    writer.start()
    while len(acknowledged) < 50:
        pass
    before = len(acknowledged)
    saved = backup(database, tmp_path / "monday.db")
    stop.set()
    writer.join()
    made = restore(saved, tmp_path / "again")
    with Store.open(made) as again:
        held = set(again.record("S1").id.tolist())
        assert set(acknowledged[:before]) <= held <= {*acknowledged}
        assert len(held) % 9 == 0, "no half batch"
        assert again.append_observations("S1", [level(9999, 1.0)], FILE).count("new") == 1
    assert saved.stat().st_mode & 0o077 == 0


def test_nothing_is_written_over(database: Database, tmp_path: Path) -> None:
    saved = backup(database, tmp_path / "monday.db")
    with pytest.raises(StoreError, match="is there already"):
        backup(database, saved)
    with pytest.raises(StoreError, match="there is a store already"):
        restore(saved, tmp_path / "store")


@pytest.mark.parametrize("content", [b"", b"no database" * 1000, None])
def test_what_is_no_backup_is_refused(content: bytes | None, database: Database, tmp_path: Path) -> None:
    saved = backup(database, tmp_path / "monday.db")
    damaged = tmp_path / "damaged.db"
    whole = saved.read_bytes()
    damaged.write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(StoreError):
        restore(damaged, tmp_path / "again")
    assert not (tmp_path / "again").exists()
    with pytest.raises(StoreError, match="no such file"):
        restore(tmp_path / "none.db", tmp_path / "again")
