"""vitruvian conform KIND: put a kind under the laws that every kind obeys."""

from __future__ import annotations

import click

from vitruvian.cli.say import json_option, put_json, say


@click.command()
@click.argument("kind")
@click.option("--law", "only", multiple=True, metavar="LAW", help="Only this law; may be given several times.")
@click.option(
    "--full", is_flag=True, help="At full size: 200 replications of calibration, and NUTS beside it (minutes)."
)
@json_option
def conform(kind: str, only: tuple[str, ...], full: bool, as_json: bool) -> None:
    """Put KIND under the conformance laws and say which hold.

    \b
    Examples:
      vitruvian conform infusion
      vitruvian conform infusion --law restart --law gradient

    KIND is any installed kind, of this package or of another. Ends with 1 if a law is broken.
    """
    from vitruvian.cli.progress import Progress
    from vitruvian.conformance import FULL, QUICK, examine
    from vitruvian.platform import registry

    verdicts = []
    with Progress("Conforming") as show:
        for verdict in examine(registry.get(kind), size=FULL if full else QUICK, only=only):
            verdicts.append(verdict)
            show(-1.0, f"After {verdict.law.name}")
            if not as_json:
                say(f"{'holds ' if verdict.holds else 'BROKEN'}  {verdict.law.name:<12}{verdict.law.sentence}")
                say([f"        {verdict.said}"] if verdict.said else [])
    broken = [v for v in verdicts if not v.holds]
    if as_json:
        put_json([v.to_json() for v in verdicts])
    else:
        say("", f"{kind}: {len(verdicts) - len(broken)} of {len(verdicts)} laws hold")
    if broken:
        raise click.exceptions.Exit(1)
