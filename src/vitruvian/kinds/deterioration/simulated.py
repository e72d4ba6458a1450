"""Outcomes that no shared data label: learned from simulated stays alone (models/stays), and labelled so everywhere.

    circulatory, respiratory   of patients in intensive care; they leave by discharge or death
    icu_transfer               of patients on a ward; they leave by discharge or death

The simulated stays come from equations that no kind of this package fits; what is learned from them shows that the
method works where the truth is known, and says nothing about any hospital.
"""

from __future__ import annotations

from vitruvian.engines.crossfit import Recipe
from vitruvian.engines.oddsforest import Growth
from vitruvian.kinds.deterioration.learning import learn_onset
from vitruvian.kinds.deterioration.weights import SIMULATED, Weights
from vitruvian.models.icu.stays import Stays
from vitruvian.models.stays.charted import charted
from vitruvian.models.stays.monitor import stays

WHERE = {"circulatory": "icu", "respiratory": "icu", "icu_transfer": "ward"}
RECIPE = Recipe(
    (
        Growth(100, 0.07, 8, 60, 0.3, 0.7, 10.0, monotone=True),
        Growth(120, 0.1, 8, 60, 0.3, 0.7, 10.0, random=True, monotone=True),
    ),
    folds=3,
)


def simulated(count: int, seed: int) -> dict[str, Stays]:
    """`count` stays of each unit, by outcome."""
    found = {unit: stays(count, seed, unit=unit) for unit in sorted(set(WHERE.values()))}
    return {outcome: charted(found[unit], outcome) for outcome, unit in WHERE.items()}


def learn_simulated(table: dict[str, Stays], seed: int) -> Weights:
    """Weights of these outcomes."""
    ensembles, onsets, leaving = {}, {}, {}
    for outcome, mine in table.items():
        found = learn_onset(mine, seed, RECIPE, f"{SIMULATED}: {WHERE[outcome]}, ")
        ensembles[outcome], onsets[outcome] = found.fitted.ensemble, found.onset
        if found.leaving is not None:
            leaving[outcome] = found.leaving
    return Weights(ensembles, None, onsets, leaving)
