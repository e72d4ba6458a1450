"""Laws about interventions: documented effects happen, and the same luck under every option makes comparisons sharp."""

from __future__ import annotations

import dataclasses

import numpy as np

from vitruvian.conformance.law import Law, demand
from vitruvian.conformance.trial import Trial
from vitruvian.core.kind import Causal, Effect
from vitruvian.core.quantity import Request

HALF = 0.5  # of the variance that unpaired seeds have


def _values(trial: Trial, e: Effect, seeds: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The quantity with the action minus without, (member,), for prior draws; seeds without and with."""
    action = dataclasses.replace(e.action, known_at=trial.example.t0)
    end = max(trial.example.t1, action.at + e.window)
    window = np.array([[action.at, action.at + e.window]])
    request = Request({q.name: window for q in trial.kind.quantities})  # all, so that nothing more is compiled
    out = []
    for case, own in ((trial.example.case, seeds[0]), (trial.example.case.plus(action), seeds[1])):
        forcing = trial.compile(case, t1=end)
        outputs, _ = trial.run(forcing, request, trial.theta(forcing, len(own)), own)
        out.append(np.asarray(outputs[e.quantity], dtype=np.float64)[:, 0])
    return out[1] - out[0]


def _effect(trial: Trial) -> None:
    for e in trial.effects():
        seeds = trial.seeds(trial.size.pairs)
        moved = float(np.mean(_values(trial, e, (seeds, seeds))))
        unit = trial.kind.unit_of(e.quantity)
        demand(
            e.low <= moved <= e.high,
            f"{type(e.action).__name__} moves {e.quantity} by {moved:.4g} {unit}, documented: {e.low:g} to {e.high:g}",
            trial,
            "correct the model, a unit, or the documented effect",
        )


def _paired(trial: Trial) -> None:
    for e in trial.effects():
        seeds, others = trial.seeds(trial.size.pairs), trial.seeds(trial.size.pairs, "unpaired")
        same, apart = _values(trial, e, (seeds, seeds)), _values(trial, e, (seeds, others))
        paired, unpaired = float(np.var(same)), float(np.var(apart))
        no_luck = np.array_equal(same, apart)  # a quantity that no seed changes: there is nothing to pair
        demand(
            no_luck or paired <= HALF * unpaired,
            f"{type(e.action).__name__}: the variance of a comparison of {e.quantity} is {paired:.4g} with the same "
            f"seeds and {unpaired:.4g} with others",
            trial,
            "draw per entity and purpose (core/keys.py), never in order of events",
        )


EFFECTS = (
    Law(
        "effect",
        "Every action type, at a typical dose, moves its quantity in the documented direction and size.",
        _effect,
        (Causal,),
    ),
    Law(
        "paired",
        "With the same seeds the variance of a comparison is at most half of what it is with others.",
        _paired,
        (Causal,),
        lambda kind: kind.stochastic,
    ),
)
