"""recommend: what is best now, under constraints, and how much of the answer was learned from this subject."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.case import Case, Origin
from vitruvian.core.errors import FieldError
from vitruvian.core.fields import infos
from vitruvian.core.kind import AbstractKind
from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin
from vitruvian.verbs.compare import AS_PLANNED, require_causal, with_plan
from vitruvian.verbs.forecast import ahead
from vitruvian.verbs.goal import Constraint, Goal, Objective, Space
from vitruvian.verbs.recommended import Option, Recommendation, chances, judged
from vitruvian.verbs.result import Ensemble, Forecast, weighted_quantile
from vitruvian.verbs.together import TOGETHER, bucket_of


def recommend(
    twin: Twin,
    candidates: Mapping[str, Sequence[Action]] | Space,
    objective: Objective,
    constraints: Sequence[Constraint] = (),
    *,
    planned: Sequence[Action] = (),
    seed: int = 0,
) -> Recommendation:
    """Candidates ranked by the expected loss of the objective among those that meet every constraint.

    candidates: name -> planned actions, or a Space to search. Doing as planned (the case, and `planned`, which the
    candidates replace) is always among them. What the kind refuses (`refusals`) is never the best. All options meet
    the same draws and random streams, so P(best) and the gain over doing as planned are paired, member by member.
    Errors: CapabilityError if the kind is not Causal; KindError for an unknown quantity; FieldError for an action that
    is past, or is none of the kind.
    """
    kind = twin.kind
    require_causal(kind, "recommend")
    for name in (objective.quantity, *(c.quantity for c in constraints)):
        kind.quantity(name)
    search = _Search(twin, objective, tuple(constraints), seed)
    search = search.tried({AS_PLANNED: planned})
    if isinstance(candidates, Space):
        search = _searched(search, candidates)
    elif AS_PLANNED in candidates:
        raise FieldError(f"'{AS_PLANNED}' means no further action", where="recommend", fix="name the option otherwise")
    else:
        search = search.tried(candidates)
    return search.answer()


def recommend_goal(twin: Twin, goal: Goal, *, seed: int = 0) -> Recommendation:
    """`recommend` for a goal read from a file."""
    return recommend(twin, goal.options, goal.objective, goal.constraints, seed=seed)


@dataclasses.dataclass(frozen=True)
class _Search:
    """The options tried so far and their forecasts."""

    twin: Twin
    objective: Objective
    constraints: tuple[Constraint, ...]
    seed: int
    plans: Mapping[str, tuple[Action, ...]] = dataclasses.field(default_factory=dict)
    forecasts: Mapping[str, Forecast] = dataclasses.field(default_factory=dict)

    @property
    def asked(self) -> tuple[Objective | Constraint, ...]:
        """The objective, then the constraints."""
        return (self.objective, *self.constraints)

    def tried(self, plans: Mapping[str, Sequence[Action]]) -> _Search:
        """With these options run too, a few at a time and in a few sizes."""
        belief = self.twin.believed()
        new = {name: tuple(plan) for name, plan in plans.items() if name not in self.forecasts}
        cases = {n: with_plan(self.twin, plan, belief.at, belief.known_at, n) for n, plan in new.items()}
        told: dict[str, Forecast] = {}
        names = list(cases)
        for first in range(0, len(names), TOGETHER):
            some = {n: cases[n] for n in names[first : first + TOGETHER]}
            run = ahead(self.twin, _filled(some), self._request(), seed=self.seed, noise=False, belief=belief)
            told |= {n: run[n] for n in some}
        return dataclasses.replace(self, plans={**self.plans, **new}, forecasts={**self.forecasts, **told})

    def _request(self) -> Request:
        windows: dict[str, list[tuple[float, float]]] = {}
        for a in self.asked:
            windows.setdefault(a.quantity, []).append(a.window)
        return Request.of({name: list(dict.fromkeys(w)) for name, w in windows.items()})

    def ensemble(self, name: str, of: Objective | Constraint) -> Ensemble:
        """The quantity of the objective or a constraint under this option, over its window alone."""
        e = self.forecasts[name][of.quantity]
        k = next(i for i, w in enumerate(e.times) if tuple(w) == of.window)
        return Ensemble(e.name, e.unit, e.times[[k]], e.values[:, [k]], e.weights)

    def loss(self, name: str) -> np.ndarray:
        """Loss of each member, (member,)."""
        return self.objective.loss(self.ensemble(name, self.objective).values[:, 0])

    def answer(self) -> Recommendation:
        """All that was tried, in order."""
        kind, planned = self.twin.kind, self.forecasts[AS_PLANNED]
        weights = self.twin.believed().weights
        losses = {name: self.loss(name) for name in self.forecasts}
        judgements = {
            name: tuple(
                judged(c, kind.unit_of(c.quantity), self.ensemble(name, c).values[:, 0], weights)
                for c in self.constraints
            )
            for name in self.forecasts
        }
        refused = {name: kind.refusals(self.twin.case.plus(*plan), plan) for name, plan in self.plans.items()}
        allowed = [name for name, several in judgements.items() if all(j.met for j in several) and not refused[name]]
        best = chances(losses, allowed, weights)
        options = []
        for name, forecast in self.forecasts.items():
            gain = losses[AS_PLANNED] - losses[name]
            low, high = (float(weighted_quantile(gain, weights, q)) for q in (0.05, 0.95))
            better = (float(weights @ gain), low, high)
            ensemble = self.ensemble(name, self.objective)
            options.append(
                Option(
                    name,
                    self.plans[name],
                    ensemble,
                    judgements[name],
                    best[name],
                    better,
                    forecast.warnings,
                    refused[name],
                )
            )
        options.sort(key=lambda o: (not o.feasible, _shortfall(o), float(weights @ losses[o.name])))
        return Recommendation(
            kind.name,
            self.objective,
            kind.unit_of(self.objective.quantity),
            planned.origin,
            tuple(options),
            planned.basis,
            self.seed,
            _notes(options, planned),
        )


def _searched(search: _Search, space: Space) -> _Search:
    """The space's candidates, then those around the best so far."""
    kind, origin = search.twin.kind, search.twin.case.origin
    search = search.tried({_named(kind, origin, a): (a,) for a in space.spread()})
    for turn in range(1, space.rounds + 1):
        first = next(o for o in search.answer().options if o.name != AS_PLANNED)
        near = space.around(first.actions[0], turn)
        search = search.tried({_named(kind, origin, a): (a,) for a in near})
    return search


