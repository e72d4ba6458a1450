"""vitruvian validate: measure what a kind claims."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from vitruvian.cli.progress import Progress
from vitruvian.cli.say import note, plain, say


@click.command()
@click.argument("kind")
@click.option("--data", type=click.Path(path_type=Path), help="Root of the data sets (default: $VITRUVIAN_DATA).")
@click.option("--test", type=click.Path(path_type=Path), help="Another root whose subjects are used for testing only.")
@click.option("--claim", "only", multiple=True, metavar="ID", help="Only this claim, or all below it; may be repeated.")
@click.option("--quick", is_flag=True, help="The same code at reduced size, with wider bands.")
@click.option("--resume", is_flag=True, help="Keep what was measured on the same sources and data.")
@click.option("--strict", is_flag=True, help="End with 1 when a claim is not met.")
@click.option(
    "--json", "out", type=click.Path(path_type=Path), metavar="OUT", help="Write the results there (- for stdout)."
)
def validate(
    kind: str,
    data: Path | None,
    test: Path | None,
    only: tuple[str, ...],
    quick: bool,
    resume: bool,
    strict: bool,
    out: Path | None,
) -> None:
    """Measure what KIND claims, and print claim, target, what was measured, and whether it is met.

    \b
    Examples:
      vitruvian validate infusion --quick
      vitruvian validate platform --claim platform.kill
      vitruvian validate metabolic --claim met.backtest --json results.json

    A claim whose data set is not here is said to be unmeasured. --test DIR is laid out like the root of the data sets:
    all that is fitted is fitted under --data, without the people of DIR; who cannot be scored is named. --json writes a
    list of {id, class, statement, metric, target, measured, met, n, data, baseline}. The strongest simple baseline
    stands beside every figure.
    """
    from vitruvian.platform.evidence import run_claims, shown

    to_stdout = out is not None and str(out) == "-"
    with Progress(f"Validating {kind}") as progress:
        rows = run_claims(
            kind,
            data=data,
            test=test,
            only=only,
            quick=quick,
            resume=resume,
            progress=lambda claim, share: progress(share, claim),
            done=lambda row: None if to_stdout else progress.above(lines(shown(row))),
        )
    results = [shown(row) for row in rows]
    if not to_stdout:
        say(f"{sum(r['met'] is True for r in results)} of {len(results)} claims met")
    if out is not None:
        write(results, out)
    if strict and any(row["met"] is False for row in results):
        click.get_current_context().exit(1)


def lines(row: dict[str, Any]) -> list[str]:
    """One claim for people."""
    met = {True: "met", False: "NOT MET", None: "not measured"}[row["met"]]
    told = [f"{row['id']} ({row['class']}): {met}", f"  {row['statement']}"]
    told.append(f"  {row['metric']}: {said(row['measured'])}, target {row['target']}, n = {row['n']}")
    if row.get("baseline") not in (None, "", {}):
        told.append(f"  baseline: {said(row['baseline'])}")
    return [*told, *(f"  note: {n}" for n in row.get("notes", ()))]


def said(value: Any) -> str:
    """A measured value in words: numbers to four digits, mappings as pairs."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{k} {said(v)}" for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return " to ".join(said(v) for v in value) if len(value) == 2 else ", ".join(said(v) for v in value)
    return str(value)


def write(results: list[dict[str, Any]], out: Path) -> None:
    """The list as JSON: whole or not at all."""
    text = json.dumps(plain(results), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    if str(out) == "-":
        click.echo(text, nl=False)
        return
    scratch = out.with_name(f"{out.name}.new")
    try:
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(out)
    except OSError as err:
        raise click.FileError(str(out), f"{err.strerror}. Fix: give a path that can be written") from err
    note(f"written: {out}")
