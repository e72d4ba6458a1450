"""vitruvian glucose: consensus metrics, ambulatory profile, error grids and likely meals, of a twin or of an export."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vitruvian.cli import opened
from vitruvian.cli.say import json_option, note, put_json, say

if TYPE_CHECKING:
    import numpy as np

    from vitruvian.core.case import Origin
    from vitruvian.core.record import Record
    from vitruvian.models.glycaemia import Trace

GRIDS = ("parkes1", "parkes2", "clarke")


@click.group()
def glucose() -> None:
    """Tell how glucose has been: consensus metrics, the ambulatory glucose profile, error grids.

    \b
    Examples:
      vitruvian glucose metrics Ada
      vitruvian glucose agp export.csv --out agp.png
      vitruvian glucose grid pairs.csv
      vitruvian glucose meals Ada

    What is named may be a twin or an export that nobody has taken in: a file of that name comes first.
    """


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Of what: a twin or a file, which sensor, how many days, and what a file does not say."""

    @click.argument("source", metavar="T|FILE")
    @click.option("--sensor", default="", help="Whose readings, e.g. dexcom (default: of the sensor with most).")
    @click.option("--days", type=float, help="Only the last so many days (an AGP report has 14).")
    @click.option("--unit", default="", help="Unit of readings in a file that does not say, mg/dL or mmol/L.")
    @click.option("--dates", default="", type=click.Choice(["", "dmy", "mdy"]), help="How 03-04-2026 is to be read.")
    @click.option("--zone", default="", help="Where a file's local times are, e.g. Europe/Berlin.")
    @functools.wraps(command)
    def asked(source: str, sensor: str, days: float | None, unit: str, dates: str, zone: str, **rest: Any) -> Any:
        from vitruvian.platform import glycaemia

        record, origin = _read(source, sensor, unit, dates, zone)
        trace = glycaemia.trace(record, origin, sensor="" if Path(source).is_file() else sensor, days=days)
        return command(source, trace, **rest)

    return asked


@glucose.command()
@source_options
@click.option("--goals", default="adult", type=click.Choice(["adult", "older"]), help="Whose goals are compared with.")
@json_option
def metrics(source: str, trace: Trace, goals: str, as_json: bool) -> None:
    """Print time in ranges, mean, GMI, variability, risk and episodes, each with an interval, and the goals.

    \b
    Examples:
      vitruvian glucose metrics Ada --days 14
      vitruvian glucose metrics export.csv --zone Europe/Berlin --json

    Intervals come from resampling days. Definitions: international consensus of 2019 and 2023; equal to those of iglu.
    """
    from vitruvian.models.glycaemia import metrics as measured

    found = measured(trace)
    if as_json:
        put_json({"source": source, **found.to_json()})
        return
    from vitruvian.cli.answers import RESEARCH
    from vitruvian.cli.tables import table
    from vitruvian.models.glycaemia.sections import enough, written

    say(f"{source}: glucose metrics", enough(found), "")
    wanted = {name: (goal, met) for name, goal, _, met in found.goals(goals)}
    rows = []
    for name, v in found.values.items():
        goal, met = wanted.get(name, ("", False))
        rows.append((name, written(v), v.unit, v.meaning, f"{goal} {'met' if met else 'not met'}" if goal else ""))
    say(table(("metric", "value (90 % interval)", "unit", "meaning", "goal"), rows), "")
    kinds = [(n, str(len(e.found)), f"{e.per_day:.2f}", f"{e.minutes:.0f}") for n, e in found.episodes.items()]
    say(table(("episodes", "number", "a day", "mean minutes"), kinds), "", RESEARCH)


