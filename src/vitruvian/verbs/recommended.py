"""What recommend answers: options in order, what each would bring, and whether it may be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.case import Origin
from vitruvian.verbs.goal import Constraint, Objective
from vitruvian.verbs.result import Basis, Ensemble


@dataclass(frozen=True)
class Judged:
    """A constraint under one option: its probability, and the 90 % interval in which finitely many members leave it."""

    constraint: Constraint
    unit: str
    probability: float
    low: float
    high: float

    @property
    def met(self) -> bool:
        """True when the probability is at least what is asked."""
        return self.probability >= self.constraint.probability

    @property
    def sure(self) -> bool:
        """True when more members would hardly change the verdict."""
        return not self.low < self.constraint.probability <= self.high

    def sentence(self) -> str:
        """P(peak_level <= 20 mg/L) = 0.93, at least 0.95 is asked."""
        unsure = "" if self.sure else f"; with this many members it may be {self.low:.3g} to {self.high:.3g}"
        told = self.constraint.sentence(self.unit)
        return f"{told} = {self.probability:.3g}, at least {self.constraint.probability:g} is asked{unsure}"


@dataclass(frozen=True)
class Option:
    """One option: the objective's ensemble, its constraints, and the probability that it is the best that may be done.

    better: by how much its loss is below that of doing as planned, member by member (mean, 5 % and 95 % quantile).
    refused: why the kind will not have it recommended, whatever the forecast says.
    """

    name: str
    actions: tuple[Action, ...]
    objective: Ensemble
    constraints: tuple[Judged, ...]
    best: float
    better: tuple[float, float, float]
    warnings: tuple[str, ...]
    refused: tuple[str, ...] = ()

    @property
    def feasible(self) -> bool:
        """True when every constraint is met and the kind refuses nothing of it."""
        return not self.refused and all(j.met for j in self.constraints)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it may not be done: what the kind refuses, and each constraint that is not met."""
        return (*self.refused, *(j.sentence() for j in self.constraints if not j.met))

    @property
    def expected(self) -> float:
        """Mean of the objective's quantity."""
        return float(self.objective.mean()[0])

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "name": self.name,
            "actions": [a.to_json() for a in self.actions],
            "expected": self.expected,
            "band": [float(self.objective.quantile(q)[0]) for q in (0.05, 0.95)],
            "best": self.best,
            "better": dict(zip(("mean", "q05", "q95"), self.better, strict=True)),
            "feasible": self.feasible,
            "reasons": list(self.reasons),
            "constraints": [
                {
                    "sentence": j.sentence(),
                    "probability": j.probability,
                    "needed": j.constraint.probability,
                    "interval": [j.low, j.high],
                    "met": j.met,
                    "sure": j.sure,
                }
                for j in self.constraints
            ],
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class Recommendation:
    """Answer of `recommend`: what may be done first, the best of it on top; then what may not, the nearest on top."""

    kind: str
    objective: Objective
    unit: str
    origin: Origin
    options: tuple[Option, ...]
    basis: Basis
    seed: int
    notes: tuple[str, ...] = ()
    disclaimer: str = "A simulation for research use."

    @property
    def best(self) -> Option | None:
        """The first option that meets every constraint; None if none does."""
        return next((o for o in self.options if o.feasible), None)

    def __getitem__(self, name: str) -> Option:
        return next(o for o in self.options if o.name == name)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Every option's warnings."""
        return tuple(dict.fromkeys(f"{o.name}: {w}" for o in self.options for w in o.warnings))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: options in order, and what the answer rests on."""
        window = [self.origin.moment(t).isoformat() for t in self.objective.window]
        goal = {"quantity": self.objective.quantity, "sense": self.objective.sense, "target": self.objective.target}
        return {
            "kind": self.kind,
            "objective": {**goal, "unit": self.unit, "window": window},
            "best": None if self.best is None else self.best.name,
            "options": [o.to_json() for o in self.options],
            "basis": self.basis.to_json(),
            "notes": list(self.notes),
            "seed": self.seed,
            "disclaimer": self.disclaimer,
        }

    def plot(self, ax: Any = None) -> Any:
        """Every option's expected objective with its 90 % band; hollow: may not be done (matplotlib axes)."""
        from vitruvian.verbs.plot_choices import plot_recommendation

        return plot_recommendation(self, ax)


def judged(constraint: Constraint, unit: str, values: np.ndarray, weights: np.ndarray) -> Judged:
    """The constraint over members' values (member,); interval: Jeffreys' for 1 / sum w^2 members."""
    from scipy.stats import beta

    held = float(weights @ ((values >= constraint.low) & (values <= constraint.high)))
    size = 1.0 / float(np.sum(weights**2))
    yes, no = held * size + 0.5, (1.0 - held) * size + 0.5
    low, high = beta.ppf((0.05, 0.95), yes, no)
    return Judged(constraint, unit, held, float(low) if held > 0 else 0.0, float(high) if held < 1 else 1.0)


def chances(losses: Mapping[str, np.ndarray], allowed: Sequence[str], weights: np.ndarray) -> dict[str, float]:
    """P(best) of each allowed option: the weight of members in which its loss is least; ties are shared."""
    out = dict.fromkeys(losses, 0.0)
    if allowed:
        table = np.stack([losses[name] for name in allowed])
        least = table == table.min(axis=0)
        share = np.minimum((least / least.sum(axis=0)) @ weights, 1.0)
        out |= dict(zip(allowed, share.tolist(), strict=True))
    return out
