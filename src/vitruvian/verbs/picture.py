"""picture: a twin's organ with a value at each place, as planned and under options, and how well it is known there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.belief import Belief
from vitruvian.core.case import Case, Origin
from vitruvian.core.errors import CapabilityError, FieldError
from vitruvian.core.twin import Twin
from vitruvian.models.beats import Beating
from vitruvian.models.heart.mesh import Painted, mesh_json
from vitruvian.models.pictured import Pictured
from vitruvian.verbs.compare import AS_PLANNED
from vitruvian.verbs.loops import beside, placed, some_of
from vitruvian.verbs.result import Basis, weighted_quantile

PAINTED = 16  # members painted for the spread: a standard deviation then errs by 18 % (1 / sqrt(2 (n - 1)))
INTERVAL = (0.05, 0.5, 0.95)


@dataclass(frozen=True, eq=False)
class Picture:
    """options: the organ under each, of one member: the one whose parameters lie nearest to the mean of all.

    members {option: {region: (member,)}}: each region's mean of every member, where the kind's beat tells it. spread
    {option: {surface: (vertex,)}}: standard deviation of the value there over `painted` members, where asked for.
    """

    kind: str
    at: float
    origin: Origin
    options: Mapping[str, Painted]
    basis: Basis
    members: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    weights: np.ndarray = field(default_factory=lambda: np.ones(1))
    spread: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    painted: int = 1
    warnings: tuple[str, ...] = ()
    source: str = ""
    disclaimer: str = field(default="A simulation for research use.", repr=False)

    def interval(self, region: str, option: str = AS_PLANNED) -> tuple[float, float, float]:
        """Of a region's mean over members: (5 %, median, 95 %)."""
        return self._quantiles(self.members[option][region])

    def difference(self, region: str, option: str) -> tuple[float, float, float]:
        """The option less as planned, member by member: (5 %, median, 95 %)."""
        return self._quantiles(self.members[option][region] - self.members[AS_PLANNED][region])

    def _quantiles(self, values: np.ndarray) -> tuple[float, float, float]:
        low, middle, high = (float(weighted_quantile(values, self.weights, q)) for q in INTERVAL)
        return low, middle, high

    def to_json(self) -> dict[str, Any]:
        """Surfaces and values (models/heart/mesh.py has the form), how well they are known, and what they rest on.

        known {option: {region: {q05, q50, q95}}}, differences the same; spread, where asked for, by surface.
        """
        told = mesh_json(self.options)
        for surface in told["surfaces"] if self.spread else ():
            surface["spread"] = {option: _tenths(by[surface["name"]]) for option, by in self.spread.items()}
        return {
            "kind": self.kind,
            "at": self.origin.moment(self.at).isoformat(),
            **told,
            "known": {option: {r: _named(self.interval(r, option)) for r in by} for option, by in self.members.items()},
            "differences": {
                option: {r: _named(self.difference(r, option)) for r in by}
                for option, by in self.members.items()
                if option != AS_PLANNED
            },
            "members": len(self.weights) if self.members else 1,
            "painted": self.painted,
            "basis": self.basis.to_json(),
            "warnings": list(self.warnings),
            "source": self.source,
            "disclaimer": self.disclaimer,
        }

    def plot(self, option: str = AS_PLANNED, ax: Any = None, *, spread: bool = False) -> Any:
        """Its outside from the front, coloured by the value, or by the value's spread over members (matplotlib axes).

        Errors: FieldError for a spread that was not worked out.
        """
        from vitruvian.verbs.plots import axes

        if spread and not self.spread:
            raise FieldError("the spread was not asked for", where="picture", fix="picture(twin, spread=True)")
        chosen = self.options[option]
        name = "epi" if "epi" in chosen.surfaces else next(iter(chosen.surfaces))
        surface, values = chosen.surfaces[name], (self.spread[option] if spread else chosen.values)[name]
        ax = axes(ax)
        corners = surface.points[surface.triangles]
        facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 1] < 0
        drawn = surface.triangles[facing][np.argsort(-corners[facing][:, :, 1].mean(axis=1))]
        mean = np.ma.masked_invalid(values[drawn].mean(axis=1))
        seen = ax.tripcolor(*surface.points[:, [0, 2]].T, drawn, facecolors=mean, cmap="cividis")
        ax.set_aspect("equal")
        ax.set(xlabel="to the patient's left [mm]", ylabel="to the head [mm]")
        what = f"sd over members of {chosen.meaning}" if spread else chosen.meaning
        ax.figure.colorbar(seen, label=f"{what} [{chosen.unit}]")
        ax.set_title(f"{self.kind}, {option}. {self.disclaimer}", fontsize=9)
        return ax


