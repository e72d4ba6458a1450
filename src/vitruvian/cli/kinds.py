"""vitruvian kinds, vitruvian describe KIND: what there is, and what each kind says about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vitruvian.cli.say import json_option, note, put_json, say
from vitruvian.core.errors import VitruvianError

if TYPE_CHECKING:
    from vitruvian.core.kind import AbstractKind


@click.command()
@json_option
def kinds(as_json: bool) -> None:
    """List the kinds of twins that are installed.

    \b
    Example:
      vitruvian kinds

    Prints each kind's name, version and the question it answers; --json gives a list of the same.
    """
    from vitruvian.cli.tables import table
    from vitruvian.platform import registry

    rows, broken = [], []
    for name in registry.names():
        try:
            k = registry.get(name)
            rows.append({"name": k.name, "version": k.version, "question": k.context_of_use.question})
        except VitruvianError as err:  # one bad package must not hide the others
            broken.append({"name": name, "error": err.message})
    if as_json:
        put_json([*rows, *broken])
        return
    say(table(("kind", "version", "question"), [tuple(row.values()) for row in rows], ""))
    say("", "More on one: vitruvian describe KIND")
    for row in broken:
        note(f"warning: {row['error']}")


@click.command()
@click.argument("kind")
@json_option
def describe(kind: str, as_json: bool) -> None:
    """Say what KIND is for, what it needs, what can be asked and done, and what its numbers rest on.

    \b
    Example:
      vitruvian describe infusion

    Prints context of use, subject fields (for --set), actions (for option files), observables, quantities, parameters
    with their sources, and the ranges in which its evidence holds. --json adds the JSON schemas.
    """
    from vitruvian.platform import registry

    found = registry.get(kind)
    if as_json:
        from vitruvian.platform.described import as_data

        put_json(as_data(found))
    else:
        say(as_text(found))


def as_text(kind: AbstractKind) -> list[str]:
    """A kind for people."""
    from vitruvian.cli.tables import table
    from vitruvian.core.fields import infos
    from vitruvian.platform.described import capabilities
    from vitruvian.platform.fieldtext import describe as field

    use = kind.context_of_use
    out = [f"{kind.name}, version {kind.version}", ""]
    out += table(
        ("", ""),
        [
            ("question", use.question),
            ("for", use.users),
            ("risk if wrong", use.risk),
            ("not for", use.not_for),
            ("can", ", ".join(capabilities(kind))),
        ],
    )
    out += ["", f"Subject ({kind.subject.__name__}), set with --set name=value:"]
    out += [f"  {field(n, i)}" for n, i in infos(kind.subject).items()] or ["  no fields"]
    out += ["", "Actions, for option files:"]
    for action in kind.actions:
        told = ", ".join(field(n, i) for n, i in infos(action).items())
        out.append(f"  {action.__name__}: {told}")
    if not kind.actions:
        out.append("  none")
    if kind.questions:
        out += ["", "Ready questions, for `vitruvian decide`:"]
        for question in kind.questions:
            told = ", ".join(field(n, i) for n, i in infos(question).items())
            out.append(f"  {question.__name__}: {(question.__doc__ or '').strip()}")
            out.append(f"    at, {told}")
    out += [
        "",
        "Observables:",
        *table(("name", "unit", "meaning"), [(o.name, o.unit, o.meaning) for o in kind.observables]),
    ]
    if kind.quantities:
        out += [
            "",
            "Quantities:",
            *table(("name", "unit", "meaning"), [(q.name, q.unit, q.meaning) for q in kind.quantities]),
        ]
    parameters = [(p.name, p.unit, p.meaning, p.source) for p in kind.parameters]
    out += ["", "Parameters:", *table(("name", "unit", "meaning", "source"), parameters)]
    out += ["", f"Evidence holds in ({kind.envelope.source}):"]
    out += [f"  {name}: {low:g} to {high:g}" for name, (low, high) in kind.envelope.ranges.items()] or ["  not stated"]
    return out
