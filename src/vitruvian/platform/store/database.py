"""One database: opened durable, brought to the current schema, read and written in transactions with plain errors."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError

from vitruvian.core.errors import StoreError
from vitruvian.platform.store import log

FILE = "vitruvian.db"
HEAD = "0010"  # the schema this program writes; a test holds it equal to the newest migration
BUSY_SECONDS = 20.0  # how long a writer waits for another
MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATING = threading.Lock()  # alembic keeps its context in module globals


class AbstractDatabase(ABC):
    """Where facts are read and written in transactions."""

    @abstractmethod
    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that only reads: one snapshot."""

    @abstractmethod
    def write(self) -> AbstractContextManager[Connection]:
        """A transaction that writes, alone; all of it holds when it ends without an error, else nothing."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held open."""


class Joined(AbstractDatabase):
    """A transaction that somebody else began: what is written here becomes durable when that one does."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self) -> AbstractContextManager[Connection]:
        return nullcontext(self._connection)

    def write(self) -> AbstractContextManager[Connection]:
        return nullcontext(self._connection)

    def close(self) -> None:
        """Nothing: who began the transaction ends it."""


class Database(AbstractDatabase):
    """An engine whose reads see one snapshot and whose writes are one at a time, durable when they return.

    `committed` are called after every write, in the writer's thread: followers look what is new.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.where = url.database or url.render_as_string(hide_password=True)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.committed: list[Callable[[], None]] = []
        self.found = ""
        self._engine = _sqlite(url) if self.is_sqlite else _server(url)
        self._writer = self._engine.execution_options(begin="IMMEDIATE")
        if not self.is_sqlite:  # a snapshot for readers; writers wait for the row lock of the ingest sequence
            self._writer = self._engine.execution_options(isolation_level="READ COMMITTED")
        # SQLite's own waiting sleeps in long steps: threads of one process take turns here instead.
        self._turn: AbstractContextManager[Any] = threading.RLock() if self.is_sqlite else nullcontext()

    @classmethod
    def open(cls, place: str | Path, *, look: bool = False) -> Database:
        """A file, a folder (then its vitruvian.db), or a database URL; the schema is made or brought up to date.

        look: say in `found` what a process that was killed, or a damaged disk, left behind the last whole commit.
        """
        database = cls(_url(place))
        if look and database.is_sqlite:
            database.found = log.inspect(Path(str(database.url.database))).said
        database._migrate()
        return database

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._plainly(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self._turn, self._plainly(), self._writer.connect() as connection, connection.begin():
            yield connection
        for tell in tuple(self.committed):
            tell()

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def check(self) -> tuple[str, ...]:
        """What SQLite's own integrity and foreign-key checks find wrong; empty when sound."""
        with self.read() as connection:
            if connection.dialect.name != "sqlite":
                return ()
            found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
            keys = [f"foreign key: {tuple(row)}" for row in connection.exec_driver_sql("PRAGMA foreign_key_check")]
        return tuple(line for line in (*found, *keys) if line != "ok")

    def _migrate(self) -> None:
        with self.read() as connection:
            version = _version(connection)
        if version == HEAD:
            return
        with _MIGRATING, self.write() as connection:  # the lock comes first: of two that start at once, one waits
            if connection.dialect.name == "postgresql":  # whose transactions do not exclude each other
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('vitruvian'))"))
            version = _version(connection)
            if version != HEAD:
                _upgrade(connection, version, self.where)

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except self._engine.dialect.loaded_dbapi.Error as err:  # of a statement that goes to the driver itself
            raise self._said(str(err)) from err
        except (OperationalError, InterfaceError) as err:
            raise self._said(str(err.orig)) from err
        except DatabaseError as err:
            if isinstance(err.orig, sqlite3.DatabaseError) and not isinstance(err.orig, sqlite3.IntegrityError):
                raise self._said(str(err.orig)) from err
            raise

    def _said(self, reason: str) -> StoreError:
        fixes = {
            "locked": (
                f"another program has been writing for more than {BUSY_SECONDS:g} s",
                "try again when it is done",
            ),
            "full": ("the disk is full; nothing of this write was kept", "free some space and try again"),
            "No space left": ("the disk is full; nothing of this write was kept", "free some space and try again"),
            "disk I/O error": (
                "the disk did not take the write; nothing of it was kept",
                "see whether the disk or a quota is full, or the disk is faulty, and try again",
            ),
            "readonly": ("the store may not be written", "give yourself write permission on the file and its folder"),
            "unable to open": ("the file cannot be opened", "check the path and its permissions"),
            "not a database": ("the file is not a database", "set VITRUVIAN_HOME to another folder, or move the file"),
            "malformed": ("the database is damaged", "restore it from a backup"),
        }
        for word, (what, fix) in fixes.items():
            if word in reason:
                return StoreError(what, where=self.where, fix=fix)
        return StoreError(f"the database refused: {reason}", where=self.where, fix="check the file and the disk")


def _url(place: str | Path) -> URL:
    if "://" in str(place):
        url = make_url(str(place))
        return url.set(drivername="postgresql+psycopg") if url.get_backend_name() == "postgresql" else url
    path = Path(place).expanduser().absolute()
    if path.is_dir() or path.suffix == "":
        path = path / FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # health data: for its owner's eyes only
    except OSError as err:
        raise StoreError(
            f"cannot be opened ({err.strerror})",
            where=str(path),
            fix="set VITRUVIAN_HOME to a folder that you may write",
        ) from err
    return URL.create("sqlite", database=str(path))


def _server(url: URL) -> Engine:
    try:
        return create_engine(url, isolation_level="REPEATABLE READ", pool_size=16, max_overflow=16, pool_pre_ping=True)
    except ImportError as err:
        raise StoreError(
            f"the driver for {url.get_backend_name()} is not installed ({err})",
            where=url.render_as_string(hide_password=True),
            fix="pip install 'vitruvian[postgres]'",
        ) from err


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, pool_size=16, max_overflow=48)

    @event.listens_for(engine, "connect")
    def _(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # transactions are begun below, not by the driver's own rules
        _journal(raw)
        raw.execute("PRAGMA synchronous=FULL")  # a commit is on disk when it returns
        raw.execute("PRAGMA fullfsync=ON")  # and on macOS, whose fsync does not reach the disk, too
        raw.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")

    return engine


def _journal(raw: sqlite3.Connection) -> None:
    """Write-ahead log; the switch does not wait for the busy timeout, so it is tried again."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            raw.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as err:
            if "locked" not in str(err) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _version(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def _upgrade(connection: Connection, version: str, where: str) -> None:
    from alembic import command  # lazy: 0.3 s, and needed once
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    if version and version not in known:
        raise StoreError(
            f"was written by a newer Vitruvian (schema {version}; this one knows up to {HEAD})",
            where=where,
            fix="install the newer version",
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
