"""vitruvian calibrate, vitruvian assimilate: let the twin learn from its subject's data."""

from __future__ import annotations

import click

from vitruvian.cli import opened
from vitruvian.cli.cluster import dask_option
from vitruvian.cli.progress import Progress
from vitruvian.cli.say import as_of_option, json_option, note, put_json, say, twin_argument


@click.command()
@twin_argument
@click.option("--days", type=float, help="Use the readings of so many last days (default: the kind's window).")
@click.option("--method", help="laplace, nuts, es-mda, exact or fitted (default: by what the kind can).")
@click.option("--seed", default=0, show_default=True, help="Seed of the random draws.")
@as_of_option
@dask_option
@json_option
def calibrate(twin: str, days: float | None, method: str | None, seed: int, as_of: str | None, as_json: bool) -> None:
    """Learn T's parameters from its data, starting from what is known of the population.

    \b
    Examples:
      vitruvian calibrate Ada
      vitruvian calibrate Ada --days 3 --method nuts

    Prints each parameter's posterior median and 90 % interval, and the share of it that was learned from this subject's
    data (1 - posterior / prior variance). The belief is stored as a new version; the same seed gives the same bits.
    """
    from vitruvian.cli.answers import learned_lines

    live = opened.twin(twin)
    with Progress(f"Calibrating {live.name}"):
        learned = live.calibrate(method=method, days=days, as_of=as_of, seed=seed)
    if as_json:
        put_json({"twin": live.row.id, "subject": live.name, **learned.to_json()})
        return
    say(learned_lines(learned))
    note(f"next: vitruvian forecast {live.name} --hours 3")


@click.command()
@twin_argument
@click.option("--seed", default=0, show_default=True, help="Seed of the random draws.")
@dask_option
@json_option
def assimilate(twin: str, seed: int, as_json: bool) -> None:
    """Take into T's belief what was observed since: by a filter where the kind has one, else by a fit of the window.

    \b
    Example:
      vitruvian observe Ada export.csv && vitruvian assimilate Ada

    Readings that came late or were corrected are put where they belong, in whatever order they arrive. Prints what the
    twin believes now.
    """
    from vitruvian.cli.answers import learned_lines

    live = opened.twin(twin)
    with Progress(f"Assimilating {live.name}"):
        learned = live.assimilate(seed=seed)
    if as_json:
        put_json({"twin": live.row.id, "subject": live.name, **learned.to_json()})
    else:
        say(learned_lines(learned))