@glucose.command()
@source_options
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Where to draw it, e.g. agp.png, agp.svg.")
@click.option("--raw", is_flag=True, help="Do not smooth the percentiles.")
@json_option
def agp(source: str, trace: Trace, out: Path | None, raw: bool, as_json: bool) -> None:
    """Draw the ambulatory glucose profile: all days over one, percentiles 5, 25, 50, 75 and 95 by the time of day.

    \b
    Examples:
      vitruvian glucose agp Ada --days 14 --out agp.png
      vitruvian glucose agp export.csv --json
    """
    from vitruvian.models.glycaemia import profile

    found = profile(trace, smooth=not raw)
    path = None if out is None else _drawn(found, out)
    if as_json:
        put_json({"source": source, "picture": path, **found.to_json()})
        return
    from vitruvian.cli.tables import number, table

    every = max(1, len(found.hours) // 12)
    rows = [
        (_clock(float(found.hours[k])), *(number(float(v)) for v in found.bands[:, k]))
        for k in range(every - 1, len(found.hours), every)
    ]
    say(f"{source}: ambulatory glucose profile, {found.days} days, mg/dL")
    say(table(("local time", "5 %", "25 %", "median", "75 %", "95 %"), rows))
    say(path) if path else note("draw it with --out agp.png")


@glucose.command()
@source_options
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Where to draw the last days.")
@json_option
def meals(source: str, trace: Trace, out: Path | None, as_json: bool) -> None:
    """List likely unannounced meals: rises of the sensor like those after a meal, that no log of the twin explains.

    \b
    Examples:
      vitruvian glucose meals Ada --days 14
      vitruvian glucose meals export.csv --json

    Time, carbohydrate with a 90 % range, probability. Nothing is added to the record. Dawn, stress or the end of
    exercise may look the same. Of a file, which has no log, every meal is listed.
    """
    from vitruvian.models.glycaemia import likely_meals
    from vitruvian.models.glycaemia.sections import said_at, sized

    found = likely_meals(trace, _logged(source, trace))
    drawn = None if out is None else _drawn(found, out)
    if as_json:
        put_json({"source": source, "picture": drawn, **found.to_json()})
        return
    from vitruvian.cli.answers import RESEARCH
    from vitruvian.cli.tables import table

    say(f"{source}: {len(found.found)} likely unannounced meals on {trace.days} days")
    rows = [(said_at(trace, m.at), sized(m), f"{100 * m.probability:.0f} %") for m in found.found]
    say(table(("local time", "carbohydrate (90 % range)", "probability"), rows), *([drawn] if drawn else []), RESEARCH)


def _logged(source: str, trace: Trace) -> np.ndarray:
    """Times of a twin's meals, s of the trace; none of a file."""
    import numpy as np

    from vitruvian.models.glycaemia.sections import logs

    if Path(source).is_file():
        return np.zeros(0)
    twin = opened.twin(source).know.twin(None, -float("inf"))
    return logs(twin.case, twin.record.until(float("inf")), trace)


@glucose.command()
@click.argument("source", metavar="T|FILE")
@click.option("--grid", "which", default="parkes1", type=click.Choice(GRIDS), help="Parkes type 1 or 2, or Clarke.")
@click.option("--sensor", default="", help="Whose readings are compared with the meter's.")
@click.option("--unit", default="", help="Unit of a file that does not say, mg/dL or mmol/L.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Where to draw it, e.g. grid.png.")
@json_option
def grid(source: str, which: str, sensor: str, unit: str, out: Path | None, as_json: bool) -> None:
    """Place pairs of reference and reading on an error grid: A and B are harmless, E would be treated the wrong way.

    \b
    Examples:
      vitruvian glucose grid pairs.csv --grid clarke --out grid.png
      vitruvian glucose grid Ada

    FILE has the columns reference and reading with their units. Of a twin, each reading of a meter is paired with the
    sensor's nearest one within 5 min.
    """
    from vitruvian.models.glycaemia import error_grid
    from vitruvian.platform import glycaemia

    path = Path(source)
    if path.is_file():
        pairs = glycaemia.file_pairs(path, unit)
    else:
        pairs = glycaemia.meter_pairs(glycaemia.of_twin(opened.twin(source))[0], sensor)
    found = error_grid(*pairs, which)
    drawn = None if out is None else _drawn(found, out)
    if as_json:
        put_json({"source": source, "picture": drawn, **found.to_json()})
        return
    from vitruvian.cli.tables import table

    rows = [(zone, str(int((found.zones == zone).sum())), f"{p:.1f}") for zone, p in found.percent.items()]
    say(f"{source}: {len(found.zones)} pairs, mean absolute relative difference {found.mard:.1f} %")
    say(table(("zone", "pairs", "%"), rows), *([drawn] if drawn else []))


def _read(source: str, sensor: str, unit: str, dates: str, zone: str) -> tuple[Record, Origin]:
    from vitruvian.platform import glycaemia

    path = Path(source)
    if path.is_file():
        return glycaemia.of_file(path, zone=zone, unit=unit, dates=dates, sensor=sensor)
    return glycaemia.of_twin(opened.twin(source))


def _clock(hours: float) -> str:
    minutes = round(60 * hours) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _drawn(found: Any, out: Path) -> str:
    import matplotlib as mpl

    from vitruvian.core.errors import FieldError

    mpl.use("Agg", force=False)
    figure = found.plot().figure
    try:
        figure.savefig(out, dpi=150)
    except ValueError as err:
        raise FieldError(str(err), where="--out", fix="end its name in .png, .svg or .pdf") from err
    finally:
        import matplotlib.pyplot as plt

        plt.close(figure)
    return str(out.absolute())
