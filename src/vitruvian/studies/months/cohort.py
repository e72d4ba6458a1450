"""A programme in a virtual cohort as it goes in the real world, and two strategies against each other.

Each person follows the strategy for a time: it is given up at a constant rate (medicines are stopped, a diet goes back
to nothing), and what is kept up is kept in part. Both strategies meet the same people, draws, and luck at giving up, so
that the difference is paired. In silico: it shows what the model and the sources of adherence imply, not what will be.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.keys import generator
from vitruvian.core.quantity import Request
from vitruvian.kinds.metabolic_slow.actions import Diet, Move, Nights, Patient
from vitruvian.kinds.metabolic_slow.cohort import ADULTS, DAY, KIND, Covariates, course, patients
from vitruvian.models.glucose_medicines import (
    BasalInsulin,
    Glimepiride,
    Metformin,
    PrandialInsulin,
    Semaglutide,
    Tirzepatide,
)

MONTH = 30.4 * DAY
REMISSION = 6.5  # %
SHOWN = ("hba1c", "weight", "time_in_range", "medicines")


@dataclass(frozen=True)
class Adherence:
    """Share who have given something up after a year, and the mean share of it that is done while it is kept up."""

    given_up: float
    done: float
    source: str


# shares from memory of the papers named; those of "class" are means of classes by mouth
BY_ACTION: Mapping[type[Action], Adherence] = {
    Semaglutide: Adherence(
        0.45, 0.9, "GLP-1 RA, 47 % stopped in 12 months: Weiss, Patient Prefer Adherence 14:2337 (2020)"
    ),
    Tirzepatide: Adherence(0.45, 0.9, "taken as of GLP-1 RA: Weiss 2020"),
    Metformin: Adherence(0.35, 0.8, "class by mouth: McGovern, Diabetes Obes Metab 20:1040 (2018)"),
    Glimepiride: Adherence(0.35, 0.85, "class by mouth: McGovern 2018"),
    BasalInsulin: Adherence(0.30, 0.75, "Peyrot, Diabet Med 29:682 (2012): a third leave out doses"),
    PrandialInsulin: Adherence(0.40, 0.65, "Peyrot 2012"),
    Diet: Adherence(0.30, 0.6, "DiRECT: 21 % left in a year; routine care more: Lean 2018, size assumed"),
    Move: Adherence(0.50, 0.6, "half stop within six to twelve months: Dishman 1988"),
    Nights: Adherence(0.50, 0.5, "assumed"),
}
ELSE = Adherence(0.35, 0.85, "class by mouth: McGovern, Diabetes Obes Metab 20:1040 (2018)")
PERFECT = Adherence(0.0, 1.0, "as prescribed")


@dataclass(frozen=True)
class Strategy:
    """What everybody is given; who may not have one of its medicines (label) goes without that one."""

    name: str
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class Arm:
    """One strategy in the cohort at the end: (person,) of each of SHOWN, who kept to it, and refusals by reason."""

    strategy: Strategy
    values: Mapping[str, np.ndarray]
    before: Mapping[str, np.ndarray]
    kept: np.ndarray
    refused: Mapping[str, int]

    def told(self) -> dict[str, Any]:
        """Means, spread over persons, shares."""
        out: dict[str, Any] = {
            "strategy": self.strategy.name,
            "kept_up": float(self.kept.mean()),
            "refused": dict(self.refused),
        }
        for name in ("hba1c", "weight", "time_in_range"):
            change = self.values[name] - self.before[name]
            out[name] = {
                "mean": float(self.values[name].mean()),
                "change": float(change.mean()),
                "spread": np.quantile(change, [0.05, 0.25, 0.5, 0.75, 0.95]).tolist(),
            }
        out["below_7"] = float(np.mean(self.values["hba1c"] < 7.0))
        out["in_range_70"] = float(np.mean(self.values["time_in_range"] >= 70.0))
        well = (self.values["hba1c"] < REMISSION) & (self.values["medicines"] < 0.5)
        out["remission"] = float(np.mean(well))
        return out


@dataclass(frozen=True)
class Strategies:
    """Arms on the same people; differences are paired: second less first, with 95 % intervals of the mean."""

    count: int
    months: float
    adherence: str
    covariates: str
    arms: tuple[Arm, ...]

    def difference(self, name: str) -> tuple[float, float, float]:
        """Mean of second less first, and its 95 % interval over the people drawn."""
        d = self.arms[1].values[name] - self.arms[0].values[name]
        half = 1.96 * float(d.std(ddof=1)) / np.sqrt(len(d))
        return float(d.mean()), float(d.mean() - half), float(d.mean() + half)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        out: dict[str, Any] = {
            "people": self.count,
            "months": self.months,
            "adherence": self.adherence,
            "covariates": self.covariates,
            "arms": [a.told() for a in self.arms],
            "label": "synthetic people: a simulation for research use, not a trial",
        }
        if len(self.arms) == 2:
            keys = ("mean", "low95", "high95")
            out["difference"] = {
                n: dict(zip(keys, self.difference(n), strict=True)) for n in ("hba1c", "weight", "time_in_range")
            }
            better = self.arms[1].values["hba1c"] < self.arms[0].values["hba1c"] - 0.1
            out["second_is_better_for"] = float(np.mean(better))
        return out

    def plot(self, name: str = "hba1c", ax: Any = None) -> Any:
        """Spread of the change over persons in each arm (matplotlib axes)."""
        import matplotlib.pyplot as plt

        axes = plt.subplots()[1] if ax is None else ax
        for arm in self.arms:
            axes.hist(arm.values[name] - arm.before[name], bins=40, alpha=0.5, label=arm.strategy.name)
        axes.set_xlabel(f"change of {name.replace('_', ' ')} ({KIND.unit_of(name)})")
        axes.legend()
        return axes


def simulate(
    strategies: Sequence[Strategy],
    count: int = 1000,
    months: float = 12.0,
    *,
    real_world: bool = True,
    of: Covariates = ADULTS,
    hba1c: float | None = None,
    taking: Sequence[Action] = (),
    seed: int = 0,
) -> Strategies:
    """Each strategy in the same `count` virtual people; taking: medicines that all of them had for long (at < 0).

    real_world: people give up and keep to it in part, as BY_ACTION has it; else all do all of it.
    """
    people, end = patients(count, seed, of=of, hba1c=hba1c), months * MONTH
    luck = generator(seed, "adherence").random((count, 2))
    arms = []
    for strategy in strategies:
        plans, kept, refused = [], np.ones(count, dtype=bool), {}
        for k, person in enumerate(people):
            plan, stayed = _followed(strategy, person, luck[k], end, real_world, refused)
            plans.append((*taking, *plan))
            kept[k] = stayed
        told = course(people, plans, Request.of({n: [0.0, end] for n in SHOWN}), end / DAY, seed)
        arms.append(
            Arm(strategy, {n: v[:, 1] for n, v in told.items()}, {n: v[:, 0] for n, v in told.items()}, kept, refused)
        )
    how = "as BY_ACTION: given up and kept in part" if real_world else "as prescribed"
    return Strategies(count, months, how, of.source, tuple(arms))


def _followed(
    strategy: Strategy, person: Patient, luck: np.ndarray, end: float, real: bool, refused: dict[str, int]
) -> tuple[tuple[Action, ...], bool]:
    """What this person does of it, and whether all of it to the end."""
    from vitruvian.core.case import Case

    done: list[Action] = []
    stayed = True
    for a in strategy.actions:
        if said := KIND.refusals(Case(person), (a,)):
            refused[said[0]] = refused.get(said[0], 0) + 1
            continue
        rule = BY_ACTION.get(type(a), ELSE) if real else PERFECT
        rate = -np.log1p(-rule.given_up) / (365.25 * DAY)
        leaves = np.inf if rate == 0 else a.at - np.log1p(-luck[0]) / rate
        share = 1.0 if not real else float(np.clip(rule.done + 0.3 * (luck[1] - 0.5), 0.0, 1.0))
        if a.at < leaves:
            done.append(_partly(a, share))
        if leaves < end:
            stayed = False
            done.append(_ended(a, leaves))
    return tuple(sorted((x for x in done if x.at < end), key=lambda x: x.at)), stayed


def _partly(action: Action, share: float) -> Action:
    """As much of it as is done; nights and the end of something stay what they are."""
    for name in ("dose", "minutes", "change"):
        if hasattr(action, name):
            return dataclasses.replace(action, **{name: share * getattr(action, name)})
    return action


def _ended(action: Action, at: float) -> Action:
    if isinstance(action, Diet):
        return Diet(at=at, change=0.0, control=0.0)
    if isinstance(action, Nights):
        return Nights(at=at, hours=7.5)
    name = "dose" if hasattr(action, "dose") else "minutes"
    return dataclasses.replace(action, at=at, **{name: 0.0})
