"""A twin: a kind, a case, a record and what is believed. A value; verbs return a new one."""

from __future__ import annotations

import dataclasses
import hashlib

from vitruvian.core.belief import Belief
from vitruvian.core.case import Case
from vitruvian.core.errors import BeliefError
from vitruvian.core.kind import AbstractKind, Fittable
from vitruvian.core.record import Record


@dataclasses.dataclass(frozen=True)
class Twin:
    """One real thing's model, synchronised with its data."""

    kind: AbstractKind
    case: Case
    record: Record = dataclasses.field(default_factory=Record.empty)
    belief: Belief | None = None

    def observe(self, record: Record) -> Twin:
        """With more rows in the record; the belief is unchanged until calibrate or assimilate."""
        return dataclasses.replace(self, record=Record.join([self.record, record]))

    def having(self, belief: Belief) -> Twin:
        """With another belief."""
        return dataclasses.replace(self, belief=belief)

    def seen(self, t0: float, t1: float, known_at: float) -> str:
        """Digest of what a belief on the window [t0, t1] rests on, as known then: readings, actions, series."""
        rows, case = self.record.until(known_at).between(t0, t1), self.case.until(known_at)
        digest = hashlib.sha256(repr(case.subject).encode())
        for name in ("valid_time", "observable", "value", "sd", "limit", "sensor", "id"):
            digest.update(repr(getattr(rows, name).tolist()).encode())
        digest.update(repr([a for a in case.timeline if t0 <= a.at <= t1]).encode())
        for name, series in sorted(case.series.items()):
            inside = (series.times >= t0) & (series.times <= t1)
            digest.update(name.encode() + series.times[inside].tobytes() + series.values[inside].tobytes())
        return digest.hexdigest()

    def believed(self) -> Belief:
        """The belief, checked against the kind; BeliefError says to calibrate or recalibrate."""
        if self.belief is None:
            raise BeliefError("the twin has no belief yet", where=self.kind.name, fix="calibrate it first")
        mine = (
            self.kind.name,
            self.kind.version,
            self.kind.artefact if isinstance(self.kind, Fittable) else "",
        )
        theirs = (self.belief.kind, self.belief.version, self.belief.artefact)
        if mine != theirs:
            raise BeliefError(
                f"the belief is of {theirs}, the kind is {mine}",
                where=self.kind.name,
                fix="recalibrate",
            )
        known = {p.name for p in self.kind.parameters if not p.dims}
        held = {n for n in self.belief.names if "@" not in n}
        if known != held:
            raise BeliefError(
                f"parameters changed: {', '.join(sorted(known ^ held))}",
                where=self.kind.name,
                fix="recalibrate",
            )
        return self.belief
