"""A group whose commands are imported when they are named, and where every error becomes a line or two."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

from vitruvian.cli.interrupt import heard
from vitruvian.core.errors import VitruvianError

ADDED = "vitruvian.commands"
CANCELLED = 130  # what shells report for a program ended by Ctrl-C


class LazyGroup(click.Group):
    """`commands_at` maps names to "module:attribute"; entry points of `vitruvian.commands` are added to them."""

    def __init__(self, *args: Any, commands_at: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.commands_at = dict(commands_at)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.commands_at, *sorted(set(_added()) - set(self.commands_at))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.commands_at:
            module, _, attribute = self.commands_at[cmd_name].partition(":")
            return getattr(importlib.import_module(module), attribute)
        point = _added().get(cmd_name)
        return None if point is None else _loaded(point)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what it raises is told in one or two lines, and the exit code is 1 (130 when cancelled)."""
        try:
            with heard():
                return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except VitruvianError as err:
            raise Told(err) from err
        except KeyboardInterrupt:
            click.echo("\nCancelled; nothing half-done was kept.", err=True)
            ctx.exit(CANCELLED)
        except Exception as err:
            if (ctx.obj or {}).get("debug") or os.environ.get("VITRUVIAN_DEBUG"):
                raise
            if isinstance(err, OSError) and isinstance(err.filename, str):
                fix = "check the path, and that you may read or write there"
                raise Told(VitruvianError(str(err.strerror), where=err.filename, fix=fix)) from err
            said = " ".join(str(err).split())[:300]
            fix = "this is a fault of the program. Fix: run `vitruvian --debug ...` and report the trace"
            raise click.ClickException(f"{type(err).__name__}: {said}; {fix}") from err


class Told(click.ClickException):
    """A user's error: what and where on the first line, the fix on the second."""

    def __init__(self, error: VitruvianError) -> None:
        super().__init__(f"{error.where}: {error.what}" if error.where else error.what)
        self.fix = error.fix

    def show(self, file: Any = None) -> None:
        click.echo(f"error: {self.message}", file=file, err=True)
        if self.fix:
            click.echo(f"  fix: {self.fix}", file=file, err=True)


def _added() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ADDED)}


def _loaded(point: EntryPoint) -> click.Command:
    try:
        return point.load()
    except Exception as err:  # noqa: BLE001 a broken add-on must not take `vitruvian --help` with it
        said = f"cannot be loaded from '{point.value}' ({type(err).__name__}: {err})"

        @click.command(point.name, short_help=said, context_settings={"ignore_unknown_options": True})
        @click.argument("rest", nargs=-1)
        def broken(rest: tuple[str, ...]) -> None:
            raise click.ClickException(f"command '{point.name}' {said}. Fix: repair or uninstall that package")

        return broken