def picture(
    twin: Twin,
    at: float | None = None,
    options: Mapping[str, Sequence[Action]] | None = None,
    *,
    seed: int = 0,
    spread: bool = False,
) -> Picture:
    """The organ at `at` (s since origin; None: the belief's time) as planned, and under each option's further actions.

    spread: how far members differ at each place too, at some 16 times the cost. Errors: CapabilityError for a kind
    that paints none; else as `loops`.
    """
    kind = twin.kind
    if not isinstance(kind, Pictured):
        raise CapabilityError(f"kind '{kind.name}' has no picture", where="picture", fix="ask a kind that is Pictured")
    belief = twin.believed()
    when = belief.at if at is None else float(at)
    cases, notes = beside(twin, options or {}, "picture")
    middle, kept = in_the_middle(belief), some_of(belief)
    shown = {name: kind.picture(*placed(twin, middle, case, when, seed)) for name, case in cases.items()}
    members = {name: _regions(twin, kept, case, when, seed, shown[name]) for name, case in cases.items()}
    few = some_of(belief, PAINTED)
    wide = {name: _spread(twin, few, case, when, seed) for name, case in cases.items()} if spread else {}
    return Picture(
        kind.name, when, twin.case.origin, shown, Basis.of(belief, kind), members if all(members.values()) else {},
        kept.weights, wide, few.members if spread else 1, notes, kind.picture_source,
    )  # fmt: skip


def _regions(twin: Twin, belief: Belief, case: Case, when: float, seed: int, shown: Painted) -> dict[str, np.ndarray]:
    """(member,) of each region that a number of the beat is named after ("arrival apex" after "apex"); {}: none is."""
    kind = twin.kind
    if not isinstance(kind, Beating):
        return {}
    named = {told.name.partition(" ")[2]: told.name for told in kind.told}
    numbers = kind.beat(*placed(twin, belief, case, when, seed)).numbers
    return {region: numbers[named[region]] for region in shown.regions if region in named}


def _spread(twin: Twin, belief: Belief, case: Case, when: float, seed: int) -> dict[str, np.ndarray]:
    """(vertex,) standard deviation by surface, of members painted one by one."""
    kind = twin.kind
    assert isinstance(kind, Pictured)
    theta, state, forcing = placed(twin, belief, case, when, seed)
    one = [np.array([k]) for k in range(belief.members)]
    each = [kind.picture({n: np.asarray(v)[k] for n, v in theta.items()}, state.take(k), forcing).values for k in one]
    return {name: _sd(np.stack([values[name] for values in each]), belief.weights) for name in each[0]}


def _sd(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    share = weights / weights.sum()
    mean = share @ values
    return np.sqrt(share @ (values - mean) ** 2 / max(1.0 - float(share @ share), 1e-12))


def _tenths(values: np.ndarray) -> list[float | None]:
    return [round(float(v), 1) if np.isfinite(v) else None for v in values]


def _named(interval: tuple[float, float, float]) -> dict[str, float]:
    return {name: round(v, 1) for name, v in zip(("q05", "q50", "q95"), interval, strict=True)}


def in_the_middle(belief: Belief) -> Belief:
    """The one member whose parameters, in units of the prior, lie nearest to the weighted mean of all."""
    mean = belief.weights @ belief.z / belief.weights.sum()
    index = np.array([int(np.argmin(((belief.z - mean) ** 2).sum(axis=1)))])
    return dataclasses.replace(
        belief,
        z=belief.z[index],
        weights=np.ones(1),
        state=None if belief.state is None else belief.state.take(index),
        residual={n: r[index] for n, r in belief.residual.items()},
    )
