"""vitruvian explain, vitruvian backtest: why, and how do you know."""

from __future__ import annotations

import click

from vitruvian.cli import opened
from vitruvian.cli.ask import hours_option, seed_option
from vitruvian.cli.cluster import dask_option
from vitruvian.cli.progress import Progress
from vitruvian.cli.say import as_of_option, json_option, put_json, say, twin_argument


@click.command()
@twin_argument
@click.option("--quantity", required=True, metavar="Q", help="Which quantity; see `vitruvian describe KIND`.")
@hours_option
@click.option(
    "--over",
    multiple=True,
    type=click.Choice(["parameters", "actions", "data"]),
    help="Only these causes; may be repeated (default: all).",
)
@seed_option
@as_of_option
@dask_option
@json_option
def explain(
    twin: str, quantity: str, hours: float, over: tuple[str, ...], seed: int, as_of: str | None, as_json: bool
) -> None:
    """Say why QUANTITY over the next hours is what is forecast for T.

    \b
    Example:
      vitruvian explain Ada --quantity mean_glucose --hours 3

    Prints Shapley shares with their standard errors: of what was learned of the subject, of each action, and of each
    part of the data; by how much the answer moves when the cause is taken away; and where its spread comes from.
    """
    from vitruvian.cli.choices import explanation_lines

    live = opened.twin(twin)
    with Progress(f"Explaining {quantity} of {live.name}"):
        answer = live.explain(quantity, hours, over=over, as_of=as_of, seed=seed)
    if as_json:
        put_json({"twin": live.row.id, "subject": live.name, **answer.to_json()})
    else:
        say(explanation_lines(answer, live.name))


@click.command()
@twin_argument
@click.option("--horizon", "horizons", multiple=True, metavar="60m", help="How far ahead; may be repeated.")
@click.option("--step", default="15m", show_default=True, help="From one forecast to the next.")
@click.option("--days", type=float, help="Only the last days (default: all, after a first day to learn from).")
@click.option("--of", "observable", help="The observable (default: the one with most readings).")
@click.option("--surprise", is_flag=True, help="Planned actions are not known beforehand.")
@seed_option
@dask_option
@json_option
def backtest(
    twin: str,
    horizons: tuple[str, ...],
    step: str,
    days: float | None,
    observable: str | None,
    surprise: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Ask what would have been forecast for T at past moments, and score it against what came.

    \b
    Examples:
      vitruvian backtest Ada --horizon 60m
      vitruvian backtest Ada --horizon 30m --horizon 2h --days 3 --surprise

    At each moment only what was known then is used. Prints error (RMSE, MAE), CRPS and the share of readings inside the
    90 % band, beside persistence and an autoregression on the same moments. Without --horizon: 30, 60 and 120 min.
    """
    from vitruvian.cli.choices import backtest_lines

    live = opened.twin(twin)
    with Progress(f"Backtesting {live.name}") as progress:
        answer = live.backtest(
            horizons or ("30m", "60m", "2h"),
            step=step,
            days=days,
            observable=observable,
            known_plans=not surprise,
            seed=seed,
            progress=progress,
        )
    if as_json:
        put_json({"twin": live.row.id, "subject": live.name, **answer.to_json()})
    else:
        say(backtest_lines(answer, live.name))
