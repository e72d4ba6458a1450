"""vitruvian cohort: virtual people with type 2 diabetes, a programme in the real world, two strategies compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vitruvian.cli.say import json_option, put_json, say

if TYPE_CHECKING:
    from vitruvian.core.action import Action

DAY = 86400.0
EXAMPLE = "semaglutide=1"


@click.command()
@click.argument("strategies", nargs=-1, required=True, metavar="STRATEGY [STRATEGY]")
@click.option("--people", default=1000, show_default=True, type=click.IntRange(10, 20_000))
@click.option("--months", default=12.0, show_default=True, type=click.FloatRange(1, 24))
@click.option("--hba1c", type=float, help="Mean HbA1c at the start, % (default: that of the source).")
@click.option("--taking", default="", help="What all have taken for long, e.g. metformin=2000.")
@click.option("--as-prescribed", is_flag=True, help="Everybody does all of it; else people give up as in the sources.")
@click.option("--seed", default=0, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Where to draw the spread of HbA1c.")
@json_option
def cohort(
    strategies: tuple[str, ...],
    people: int,
    months: float,
    hba1c: float | None,
    taking: str,
    as_prescribed: bool,
    seed: int,
    out: Path | None,
    as_json: bool,
) -> None:
    """Simulate a STRATEGY in 1,000 virtual adults with type 2 diabetes, or two strategies against each other.

    \b
    Examples:
      vitruvian cohort semaglutide=1 --taking metformin=2000 --hba1c 8
      vitruvian cohort semaglutide=1 diet=-1400/84,-350 --people 1000 --json

    A strategy is ITEM=VALUE joined by +: a medicine by its dose, move=MINUTES, nights=HOURS, diet=KCAL;
    diet=-1400/84,-350 is 84 days of the first and then the second. Covariates and adherence come from named sources;
    people are synthetic.
    """
    from vitruvian.cli.tables import table
    from vitruvian.core.errors import FieldError
    from vitruvian.studies.months import Strategy, simulate

    if len(strategies) > 2:
        raise FieldError(f"{len(strategies)} strategies", where="cohort", fix="give one or two")
    chosen = [Strategy(text, read(text, DAY)) for text in strategies]
    before = read(taking, -DAY) if taking else ()
    found = simulate(chosen, people, months, real_world=not as_prescribed, hba1c=hba1c, taking=before, seed=seed)
    if out is not None:
        found.plot().figure.savefig(out)
    if as_json:
        put_json(found.to_json())
        return
    told = found.to_json()
    rows = []
    for arm in told["arms"]:
        h, w, r = arm["hba1c"], arm["weight"], arm["time_in_range"]
        rows.append(
            (
                arm["strategy"],
                f"{h['change']:+.2f} ({h['spread'][0]:+.1f} to {h['spread'][-1]:+.1f})",
                f"{w['change']:+.1f} ({w['spread'][0]:+.0f} to {w['spread'][-1]:+.0f})",
                f"{r['change']:+.0f}",
                f"{100 * arm['below_7']:.0f} %",
                f"{100 * arm['remission']:.0f} %",
                f"{100 * arm['kept_up']:.0f} %",
            )
        )
    heads = ("strategy", "HbA1c, % (90 % of people)", "weight, kg", "in range, %", "below 7 %", "remission", "kept up")
    say(f"{people} synthetic adults, {months:g} months; {told['covariates']}", table(heads, rows))
    if "difference" in told:
        d = told["difference"]["hba1c"]
        say(f"Second less first, HbA1c: {d['mean']:+.2f} % (95 %: {d['low95']:+.2f} to {d['high95']:+.2f})")
    say("A simulation for research use, not a trial.")


def read(text: str, at: float) -> tuple[Action, ...]:
    """A strategy's actions, in the order of time."""
    from vitruvian.core.errors import FieldError

    actions: list[Action] = []
    for part in text.split("+"):
        name, equals, value = part.strip().partition("=")
        if not equals:
            raise FieldError(f"'{part}' says no value", where="strategy", fix=f"write it as {EXAMPLE}")
        actions += _one(name.strip().lower(), value, at)
    return tuple(actions)


def _one(name: str, value: str, at: float) -> list[Action]:
    from vitruvian.core.errors import FieldError
    from vitruvian.kinds.metabolic_slow.actions import Diet, Move, Nights
    from vitruvian.models.glucose_medicines import MEDICINES

    fields = {m.__name__.lower(): (m, "dose") for m in MEDICINES} | {
        "move": (Move, "minutes"),
        "nights": (Nights, "hours"),
    }
    try:
        if name == "diet":
            first, comma, then = value.partition(",")
            change, _, days = first.partition("/")
            begun = [Diet(at=at, change=float(change), control=1.0 if comma else 0.8)]
            return [*begun, Diet(at=at + float(days) * DAY, change=float(then), control=0.9)] if comma else [*begun]
        if name not in fields:
            known = ", ".join([*sorted(fields), "diet"])
            raise FieldError(f"there is no '{name}'", where="strategy", fix=f"use {known}")
        kind, field = fields[name]
        return [kind(at=at, **{field: float(value)})]
    except ValueError:
        raise FieldError(f"'{value}' is no number", where=f"strategy, {name}", fix=f"e.g. {EXAMPLE}") from None
