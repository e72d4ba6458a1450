"""vitruvian drift: has what comes in, or what comes of the forecasts, changed since a kind was fitted."""

from __future__ import annotations

import click

from vitruvian.cli.say import json_option, put_json, say
from vitruvian.cli.tables import table


@click.command()
@click.argument("kind")
@json_option
def drift(kind: str, as_json: bool) -> None:
    """Look at all twins of KIND in the store: inputs against those before, outcomes against what was said.

    \b
    Examples:
      vitruvian drift metabolic
      vitruvian drift deterioration --json

    Inputs: population stability index of the newest week. Outcomes: readings of followed twins outside the 90 % bands
    of the forecasts before them, by a CUSUM that speaks by chance once in 5000 readings. What has drifted proposes a
    new fit and says why; nothing is fitted by this command.
    """
    from vitruvian.cli.opened import session
    from vitruvian.platform import registry
    from vitruvian.platform.follow.drifting import of_kind

    registry.get(kind)
    store = session().store
    with store.database.read() as connection:
        found = of_kind(connection, store.tenant, kind)
    if as_json:
        put_json(found.to_json())
        return
    if not (found.inputs or found.outcomes):
        say(f"nothing to look at yet: {kind} needs a week of readings and some before, or 100 scored forecasts")
        return
    told = {True: "drifted", False: ""}
    rows = [[i.observable, str(i.readings), f"{i.found.index:.3f}", f"{i.found.limit:.3f}", told[i.found.drifted]]
            for i in found.inputs]  # fmt: skip
    for line in table(["input", "readings", "index", "by chance below", ""], rows) if rows else ():
        say(line)
    rows = [
        [o.observable, str(o.readings), f"{o.outside:.0%}", told[o.watch.spoke is not None]] for o in found.outcomes
    ]
    for line in table(["outcome", "readings", "outside 90 %", ""], rows) if rows else ():
        say(line)
    say(found.proposal or "nothing has drifted")
