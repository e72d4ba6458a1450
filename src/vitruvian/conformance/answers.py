"""Laws about what comes out: names and shapes, finite values within limits, arguments left as they were."""

from __future__ import annotations

import numpy as np

from vitruvian.conformance.law import Law, demand
from vitruvian.conformance.trial import Trial
from vitruvian.core.kind import Outputs
from vitruvian.core.quantity import Request

LIMIT_SHARE = 0.99  # of values inside an observable's declared limits


def _shapes(trial: Trial) -> None:
    kind, forcing = trial.kind, trial.compile()
    for members in (1, 5):
        request, theta = trial.everything(), trial.theta(forcing, members)
        outputs, state = trial.run(forcing, request, theta)
        _named(trial, outputs, request)
        for o in kind.observables:
            shape, times = np.shape(outputs[o.name]), len(request.times(o.name))
            wanted = (members,) if o.axis == "own" else (members, times)
            demand(shape[: len(wanted)] == wanted, f"'{o.name}' has shape {shape}, starting {wanted} expected", trial)
            if o.axis != "own":
                rest = len(shape) - len(wanted)
                demand(rest == len(o.dims), f"'{o.name}' has {rest} more axes, declared are {o.dims}", trial)
        for q in kind.quantities:
            shape = np.shape(outputs[q.name])
            demand(shape == (members, 2), f"'{q.name}' has shape {shape}, expected {(members, 2)}", trial)
        demand(state is None or state.at == forcing.t1, "the state is not of the run's end", trial)
    nothing, _ = trial.run(forcing, Request({}), trial.theta(forcing, 3))
    demand(not nothing, f"not asked for but answered: {', '.join(nothing)}", trial)


def _named(trial: Trial, outputs: Outputs, request: Request) -> None:
    lacking = sorted(set(request.items) - set(outputs))
    demand(not lacking, f"asked for but not answered: {', '.join(lacking)}", trial)
    more = sorted(set(outputs) - set(request.items))
    demand(not more, f"not asked for but answered: {', '.join(more)}", trial)


def _limits(trial: Trial) -> None:
    case, at = trial.example.case, trial.example.t0
    cases = [("example", case)]
    for cls in trial.kind.actions:
        cases += [(f"{cls.__name__} at its {end} bounds", case.plus(a)) for end, a in trial.at_bounds(cls, at)]
    things = {t.name: t for t in (*trial.kind.observables, *trial.kind.quantities)}
    for what, tried in cases:
        forcing = trial.compile(tried)
        outputs, _ = trial.run(forcing, trial.everything(), trial.theta(forcing, trial.size.draws))
        for name, values in outputs.items():
            if not values.size:  # an axis of nobody: no patient is in the example
                continue
            lost = int((~np.isfinite(values)).reshape(len(values), -1).any(axis=1).sum())
            demand(lost == 0, f"{what}: '{name}' is not finite for {lost} of {len(values)} prior draws", trial)
            thing = things[name]
            share = float(np.mean((values >= thing.low) & (values <= thing.high)))
            low, high = float(np.min(values)), float(np.max(values))
            demand(
                share >= LIMIT_SHARE,
                f"{what}: only {100 * share:.1f} % of '{name}' lies in {thing.low:g} to {thing.high:g} {thing.unit} "
                f"(it reaches from {low:g} to {high:g})",
                trial,
                "narrow the priors or the action's bounds, or correct the model",
            )


def _purity(trial: Trial) -> None:
    forcing, request = trial.compile(), trial.everything()
    theta, seeds = trial.theta(forcing, 8), trial.seeds(8)
    given = {**theta, **{f"forcing.{k}": v for k, v in forcing.arrays.items()}, "seeds": seeds}
    before = {k: np.array(v) for k, v in given.items()}
    trial.run(forcing, request, theta, seeds)
    changed = [k for k, v in before.items() if not np.array_equal(v, given[k], equal_nan=v.dtype.kind == "f")]
    demand(not changed, f"run changes what it is given: {', '.join(changed)}", trial, "work on a copy")


ANSWERS = (
    Law(
        "shapes",
        "What is asked for is answered, by name, member first, in its declared shape; nothing else is.",
        _shapes,
    ),
    Law(
        "limits",
        "1,000 prior draws with every action at both bounds: finite, and 99 % within declared limits.",
        _limits,
    ),
    Law("purity", "A run leaves its arguments as they were.", _purity),
)
