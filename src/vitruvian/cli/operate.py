"""vitruvian hospital run, compare, choose: what a model's next hours bring, and what would change them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vitruvian.cli.logfile import log_options as columns
from vitruvian.cli.logfile import moment, opened, without_log
from vitruvian.cli.say import json_option, put_json, say
from vitruvian.cli.tables import number, table

if TYPE_CHECKING:
    from vitruvian.platform.operations import House

ALWAYS = ("mean_wait", "length_of_stay", "boarding_hours", "late_beds", "unseen", "cost")
options_ = click.option(
    "--option", "options", multiple=True, metavar="NAME=FILE", help="An option and its plan (YAML)."
)


def house_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """A model and from when; --from starts it with who is there in a log, whose columns are named as for `learn`."""

    @functools.wraps(command)
    def asked(model: Path, at: str, log: Path | None, how: dict[str, str], **kwargs: Any) -> Any:
        return command(_house(model, at, log, how), **kwargs)

    made = columns(asked)
    for option in (
        click.option("--seed", default=0, show_default=True, help="Seed of the random draws."),
        click.option("--replications", type=click.IntRange(10, 10000), default=200, show_default=True),
        click.option("--hours", type=click.FloatRange(1, 336), default=24.0, show_default=True, help="How far ahead."),
        click.option("--from", "log", type=click.Path(path_type=Path), help="Start from who is there in this log."),
        click.option("--at", default="2026-03-02T07:00", show_default=True, help="Start; with --from, the log's end."),
    ):
        made = option(made)
    return click.argument("model", type=click.Path(path_type=Path))(made)


@click.command()
@house_options
@click.option("--plot", "picture", type=click.Path(path_type=Path), help="Draw the census of all units here.")
@json_option
def run(house: House, hours: float, replications: int, seed: int, picture: Path | None, as_json: bool) -> None:
    """Run MODEL from now on: census by unit, waits, boarding, cost, with 90 % bands.

    \b
    Example:
      vitruvian hospital run model.yaml --at 2026-03-02T07:00 --hours 24
    """
    answer = house.compare({}, hours, replications, seed)
    forecast = answer.options[answer.against]
    if picture is not None:
        from vitruvian.cli.hospital import drawn
        from vitruvian.verbs.plots import plot_panels

        drawn(plot_panels(forecast, [n for n in forecast.items if n == "present" or n.startswith("census_")]), picture)
    leaving = house.leaving(hours, replications, seed)
    if as_json:
        put_json({**forecast.to_json(), "leaving": leaving})
        return
    say(f"{house.kind.model.name} ({house.kind.model.label})")
    say(f"{hours:g} h from {house.case.origin.moment(house.at):%Y-%m-%d %H:%M}, {replications} replications")
    levels = [n for n in forecast.items if n == "present" or n.startswith("census_")]
    at = [j for j in (0, 3, 7, 11, 23, 47) if j < int(hours)]
    rows = []
    for name in levels:
        e = forecast[name]
        low, middle, high = (e.quantile(q) for q in (0.05, 0.5, 0.95))
        cells = [f"{number(middle[j])} ({number(low[j])} to {number(high[j])})" for j in at]
        rows.append([name.removeprefix("census_"), *cells])
    say(table(["patients in", *(f"{j + 1} h" for j in at)], rows))
    _say_quantities(house, answer)
    if leaving:
        likely = [f"{who} {p:.0%}" for who, p in leaving.items() if p >= 0.5]
        say(f"of {len(leaving)} who are there, {len(likely)} leave more likely than not: {', '.join(likely[:12])}")


@click.command()
@house_options
@options_
@click.option(
    "--target", "limits", multiple=True, metavar="QUANTITY=N", help="Say how likely each option stays within."
)
@json_option
def compare(
    house: House,
    hours: float,
    replications: int,
    seed: int,
    options: tuple[str, ...],
    limits: tuple[str, ...],
    as_json: bool,
) -> None:
    """Compare options for MODEL: the same replications meet them all, so differences are theirs.

    \b
    Example (the 4-hour standard, and nobody boarding beyond the target):
      vitruvian hospital compare model.yaml --option doctor=plan.yaml --target over_target_emergency=0.05 \\
        --target late_beds=0
    """
    from vitruvian.platform import operations

    answer = house.compare(_plans(house, options), hours, replications, seed)
    chances = operations.targets(answer, _limits(limits))
    if as_json:
        put_json({"comparison": answer.to_json(), "chance_within_target": chances})
        return
    _say_quantities(house, answer)
    for option, found in chances.items():
        told = ", ".join(f"{name} {p:.0%}" for name, p in found.items())
        if told:
            say(f"{option}: chance to stay within target: {told}")


@click.command()
@house_options
@options_
@click.option("--by", required=True, metavar="QUANTITY", help="What shall be small.")
@click.option("--larger", is_flag=True, help="It shall be large instead.")
@click.option("--delta", required=True, type=float, help="A difference that does not matter.")
@click.option(
    "--method",
    type=click.Choice(["kn", "ocba"]),
    default="kn",
    show_default=True,
    help="Kim and Nelson's promise, or a budget put where it can still change the answer.",
)
@json_option
def choose(
    house: House,
    hours: float,
    replications: int,
    seed: int,
    options: tuple[str, ...],
    by: str,
    larger: bool,
    delta: float,
    method: str,
    as_json: bool,
) -> None:
    """Choose the best of many options for MODEL: replications go on until the rest is out, with 95 % confidence.

    \b
    Example:
      vitruvian hospital choose model.yaml --option a=a.yaml --option b=b.yaml --by over_target_emergency --delta 0.01
    """
    most = max(10 * replications, 200)
    found = house.choose(
        _plans(house, options), by, hours, delta, larger=larger, most=most, budget=method == "ocba", seed=seed
    )
    if as_json:
        put_json(found.to_json())
        return
    rows = [
        [n, number(found.mean[n]), number(found.half_width[n]), str(found.replications[n])]
        for n in sorted(found.mean, key=lambda n: n != found.best)
    ]
    say(table(["option", by, "+-", "replications"], rows))
    sure = f"{found.confidence:.0%} sure to be within {delta:g} of the best" if found.decided else "not decided yet"
    say(f"{found.best}: {sure}")


def _house(model: Path, at: str, log: Path | None, how: dict[str, str]) -> House:
    from datetime import UTC, datetime, timedelta

    from vitruvian.core.case import Origin
    from vitruvian.models.eventlog import EPOCH
    from vitruvian.platform.operations import House, present_rows

    if log is None:
        without_log(how)
        seconds, found = moment(at, how["zone"]), None
    else:
        found = opened(log, how)
        seconds = found.until
    day = EPOCH + timedelta(days=seconds // 86400.0)
    monday = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=day.weekday())
    now = seconds - (monday - EPOCH).total_seconds()
    house = House.open(model, Origin(monday), now)
    return house if found is None else house.having(present_rows(found, seconds, house))


def _plans(house: House, options: tuple[str, ...]) -> dict[str, Any]:
    out = {}
    for option in options:
        name, _, file = option.partition("=")
        if not file:
            raise click.ClickException(f"--option {option}: write it as NAME=FILE")
        out[name] = house.plan(Path(file))
    return out


def _limits(limits: tuple[str, ...]) -> dict[str, float]:
    out = {}
    for limit in limits:
        name, _, value = limit.partition("=")
        try:
            out[name] = float(value)
        except ValueError:
            raise click.ClickException(f"--target {limit}: write it as QUANTITY=NUMBER") from None
    return out


def _say_quantities(house: House, answer: Any) -> None:
    from vitruvian.platform import operations

    over = [q.name for q in house.kind.quantities if q.name.startswith("over_target_")]
    names = [n for n in (*ALWAYS, *over) if n in answer.options[answer.against].items]
    usual, rows = operations.table(answer, names), []
    apart = operations.differences(answer, names)
    for name in names:
        both = [usual[answer.against][name], *(d[name] for d in apart.values())]
        cells = [f"{number(t['mean'])} ({number(t['p05'])} to {number(t['p95'])})" for t in both]
        rows.append([f"{name} [{both[0]['unit']}]", *cells])
    heads = [answer.against, *(f"{option}: difference" for option in apart)]
    say("", table(["mean (90 % band)", *heads], rows))
