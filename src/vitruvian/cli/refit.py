"""vitruvian refit: fit a kind again from the subjects in the store, compare, take it into use, go back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from vitruvian.cli.say import json_option, put_json, say
from vitruvian.cli.tables import table

if TYPE_CHECKING:
    from vitruvian.platform.session import Session


@click.group()
def refit() -> None:
    """Fits of a kind from the store's own subjects: which is in use, make one, take it into use, go back.

    \b
    Examples:
      vitruvian refit show deterioration
      vitruvian refit make deterioration --reason "outcomes twice as frequent as said"
      vitruvian refit use deterioration fit-0123456789 --reason "better on 40 held-back patients"
      vitruvian refit back deterioration --reason "it alarmed too often at night"
    """


@refit.command()
@click.argument("kind")
@json_option
def show(kind: str, as_json: bool) -> None:
    """Which fit of KIND is in use since when, and which were made."""
    opened = _session()
    from vitruvian.platform import fits

    with opened.store.database.read() as connection:
        told = fits.told(connection, opened.store.tenant, kind)
    _say(told, as_json)


@refit.command()
@click.argument("kind")
@click.option("--reason", default="", help="Why; by default what has drifted.")
@click.option("--seed", default=0, show_default=True, help="Decides which subjects are held back.")
@json_option
def make(kind: str, reason: str, seed: int, as_json: bool) -> None:
    """Fit KIND again on some subjects of the store and compare it on the others; nothing is taken into use."""
    opened = _session()
    from vitruvian.platform import fits

    made = fits.make(opened.store, kind, reason=reason, seed=seed, now=opened.clock(), actor=opened.actor)
    if as_json:
        put_json(made)
        return
    _say_fit(made)
    say(f"take it into use: vitruvian refit use {kind} {made['id']} --reason ...")


@refit.command()
@click.argument("kind")
@click.argument("fit")
@click.option("--reason", required=True, help="Why; kept in the line of uses.")
@json_option
def use(kind: str, fit: str, reason: str, as_json: bool) -> None:
    """Take FIT of KIND into use: only one that is better, with 95 % confidence, on subjects that neither fit saw."""
    from vitruvian.platform import fits

    opened = _session()
    with opened.store.database.write() as connection:
        fits.take(connection, opened.store.tenant, kind, fit, reason, opened.actor, _now_us(opened))
        told = fits.told(connection, opened.store.tenant, kind)
    _say(told, as_json)


@refit.command()
@click.argument("kind")
@click.option("--reason", required=True, help="Why; kept in the line of uses.")
@json_option
def back(kind: str, reason: str, as_json: bool) -> None:
    """Use the fit of KIND before the present one again; twice is further back."""
    from vitruvian.platform import fits

    opened = _session()
    with opened.store.database.write() as connection:
        fits.back(connection, opened.store.tenant, kind, reason, opened.actor, _now_us(opened))
        told = fits.told(connection, opened.store.tenant, kind)
    _say(told, as_json)


def _now_us(opened: Session) -> int:
    from vitruvian.platform.instant import micros

    return micros(opened.clock())


def _session() -> Session:
    from vitruvian.cli.opened import session

    return session()


def _say(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put_json(told)
        return
    rows = [
        [str(u["version"]), u["fit"] or "-", u["artefact"][:12] or "-", u["at"] or "-", u["actor"] or "-", u["reason"]]
        for u in told["uses"]
    ]
    for line in table(["version", "fit", "weights", "since", "by", "why"], rows):
        say(line)
    for made in told["fits"]:
        _say_fit(made)


def _say_fit(made: dict[str, Any]) -> None:
    c = made["compared"]
    old, new = c["old"], c["new"]
    say(f"{made['id']}: made because {made['reason']}")
    say(f"  on {c['patients']} subjects held back, {c['outcomes']} outcomes looked at: better with probability")
    say(f"  {c['better']:.2f}; log loss {old['log_loss']:.4f} to {new['log_loss']:.4f}, Brier score")
    say(f"  {old['brier']:.4f} to {new['brier']:.4f}")
