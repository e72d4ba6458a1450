"""vitruvian backup, vitruvian restore: a copy of the store while it is in use, and back."""

from __future__ import annotations

from pathlib import Path

import click

from vitruvian.cli.progress import Progress
from vitruvian.cli.say import say

db_option = click.option("--db", default=None, metavar="PLACE", help="The store's folder or file [default: the store]")


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@db_option
def backup(out: Path, db: str | None) -> None:
    """Copy the whole store into the new file OUT, also while a server writes to it.

    \b
    Example:
      vitruvian backup monday.db

    Everything that was acknowledged before it began is in the copy, which is checked before this says so. A store on
    PostgreSQL is backed up by that server's own tools.
    """
    from vitruvian.platform.backup import backup
    from vitruvian.platform.home import home
    from vitruvian.platform.store.database import Database

    database = Database.open(home() if db is None else db)
    try:
        with Progress("Copying the store") as progress:
            made = backup(database, out, progress)
    finally:
        database.close()
    say(f"{made}: {made.stat().st_size / 1e6:.1f} MB, whole")


@click.command()
@click.argument("saved", type=click.Path(path_type=Path))
@db_option
def restore(saved: Path, db: str | None) -> None:
    """Put the backup SAVED where there is no store yet. It is checked first.

    \b
    Example:
      vitruvian restore monday.db --db new-place
    """
    from vitruvian.platform.backup import restore
    from vitruvian.platform.home import home

    made = restore(saved, Path(db) if db is not None else home())
    say(f"{made}: restored; the server starts on it with: vitruvian serve --db {made}")
