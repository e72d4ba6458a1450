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
from vitruvian.models.doubting import Doubting, notes
from vitruvian.models.icu.doubt import Doubts
from vitruvian.platform import when
from vitruvian.platform.acting import acting, reach
from vitruvian.platform.instant import from_seconds, moment, to_seconds
from vitruvian.platform.store import Store, TwinRow

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

    def until(self, then: datetime | None) -> int:
        """When the last fact of then became known (us); InferenceError before the first reading."""
        known = self.store.known_until(self.row.id, then)
        if known is not None:
            return known
        where = f"twin '{self.row.subject}'"
        if then is None:
            fix = f"observe first: vitruvian observe {self.row.subject} FILE"
            raise InferenceError("there is no reading yet", where=where, fix=fix)
        zone, first = self.row.origin.zone, self.store.extent(self.row.id).first_us
        told = "there is none at all" if first is None else f"the first is of {when.said(moment(first), zone)}"
        what = f"no reading was known at {when.said(then, zone)}; {told}"
        raise InferenceError(what, where=where, fix="give a later moment")

    def span(self, then: datetime | None) -> tuple[float, float]:
        """The last valid time of then, and when the last fact became known (s); InferenceError without readings."""
        known, last = self.until(then), self.store.extent(self.row.id, then).last_us
        assert last is not None
        return to_seconds(last, self.row.origin), to_seconds(known, self.row.origin)

    def twin(self, then: datetime | None, back: float, belief: Belief | None = None) -> Twin:
        """Case and record as known then, back to `back` (s; -inf: all) and the kind's warm-up before that.

        Of actions before that, those that still act then. Readings that the kind doubts are left out (see `doubts`).
        """
        first = back - self.kind.warmup
        case = self.store.case(self.row.id, then, since=self._since(first - reach(self.kind)))
        record = self.store.record(self.row.id, then, since=self._since(first))
        if isinstance(self.kind, Doubting):
            record = self.kind.believed(record)
        return Twin(self.kind, acting(case, first), record, belief)

    def doubts(self, then: datetime | None = None) -> Doubts | None:
        """Of all readings as known then; None for a kind that doubts none."""
        if not isinstance(self.kind, Doubting):
            return None
        return self.kind.doubts(self.store.record(self.row.id, then))

    def doubted(self, then: datetime | None) -> tuple[str, ...]:
        """What to say of readings that are not believed."""
        found = self.doubts(then)
        return () if found is None else notes(found, self.row.origin)

    def _since(self, first: float) -> datetime | None:
        return None if math.isinf(first) else self.moment(first)

    def belief(self, then: datetime | None) -> tuple[int, Belief] | None:
        """(version, belief), the newest of then."""
        return self.store.latest_belief(self.row.id, then)

    def behind(self, belief: Belief, known_us: int) -> str:
        """What to say when more is known than the belief knows; "" when it knows all."""
        if from_seconds(belief.known_at, self.row.origin) >= known_us:
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
