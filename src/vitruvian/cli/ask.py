"""vitruvian forecast, vitruvian compare: what will happen, and what if."""

from __future__ import annotations

from pathlib import Path

import click

from vitruvian.cli import opened
from vitruvian.cli.cluster import dask_option
from vitruvian.cli.progress import Progress
from vitruvian.cli.say import as_of_option, json_option, put_json, say, twin_argument

hours_option = click.option("--hours", default=3.0, show_default=True, help="How far ahead.")
of_option = click.option(
    "--of", multiple=True, metavar="NAME", help="Only this observable or quantity; may be repeated (default: all)."
)
learned_option = click.option(
    "--learned", is_flag=True, help="Correct it by what other subjects taught (kinds that are Corrected)."
)
seed_option = click.option("--seed", default=0, show_default=True, help="Seed of the random draws.")


@click.command()
@twin_argument
@hours_option
@of_option
@click.option("--noise", is_flag=True, help="Add the sensor's noise: bands for readings, not for the true value.")
@learned_option
@seed_option
@as_of_option
@dask_option
@json_option
def forecast(
    twin: str,
    hours: float,
    of: tuple[str, ...],
    noise: bool,
    learned: bool,
    seed: int,
    as_of: str | None,
    as_json: bool,
) -> None:
    """Say what will happen to T in the next hours, from its belief on.

    \b
    Examples:
      vitruvian forecast Ada --hours 3
      vitruvian forecast Ada --hours 8 --of glucose --as-of 2026-02-10T12:30

    Prints median, 50 and 90 % bands in local time, what of it was learned from this subject's data, and warnings, e.g.
    where an answer lies outside the ranges in which the kind's evidence holds. --json has every time. The forecast is
    kept in the store. --as-of says what would have been said then.
    """
    from vitruvian.cli.answers import forecast_lines

    live = opened.twin(twin)
    with Progress(f"Forecasting {live.name}"):
        answer = live.forecast(hours, of=of, as_of=as_of, noise=noise, learned=learned, seed=seed)
    if as_json:
        put_json({"twin": live.row.id, "subject": live.name, **answer.to_json()})
    else:
        say(forecast_lines(answer, live.kind, live.name))


@click.command()
@twin_argument
@click.option("--option", "options", multiple=True, metavar="NAME=FILE", help="An option's name and its YAML file.")
@hours_option
@of_option
@click.option("--against", default="as planned", show_default=True, help="The option to compare the others with.")
@learned_option
@seed_option
@as_of_option
@dask_option
@json_option
def compare(
    twin: str,
    options: tuple[str, ...],
    hours: float,
    of: tuple[str, ...],
    against: str,
    learned: bool,
    seed: int,
    as_of: str | None,
    as_json: bool,
) -> None:
    """Say what would be different for T under each option: the same draws meet them all.

    \b
    Example:
      vitruvian compare Ada --option walk=walk.yaml --option small=small.yaml --hours 4
    \b
    An option file lists actions of the kind (`vitruvian describe KIND`); times are local, or count from the belief:
      - Meal: {at: "+30min", carbohydrate: 45 g}
      - Exercise: {at: 2026-03-01T13:15, mets: 3.5, duration: 30 min}

    "as planned", with no further action, is always among the options. Prints every quantity under each option and the
    difference, member by member, with its 90 % interval.
    """
    from vitruvian.cli.answers import comparison_lines

    live = opened.twin(twin)
    with Progress(f"Comparing for {live.name}"):
        chosen = files(options)
        answer = live.compare(chosen, hours=hours, of=of, as_of=as_of, against=against, learned=learned, seed=seed)
    if as_json:
        put_json({"twin": live.row.id, "subject": live.name, **answer.to_json()})
    else:
        say(comparison_lines(answer, live.kind, live.name))


@click.command()
@twin_argument
@click.option("--goal", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The goal, in YAML.")
@seed_option
@as_of_option
@dask_option
@json_option
def recommend(twin: str, goal: Path, seed: int, as_of: str | None, as_json: bool) -> None:
    """Rank what could be done for T under a goal: an objective, and constraints with the probability they must have.

    \b
    Example:
      vitruvian recommend Ada --goal goal.yaml
    \b
    A goal file (quantities and actions of a kind: `vitruvian describe KIND`):
      horizon: +4h
      objective: {quantity: mean_glucose, sense: min}
      constraints: [{quantity: lowest_glucose, low: 70 mg/dL, probability: 99 %}]
      candidates:
        walk: [{Exercise: {at: +30min, mets: 3.5, duration: 15 min}}]
        rest: [{Meal: {at: +1h, carbohydrate: 20 g}}]

    Instead of candidates a space is searched, e.g. space: {action: Exercise, ranges: {duration: [5, 45]}, fixed: {at:
    +30min, mets: 3.5}}. Prints the options in order, the chance that each is the best, and why some may not be done.
    """
    from vitruvian.cli.choices import recommendation_lines

    live = opened.twin(twin)
    with Progress(f"Weighing options for {live.name}"):
        answer = live.recommend(goal, as_of=as_of, seed=seed)
    if as_json:
        put_json({"twin": live.row.id, "subject": live.name, **answer.to_json()})
    else:
        say(recommendation_lines(answer, live.name))


def files(options: tuple[str, ...]) -> dict[str, Path]:
    """{name: file} of NAME=FILE texts."""
    if not options:
        raise click.UsageError("give at least one --option NAME=FILE.yaml")
    out: dict[str, Path] = {}
    for text in options:
        name, equals, path = text.partition("=")
        if not equals or not name or not path:
            raise click.UsageError(f"--option {text}: write it as NAME=FILE.yaml")
        if name in out:
            raise click.UsageError(f"--option {name} is there twice")
        out[name] = Path(path)
    return out
