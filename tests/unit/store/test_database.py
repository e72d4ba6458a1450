"""The database: schema only by migration, safe when two start at once, durable, and plain in its errors."""

import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from vitruvian.core.errors import StoreError
from vitruvian.platform.store import Store, database
from vitruvian.platform.store.database import HEAD, MIGRATIONS, Database
from vitruvian.platform.store.schema import metadata


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    return made


def test_the_migrations_make_exactly_the_tables_of_the_schema(tmp_path: Path) -> None:
    opened = Database.open(tmp_path)
    with opened.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    opened.close()


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(config()).get_current_head() == HEAD


def test_the_same_migrations_speak_postgresql() -> None:
    out = io.StringIO()
    offline = config()
    offline.set_main_option("dialect", "postgresql")
    offline.output_buffer = out
    command.upgrade(offline, "head", sql=True)
    for table in metadata.tables:
        assert f"CREATE TABLE {table} " in out.getvalue()
    assert "seq BIGINT NOT NULL" in out.getvalue()
    assert "blob BYTEA NOT NULL" in out.getvalue()


def test_opening_an_up_to_date_store_imports_no_alembic(tmp_path: Path) -> None:
    Database.open(tmp_path).close()
    code = (
        "import sys; from vitruvian.platform.store.database import Database;"
        f"Database.open({str(tmp_path)!r}).close(); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_of_many_that_open_a_new_store_at_once_one_makes_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for opened in pool.map(lambda _: Database.open(tmp_path), range(8)):
            with opened.read() as connection:
                assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD
            opened.close()


def test_a_commit_is_on_disk_and_keys_hold(tmp_path: Path) -> None:
    opened = Database.open(tmp_path)
    with opened.read() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}  # 2: FULL
    assert opened.check() == ()
    opened.close()


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    Database.open(tmp_path / "new").close()
    assert (tmp_path / "new" / "vitruvian.db").stat().st_mode & 0o077 == 0


def test_a_failed_migration_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        real = command.upgrade

        def half(*args: object) -> None:
            real(*args)  # pyright: ignore[reportArgumentType]
            fails()

        patch.setattr(command, "upgrade", half)
        with pytest.raises(RuntimeError, match="power cut"):
            Database.open(tmp_path)
    raw = database._sqlite(database._url(tmp_path)).connect()
    assert raw.execute(text("SELECT count(*) FROM sqlite_master")).scalar() == 0
    raw.close()
    raw.engine.dispose()
    Database.open(tmp_path).close()


def test_a_store_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    opened = Database.open(tmp_path)
    with opened.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    opened.close()
    with pytest.raises(StoreError, match=r"newer Vitruvian \(schema 9999.*install the newer version"):
        Database.open(tmp_path)


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vitruvian.db").write_text("Index,Timestamp\n" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Database.open(tmp_path)


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    Database.open(tmp_path).close()
    file = tmp_path / "vitruvian.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(StoreError, match=r"damaged|malformed"):
        Store.open(tmp_path).list_twins()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="VITRUVIAN_HOME"):
        Database.open(tmp_path / "new")
    tmp_path.chmod(0o700)


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="VITRUVIAN_HOME"):
        Database.open(tmp_path / "file" / "store")


def test_a_writer_that_waits_too_long_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    one, other = Database.open(tmp_path), Database.open(tmp_path)
    with one.write(), pytest.raises(StoreError, match=r"another program has been writing.*try again"), other.write():
        pass
    with one.write(), other.read() as connection:  # readers do not wait
        assert connection.execute(text("SELECT count(*) FROM twins")).scalar() == 0
    one.close()
    other.close()


def test_the_home_comes_from_the_environment(own_home: Path) -> None:
    with Store.open() as store:
        assert store.list_twins() == ()
    assert (own_home / "vitruvian.db").is_file()
