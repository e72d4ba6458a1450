"""Backup and restore of the embedded store: a consistent copy while the server runs, checked before it is trusted."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from vitruvian.core.errors import StoreError
from vitruvian.platform.store.database import FILE, Database

PAGES = 4096  # copied at a time: 16 MiB, between which writers go on


def backup(database: Database, out: Path, progress: Callable[[float], None] = lambda share: None) -> Path:
    """Copy the whole store to a new file. Everything acknowledged before it began is in it; writers go on meanwhile.

    StoreError when the file is there already, or for a database that is not SQLite: its own tools back that up.
    """
    if not database.is_sqlite:
        raise StoreError(
            "is not an embedded store", where=database.where, fix="use pg_dump, or your server's own backup"
        )
    if out.exists():
        raise StoreError("is there already", where=str(out), fix="name a new file")
    scratch = out.with_name(f"{out.name}.new")
    scratch.unlink(missing_ok=True)
    os.close(os.open(scratch, os.O_CREAT | os.O_RDWR, 0o600))  # health data: for its owner's eyes only
    try:
        with closing(sqlite3.connect(str(database.url.database))) as source, closing(sqlite3.connect(scratch)) as copy:
            source.backup(copy, pages=PAGES, progress=lambda _, left, total: progress(1 - left / max(total, 1)))
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        check(scratch)
        with open(scratch, "rb") as file:
            os.fsync(file.fileno())
    except sqlite3.Error as err:
        scratch.unlink(missing_ok=True)
        raise StoreError(f"the copy failed ({err})", where=str(out), fix="check disk and permissions") from err
    return scratch.replace(out)


def restore(saved: Path, place: Path) -> Path:
    """Put a backup in a place where there is no store yet: the file. It is checked first."""
    target = place / FILE if place.is_dir() or place.suffix == "" else place
    if target.exists():
        fix = "move the store there away first, or name another place"
        raise StoreError("there is a store already", where=str(target), fix=fix)
    check(saved)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    scratch = target.with_name(f"{target.name}.new")
    with (
        open(saved, "rb") as source,
        open(os.open(scratch, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file,
    ):
        while part := source.read(1 << 20):
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    made = scratch.replace(target)
    Database.open(made).close()  # brought to this program's schema, if it is of an older one
    return made


def check(file: Path) -> None:
    """StoreError when a file is no whole store."""
    if not file.is_file():
        raise StoreError("there is no such file", where=str(file), fix="check the path")
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            found = [row[0] for row in opened.execute("PRAGMA integrity_check")]
            opened.execute("SELECT value FROM counters WHERE name = 'ingest'").fetchone()
    except sqlite3.Error as err:
        raise StoreError(f"is no store ({err})", where=str(file), fix="use another backup") from err
    if found != ["ok"]:
        raise StoreError(f"is damaged: {found[0]}", where=str(file), fix="use another backup")
