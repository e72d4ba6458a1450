"""A stored twin and everything it can be asked: the I/O and the clock around the pure verbs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitruvian.core.action import Action
from vitruvian.core.belief import Belief
from vitruvian.core.errors import BeliefError, FieldError, InferenceError
from vitruvian.core.kind import AbstractKind
from vitruvian.core.twin import Twin
from vitruvian.platform import asking, fieldtext, placed, plans, when
from vitruvian.platform.instant import from_seconds, moment, to_seconds
from vitruvian.platform.learned import Learned
from vitruvian.platform.store import Store, TwinRow

if TYPE_CHECKING:
    from vitruvian.platform.ingest import Taken
    from vitruvian.verbs.result import Comparison, Forecast

Moment = str | datetime | None
Plan = Sequence[Action] | str | Path


@dataclass(frozen=True)
class LiveTwin:
    """A twin in the store. Nothing is kept here: every answer is worked out from what the store holds.

    `as_of`: a moment (text is local to the subject); only what was known then is used.
    """

    store: Store
    row: TwinRow
    kind: AbstractKind
    clock: Callable[[], datetime]

    def __repr__(self) -> str:
        return f"<{self.kind.name} twin of {self.row.subject} ({self.row.id})>"

    @property
    def name(self) -> str:
        """The subject's name."""
        return self.row.subject

    # what it knows

    def value(self, as_of: Moment = None, *, whole: bool = False) -> Twin:
        """The twin as a value, with the newest belief of then: the record back to the belief's window, or all of it."""
        then = self._then(as_of)
        found = self.store.latest_belief(self.row.id, then)
        known = self._known(then, None if whole or found is None else self._since(found[1].window[0]))
        return dataclasses.replace(known, belief=None if found is None else found[1])

    def readings(self) -> int:
        """How many readings there are."""
        return self.store.extent(self.row.id).readings

    # what it learns

    def observe(
        self,
        *files: str | Path,
        unit: str = "",
        dates: str = "",
        sensor: str = "",
        progress: Callable[[float], None] | None = None,
    ) -> tuple[Taken, ...]:
        """Take in what is in the files; a report each says what was new, changed, doubled and kept aside.

        unit, dates ("dmy" or "mdy"), sensor: for files that do not say.
        """
        from vitruvian.platform.ingest import observe

        return observe(
            self.store,
            self.row.id,
            files,
            unit=unit,
            dates=dates,
            sensor=sensor,
            now=self.clock(),
            progress=progress,
        )

    def calibrate(
        self, *, method: str | None = None, days: float | None = None, as_of: Moment = None, seed: int = 0
    ) -> Learned:
        """From the population to this subject, on the readings of the last `days` (default: the kind's window)."""
        return self._calibrated(self._then(as_of), method, days, seed)

    def assimilate(self, *, seed: int = 0) -> Learned:
        """Take into the belief what came since: by a filter where the kind has one, else the window is fitted again."""
        from vitruvian.verbs.assimilate import assimilate

        found, extent = self.store.latest_belief(self.row.id), self.store.extent(self.row.id)
        if found is None or extent.known_us is None:
            return self._calibrated(None, None, None, seed)
        belief = found[1]
        first = min(belief.window[0], (belief.start or belief).window[0])
        known_at = to_seconds(extent.known_us, self.row.origin)
        known = self._known(None, self._since(first))
        return self._keep("assimilated", assimilate(known.having(belief), known_at=known_at, seed=seed))

    # what it is asked

    def forecast(
        self,
        hours: float = 3.0,
        *,
        of: Sequence[str] = (),
        as_of: Moment = None,
        noise: bool = False,
        sensor: str = "",
        seed: int = 0,
    ) -> Forecast:
        """What will happen in the next hours: all observables over time and all quantities, or those named in `of`."""
        from vitruvian.verbs.forecast import forecast

        twin, version, start, notes = self._ready(as_of, seed)
        request = asking.ahead(self.kind, start, hours, of)
        answer = forecast(twin, request, noise=noise, seed=seed, sensor=sensor)
        answer = dataclasses.replace(answer, warnings=(*answer.warnings, *notes))
        asked = {"verb": "forecast", "hours": hours, "of": list(request.items), "noise": noise, "seed": seed}
        belief = twin.believed()
        self.store.save_forecast(
            self.row.id,
            asked,
            answer.to_json(),
            as_of=self._moment(belief.known_at),
            belief_version=version,
            now=self.clock(),
        )
        return answer

    def compare(
        self,
        options: Mapping[str, Plan] | None = None,
        *,
        hours: float = 3.0,
        of: Sequence[str] = (),
        as_of: Moment = None,
        against: str = "as planned",
        seed: int = 0,
        **more: Plan,
    ) -> Comparison:
        """What if: each option is a list of actions (see `plan`) or a YAML file of them."""
        from vitruvian.verbs.compare import compare

        twin, _, start, notes = self._ready(as_of, seed)
        chosen = {name: self._actions(given, start) for name, given in {**(options or {}), **more}.items()}
        request = asking.ahead(self.kind, start, hours, of)
        answer = compare(twin, chosen, request, seed=seed, against=against)
        noted = {n: dataclasses.replace(f, warnings=(*f.warnings, *notes)) for n, f in answer.options.items()}
        return dataclasses.replace(answer, options=noted)

    def plan(self, action: str, *, at: str = "+30min", **fields: Any) -> Action:
        """A planned action: twin.plan("Meal", at="+30min", carbohydrate="45 g"); +… counts from the belief's time."""
        cls = self.kind.action_type(action)
        given = {**fields, "at": when.at(at, self.row.origin, self._base(), f"{action}.at")}
        return fieldtext.build(cls, given, lambda name: f"{action}.{name}".rstrip("."))

    def history(self) -> tuple[Any, ...]:
        """What happened to the twin, oldest first."""
        return self.store.history(self.row.id)

    def plot(self) -> Any:
        """Readings, and over them what the twin has made of them (matplotlib axes)."""
        from vitruvian.verbs.fitted import fitted

        return fitted(self.value()).plot()

    # how

    def _calibrated(self, then: datetime | None, method: str | None, days: float | None, seed: int) -> Learned:
        from vitruvian.verbs.calibrate import calibrate

        extent = self.store.extent(self.row.id, then)
        if extent.readings == 0 or extent.last_us is None or extent.known_us is None:
            raise self._nothing(then)
        if days is not None and not days > 0:
            raise FieldError(f"{days:g} days hold no readings", where="--days", fix="give more than 0")
        origin, kind = self.row.origin, self.kind
        last, known_at = to_seconds(extent.last_us, origin), to_seconds(extent.known_us, origin)
        span = kind.window if days is None else days * 86400.0
        known = self._known(then, self._since(last - span))
        window = None if days is None else (max(last - span, known.record.valid_time.min()) - kind.warmup, last)
        return self._keep("calibrated", calibrate(known, method=method, window=window, known_at=known_at, seed=seed))

    def _keep(self, how: str, twin: Twin) -> Learned:
        version = self.store.save_belief(self.row.id, twin.believed(), now=self.clock())
        return Learned(how, version, twin)

    def _ready(self, as_of: Moment, seed: int) -> tuple[Twin, int, float, tuple[str, ...]]:
        """The twin with a belief that knows what was known then, its version, when answers start, and what to say."""
        then = self._then(as_of)
        found, extent = self.store.latest_belief(self.row.id, then), self.store.extent(self.row.id, then)
        if extent.readings == 0 or extent.known_us is None:
            raise self._nothing(then)
        behind = found is not None and self._us(found[1].known_at) < extent.known_us
        why = "there was no belief yet"
        if found is not None and not (behind and then):
            version, belief = found
            twin = self._known(then, self._since(belief.at - self.kind.window)).having(belief)
            try:
                twin.believed()
                return twin, version, self._begin(belief, then), (self._newer(belief),) if behind else ()
            except BeliefError as err:
                why = err.what
        elif found is not None:
            why = "no belief knew all that was known"
        made = self._calibrated(then, None, None, seed)
        said = "" if then is None else f" as of {when.said(then, self.row.origin.zone)}"
        return made.twin, made.version, self._begin(made.twin.believed(), then), (f"calibrated{said}: {why}",)

    def _begin(self, belief: Belief, then: datetime | None) -> float:
        return belief.at if then is None else max(belief.at, self.row.origin.seconds(then))

    def _newer(self, belief: Belief) -> str:
        till = when.said(self._moment(belief.known_at), self.row.origin.zone)
        return f"the belief knows what was known until {till}; there is more since: assimilate or calibrate to use it"

    def _base(self) -> float:
        """From when +30min counts: the belief's time, else the last reading's, else now."""
        found, last = self.store.latest_belief(self.row.id), self.store.extent(self.row.id).last_us
        if found is not None:
            return found[1].at
        return self.row.origin.seconds(self.clock() if last is None else moment(last))

    def _actions(self, given: Plan, start: float) -> Sequence[Action]:
        if not isinstance(given, (str, Path)):
            return given
        clock = plans.Clock(self.row.origin, start)
        return plans.actions(placed.load(Path(given)), self.kind, clock)

    def _known(self, then: datetime | None, since: datetime | None) -> Twin:
        case = self.store.case(self.row.id, then, since=since)
        return Twin(self.kind, case, self.store.record(self.row.id, then, since=since))

    def _since(self, seconds: float) -> datetime | None:
        back = seconds - self.kind.warmup
        return None if back == -float("inf") else self._moment(back)

    def _then(self, as_of: Moment) -> datetime | None:
        if as_of is None:
            return None
        zone = self.row.origin.zone
        then = when.moment(as_of, zone, "--as-of") if isinstance(as_of, str) else as_of
        if then > self.clock():
            raise FieldError(f"{when.said(then, zone)} is in the future", where="--as-of", fix="give a past moment")
        return then

    def _nothing(self, then: datetime | None) -> InferenceError:
        if then is None:
            fix = f"observe first: vitruvian observe {self.name} FILE"
            return InferenceError("there is no reading yet", where=f"twin '{self.name}'", fix=fix)
        zone, first = self.row.origin.zone, self.store.extent(self.row.id).first_us
        told = "there is none at all" if first is None else f"the first is of {when.said(moment(first), zone)}"
        what = f"no reading was known at {when.said(then, zone)}; {told}"
        return InferenceError(what, where=f"twin '{self.name}'", fix="give a later moment")

    def _us(self, seconds: float) -> int:
        return from_seconds(seconds, self.row.origin)

    def _moment(self, seconds: float) -> datetime:
        return moment(self._us(seconds)).astimezone(UTC)
