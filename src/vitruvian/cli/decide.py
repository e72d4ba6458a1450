"""vitruvian decide: a ready question of the twin's kind, with its options weighed."""

from __future__ import annotations

import click

from vitruvian.cli import opened
from vitruvian.cli.ask import seed_option
from vitruvian.cli.cluster import dask_option
from vitruvian.cli.progress import Progress
from vitruvian.cli.say import as_of_option, json_option, put_json, say, twin_argument
from vitruvian.core.errors import FieldError


@click.command()
@twin_argument
@click.argument("question", default="")
@click.argument("fields", nargs=-1, metavar="[FIELD=VALUE]...")
@seed_option
@as_of_option
@dask_option
@json_option
def decide(twin: str, question: str, fields: tuple[str, ...], seed: int, as_of: str | None, as_json: bool) -> None:
    """Ask a ready QUESTION of T's kind: its options are weighed against what is planned.

    \b
    Examples (the questions of a kind and their fields: `vitruvian describe KIND`):
      vitruvian decide Ada Walk at=+30min carbohydrate="60 g"
      vitruvian decide Ada Bolus at=2026-02-12T12:30 carbohydrate=60 units=6
      vitruvian decide Heart BestLead av_delay="110 ms"

    Prints what `recommend` prints: the options in order under the kind's own safety limits, the chance that each is the
    best, why some may not be done, and what the answer rests on.
    """
    from vitruvian.cli.choices import recommendation_lines

    given: dict[str, str] = {}
    for text in fields:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{text}: write it as FIELD=VALUE, e.g. at=+30min")
        if name in given:
            raise click.UsageError(f"{name} is there twice")
        given[name] = value
    live = opened.twin(twin)
    if not question:
        names = [q.__name__ for q in live.kind.questions]
        what = f"which question? kind '{live.kind.name}' has {', '.join(names) or 'none ready'}"
        raise FieldError(
            what, where="QUESTION", fix=f"vitruvian decide {twin} {names[0]}" if names else "use recommend"
        )
    with Progress(f"Weighing options for {live.name}"):
        answer = live.decide(question, given, as_of=as_of, seed=seed)
    if as_json:
        put_json({"twin": live.row.id, "subject": live.name, **answer.to_json()})
    else:
        say(recommendation_lines(answer, live.name))
