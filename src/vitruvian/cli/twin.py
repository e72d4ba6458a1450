"""vitruvian twin create | labs | list | show | history: make a twin, and see what there is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vitruvian.cli import opened
from vitruvian.cli.observe import file_options, say_report
from vitruvian.cli.progress import Progress
from vitruvian.cli.say import json_option, note, put_json, say, twin_argument

if TYPE_CHECKING:
    from vitruvian.platform.live import LiveTwin


@click.group()
def twin() -> None:
    """Make twins and look at them: create, list, show, history."""


@twin.command()
@click.option("--kind", required=True, help="What kind of twin; see `vitruvian kinds`.")
@click.option("--subject", required=True, metavar="S", help="Whose: a name or pseudonym, by which you call the twin.")
@click.option("--set", "fields", multiple=True, metavar="NAME=VALUE", help="A field of the subject, e.g. weight=82.")
@click.option("--zone", default="", help="Time zone of the subject, e.g. Europe/Berlin (default: this machine's).")
@file_options
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@json_option
def create(
    kind: str,
    subject: str,
    fields: tuple[str, ...],
    zone: str,
    how: dict[str, str],
    files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Make a twin of SUBJECT, with what is in FILES: an export of readings, and a table of meals and doses.

    \b
    Examples:
      vitruvian twin create --kind metabolic --subject Ada export.csv meals.csv --set weight=82
      vitruvian twin create --kind infusion --subject Bob --set "weight=180 lb" --zone Europe/Berlin

    Prints the twin's id and what was found in the files: readings, gaps, doubles, and rows kept aside with the reason.
    Fields of the subject and their units: `vitruvian describe KIND`. A file that cannot be read leaves no twin behind.
    """
    with Progress(f"Reading {', '.join(f.name for f in files)}" if files else "Making the twin") as progress:
        made, report = opened.session().create(
            kind, subject, *files, zone=zone, fields=pairs(fields), progress=progress, **how
        )
    if as_json:
        put_json({**identity(made), "imported": [r.to_json() for r in report]})
        return
    say(f"{made.row.id}: {kind} twin of {subject}, times in {made.row.origin.zone}")
    say_report(made, report)
    note(f"next: vitruvian calibrate {subject}" if files else f"next: vitruvian observe {subject} FILE")


@twin.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List all twins.

    \b
    Example:
      vitruvian twin list
    """
    from vitruvian.cli.tables import table

    found = opened.session().twins()
    if as_json:
        put_json([{**identity(t), **known(t)} for t in found])
    elif not found:
        say("There is no twin yet. Make one: vitruvian twin create --kind KIND --subject NAME FILE...")
    else:
        rows = []
        for t in found:
            k = known(t)
            rows.append((t.row.id, t.name, t.row.kind, str(k["readings"]), short(k["first"]), short(k["last"])))
        say(table(("id", "subject", "kind", "readings", "from", "to"), rows, ""))


@twin.command()
@twin_argument
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dates", default="", type=click.Choice(["", "dmy", "mdy"]), help="How 03-04-2026 is to be read.")
@json_option
def labs(twin: str, files: tuple[Path, ...], dates: str, as_json: bool) -> None:
    """Take laboratory values and weights in FILES into the subject of T: CSV, or a FHIR R4 bundle.

    \b
    Examples:
      vitruvian twin labs Ada labs.csv
      vitruvian twin labs Ada bundle.json

    CSV: date,test,value,unit, or a date and columns such as HbA1c (mmol/mol). Read are fasting glucose, insulin,
    C-peptide, HbA1c, lipids, eGFR, weight and height, each converted to the field's unit by its own rule. The newest
    value of a field holds; earlier ones stay, and --as-of still sees what was known then. What cannot be used is kept
    aside.
    """
    from vitruvian.platform.labs import lines, take_labs

    live = opened.twin(twin)
    reports = take_labs(live, *files, dates=dates)
    if as_json:
        put_json([r.to_json() for r in reports])
        return
    for report in reports:
        say(lines(report))
    note(f"next: vitruvian calibrate {live.name}")


@click.command()
@twin_argument
@json_option
def show(twin: str, as_json: bool) -> None:
    """Show who T is, what is known of it, and what the twin believes.

    \b
    Example:
      vitruvian twin show Ada

    Prints the subject's fields, the extent of the data, rows kept aside, and the newest belief with the share of every
    parameter that was learned from this subject's data.
    """
    from vitruvian.cli.answers import learned_lines
    from vitruvian.cli.tables import table
    from vitruvian.platform.learned import Learned

    live = opened.twin(twin)
    found = live.store.latest_belief(live.row.id)
    aside = live.store.kept_aside(live.row.id)
    value = live.value()
    learned = None if found is None else Learned("believed", found[0], value)
    subject = {k: v for k, v in value.case.subject.to_json().items() if k != "type"}
    if as_json:
        belief = None if learned is None else learned.to_json()
        kept = [row._asdict() for row in aside]
        put_json({**identity(live), **known(live), "fields": subject, "belief": belief, "kept_aside": kept})
        return
    k = known(live)
    rows = [("id", live.row.id), ("kind", f"{live.kind.name} {live.kind.version}"), ("zone", live.row.origin.zone)]
    rows += [(name, str(v)) for name, v in subject.items() if v is not None]
    rows += [("readings", str(k["readings"])), ("from", short(k["first"])), ("to", short(k["last"]))]
    say(live.name, table(("", ""), rows))
    if aside:
        say("", f"{len(aside)} rows kept aside, the first:")
        say(f"  {aside[0].file}, line {aside[0].line}: {aside[0].reason}. Fix: {aside[0].fix}")
    say("", learned_lines(learned) if learned else [f"No belief yet: vitruvian calibrate {live.name}"])


@click.command()
@twin_argument
@json_option
def history(twin: str, as_json: bool) -> None:
    """Tell what happened to T, oldest first: files taken in, beliefs, forecasts.

    \b
    Example:
      vitruvian twin history Ada

    Nothing is ever overwritten: each line is still there to be read as of its time (--as-of).
    """
    from vitruvian.cli.tables import table
    from vitruvian.platform.instant import text

    live = opened.twin(twin)
    rows = [{"at": text(h.at_us), "what": h.what, "detail": h.detail, "actor": h.actor} for h in live.history()]
    if as_json:
        put_json(rows)
    else:
        say(table(("when (UTC)", "what", "detail"), [(r["at"][:19], r["what"], r["detail"]) for r in rows], ""))


twin.add_command(show)
twin.add_command(history)


def identity(live: LiveTwin) -> dict[str, Any]:
    """Who a twin is, as JSON."""
    return {"id": live.row.id, "subject": live.name, "kind": live.row.kind, "zone": live.row.origin.zone}


def known(live: LiveTwin) -> dict[str, Any]:
    """How much is known of it: readings, first and last time (local)."""
    from vitruvian.platform.instant import moment

    extent, zone = live.store.extent(live.row.id), live.row.origin
    ends = [None if us is None else zone.moment(zone.seconds(moment(us))) for us in (extent.first_us, extent.last_us)]
    first, last = (None if end is None else end.isoformat() for end in ends)
    return {"readings": extent.readings, "first": first, "last": last}


def short(iso: str | None) -> str:
    """A local time to the minute."""
    return "-" if iso is None else iso[:16].replace("T", " ")


def pairs(given: tuple[str, ...]) -> dict[str, str]:
    """name=value options."""
    out: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"--set {text}: write it as NAME=VALUE, e.g. --set weight=82")
        out[name.strip()] = value.strip()
    return out
