"""Renew: what came since into the beliefs of all due twins of a kind at once, then their forecasts, scores and alerts.

The numbers are worked out outside any transaction; then everything of a twin becomes durable in one: belief, forecast,
scores, alerts, and that it is done. A server that dies in between has done nothing, and the next one does it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from vitruvian.core.belief import Belief
from vitruvian.core.errors import BeliefError, ConflictError, MissingError, StoreError, VitruvianError
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.models.alarms.reasons import Reasoned, from_record
from vitruvian.platform import asking
from vitruvian.platform.alerts import rules
from vitruvian.platform.connect.fhir import telling
from vitruvian.platform.follow import scores, standing
from vitruvian.platform.follow.standing import Due
from vitruvian.platform.instant import from_seconds, micros
from vitruvian.platform.jobs import queue
from vitruvian.platform.live import LiveTwin
from vitruvian.platform.store import Store, beliefs, chain
from vitruvian.platform.store.database import Database
from vitruvian.verbs.result import Forecast

Clock = Callable[[], datetime]
FOLLOWER = "follower"


@dataclasses.dataclass(frozen=True)
class Renewed:
    """A twin's renewal, ready to be written: its new belief and forecast, or why there is none."""

    due: Due
    live: LiveTwin
    belief: Belief | None = None
    forecast: Forecast | None = None
    request: dict[str, Any] = dataclasses.field(default_factory=dict)
    failed: str | None = None
    uncalibrated: bool = False
    twin: Twin | None = None

    def reasons(self) -> dict[str, Any]:
        """Why an alert is raised now: by the kind itself where it says so, else by what was measured."""
        if self.twin is None or self.belief is None:
            return {}
        kind, known, at = self.twin.kind, self.twin.record.until(self.belief.known_at), self.belief.at
        try:
            if isinstance(kind, Reasoned):
                return {"reasons": kind.reasons(self.twin.case, known, at).to_json()}
            return {"reasons": from_record(known, {o.name: o.unit for o in kind.observables}, at).to_json()}
        except Exception as err:  # noqa: BLE001 a kind's own code may raise anything, and the alert must not be lost
            return {"reasons": None, "no_reasons": f"{type(err).__name__}: {' '.join(str(err).split())[:200]}"}


def renewed(database: Database, clock: Clock, some: Sequence[Due]) -> list[Renewed]:
    """The renewals of due twins of one kind: one call of `assimilate_many`, then a forecast each."""
    out: list[Renewed] = []
    ready: list[tuple[Renewed, Twin, float]] = []
    for due in some:
        store = Store(database, due.tenant)
        live = LiveTwin(store, store.find_twin(due.twin_id), clock, FOLLOWER)
        one = Renewed(due, live)
        try:
            twin, known = _standing(live)
        except BeliefError as err:  # of another version, or of another fit
            out.append(dataclasses.replace(one, uncalibrated=True, failed=f"{err.message} It is being calibrated."))
            continue
        except VitruvianError as err:
            if is_passing(err):
                raise
            out.append(dataclasses.replace(one, failed=err.message))
            continue
        if twin is None:
            out.append(dataclasses.replace(one, uncalibrated=True, failed="no belief yet: it is being calibrated"))
        else:
            ready.append((one, twin, known))
    for (one, _, _), twin in zip(ready, _assimilated(ready), strict=True):
        out.append(_answered(one, twin))
    return out


def is_passing(error: VitruvianError) -> bool:
    """Whether it says something of the database at this moment, and nothing of a twin."""
    return isinstance(error, StoreError) and not isinstance(error, (MissingError, ConflictError))


def _standing(live: LiveTwin) -> tuple[Twin | None, float]:
    """The twin with its belief and the record to which filtering may rewind; when the last fact became known."""
    found = live.know.belief(None)
    if found is None:
        return None, 0.0
    belief, (_, known_at) = found[1], live.know.span(None)
    first = min(belief.window[0], (belief.start or belief).window[0])
    twin = live.know.twin(None, first, belief)
    twin.believed()
    return twin, max(known_at, belief.known_at)


def _assimilated(ready: Sequence[tuple[Renewed, Twin, float]]) -> list[Twin | VitruvianError]:
    """All together; when one cannot be done, each by itself, so that it takes no other with it."""
    from vitruvian.verbs.assimilate import assimilate_many

    if not ready:
        return []
    nothing = Record.empty()
    try:
        known = [k for _, _, k in ready]
        return list(assimilate_many([t for _, t, _ in ready], [nothing] * len(ready), known_at=known))
    except VitruvianError as err:
        if len(ready) == 1:
            return [err]
        return [answer for one in ready for answer in _assimilated([one])]


def _answered(one: Renewed, twin: Twin | VitruvianError) -> Renewed:
    from vitruvian.verbs.forecast import forecast

    if isinstance(twin, VitruvianError):
        return dataclasses.replace(one, failed=twin.message)
    belief, wish, one = twin.believed(), one.due.request, dataclasses.replace(one, twin=twin)
    try:
        asked = asking.ahead(twin.kind, belief.at, float(wish.get("hours", 3.0)), wish.get("of", ()))
        record = twin.record
        sensor = str(record.sensor[-1]) if len(record) else ""
        answer = forecast(twin, asked, noise=True, sensor=sensor, seed=0)
    except VitruvianError as err:
        return dataclasses.replace(one, belief=belief, failed=err.message)
    request = {"verb": "forecast", "hours": wish.get("hours", 3.0), "of": list(asked.items), "noise": True, "seed": 0}
    return dataclasses.replace(one, belief=belief, forecast=answer, request={**request, "standing": True})


def keep(connection: Connection, one: Renewed, now: datetime) -> bool:
    """Write a renewal, all of it or nothing; False when another server was faster."""
    now_us = micros(now)
    if not standing.done(connection, one.due, one.failed):
        return False
    twin = one.live.row
    if one.uncalibrated and not queue.waiting(connection, twin.id, "calibrate"):
        queue.put(connection, twin.tenant, twin.id, "calibrate", {}, FOLLOWER, now_us)
    scores.score(connection, twin, one.due.done, one.due.until, now_us)
    if one.belief is not None:
        seq = chain.take_lock(connection) + 1
        chain.give_out(connection, seq)
        version = beliefs.save_belief(connection, twin, one.belief, seq, now_us, FOLLOWER)
        if one.forecast is not None:
            seq += 1
            chain.give_out(connection, seq)
            known = from_seconds(one.belief.known_at, twin.origin)
            said = one.forecast.to_json()
            beliefs.save_forecast(connection, twin, one.request, said, known, version, seq, now_us, FOLLOWER)
            telling.assess(connection, twin, one.live.kind, one.forecast, now_us)
    rules.evaluate(connection, twin, one.forecast, now_us, one.reasons)
    return True
