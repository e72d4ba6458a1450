"""vitruvian report, vitruvian demo: a page to read and pass on."""

from __future__ import annotations

from pathlib import Path

import click

from vitruvian.cli import opened
from vitruvian.cli.ask import files, hours_option, seed_option
from vitruvian.cli.progress import Progress
from vitruvian.cli.say import json_option, put_json, say, twin_argument


@click.command()
@twin_argument
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="Where to write the page.")
@click.option("--option", "options", multiple=True, metavar="NAME=FILE", help="A what-if, as in `vitruvian compare`.")
@hours_option
@seed_option
@json_option
def report(twin: str, out: Path, options: tuple[str, ...], hours: float, seed: int, as_json: bool) -> None:
    """Write one self-contained HTML page about T: data, fit, forecast, what-ifs, what was learned, evidence, limits.

    \b
    Example:
      vitruvian report Ada --out ada.html --option walk=walk.yaml

    Without --option the page shows two typical actions of the kind. Nothing on it is fetched from elsewhere. Prints the
    page's path.
    """
    live = opened.twin(twin)
    with Progress(f"Writing {out}"):
        path = live.report(out, hours=hours, options=files(options) if options else None, seed=seed)
    if as_json:
        put_json({"twin": live.row.id, "subject": live.name, "report": str(path)})
    else:
        say(str(path))


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Where to write (default: $VITRUVIAN_HOME)."
)
@click.option("--files", type=click.Path(path_type=Path), metavar="DIR", help="Only put the synthetic export there.")
@json_option
def demo(out: Path | None, files: Path | None, as_json: bool) -> None:
    """Build the demonstration: a person's export becomes a calibrated twin that forecasts and answers what-ifs.

    \b
    Example:
      vitruvian demo

    The person is synthetic. Where the CGMacros data set is present ($VITRUVIAN_DATA, default ../shared/data), one of
    its real subjects is taken in by the same door. Prints the path of one HTML report each. Twins are reused.
    """
    from vitruvian.platform.demonstration import demonstrate, export
    from vitruvian.platform.home import home

    if files is not None:
        copied = [str(path) for path in export(files)]
        put_json(copied) if as_json else say(copied)
        return

    with Progress("Demonstration") as progress:
        made = demonstrate(opened.session(), out or home() / "reports", progress)
    if as_json:
        put_json([vars(m) for m in made])
        return
    for m in made:
        say(f"{m.title}", f"  {m.path}")
