"""vitruvian population: thousands of synthetic persons of a kind, by set, as a table with its provenance."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from vitruvian.cli.progress import Progress
from vitruvian.cli.say import json_option, put_json, say


@click.command()
@click.argument("kind", metavar="KIND")
@click.option("--people", default=1000, show_default=True, type=click.IntRange(1, 1_000_000), help="Of every set.")
@click.option("--set", "fields", multiple=True, metavar="NAME=VALUE", help="A field of all subjects, e.g. bsa=1.8.")
@click.option("--each", metavar="NAME", help="A set for every choice of this field, e.g. condition.")
@click.option("--of", multiple=True, metavar="NAME", help="Only this observable; may be repeated (default: all).")
@click.option("--days", default=1.0, show_default=True, type=click.FloatRange(0.0, 3660.0), help="When they are seen.")
@click.option("--seed", default=0, show_default=True, help="Seed of the draws: the same seed, the same persons.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Where to write them: .csv, .parquet, .json."
)
@json_option
def population(
    kind: str,
    people: int,
    fields: tuple[str, ...],
    each: str | None,
    of: tuple[str, ...],
    days: float,
    seed: int,
    out: Path | None,
    as_json: bool,
) -> None:
    """Draw virtual persons of KIND (or organs, wards: what it twins), with their parameters and what each shows.

    \b
    Examples:
      vitruvian population circulation --each condition --people 1000 --out circulations.csv
      vitruvian population circulation --set condition="PAH severe" --of mpap --of rv_ef --json

    Every row is labelled synthetic. Beside a CSV lies its provenance: units, sources, seed, the kind's version, a hash
    of its sources, the command; Parquet and JSON hold it within. Person k of a set is the same whatever --people is.
    """
    from vitruvian.cli.tables import number, span, table
    from vitruvian.core.case import Case
    from vitruvian.core.errors import FieldError
    from vitruvian.core.fields import infos
    from vitruvian.platform import exported, fieldtext, registry
    from vitruvian.verbs.virtual import virtual

    if out is not None:
        exported.refuse(out)
    found = registry.get(kind)
    given = dict(pair(text) for text in fields)
    sets: dict[str, dict[str, str]] = {"all": given}
    if each is not None:
        info = infos(found.subject).get(each)
        if info is None or not info.choices:
            choices = [n for n, i in infos(found.subject).items() if i.choices]
            fix = f"use {', '.join(choices)}" if choices else "leave --each out"
            raise FieldError(f"'{each}' is no field with choices", where="--each", fix=fix)
        sets = {choice: {**given, each: choice} for choice in info.choices}
    cases = {n: Case(fieldtext.build(found.subject, f, lambda name: f"--set {name}".rstrip())) for n, f in sets.items()}
    with Progress(f"Drawing {people * len(cases)} persons") as progress:
        cohort = virtual(found, cases, people, of=of, at=days * 86400.0, seed=seed, progress=progress)
    command = shlex.join(["vitruvian", *sys.argv[1:]])
    written = exported.export(cohort, out, command) if out is not None else ()
    if as_json:
        told = exported.provenance(cohort, command)
        put_json({**told, "files": [str(path) for path in written]} if written else {**cohort.to_json(), **told})
        return
    units = {c.name: c.unit for c in cohort.columns}
    rows = [(s, n, number(mid), span(low, high), units[n]) for s, n, low, mid, high in cohort.summary()]
    say(f"{len(cohort)} {cohort.label}", table(("set", "shown", "median", "90 % of them", "unit"), rows))
    say(*(f"written: {path}" for path in written))
    say("For research use: not a medical device.")


def pair(text: str) -> tuple[str, str]:
    """NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise click.UsageError(f"--set {text}: write it as NAME=VALUE")
    return name.strip(), value.strip()
