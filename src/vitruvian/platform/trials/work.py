"""The two jobs of a trial, each in a process of its own: plan, analyse. What they find is written when it is whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from vitruvian.platform.instant import micros
from vitruvian.platform.jsonable import plain
from vitruvian.platform.store import Store
from vitruvian.platform.trials import reading, rows

Progress = Callable[[float], None]


def plan(store: Store, progress: Progress, trial: str, now: datetime) -> Any:
    """Learn the score on the history, size the trial, write the page."""
    from vitruvian.studies.procova.document import document
    from vitruvian.studies.procova.planning import plan_trial
    from vitruvian.studies.procova.protocol import protocol_of

    with store.database.read() as connection:
        row = rows.find(connection, store.tenant, trial, whole=True)
    protocol = protocol_of(row["protocol"], row["source"])
    frame = reading.frame_from(row["history"].decode(), row["history_name"], protocol.factors)
    made = plan_trial(protocol, frame, lambda share: progress(0.9 * share))
    found = {"plan": plain(made.to_json()), "score": plain(made.stack.to_json()), "page": document(made)}
    with store.database.write() as connection:
        rows.keep(connection, row, "plan_job", micros(now), **found)
    size = made.sizes["score and covariates"]
    what = "events" if protocol.outcome.type == "time" else "patients"
    return {"trial": trial, "basis": {"sentence": f"{protocol.title}: {size['total']} {what}"}}


def analyse(store: Store, progress: Progress, trial: str, now: datetime) -> Any:
    """Analyse the data that were sent by the plan that was made, write the page anew."""
    from vitruvian.kinds.prognosis.stack import Stack
    from vitruvian.studies.procova.analysis import analyse as analysed
    from vitruvian.studies.procova.document import document
    from vitruvian.studies.procova.planning import Plan

    with store.database.read() as connection:
        row = rows.find(connection, store.tenant, trial, whole=True)
    made = Plan.from_json(row["plan"], Stack.from_json(row["score"]))
    frame = reading.frame_from(row["data"].decode(), row["data_name"], made.protocol.factors)
    progress(0.1)
    found = analysed(made.protocol, frame, made.stack)
    progress(0.9)
    with store.database.write() as connection:
        told = {"analysis": plain(found.to_json()), "page": document(made, found)}
        rows.keep(connection, row, "analysis_job", micros(now), **told)
    low, high = found.primary.interval()
    said = f"{made.protocol.title}: {found.primary.name} {found.primary.shown:.3g} ({low:.3g} to {high:.3g})"
    return {"trial": trial, "basis": {"sentence": said}}
