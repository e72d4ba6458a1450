"""vitruvian trial: plan a randomised trial with a prognostic score, analyse it, and write its statistical section."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from vitruvian.cli.say import json_option, note, plain, put_json, say
from vitruvian.cli.tables import number, table
from vitruvian.core.errors import ParseError


@click.group()
def trial() -> None:
    """Trials: plan, analyse and report one with a prognostic score (PROCOVA), randomise it, run one on twins.

    \b
    Examples:
      vitruvian trial plan protocol.yaml history.csv --out score.json
      vitruvian trial analyse protocol.yaml trial.csv --score score.json
      vitruvian trial report protocol.yaml history.csv --trial trial.csv --out sap.html
      vitruvian trial simulate remission.yaml
    """


protocol_argument = click.argument("protocol", type=click.Path(path_type=Path))


@trial.command()
@protocol_argument
@click.argument("history", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Keep the score here (JSON), for the analysis.")
@click.option("--plot", "picture", type=click.Path(path_type=Path), help="Draw the savings curve here (.png, .svg).")
@json_option
def plan(protocol: Path, history: Path, out: Path | None, picture: Path | None, as_json: bool) -> None:
    """Learn a score on HISTORY (control patients of the past) and size the trial of PROTOCOL.

    \b
    Example:
      vitruvian trial plan protocol.yaml history.csv --out score.json

    Columns are named in the protocol, never guessed. Columns that know the future are refused. The size with the score
    stands beside that of ANCOVA on the covariates, which costs nothing; the power under drift stands beside both.
    """
    planned = _planned(protocol, history)
    if out is not None:
        _write(out, json.dumps(plain(planned.stack.to_json()), indent=None) + "\n")
    if picture is not None:
        _draw(planned.plot(), picture)
    if as_json:
        put_json(planned.to_json())
        return
    told = planned.history
    say(f"{planned.protocol.title}: {told['patients']} control patients, score {planned.stack.digest[:12]}")
    rows = []
    for name, size in planned.sizes.items():
        rho = planned.correlation.get(name, 0.0)
        rows.append([name, number(rho), str(size["total"]), str(size.get("treated", "")), str(size.get("control", ""))])
    what = "events" if planned.protocol.outcome.type == "time" else "patients"
    say(table(["analysis", "correlation", what, "treated", "control"], rows))
    if planned.sized.control_only:
        c = planned.sized.control_only
        say(f"control arm only: {c['controls with the score']} controls instead of {c['controls with covariates']}")
    worst = min(planned.sized.sensitivity, key=lambda s: s["power"])
    said = f"sd x {worst['sd times']:g}, correlation x {worst['correlation times']:g}"
    say(f"by how much it can fail: power {worst['power']:.2f} if {said}")
    say(list(planned.advice))
    if out is not None:
        note(f"next: vitruvian trial analyse {protocol} TRIAL.csv --score {out}")


@trial.command()
@protocol_argument
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--score", type=click.Path(path_type=Path), help="The score that `trial plan --out` kept.")
@click.option("--cross-fit", is_flag=True, help="No history: cross-fit on in-trial controls (not PROCOVA proper).")
@json_option
def analyse(protocol: Path, data: Path, score: Path | None, cross_fit: bool, as_json: bool) -> None:
    """Analyse the trial in DATA as PROTOCOL says, with the guard-rails.

    \b
    Example:
      vitruvian trial analyse protocol.yaml trial.csv --score score.json

    The primary analysis adjusts for score and covariates; the covariates alone, the score alone and no adjustment stand
    beside it. Type I error under permuted arms, drift of the score, and what a bad score would do are shown.
    """
    if (score is None) == (not cross_fit):
        raise click.UsageError("give --score FILE, or --cross-fit where there is no history")
    found = _analysed(protocol, data, score)
    if as_json:
        put_json(found.to_json())
        return
    say(list(found.notes))
    rows = []
    for name, e in {"score and covariates (primary)": found.primary, **found.comparisons}.items():
        low, high = e.interval()
        rows.append([name, number(e.shown), f"{number(low)} to {number(high)}", number(e.se), f"{e.p:.4f}"])
    say(table(["analysis", found.primary.name, "95 %", "se", "p"], rows))
    gain = found.gain()
    if gain is not None:
        say(f"variance of the plain covariates over the primary's: {gain:.3f}")
    t = found.guards.type_one
    say(f"permuted arms: {t['rejected']:.1%} rejected (alpha {t['alpha']:.0%})")
    d = found.guards.drift
    then = d["correlation in history"]
    now = f"slope {d['slope']:.2f}, correlation {d['correlation']:.2f}"
    say(f"score in the trial's controls: {now} (history {then:.2f})")


@trial.command()
@protocol_argument
@click.argument("history", type=click.Path(path_type=Path))
@click.option("--trial", "data", type=click.Path(path_type=Path), help="The trial's data, once it is over.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Write the page here (.html).")
@click.option("--json", "machine", type=click.Path(path_type=Path), help="Write the same as JSON here.")
def report(protocol: Path, history: Path, data: Path | None, out: Path, machine: Path | None) -> None:
    """Write the section of a statistical analysis plan: formulas, assumptions, tables, figures; results with --trial.

    \b
    Example:
      vitruvian trial report protocol.yaml history.csv --trial trial.csv --out sap.html --json sap.json

    The page names seed and data hashes: the same inputs give the same page.
    """
    from vitruvian.platform.trials import reading
    from vitruvian.studies.procova.analysis import analyse as analysed
    from vitruvian.studies.procova.document import document

    planned = _planned(protocol, history)
    found = None
    if data is not None:
        found = analysed(planned.protocol, reading.frame_file(data, planned.protocol.factors), planned.stack)
    _write(out, document(planned, found))
    if machine is not None:
        body = {"plan": planned.to_json(), "analysis": None if found is None else found.to_json()}
        _write(machine, json.dumps(plain(body), indent=1) + "\n")
    note(f"written: {out}")


@trial.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--example", is_flag=True, help="Print the shipped example and end.")
@click.option("--plot", "picture", type=click.Path(path_type=Path), help="Draw power by patients here (.png, .svg).")
@json_option
def simulate(file: Path | None, example: bool, picture: Path | None, as_json: bool) -> None:
    """Run the trial of FILE on twins and explore its designs: n, duration, enrichment, with the same luck for all.

    \b
    Examples:
      vitruvian trial simulate --example > remission.yaml
      vitruvian trial simulate remission.yaml

    Virtual patients are synthetic: what is simulated says what the model says. It plans a trial and replaces none.
    """
    from vitruvian.platform.trials.simulated import EXAMPLES
    from vitruvian.platform.trials.simulated import simulate as simulated

    if example:
        say((EXAMPLES / "remission.yaml").read_text(encoding="utf-8").rstrip())
        return
    if file is None:
        raise click.UsageError("name a file, or give --example")
    found = simulated(file)
    if picture is not None:
        _draw(found.plot(), picture)
    if as_json:
        put_json(found.to_json())
        return
    course = found.course
    say(f"{found.title} (synthetic): {len(course.baseline)} virtual patients, {course.endpoint} in {course.unit}")
    effects = course.effect(found.treated, found.control)
    for visit, effect in zip(course.visits, effects, strict=True):
        say(f"  day {visit / 86400:.0f}: {found.treated} less {found.control} {effect:+.2f} {course.unit}")
    rows = [
        [
            str(r.design.n),
            f"{course.visits[r.design.visit] / 86400:.0f}",
            f"{r.design.enrichment:.0%}",
            number(r.truth),
            number(r.estimate),
            f"{r.power:.2f} ± {r.se:.2f}",
            f"{r.screened:.0f}",
        ]
        for r in found.found.results
    ]
    say(table(["n", "day", "enriched", "true effect", "estimate", "power", "screened"], rows))


@trial.command()
@click.argument("strata", type=click.Path(path_type=Path))
@click.option("--seed", type=int, required=True, help="The list can be made again from it.")
@click.option("--allocation", default="1:1", show_default=True, help="control:treated")
@click.option("--by", multiple=True, required=True, help="Column of a stratum; may be given again.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Write the table with its arms here (.csv)."
)
def randomise(strata: Path, seed: int, allocation: str, by: tuple[str, ...], out: Path) -> None:
    """Give the patients of STRATA (CSV, in order of arrival) their arms, in permuted blocks within strata.

    \b
    Example:
      vitruvian trial randomise patients.csv --by site --by sex --seed 11 --out arms.csv
    """
    import csv
    import io

    from vitruvian.platform.trials import reading
    from vitruvian.studies.procova.randomise import blocked

    try:
        control, treated = (int(v) for v in allocation.split(":"))
    except ValueError as err:
        raise click.UsageError(f"--allocation {allocation} is not control:treated. Fix: write 1:1 or 1:2") from err
    frame = reading.frame_file(strata, by)
    told = [" / ".join(row) for row in zip(*(frame.factor(c).tolist() for c in by), strict=True)]
    arm = blocked(told, seed, allocation=(control, treated))
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow([*frame.columns, "arm"])
    columns = [frame.factor(c).tolist() for c in frame.columns]
    rows.writerows([*cells, "treated" if a else "control"] for *cells, a in zip(*columns, arm.tolist(), strict=True))
    _write(out, text.getvalue())
    note(f"written: {out}, {int(arm.sum())} treated, {int((1 - arm).sum())} control in {len(set(told))} strata")


def _planned(protocol: Path, history: Path) -> Any:
    from vitruvian.platform.trials import reading
    from vitruvian.studies.procova.planning import plan_trial

    read = reading.protocol_file(protocol)
    return plan_trial(read, reading.frame_file(history, read.factors))


def _analysed(protocol: Path, data: Path, score: Path | None) -> Any:
    from vitruvian.kinds.prognosis.stack import Stack
    from vitruvian.platform.trials import reading
    from vitruvian.studies.procova.analysis import analyse as analysed
    from vitruvian.studies.procova.crossfit import analyse_cross_fitted

    read = reading.protocol_file(protocol)
    frame = reading.frame_file(data, read.factors)
    if score is None:
        return analyse_cross_fitted(read, frame)
    try:
        stack = Stack.from_json(json.loads(score.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as err:
        fix = "give the file that `vitruvian trial plan --out` wrote"
        raise ParseError(f"is no score ({type(err).__name__}: {err})", where=str(score), fix=fix) from err
    return analysed(read, frame, stack)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as err:
        raise click.FileError(str(path), f"{err.strerror}. Fix: give a path that can be written") from err


def _draw(ax: Any, path: Path) -> None:
    import matplotlib.pyplot as plt

    ax.figure.savefig(path, dpi=150)
    plt.close(ax.figure)
