"""A stored twin and everything it can be asked: the I/O and the clock around the pure verbs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from vitruvian.core.action import Action
from vitruvian.core.belief import Belief
from vitruvian.core.errors import BeliefError, FieldError
from vitruvian.core.kind import AbstractKind
from vitruvian.core.twin import Twin
from vitruvian.platform import asking, duration, fieldtext, fits, goals, placed, plans, when
from vitruvian.platform.knowing import Knowing, Moment
from vitruvian.platform.learned import Learned
from vitruvian.platform.store import Store, TwinRow

if TYPE_CHECKING:
    from vitruvian.platform.ingest import Taken
    from vitruvian.platform.store.facts import Happening
    from vitruvian.verbs.backtested import Backtest
    from vitruvian.verbs.explained import Explanation
    from vitruvian.verbs.goal import Goal
    from vitruvian.verbs.looped import Loops
    from vitruvian.verbs.recommended import Recommendation
    from vitruvian.verbs.result import Comparison, Forecast


class Words(TypedDict):
    """What only the user can say of a file."""

    unit: str
    dates: str
    sensor: str


Plan = Sequence[Action] | str | Path
DAY = 86400.0
NOTHING = ": 0 readings, 0 actions"  # a file that was taken in again


@dataclass(frozen=True)
class LiveTwin:
    """A twin in the store. Nothing is kept here: every answer is worked out from what the store holds.

    `as_of`: a moment (text is local to the subject); only what was known then is used.
    """

    store: Store
    row: TwinRow
    clock: Callable[[], datetime]
    actor: str = "local"  # whose doing is written beside what is stored

    def __repr__(self) -> str:
        return f"<{self.row.kind} twin of {self.row.subject} ({self.row.id})>"

    @property
    def kind(self) -> AbstractKind:
        """Its kind with the fit its tenant uses, loaded when asked for; its members run where `executors.use` said."""
        return fits.kind_of(self.store, self.row.kind)

    @property
    def name(self) -> str:
        """The subject's name."""
        return self.row.subject

    @property
    def know(self) -> Knowing:
        """What was known of it, at any moment."""
        return Knowing(self.store, self.row, self.kind, self.clock)

    def value(self, as_of: Moment = None) -> Twin:
        """The twin as a value, with the newest belief of then and the record of its window (all without a belief)."""
        then = self.know.then(as_of)
        found = self.know.belief(then)
        if found is None:
            return self.know.twin(then, -float("inf"))
        return self.know.twin(then, found[1].window[0], found[1])

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

        how = Words(unit=unit, dates=dates, sensor=sensor)
        return observe(self.store, self.row.id, files, **how, now=self.clock(), progress=progress, actor=self.actor)

    def calibrate(
        self, *, method: str | None = None, days: float | None = None, as_of: Moment = None, seed: int = 0
    ) -> Learned:
        """From the population to this subject, on the readings of the last `days` (default: the kind's window)."""
        return self._calibrated(self.know.then(as_of), method, days, seed)

    def assimilate(self, *, seed: int | None = None) -> Learned:
        """Take into the belief what came since: by a filter where the kind has one, else the window is fitted again."""
        from vitruvian.verbs.assimilate import assimilate

        found = self.know.belief(None)
        if found is None:
            return self._calibrated(None, None, None, seed or 0)
        belief, (_, known_at) = found[1], self.know.span(None)
        first = min(belief.window[0], (belief.start or belief).window[0])
        twin = self.know.twin(None, first, belief)
        return self._keep("assimilated", assimilate(twin, known_at=known_at, seed=seed))

    # what it is asked

    def forecast(
        self,
        hours: float = 3.0,
        *,
        of: Sequence[str] = (),
        as_of: Moment = None,
        noise: bool = False,
        sensor: str = "",
        learned: bool = False,
        seed: int = 0,
    ) -> Forecast:
        """What will happen in the next hours: all observables over time and all quantities, or those named in `of`.

        learned: corrected by what other subjects taught about what the equations leave out.
        """
        return self.said(hours, of=of, as_of=as_of, noise=noise, sensor=sensor, learned=learned, seed=seed)[1]

    def said(
        self,
        hours: float = 3.0,
        *,
        of: Sequence[str] = (),
        as_of: Moment = None,
        noise: bool = False,
        sensor: str = "",
        learned: bool = False,
        seed: int = 0,
    ) -> tuple[int, Forecast]:
        """`forecast`, with the version under which it is kept."""
        from vitruvian.verbs.forecast import forecast

        twin, version, start, notes = self._ready(as_of, seed)
        request = asking.ahead(self.kind, start, hours, of)
        twin = self._whole(twin, as_of) if learned else twin
        answer = forecast(twin, request, noise=noise, seed=seed, sensor=sensor, learned=learned)
        answer = dataclasses.replace(answer, warnings=(*answer.warnings, *notes))
        asked = {"verb": "forecast", "hours": hours, "of": list(request.items), "noise": noise, "seed": seed}
        asked |= {"learned": True} if learned else {}
        known = self.know.moment(twin.believed().known_at)
        kept = self.store.save_forecast(
            self.row.id,
            asked,
            answer.to_json(),
            as_of=known,
            belief_version=version,
            now=self.clock(),
            actor=self.actor,
        )
        return kept, answer

    def compare(
        self,
        options: Mapping[str, Plan] | None = None,
        *,
        hours: float = 3.0,
        of: Sequence[str] = (),
        as_of: Moment = None,
        against: str = "as planned",
        learned: bool = False,
        seed: int = 0,
        **more: Plan,
    ) -> Comparison:
        """What if: each option is a list of actions (see `plan`) or a YAML file of them. learned: as in forecast."""
        from vitruvian.verbs.compare import compare

        twin, _, start, notes = self._ready(as_of, seed)
        chosen = {name: self._actions(given, start) for name, given in {**(options or {}), **more}.items()}
        twin = self._whole(twin, as_of) if learned else twin
        request = asking.ahead(self.kind, start, hours, of)
        answer = compare(twin, chosen, request, seed=seed, against=against, learned=learned)
        noted = {n: dataclasses.replace(f, warnings=(*f.warnings, *notes)) for n, f in answer.options.items()}
        return dataclasses.replace(answer, options=noted)

    def loops(self, options: Mapping[str, Plan] | None = None, **how: Any) -> Loops:
        """The beat behind a twin with a heart at `at` ("+90d": from the belief; default: its time), by option."""
        from vitruvian.verbs.loops import loops

        return self._at(loops, options or {}, **how)

    def picture(self, options: Mapping[str, Plan] | None = None, *, spread: bool = False, **how: Any) -> Any:
        """The organ that a twin's kind paints, coloured, by option; at, as_of and seed as in loops; spread as there."""
        from vitruvian.verbs.picture import picture

        return self._at(lambda *given, **kept: picture(*given, spread=spread, **kept), options or {}, **how)

    def _at(self, verb: Any, options: Mapping[str, Plan], *, as_of: Moment = None, seed: int = 0, **how: Any) -> Any:
        at: str | None = how.pop("at", None)
        twin, _, start, notes = self._ready(as_of, seed, fit=True)
        moment = start if at is None else when.at(at, self.row.origin, start, "at")
        if moment - start > asking.LONGEST:
            raise FieldError(f"'{at}' is more than a year ahead", where="at", fix="ask an earlier time")
        answer = verb(twin, moment, {n: self._actions(g, start) for n, g in {**options, **how}.items()}, seed=seed)
        return dataclasses.replace(answer, warnings=(*answer.warnings, *notes))

    def recommend(
        self, goal: Goal | Mapping[str, Any] | str | Path, *, as_of: Moment = None, seed: int = 0
    ) -> Recommendation:
        """What is best: `goal` names an objective, constraints with their probability, and candidates or a space."""
        from vitruvian.verbs.recommend import recommend_goal

        twin, _, start, notes = self._ready(as_of, seed)
        read = goals.read(goal, self.kind, plans.Clock(self.row.origin, start))
        answer = recommend_goal(twin, read, seed=seed)
        return dataclasses.replace(answer, notes=(*answer.notes, *notes))

    def decide(
        self,
        question: str,
        fields: Mapping[str, Any] | None = None,
        *,
        as_of: Moment = None,
        seed: int = 0,
        **more: Any,
    ) -> Recommendation:
        """A ready question of the kind: twin.decide("Walk", at="+30min", carbohydrate="60 g")."""
        from vitruvian.verbs.decide import decide

        twin, _, start, notes = self._ready(as_of, seed)
        cls = self.kind.question(question)
        given = {"at": "+30min", **(fields or {}), **more}
        given["at"] = when.at(str(given["at"]), self.row.origin, start, f"{question}.at")
        asked = fieldtext.build(cls, given, lambda name: f"{question}.{name}".rstrip("."))
        answer = decide(twin, asked, now=start, seed=seed)
        return dataclasses.replace(answer, notes=(*answer.notes, *notes))

    def explain(
        self,
        quantity: str,
        hours: float = 3.0,
        *,
        over: Sequence[str] = (),
        as_of: Moment = None,
        seed: int = 0,
        progress: Callable[[float], None] = lambda share: None,
    ) -> Explanation:
        """Why the quantity over the next hours is what is forecast: shares of parameters, actions and data."""
        from vitruvian.verbs.explain import OVER, explain

        twin, _, start, notes = self._ready(as_of, seed, fit=True)
        window = (start, start + asking.length(hours))
        answer = explain(twin, quantity, window, over=over or OVER, seed=seed, progress=progress)
        return dataclasses.replace(answer, notes=(*answer.notes, *notes))

    def backtest(
        self,
        horizons: Sequence[str | float] = ("30m", "60m", "2h"),
        *,
        step: str | float = "15m",
        days: float | None = None,
        observable: str | None = None,
        known_plans: bool = True,
        seed: int = 0,
        progress: Callable[[float], None] | None = None,
    ) -> Backtest:
        """What would have been said then, scored against what came: at every `step` of the last `days` (default: all).

        known_plans: actions are announced before they happen, as planned meals are; else they come as a surprise.
        """
        from vitruvian.verbs.backtest import backtest

        last, _ = self.know.span(None)
        start = None if days is None else last - days * DAY
        return backtest(
            self.know.twin(None, -float("inf") if start is None else start - self.kind.window),
            [duration.of(h, "--horizon") for h in horizons],
            step=duration.of(step, "--step"),
            observable=observable,
            start=start,
            plans="known" if known_plans else "none",
            subject=self.name,
            seed=seed,
            progress=progress,
        )

    def report(
        self,
        path: str | Path,
        *,
        hours: float = 3.0,
        options: Mapping[str, Plan] | None = None,
        synthetic: bool = False,
        seed: int = 0,
    ) -> Path:
        """One self-contained HTML page: data, fit, forecast, what-ifs, what was learned, evidence, limits."""
        from vitruvian.platform.report import gather, write_report

        twin, _, start, _ = self._ready(None, seed, fit=True)
        content = gather(
            twin,
            self.name,
            hours=hours,
            options=None if options is None else {n: self._actions(p, start) for n, p in options.items()},
            seed=seed,
            kept_aside=[
                *(f"{a.file}, line {a.line}: {a.reason}" for a in self.store.kept_aside(self.row.id)),
                *self.know.doubted(None),
            ],
            imported=[h.detail for h in self.history() if h.what == "observed" and not h.detail.endswith(NOTHING)],
            synthetic=synthetic,
            whole=self.know.twin(None, -float("inf")),
        )
        out = Path(path).absolute()
        scratch = out.with_name(f"{out.name}.new")  # a page that is there is whole
        write_report(content, scratch)
        return scratch.replace(out)

    def plan(self, action: str, *, at: str = "+30min", **fields: Any) -> Action:
        """A planned action: twin.plan("Meal", at="+30min", carbohydrate="45 g"); +… counts from the belief's time."""
        cls = self.kind.action_type(action)
        given = {**fields, "at": when.at(at, self.row.origin, self.know.base(), f"{action}.at")}
        return fieldtext.build(cls, given, lambda name: f"{action}.{name}".rstrip("."))

    def history(self, after: int = 0, limit: int | None = None, *, newest: bool = False) -> tuple[Happening, ...]:
        """What happened to the twin after a sequence, oldest first; newest: before it, newest first."""
        return self.store.history(self.row.id, after, limit, newest=newest)

    def plot(self) -> Any:
        """Readings, and over them what the twin has made of them (matplotlib axes)."""
        from vitruvian.verbs.fitted import fitted

        return fitted(self.value()).plot()

    # how

    def _calibrated(self, then: datetime | None, method: str | None, days: float | None, seed: int) -> Learned:
        from vitruvian.verbs.calibrate import calibrate

        last, known_at = self.know.span(then)
        if days is not None and not days > 0:
            raise FieldError(f"{days:g} days hold no readings", where="--days", fix="give more than 0")
        back = last - (self.kind.window if days is None else days * DAY)
        twin = self.know.twin(then, back)
        first = max(back, min(twin.record.valid_time.tolist(), default=last))
        window = None if days is None else (first - self.kind.warmup, last)
        return self._keep("calibrated", calibrate(twin, method=method, window=window, known_at=known_at, seed=seed))

    def _keep(self, how: str, twin: Twin) -> Learned:
        version = self.store.save_belief(self.row.id, twin.believed(), now=self.clock(), actor=self.actor)
        return Learned(how, version, twin)

    def _ready(self, as_of: Moment, seed: int, *, fit: bool = False) -> tuple[Twin, int, float, tuple[str, ...]]:
        """The twin with a belief that knows what was known then, its version, when answers start, and what to say.

        fit: with the record of the belief's whole window; else with what a forecast looks back to.
        """
        then = self.know.then(as_of)
        found, known = self.know.belief(then), self.know.until(then)
        why = "there was no belief yet"
        if found is not None:
            version, belief = found
            behind = self.know.behind(belief, known)
            twin = self.know.twin(then, belief.window[0] if fit else belief.at - self.kind.window, belief)
            if then is None or not behind:
                try:
                    twin.believed()
                    said = (*self.know.doubted(then), *((behind,) if behind else ()))
                    return twin, version, self._begin(belief, then), said
                except BeliefError as err:
                    why = err.what
            else:
                why = "no belief knew all that was known"
        made = self._calibrated(then, None, None, seed)
        said = "" if then is None else f" as of {when.said(then, self.row.origin.zone)}"
        notes = (*self.know.doubted(then), f"calibrated{said}: {why}")
        return made.twin, made.version, self._begin(made.twin.believed(), then), notes

    def _whole(self, twin: Twin, as_of: Moment) -> Twin:
        """With all that was known then, not only what the belief looks back to."""
        known = self.know.twin(self.know.then(as_of), -float("inf"))
        return dataclasses.replace(twin, case=known.case, record=known.record)

    def _begin(self, belief: Belief, then: datetime | None) -> float:
        return belief.at if then is None else max(belief.at, self.row.origin.seconds(then))

    def _actions(self, given: Plan, start: float) -> Sequence[Action]:
        if not isinstance(given, (str, Path)):
            return given
        return plans.actions(placed.load(Path(given)), self.kind, plans.Clock(self.row.origin, start))
