"""vitruvian unit: a unit of patients who may crash, and the nurses who come."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vitruvian.cli.say import json_option, put_json, say
from vitruvian.cli.tables import number, table
from vitruvian.core.errors import FieldError, ParseError

if TYPE_CHECKING:
    from vitruvian.studies.unit.crashes import Risks
    from vitruvian.studies.unit.response import Tonight
    from vitruvian.studies.unit.ward import Staffing


@click.group()
def unit() -> None:
    """A unit of patients and its nurses: crashes expected tonight, response times, what one more nurse changes.

    \b
    Examples:
      vitruvian unit tonight risks.csv --nurses 07:00-19:00=10 --nurses 19:00-07:00=8 --more 1
      vitruvian unit tonight --twins deterioration --quantity death_risk --nurses 00:00-24:00=6
    """


@unit.command()
@click.argument("risks", required=False, type=click.Path(path_type=Path))
@click.option("--twins", "kind", help="Instead of a file: all twins of this kind in the store, as they are now.")
@click.option("--quantity", default="risk", show_default=True, help="Which risk of the twins.")
@click.option("--hours", default=12, show_default=True, type=click.IntRange(1, 72), help="Hours ahead, for twins.")
@click.option("--start", default=19.0, show_default=True, type=click.FloatRange(0, 24), help="Local hour it starts at.")
@click.option("--nurses", multiple=True, required=True, metavar="HH:MM-HH:MM=N", help="A shift; may be repeated.")
@click.option("--more", default=1, show_default=True, type=click.IntRange(0, 10), help="Also with so many more nurses.")
@click.option("--from", "since", default="19:00", show_default=True, help="The more nurses' shift begins.")
@click.option("--to", "until", default="07:00", show_default=True, help="It ends.")
@click.option("--team", default=2, show_default=True, type=click.IntRange(1, 6), help="Nurses who come to a crash.")
@click.option("--care", default=0.45, show_default=True, help="Share of a nurse's time that a patient needs.")
@click.option("--nights", default=2000, show_default=True, type=click.IntRange(100, 100_000))
@click.option("--seed", default=0, show_default=True)
@json_option
def tonight(
    risks: Path | None,
    kind: str | None,
    quantity: str,
    hours: int,
    start: float,
    nurses: tuple[str, ...],
    more: int,
    since: str,
    until: str,
    team: int,
    care: float,
    nights: int,
    seed: int,
    as_json: bool,
) -> None:
    """How many crash tonight, how long the nurses take to come, and what one more would change and cost.

    \b
    Examples:
      vitruvian unit tonight risks.csv --nurses 07:00-19:00=10 --nurses 19:00-07:00=8
      vitruvian unit tonight --twins risk --hours 8 --nurses 00:00-24:00=4 --json

    RISKS is a CSV of hourly risks: patient, hour (0 is the first), hazard (0 to 1), and member where the risks are an
    ensemble. A nurse-hour costs 65 USD (wage and on-costs, US 2023). A simulation for research use.
    """
    from vitruvian.studies.unit.response import tonight as answer
    from vitruvian.studies.unit.ward import Demand, Staffing

    if (risks is None) == (kind is None):
        raise FieldError("give either a file of risks or --twins", where="RISKS", fix="one of the two")
    given = read(risks, start) if risks is not None else _twins(str(kind), quantity, hours, start, seed)
    usual = Staffing("as rostered", tuple(shift(text) for text in nurses))
    patterns: list[Staffing] = [usual]
    if more:
        patterns.append(usual.more(more, since, until))
    found = answer(given, patterns, Demand(team=team, care=care), nights=nights, seed=seed)
    if as_json:
        put_json(found.to_json())
        return
    say(*lines(found))


def lines(found: Tonight) -> list[str]:
    """The answer for people."""
    c = found.crashes
    low, high = c.quantile(0.05), c.quantile(0.95)
    out = [f"{number(c.mean)} crashes expected in {c.hours} h, {low} to {high} in nine nights of ten ({found.source})"]
    out += table(
        ["patient", "risk", "90 % band"], [[p, f"{r:.0%}", f"{a:.0%} to {b:.0%}"] for p, r, a, b in c.each[:5]]
    )
    rows = [
        [p.staffing.name, number(p.mean_wait), f"{p.late_share:.1%}", f"{p.busy.mean():.0%}", f"{p.cost.mean():.0f}"]
        for p in found.patterns
    ]
    late = f"later than {found.demand.target_minutes:g} min"
    out += table(["staff", "wait, min", late, "nurses busy", "USD a night"], rows)
    for g in found.gains:
        change = f"{g.name}: {g.late:+.3f} late answers a night (standard error {g.late_se:.3f}) for {g.cost:+.0f} USD"
        one = (
            "none that can be told from chance"
            if g.cost_of_one is None
            else f"{g.cost_of_one:.0f} USD for each avoided"
        )
        out.append(f"{change}; {one}")
    return [*out, *(f"Note: {n}" for n in found.notes), "A simulation for research use."]


def shift(text: str) -> tuple[str, str, int]:
    """07:00-19:00=10."""
    hours, equals, count = text.partition("=")
    start, dash, end = hours.partition("-")
    if not (equals and dash and count.strip().isdigit()):
        raise FieldError(f"'{text}' is no shift", where="--nurses", fix="write 07:00-19:00=10")
    return start.strip(), end.strip(), int(count)


def read(path: Path, start: float) -> Risks:
    """A CSV of hourly risks; ParseError names line and column."""
    import numpy as np

    from vitruvian.studies.unit.crashes import Risks

    if not path.exists():
        raise ParseError("is not there", where=str(path), fix="name a CSV with patient, hour, hazard")
    held: dict[tuple[str, str, int], float] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if lacking := [c for c in ("patient", "hour", "hazard") if c not in (rows.fieldnames or ())]:
            raise ParseError(
                f"has no column {', '.join(lacking)}", where=str(path), fix="needed: patient, hour, hazard"
            )
        for n, row in enumerate(rows, start=2):
            try:
                key = (row.get("member") or "0", row["patient"], int(row["hour"]))
                held[key] = float(row["hazard"])
            except (TypeError, ValueError) as err:
                raise ParseError(str(err), where=f"{path}, line {n}", fix="hour whole, hazard a number") from err
    members, patients = list(dict.fromkeys(k[0] for k in held)), list(dict.fromkeys(k[1] for k in held))
    hours = {k[2] for k in held}
    if not held or sorted(hours) != list(range(len(hours))) or len(held) != len(members) * len(patients) * len(hours):
        said = f"{len(held)} rows for {len(members)} members, {len(patients)} patients and {len(hours)} hours"
        raise ParseError(said, where=str(path), fix="one row each, hours 0, 1, 2, ... without a gap")
    hazard = np.array([[[held[m, p, h] for h in sorted(hours)] for p in patients] for m in members])
    return Risks(hazard, tuple(patients), start, path.name)


def _twins(kind: str, quantity: str, hours: int, start: float, seed: int) -> Risks:
    from vitruvian.cli.opened import session
    from vitruvian.platform import registry
    from vitruvian.platform.live import LiveTwin
    from vitruvian.studies.unit.gather import gathered

    registry.get(kind)
    made = session()
    twins = {t.name: t.value() for t in made.twins() if isinstance(t, LiveTwin) and t.row.kind == kind}
    return gathered(twins, quantity, hours=hours, start=start, seed=seed)
