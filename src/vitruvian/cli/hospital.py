"""vitruvian hospital: from data to a twin of a place where patients flow, and forecasts from its present census."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vitruvian.cli import operate
from vitruvian.cli.logfile import log_options, moment, opened, say_log
from vitruvian.cli.say import json_option, note, put_json, say
from vitruvian.cli.tables import number, table


@click.group()
def hospital() -> None:
    """Places where patients flow: learn one from its logs, forecast its beds, run and compare models of it.

    \b
    Examples:
      vitruvian hospital learn adt.csv --form adt --visit id --event code --time at --unit ward --out model.yaml
      vitruvian hospital run model.yaml
    """


@hospital.command()
@click.argument("log", type=click.Path(path_type=Path))
@log_options
@click.option("--out", type=click.Path(path_type=Path), help="Write the model here (.yaml or .json).")
@click.option("--map", "picture", type=click.Path(path_type=Path), help="Draw the process map here (.png, .svg).")
@click.option("--gantt", type=click.Path(path_type=Path), help="Draw the first cases here, a line each.")
@click.option("--waits", type=click.Path(path_type=Path), help="Draw waits by hour and day here.")
@click.option(
    "--history", type=click.Choice(["1", "2"]), default="1", show_default=True, help="Routing looks back so far."
)
@json_option
def learn(
    log: Path,
    how: dict[str, str],
    out: Path | None,
    picture: Path | None,
    gantt: Path | None,
    waits: Path | None,
    history: str,
    as_json: bool,
) -> None:
    """Learn a model from LOG: arrivals, routing, laws of services and stays, pools with their hours, delays.

    \b
    Examples:
      vitruvian hospital learn log.csv --case patient --activity step --start from --complete to --out model.yaml
      vitruvian hospital learn adt.csv --form adt --visit id --event code --time at --unit ward --out model.yaml

    Columns are named, never guessed. Rows that cannot be used are kept aside and listed. The model is YAML to be
    edited; what the log cannot tell is said.
    """
    from vitruvian.models import flowlearn, flowmodel, flowplots

    found = opened(log, how)
    flow = flowlearn.learn(found, order=int(history))
    if out is not None:
        label = f"learned from {log.name}, {found.summary()['cases']} cases; not validated"
        write_model(out, flowmodel.model(flow, out.stem, label), flowmodel.header(flow))
    if picture is not None:
        drawn(flow.plot(), picture)
    if gantt is not None:
        drawn(flowplots.plot_gantt(found), gantt)
    if waits is not None:
        drawn(flowplots.plot_waits(found, flowlearn.enabled(found)), waits)
    if as_json:
        put_json({**flow.to_json(), "repairs": [r._asdict() for r in found.repairs]})
        return
    say_log(found)
    rows = []
    for name, a in flow.activities.items():
        law = a.hold or a.lead
        if law is None:
            continue
        mean = f"{number(law.law.mean)} ({number(law.mean_interval[0])} to {number(law.mean_interval[1])})"
        rows.append([name, str(a.rows), law.law.family, mean, str(law.in_progress), a.pool])
    unit = "hold" if found.has_starts else "time to it"
    say("", table(["activity", "rows", "law", f"mean {unit}, h (95 %)", "in progress", "pool"], rows))
    rate = flow.arrivals
    say("", f"{rate.events / rate.days:.3g} arrivals a day, dispersion {rate.dispersion:.2f} (1: Poisson)")
    say([f"not identifiable: {n}" for n in flow.notes])
    if out is not None:
        note(f"next: edit {out}, then vitruvian hospital run {out}")


@hospital.command()
@click.argument("log", type=click.Path(path_type=Path))
@log_options
@click.option("--now", metavar="TIME", help="Forecast from this moment (UTC unless it says); the log's end by default.")
@click.option("--hours", type=click.FloatRange(1, 336), default=24.0, show_default=True, help="How far, up to 14 days.")
@click.option("--beds", multiple=True, metavar="UNIT=N", help="Say how likely a unit needs more beds than it has.")
@click.option("--plot", "picture", type=click.Path(path_type=Path), help="Draw the bands here.")
@json_option
def forecast(
    log: Path,
    how: dict[str, str],
    now: str | None,
    hours: float,
    beds: tuple[str, ...],
    picture: Path | None,
    as_json: bool,
) -> None:
    """Forecast the census of every unit from the history in LOG: who is here, how long already, and who will come.

    \b
    Example:
      vitruvian hospital forecast adt.csv --form adt --visit id --event code --time at --unit ward --beds ICU=12

    Stays in progress count by what is left of them, given what has passed. Units never refuse: the forecast is demand.
    """
    import numpy as np

    from vitruvian.models import presentstate

    found = opened(log, how)
    at = found.until if now is None else moment(now, how["zone"])
    step = 1.0 if hours <= 48 else 6.0
    asked = np.arange(1, int(hours / step) + 1) * step
    limits = {name: int(n) for name, _, n in (b.rpartition("=") for b in beds)}
    answer = presentstate.forecast(found, at, asked)
    unknown = sorted(set(limits) - set(answer.pmf))
    if unknown:
        raise click.ClickException(f"there is no unit '{unknown[0]}'; there are {', '.join(answer.pmf)}")
    if picture is not None:
        drawn(answer.plot(), picture)
    over = {u: answer.more_than(u, n) for u, n in limits.items()}
    if as_json:
        short = {u: p.tolist() for u, p in over.items()}
        patients = answer.discharges(24.0)
        put_json(
            {"now": found.moment(at).isoformat(), **answer.to_json(), "more_than_beds": short, "patients": patients}
        )
        return
    say(f"From {found.moment(at):%Y-%m-%d %H:%M} UTC, {len(answer.patients)} patients present")
    picked = [j for j, h in enumerate(asked) if h in (1, 4, 8, 12, 24, 48, 96, 168, 240, 336)] or [len(asked) - 1]
    rows = []
    for unit in answer.pmf:
        low, middle, high = (answer.quantile(unit, p) for p in (0.05, 0.5, 0.95))
        here = sum(p.unit == unit for p in answer.patients)
        cells = [f"{middle[j]} ({low[j]} to {high[j]})" for j in picked]
        rows.append([unit, str(here), *cells])
    say(table(["unit", "now", *(f"{asked[j]:g} h" for j in picked)], rows))
    for unit, p in over.items():
        say(f"more than {limits[unit]} in {unit}: {p.max():.0%} at worst, {asked[int(p.argmax())]:g} h from now")


def write_model(path: Path, model: Any, comments: list[str]) -> None:
    """The model as YAML with what was learned as comments, or as JSON."""
    from vitruvian.engines.event.text import write_json, write_yaml

    if path.suffix == ".json":
        text = write_json(model) + "\n"
    else:
        text = "".join(f"# {line}\n" for line in comments) + write_yaml(model)
    path.write_text(text, encoding="utf-8")


def drawn(ax: Any, path: Path) -> None:
    """The picture in a file."""
    import matplotlib.pyplot as plt

    ax.figure.savefig(path, dpi=150)
    plt.close(ax.figure)


for command in (operate.run, operate.compare, operate.choose):
    hospital.add_command(command)
