"""Laws about bits: same seeds, any batch, any company give the same member, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np

from vitruvian.conformance.law import Law, demand
from vitruvian.conformance.trial import Trial, largest, same_bits, tolerance
from vitruvian.core.forcing import Batch
from vitruvian.core.latents import stack_theta

MEMBERS = 8


def _seeds(trial: Trial) -> None:
    forcing, request = trial.compile(), trial.everything()
    theta = trial.theta(forcing, MEMBERS)
    once, _ = trial.run(forcing, request, theta)
    again, _ = trial.run(forcing, request, theta)
    if name := same_bits(once, again):
        gap = largest(once[name], again[name])
        demand(False, f"the same call gives another '{name}' (by up to {gap:.3g})", trial, "draw from the given seeds")
    others, _ = trial.run(forcing, request, theta, trial.seeds(MEMBERS, "other"))
    changed = bool(same_bits(once, others))
    demand(changed or not trial.kind.stochastic, "declares to be stochastic, but no seed changes anything", trial)
    demand(not changed or trial.kind.stochastic, "seeds change its answers, but it is not declared stochastic", trial)


def _batch(trial: Trial) -> None:
    forcing, request = trial.compile(), trial.everything()
    theta, seeds = trial.theta(forcing, MEMBERS), trial.seeds(MEMBERS)
    together, _ = trial.run(forcing, request, theta, seeds)
    for members in (np.array([4]), np.array([7, 2]), np.arange(MEMBERS)[::-1]):
        alone, _ = trial.run(forcing, request, _members(theta, members), seeds[members])
        _same(trial, alone, {k: np.asarray(v)[members] for k, v in together.items()}, f"{len(members)} of {MEMBERS}")


def _company(trial: Trial) -> None:
    """Members with different forcings in one call, as compare makes them."""
    request, seeds = trial.everything(), trial.seeds(4)
    cases = [trial.example.case, trial.example.case]
    cases += [trial.example.case.plus(trial.typical(type(e.action))) for e in trial.effects()]
    forcings = [trial.compile(case) for case in cases]
    thetas = [trial.theta(f, 4) for f in forcings]
    batch = Batch.each(forcings, 4)
    together, _ = trial.run(batch, request, stack_theta(thetas), np.tile(seeds, len(forcings)))
    rows = [{n: np.asarray(v)[4 * k : 4 * k + 4] for n, v in together.items()} for k in range(len(forcings))]
    _same(trial, rows[0], rows[1], "two equal forcings")
    for k, (forcing, theta) in enumerate(zip(forcings, thetas, strict=True)):
        alone, _ = trial.run(forcing, request, theta, seeds)
        for name, values in alone.items():
            gap = largest(values, rows[k][name])
            scale = max(1.0, float(np.nanmax(np.abs(values), initial=0.0)))
            demand(
                gap <= tolerance(values) * scale, f"forcing {k}: '{name}' depends on its company (by {gap:.3g})", trial
            )


def _members(theta: dict[str, np.ndarray], members: np.ndarray) -> dict[str, Any]:
    return {k: v[members] for k, v in theta.items()}


def _same(trial: Trial, alone: Any, together: Any, what: str) -> None:
    if name := same_bits(alone, together):
        gap = largest(alone[name], together[name])
        demand(False, f"{what}: '{name}' depends on its company (by up to {gap:.3g})", trial, "keep members apart")


SAMENESS = (
    Law("seeds", "The same seeds give the same bits; other seeds matter exactly if the kind is stochastic.", _seeds),
    Law(
        "batch",
        "A member does not know its batch: alone, in another order or among others, its bits are the same.",
        _batch,
    ),
    Law("company", "Members with different actions in one call are as each would be by itself.", _company),
)
