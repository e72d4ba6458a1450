"""The log a hospital command reads: its form, which column is what, and what was repaired in it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vitruvian.cli.say import say

if TYPE_CHECKING:
    from vitruvian.models.eventlog import EventLog

SHOWN = 8
ROLES = {
    "csv": ("case", "activity", "complete", "start", "time", "lifecycle", "resource", "instance", "group", "enabled"),
    "adt": ("visit", "event", "time", "unit", "patient", "group"),
    "ris": ("exam", "modality", "begun", "ended", "requested", "room", "patient", "group"),
    "xes": ("group",),
}
MEANINGS = {
    "case": "case or patient", "activity": "activity", "complete": "completion", "start": "start", "time": "time stamp",
    "lifecycle": "life-cycle transition (start, complete)", "resource": "who or what did it", "group": "patient group",
    "instance": "activity instance", "enabled": "when it could begin", "visit": "visit number", "event": "A01 to A13",
    "unit": "unit", "patient": "patient number", "exam": "examination", "modality": "modality", "begun": "begin of the "
    "examination", "ended": "its end", "requested": "when it was asked for", "room": "scanner or room",
}  # fmt: skip


def log_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The file's form and which column is what; handed on together as `how`."""
    names = list(dict.fromkeys(r for roles in ROLES.values() for r in roles))

    @functools.wraps(command)
    def asked(*args: Any, **kwargs: Any) -> Any:
        how = {n: kwargs.pop(n) for n in ("form", "zone", "dates", "units", *names)}
        return command(*args, how=how, **kwargs)

    for n in reversed(names):
        asked = click.option(f"--{n}", metavar="COLUMN", help=f"Column of the {MEANINGS[n]}.")(asked)
    asked = click.option("--units", default="", help="The units there are (ADT), with commas; others are kept aside.")(
        asked
    )
    asked = click.option("--dates", default="", type=click.Choice(["", "dmy", "mdy"]), help="How 03-04-2026 is read.")(
        asked
    )
    asked = click.option("--zone", default="UTC", show_default=True, help="Time zone of times that do not say theirs.")(
        asked
    )
    forms = click.Choice(["csv", "adt", "ris", "xes"])
    return click.option("--form", type=forms, help="What the file is; .xes files say so themselves.")(asked)


def opened(path: Path, how: dict[str, str]) -> EventLog:
    """The log in a file, by its form and the columns that were named."""
    from vitruvian.core.errors import ParseError
    from vitruvian.platform.connect import adt, eventcsv, ris, xes

    form = how["form"] or ("xes" if path.name.lower().endswith((".xes", ".xes.gz")) else "csv")
    named = {r: how[r] for r in ROLES[form] if how.get(r)}
    known = {r for roles in ROLES.values() for r in roles}
    extra = sorted(r for r in known - set(ROLES[form]) if how.get(r))
    if extra:
        raise ParseError(
            f"--{extra[0]} is not of {form} files", where=path.name, fix=f"use {', '.join(ROLES[form])}, or --form"
        )
    common = {"zone": how["zone"], "dates": how["dates"]}
    if form == "adt":
        units = [u.strip() for u in how["units"].split(",") if u.strip()]
        return adt.read(path, adt.AdtColumns(**named), units=units, **common)
    if form == "ris":
        return ris.read(path, ris.RisColumns(**named), **common)
    if form == "xes":
        return xes.read(path, zone=how["zone"], group=named.get("group"))
    return eventcsv.read(path, eventcsv.Columns(**named), **common)


def moment(text: str, zone: str) -> float:
    """Seconds since 1970 of a time on the command line."""
    from vitruvian.platform.connect.eventtable import Moments

    return Moments(zone).seconds(text)


def say_log(log: EventLog) -> None:
    """What was read, and what was repaired."""
    s = log.summary()
    say(f"{s['cases']} cases, {s['rows']} rows, {s['activities']} activities, {s['from']} to {s['until']}")
    for r in log.repairs[:SHOWN]:
        where = f"{r.where}: " if r.where else ""
        say(f"  {where}{r.what}: {r.done}")
    if len(log.repairs) > SHOWN:
        say(f"  and {len(log.repairs) - SHOWN} more: --json lists all")


def without_log(how: dict[str, str]) -> None:
    """An error where columns are named and there is no log."""
    named = [r for roles in ROLES.values() for r in roles if how.get(r)]
    if named:
        raise click.ClickException(f"--{named[0]} names a column, but no log is given. Fix: add --from LOG")