def _named(kind: AbstractKind, origin: Origin, action: Action) -> str:
    """Bolus 212 mg, rate 3 mg/h at 12:30."""
    told = []
    for name, info in infos(type(action)).items():
        value = getattr(action, name)
        if value is not None:
            unit = "" if info.unit == "1" else f" {info.unit}"
            told.append(f"{name} {value}" if isinstance(value, str) else f"{name} {value:.6g}{unit}")
    return f"{type(action).__name__} {', '.join(told)} at {origin.moment(action.at):%a %H:%M:%S}".removesuffix(":00")


def _filled(cases: dict[str, Case]) -> dict[str, Case]:
    """As many cases as a compiled size: the last is run again under names nobody asks for."""
    last = next(reversed(cases.values()))
    return cases | {f" again {k}": last for k in range(bucket_of(len(cases)) - len(cases))}


def _shortfall(option: Option) -> float:
    """How much probability the constraints lack, all together; 0 when they are met."""
    return sum(max(j.constraint.probability - j.probability, 0.0) for j in option.constraints)


def _notes(options: Sequence[Option], planned: Forecast) -> tuple[str, ...]:
    said = [planned.basis.sentence()]
    if not options[0].feasible:
        said.append("No option meets every constraint; the first comes nearest.")
    elif options[0].best < 0.5 and len([o for o in options if o.feasible]) > 1:
        said.append(f"The first is the best in only {100 * options[0].best:.0f} % of draws: the options lie close.")
    if unsure := [o.name for o in options if any(not j.sure for j in o.constraints)]:
        size = 1.0 / float(np.sum(options[0].objective.weights ** 2))
        said.append(f"{size:.0f} members cannot decide a constraint of: {', '.join(unsure)}.")
    return tuple(said)
