"""The command line: one file a command group, loaded when it is called. Nothing heavy is imported here."""

from __future__ import annotations

import click

from vitruvian import __version__
from vitruvian.cli.lazy import LazyGroup

# command -> where it is; another package adds its own by the entry point group `vitruvian.commands`
COMMANDS = {
    "kinds": "vitruvian.cli.kinds:kinds",
    "describe": "vitruvian.cli.kinds:describe",
    "twin": "vitruvian.cli.twin:twin",
    "show": "vitruvian.cli.twin:show",
    "history": "vitruvian.cli.twin:history",
    "observe": "vitruvian.cli.observe:observe",
    "calibrate": "vitruvian.cli.learn:calibrate",
    "assimilate": "vitruvian.cli.learn:assimilate",
    "forecast": "vitruvian.cli.ask:forecast",
    "compare": "vitruvian.cli.ask:compare",
    "recommend": "vitruvian.cli.ask:recommend",
    "loops": "vitruvian.cli.loops:loops",
    "population": "vitruvian.cli.population:population",
    "decide": "vitruvian.cli.decide:decide",
    "explain": "vitruvian.cli.know:explain",
    "backtest": "vitruvian.cli.know:backtest",
    "report": "vitruvian.cli.report:report",
    "demo": "vitruvian.cli.report:demo",
    "serve": "vitruvian.api.command:serve",
    "backup": "vitruvian.cli.backup:backup",
    "restore": "vitruvian.cli.backup:restore",
    "validate": "vitruvian.cli.validate:validate",
    "conform": "vitruvian.cli.conform:conform",
}

EPILOG = """\
\b
A first twin:
  vitruvian twin create --kind metabolic --subject Ada export.csv meals.csv
  vitruvian calibrate Ada
  vitruvian forecast Ada --hours 3
  vitruvian report Ada --out ada.html

T is a twin's id or its subject's name. Twins lie in $VITRUVIAN_HOME. For research use: not a medical device.
"""


@click.group(
    cls=LazyGroup, commands_at=COMMANDS, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="vitruvian")
@click.option("--debug", is_flag=True, help="Show the trace of an unexpected error.")
@click.pass_context
def main(ctx: click.Context, debug: bool) -> None:
    """Healthcare digital twins: what will happen, what if, what is best, why, and how do you know.

    A twin is a model of one real thing, kept in step with that thing's data. Every command takes --help, and --json
    where a program shall read the answer.
    """
    ctx.obj = {"debug": debug}
