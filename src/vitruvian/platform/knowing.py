"""What was known of a twin at a moment: the window of record and case that a verb needs, and no more."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from vitruvian.core.belief import Belief
from vitruvian.core.errors import FieldError, InferenceError
from vitruvian.core.kind import AbstractKind
from vitruvian.core.twin import Twin
from vitruvian.platform import when
from vitruvian.platform.instant import from_seconds, moment, to_seconds
from vitruvian.platform.store import Store, TwinRow
from vitruvian.platform.store.facts import Extent

Moment = str | datetime | None


@dataclass(frozen=True)
class Knowing:
    """Reads one twin's store. `then` is an aware datetime, or None for now; seconds count from the twin's origin."""

    store: Store
    row: TwinRow
    kind: AbstractKind
    clock: Callable[[], datetime]

    def then(self, as_of: Moment) -> datetime | None:
        """The moment meant: text is local to the subject. FieldError when it lies in the future."""
        if as_of is None:
            return None
        zone = self.row.origin.zone
        then = when.moment(as_of, zone, "--as-of") if isinstance(as_of, str) else as_of
        if then > self.clock():
            raise FieldError(f"{when.said(then, zone)} is in the future", where="--as-of", fix="give a past moment")
        return then

    def extent(self, then: datetime | None) -> tuple[Extent, float, float]:
        """Extent of what was known, with its last valid time and last known-at (s); InferenceError without readings."""
        extent = self.store.extent(self.row.id, then)
        if extent.readings and extent.last_us is not None and extent.known_us is not None:
            return extent, to_seconds(extent.last_us, self.row.origin), to_seconds(extent.known_us, self.row.origin)
        where = f"twin '{self.row.subject}'"
        if then is None:
            fix = f"observe first: vitruvian observe {self.row.subject} FILE"
            raise InferenceError("there is no reading yet", where=where, fix=fix)
        zone, first = self.row.origin.zone, self.store.extent(self.row.id).first_us
        told = "there is none at all" if first is None else f"the first is of {when.said(moment(first), zone)}"
        what = f"no reading was known at {when.said(then, zone)}; {told}"
        raise InferenceError(what, where=where, fix="give a later moment")

    def twin(self, then: datetime | None, back: float, belief: Belief | None = None) -> Twin:
        """Case and record as known then, back to `back` (s; -inf: all) and the kind's warm-up before that."""
        first = back - self.kind.warmup
        since = None if math.isinf(first) else self.moment(first)
        case = self.store.case(self.row.id, then, since=since)
        return Twin(self.kind, case, self.store.record(self.row.id, then, since=since), belief)

    def belief(self, then: datetime | None) -> tuple[int, Belief] | None:
        """(version, belief), the newest of then."""
        return self.store.latest_belief(self.row.id, then)

    def behind(self, belief: Belief, extent: Extent) -> str:
        """What to say when more is known than the belief knows; "" when it knows all."""
        if extent.known_us is None or from_seconds(belief.known_at, self.row.origin) >= extent.known_us:
            return ""
        till = when.said(self.moment(belief.known_at), self.row.origin.zone)
        return f"the belief knows what was known until {till}; there is more since: assimilate or calibrate to use it"

    def base(self) -> float:
        """From when +30min counts: the belief's time, else the last reading's, else now."""
        found, last = self.belief(None), self.store.extent(self.row.id).last_us
        if found is not None:
            return found[1].at
        return self.row.origin.seconds(self.clock() if last is None else moment(last))

    def moment(self, seconds: float) -> datetime:
        """Aware datetime (UTC)."""
        return moment(from_seconds(seconds, self.row.origin)).astimezone(UTC)
