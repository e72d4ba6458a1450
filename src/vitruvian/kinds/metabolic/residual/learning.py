"""Learning the correction from people: population, filter, columns, forests; each part of the people left out once.

The centre's forests are each grown without one part of the people, so that the errors that set the spread and the bands
are those of people left out (cross-conformal: Vovk, Ann Math Artif Intell 74:9, 2015). The centre's forests draw their
thresholds at random: with few people, a threshold that fits the sample best is a threshold of those people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.belief import PopulationPrior
from vitruvian.engines.boosting import Forest, Growth, grow
from vitruvian.kinds.metabolic.population import Population
from vitruvian.kinds.metabolic.residual.columns import LEADS, Told, Wearer, origins
from vitruvian.kinds.metabolic.residual.correction import LEVELS, NARROW, WIDE, Ahead, Correction
from vitruvian.kinds.metabolic.residual.people import population
from vitruvian.kinds.metabolic.residual.tracking import follow

PARTS = 4  # of the people
STRIDE = 3  # readings between two rows: neighbours say much the same
CENTRE = Growth(trees=400, rate=0.05, leaves=16, least=80, columns=0.3, rows=0.7, ridge=1.0, random=True)
OWN = 3.0  # weight of a row of those the forecasts are for
SPREAD = Growth(trees=100, rate=0.05, leaves=6, least=200, columns=0.3)


@dataclass(frozen=True)
class Rows:
    """A learner's table at one lead: columns (n, k), change from now (n,), and which person each row is of."""

    names: tuple[str, ...]
    x: np.ndarray
    y: np.ndarray
    who: np.ndarray
    weight: np.ndarray | None = None

    @classmethod
    def of(cls, people: Sequence[Told], lead: float, *, until: float = np.inf, base: bool = False) -> Rows:
        """Rows of these people, of their first `until` s only; base: without the mechanism's columns."""
        parts, y, who = [], [], []
        for told in people:
            w = told.wearer
            at = origins(w, lead)[::STRIDE]
            at = at[w.times[at] + lead <= w.times[0] + until]
            if len(at):
                parts.append(told.base(at, lead) if base else told.columns(at, lead))
                y.append(w.trace.target(w.times[at], lead) - w.values[at])
                who.append(np.full(len(at), w.name, dtype=object))
        return cls(parts[0][0], np.concatenate([x for _, x in parts]), np.concatenate(y), np.concatenate(who))

    def plus(self, other: Rows, times: float = 1.0) -> Rows:
        """Both tables' rows, the other's counted `times` each."""
        x = np.concatenate([self.x, other.x])
        weight = np.append(np.ones(len(self.y)), np.full(len(other.y), times))
        return Rows(self.names, x, np.append(self.y, other.y), np.append(self.who, other.who), weight)

    def where(self, keep: np.ndarray) -> Rows:
        """The rows where `keep` (n,) is true, of a table without weights."""
        return Rows(self.names, self.x[keep], self.y[keep], self.who[keep])

    def grown(self, growth: Growth, seed: int, y: np.ndarray | None = None) -> Forest:
        """A forest for y (default: the change)."""
        return grow(self.names, self.x, self.y if y is None else y, seed=seed, growth=growth, weight=self.weight)


def people_known(people: Sequence[Wearer], source: str) -> Population:
    """The population, from people followed under the parameters' own priors."""
    told = follow([(w.case, w.times, w.values) for w in people], [PopulationPrior()] * len(people))
    return population([w.person for w in people], told, source)


def told_of(people: Sequence[Wearer], among: Population) -> list[Told]:
    """People followed under a population, forecast from every reading."""
    priors = [among.prior(w.person) for w in people]
    tracked = follow([(w.case, w.times, w.values) for w in people], priors)
    return [Told.of(w, one) for w, one in zip(people, tracked, strict=True)]


def learn_ahead(rows: Rows, lead: float, seed: int, own: Rows | None = None) -> Ahead:
    """One lead, from rows of many people; `own` rows belong to those the forecasts are for and are never left out."""
    part = _parts(rows.who)
    centre, error = [], np.zeros(len(rows.y))
    for k in range(PARTS):
        mine = rows.where(part != k)
        forest = (mine if own is None else mine.plus(own, OWN)).grown(CENTRE, seed + k)
        centre.append(forest)
        error[part == k] = rows.y[part == k] - forest.predict(rows.x[part == k])
    spread, scale = [], np.zeros(len(error))
    for half in (0, 1):
        mine = part % 2 == half
        spread.append(rows.where(mine).grown(SPREAD, seed + half, np.abs(error[mine])))
        scale[~mine] = spread[-1].predict(rows.x[~mine])
    return Ahead(lead, tuple(centre), tuple(spread), np.quantile(error / np.clip(scale, NARROW, WIDE), LEVELS))


def _parts(who: np.ndarray) -> np.ndarray:
    """Which part each row is in: people in turn, in the order they come."""
    order = {name: k % PARTS for k, name in enumerate(dict.fromkeys(who.tolist()))}
    return np.array([order[name] for name in who.tolist()])


def learn(people: Sequence[Wearer], source: str, seed: int = 0) -> Correction:
    """The correction from these people's sensors and logs, all leads."""
    among = people_known(people, source)
    told = told_of(people, among)
    return Correction(among, tuple(learn_ahead(Rows.of(told, lead), lead, seed) for lead in LEADS), source)
