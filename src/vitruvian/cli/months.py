"""vitruvian months: HbA1c from sensor days, the outlook of months, programmes and their cost, what could go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vitruvian.cli import opened
from vitruvian.cli.glucose import source_options
from vitruvian.cli.progress import Progress
from vitruvian.cli.say import as_of_option, json_option, put_json, say, twin_argument

if TYPE_CHECKING:
    from vitruvian.core.twin import Twin
    from vitruvian.models.glycaemia import Trace

NOT_ADVICE = "A calculation for research use: drug effects are means of trials. No medicine may be changed on it alone."


@click.group()
def months() -> None:
    """Months of a person with type 2 diabetes: HbA1c from a sensor, outlook, programmes with cost, what could go.

    \b
    Examples:
      vitruvian months a1c export.csv --fasting 118 --age 59
      vitruvian months outlook Ada
      vitruvian months ladder Ada --target 7 --months 6
      vitruvian months programmes Ada --prices prices.csv
    """


@months.command()
@source_options
@click.option("--fasting", type=float, help="The laboratory's fasting glucose, mg/dL.")
@click.option("--age", type=float, help="Age in years.")
@click.option("--egfr", type=float, help="To be told where kidneys bend HbA1c.")
@click.option("--conditions", default="", help="To be told what else bends it, e.g. anaemia.")
@click.option("--lab", type=float, help="An earlier HbA1c of the laboratory, %; with --lab-mean.")
@click.option("--lab-mean", type=float, help="Mean of the sensor in the weeks before it, mg/dL.")
@json_option
def a1c(
    source: str,
    trace: Trace,
    fasting: float | None,
    age: float | None,
    egfr: float | None,
    conditions: str,
    lab: float | None,
    lab_mean: float | None,
    as_json: bool,
) -> None:
    """Estimate what a laboratory's HbA1c would be, with a 90 % band, from sensor days and what else is known.

    \b
    Examples:
      vitruvian months a1c Ada --days 14
      vitruvian months a1c export.csv --fasting 118 --age 59 --lab 7.1 --lab-mean 152

    Learnt from 30 people with a Dexcom G6 (CGMacros): of people it has not seen, 80 % lie within 0.5 points with
    fasting glucose and age, half with the sensor alone. GMI stands beside it. An estimate is not a measurement.
    """
    from vitruvian.core.errors import FieldError
    from vitruvian.models.laboratory_a1c import CGMACROS, Earlier, doubts, estimate

    known = {"sensor": float(trace.values.mean())}
    known |= {n: v for n, v in (("fasting_glucose", fasting), ("age", age)) if v is not None}
    if (lab is None) != (lab_mean is None):
        raise FieldError("--lab and --lab-mean belong together", where="--lab", fix="give both or neither")
    earlier = () if lab is None or lab_mean is None else (Earlier(lab, {"sensor": lab_mean}),)
    found = estimate(CGMACROS, known, days=len(trace.values) * trace.step / 86400.0, earlier=earlier)
    bent = doubts(egfr=egfr, conditions=conditions)
    if as_json:
        put_json({"source": source, **found.to_json(), "doubts": list(bent)})
        return
    say(f"{source}: {found.sentence()}", f"ADAG {found.adag:.1f} %; sensor mean {known['sensor']:.0f} mg/dL")
    say(
        [f"note: {n}" for n in found.notes],
        [f"doubt: {b}" for b in bent],
        "An estimate, not a measurement; research use.",
    )


@months.command()
@twin_argument
@as_of_option
@json_option
def outlook(twin: str, as_of: str | None, as_json: bool) -> None:
    """Say weight, HbA1c, time in range and triglycerides at 3, 6 and 12 months as planned, and the chance of remission.

    \b
    Example:
      vitruvian months outlook Ada --json
    """
    from vitruvian.cli.tables import number, table
    from vitruvian.studies.months import outlook as answer

    found = answer(_ready(twin, as_of))
    if as_json:
        put_json({"twin": twin, **found.to_json()})
        return
    at = list(found.remission)
    rows = [
        (
            f"{n.replace('_', ' ')} ({found.units[n]})",
            *(f"{number(v[1])} ({number(v[0])} to {number(v[2])})" for v in by.values()),
        )
        for n, by in found.values.items()
    ]
    rows.append(("remission", *(f"{100 * p:.0f} %" for p in found.remission.values())))
    say(table(("median (90 %)", *(f"{m:g} months" for m in at)), rows), NOT_ADVICE)


@months.command()
@twin_argument
@click.option("--target", default=7.0, show_default=True, help="HbA1c that must not be passed, %.")
@click.option("--in-range", default=70.0, show_default=True, help="Time in range that must be kept, %.")
@click.option("--months", "long", default=6.0, show_default=True, help="For how long.")
@click.option("--certainty", default=0.8, show_default=True, help="How likely both must hold.")
@click.option("--confirm/--no-confirm", default=True, show_default=True, help="Ask the coupled twin too.")
@as_of_option
@json_option
def ladder(
    twin: str,
    target: float,
    in_range: float,
    long: float,
    certainty: float,
    confirm: bool,
    as_of: str | None,
    as_json: bool,
) -> None:
    """Say which medicine could go first, which next, while HbA1c and time in range stay at target; and what to watch.

    \b
    Example:
      vitruvian months ladder Ada --target 7 --months 6 --certainty 0.8
    """
    from vitruvian.cli.tables import number, table
    from vitruvian.kinds.metabolic_slow.questions import Deprescribe
    from vitruvian.studies.months import ladder as answer

    value = _ready(twin, as_of)
    at = value.believed().at + 3600.0
    asked = Deprescribe(at=at, target=target, months=long, certainty=certainty, in_range=in_range)
    with Progress("Climbing"):
        found = answer(value, asked, confirm=confirm)
    if as_json:
        put_json({"twin": twin, **found.to_json()})
        return
    rows = [
        (
            (r.stops and f"and no {r.stops}") or "as planned",
            f"{100 * r.both_kept:.0f} %",
            "-" if r.confirmed is None else f"{100 * r.confirmed:.0f} %",
            f"{100 * r.hba1c_kept:.0f} %",
            f"{100 * r.range_kept:.0f} %",
            f"{number(r.hba1c[1])} ({number(r.hba1c[0])} to {number(r.hba1c[2])})",
            "holds" if r.holds else "does not hold",
        )
        for r in (found.planned, *found.rungs)
    ]
    say(table(("rung", "both kept", "coupled twin", "HbA1c kept", "range kept", "HbA1c then, %", ""), rows), "")
    say([f"stays: {name}, for {why}" for name, why in found.kept.items()])
    say(
        [f"watch after {r.stops}: {r.watch} ({r.source})" for r in found.rungs if r.holds],
        list(found.notes),
        NOT_ADVICE,
    )


@months.command()
@twin_argument
@click.option("--months", "long", default=12.0, show_default=True, help="Until when.")
@click.option("--prices", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="CSV: item,month.")
@click.option("--currency", default="", help="Of the prices, e.g. EUR.")
@as_of_option
@json_option
def programmes(twin: str, long: float, prices: Path | None, currency: str, as_of: str | None, as_json: bool) -> None:
    """Set programmes side by side: HbA1c, weight, time in range, remission, and cost by your own prices.

    \b
    Example:
      vitruvian months programmes Ada --prices prices.csv --currency EUR

    PRICES: CSV with the columns item and month; items are medicines (metformin, semaglutide ...), diet, move, nights.
    """
    from vitruvian.cli.tables import number, table
    from vitruvian.kinds.metabolic_slow.questions import Programme
    from vitruvian.studies.months import Prices
    from vitruvian.studies.months import programmes as answer

    value = _ready(twin, as_of)
    given = None if prices is None else Prices.read(prices.read_text(encoding="utf-8"), currency)
    found = answer(value, Programme(at=value.believed().at + 3600.0, months=long), given)
    if as_json:
        put_json({"twin": twin, **found.to_json()})
        return
    rows = [
        (
            r.name,
            *(f"{number(v[1])} ({number(v[0])} to {number(v[2])})" for v in r.values.values()),
            f"{100 * r.remission:.0f} %",
            "-" if r.cost is None else f"{r.cost:.0f} {found.currency}".strip(),
            "; ".join(r.refused),
        )
        for r in found.rows
    ]
    heads = [f"{n.replace('_', ' ')} ({u})" for n, u in found.units.items()]
    say(table(("programme", *heads, "remission", "cost", "refused"), rows), list(found.notes), NOT_ADVICE)


@months.command()
@json_option
def medicines(as_json: bool) -> None:
    """List the medicines: full dose, what is known to forbid them, what to watch when they stop, and the sources.

    \b
    Example:
      vitruvian months medicines --json
    """
    import dataclasses

    from vitruvian.models.glucose_medicines import DOING, FORBIDDEN, IN_A_DAY, WATCH

    rows = {
        m.__name__.lower(): {
            "effect": dataclasses.asdict(doing),
            "in_a_day": dataclasses.asdict(IN_A_DAY[m]) if m in IN_A_DAY else None,
            "forbidden": dataclasses.asdict(FORBIDDEN[m]),
            "stopping": dataclasses.asdict(WATCH[m]),
        }
        for m, doing in DOING.items()
    }
    if as_json:
        put_json(rows)
        return
    from vitruvian.cli.tables import table

    told = [
        (
            name,
            f"{r['effect']['full']:g}",
            ", ".join(
                [f"eGFR < {r['forbidden']['egfr']:g}"] * bool(r["forbidden"]["egfr"])
                + [c.replace("_", " ") for c in r["forbidden"]["when"]]
            ),
            r["stopping"]["watch"],
        )
        for name, r in rows.items()
    ]
    say(table(("medicine", "full dose", "forbidden with", "watch when it stops"), told), NOT_ADVICE)


def _ready(name: str, as_of: str | None) -> Twin:
    """The twin of this kind with a belief; calibrated on what is there where it has none."""
    from vitruvian.core.errors import KindError

    live = opened.twin(name)
    if live.row.kind != "metabolic_slow":
        raise KindError(f"is a twin of '{live.row.kind}'", where=live.name, fix="create one with --kind metabolic_slow")
    if live.value(as_of).belief is None:
        live.calibrate()
    return live.value(as_of)
