"""What every command shares: --json, printing, reading a file that the user named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from vitruvian.platform.jsonable import plain

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else on stdout.")
as_of_option = click.option(
    "--as-of", metavar="TIME", help="Use only what was known then, e.g. 2026-03-01T12:30 (local to the subject)."
)
twin_argument = click.argument("twin", metavar="T")


def say(*parts: str | Sequence[str]) -> None:
    """Print lines on stdout."""
    for part in parts:
        for line in [part] if isinstance(part, str) else part:
            click.echo(line)


def note(line: str) -> None:
    """Print a line on stderr, where it does not disturb a program that reads stdout."""
    click.echo(line, err=True)


def put_json(value: Any) -> None:
    """Print one JSON document; what JSON cannot say (nan, infinity) becomes null."""
    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=1, allow_nan=False))
