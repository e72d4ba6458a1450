"""vitruvian observe: take in what is in files."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vitruvian.cli import opened
from vitruvian.cli.progress import Progress
from vitruvian.cli.say import json_option, note, put_json, say, twin_argument

if TYPE_CHECKING:
    from vitruvian.platform.ingest import Taken
    from vitruvian.platform.live import LiveTwin

SHOWN = 5  # kept-aside rows that are printed


def file_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What only the user can say of a file: --unit, --dates, --sensor; handed on together as `how`."""

    @click.option("--unit", default="", help="Unit of readings in a file that does not say, e.g. mg/dL or mmol/L.")
    @click.option("--dates", default="", type=click.Choice(["", "dmy", "mdy"]), help="How 03-04-2026 is to be read.")
    @click.option("--sensor", default="", help="The sensor, where a file does not say.")
    @functools.wraps(command)
    def asked(*args: Any, unit: str, dates: str, sensor: str, **kwargs: Any) -> Any:
        return command(*args, how={"unit": unit, "dates": dates, "sensor": sensor}, **kwargs)

    return asked


@click.command()
@twin_argument
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@file_options
@json_option
def observe(twin: str, files: tuple[Path, ...], how: dict[str, str], as_json: bool) -> None:
    """Take in what is in FILES: readings of a sensor, meals, doses.

    \b
    Examples:
      vitruvian observe Ada export.csv
      vitruvian observe Ada libre.csv meals.csv --unit mmol/L

    Known formats: Dexcom Clarity, LibreView, Nightscout, Tidepool, wearables, and plain CSV with a header. What is
    there already is not doubled; a changed value becomes a new version of its reading. Rows that cannot be used are
    kept aside, with line, column, reason and fix. Ctrl-C keeps what was acknowledged; running it again takes in the
    rest.
    """
    live = opened.twin(twin)
    with Progress(f"Reading {', '.join(f.name for f in files)}") as progress:
        report = live.observe(*files, progress=progress, **how)
    if as_json:
        put_json([r.to_json() for r in report])
        return
    say_report(live, report)
    note(f"next: vitruvian assimilate {live.name}")


def say_report(live: LiveTwin, reports: Sequence[Taken]) -> None:
    """What was found in the files, with the first rows that were kept aside."""
    for report in reports:
        first, *rest = report.lines()
        say(first, [f"  {line}" for line in rest])
        if not report.kept_aside:
            continue
        aside = [row for row in live.store.kept_aside(live.row.id) if row.file == report.found.file]
        for row in aside[-report.kept_aside :][:SHOWN]:
            column = f", column {row.column}" if row.column else ""
            say(f"    line {row.line}{column}: {row.reason}. Fix: {row.fix}")
        if report.kept_aside > SHOWN:
            say(f"    and {report.kept_aside - SHOWN} more: vitruvian twin show {live.name} --json")
