"""vitruvian loops: the beat behind a twin with a heart, as pressure-volume loops and what they tell."""

from __future__ import annotations

from pathlib import Path

import click

from vitruvian.cli import opened
from vitruvian.cli.say import as_of_option, json_option, put_json, say, twin_argument


@click.command()
@twin_argument
@click.option("--at", metavar="TIME", help='When: local time, or "+90d" from the belief (default: the belief\'s time).')
@click.option("--option", "options", multiple=True, metavar="NAME=FILE", help="An option's name and its YAML file.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Where to draw the loops (PNG, SVG, PDF).")
@click.option("--seed", default=0, show_default=True, help="Seed of the random draws.")
@as_of_option
@json_option
def loops(
    twin: str,
    at: str | None,
    options: tuple[str, ...],
    out: Path | None,
    seed: int,
    as_of: str | None,
    as_json: bool,
) -> None:
    """Show the beat behind T at a time of its course, and under each option, for the same members.

    \b
    Examples:
      vitruvian loops Ada
      vitruvian loops Ada --at +180d --option sildenafil=sildenafil.yaml --out loops.png

    Prints volumes, pressures, stroke work, dP/dt and elastances of both ventricles with 90 % intervals. Options are
    files as in `vitruvian compare`. For kinds that show a beat (circulation).
    """
    from vitruvian.cli.answers import closing
    from vitruvian.cli.ask import files
    from vitruvian.cli.tables import number, span, table
    from vitruvian.verbs.compare import AS_PLANNED

    live = opened.twin(twin)
    answer = live.loops(files(options) if options else {}, at=at, as_of=as_of, seed=seed)
    if out is not None:
        import matplotlib.pyplot as plt

        figure, places = plt.subplots(1, len(answer.loops), figsize=(5 * len(answer.loops), 4), layout="constrained")
        for place, loop in zip(places, answer.loops, strict=True):
            answer.plot(loop.name, place)
        figure.savefig(out)
    if as_json:
        put_json({"twin": live.row.id, "subject": live.name, **answer.to_json()})
        return
    others = [name for name in answer.options if name != AS_PLANNED]
    rows = []
    for told in answer.told:
        whose = next((f"{loop.meaning}: " for loop in answer.loops if loop.name == told.of), "")
        cells = [whose + told.meaning.partition(":")[0]]
        for name in answer.options:
            low, middle, high = answer.interval(told.name, name)
            cells.append(f"{number(middle)} ({span(low, high)})")
        usual = "" if told.usual is None else span(*told.usual)
        rows.append((*cells, told.unit, usual))
    when = answer.origin.moment(answer.at).strftime("%Y-%m-%d %H:%M")
    say(f"{live.name} at {when}: medians with 90 % intervals")
    say(table(("of one beat", AS_PLANNED, *others, "unit", "usual"), rows))
    say("", answer.source, closing(answer.basis, answer.warnings))
