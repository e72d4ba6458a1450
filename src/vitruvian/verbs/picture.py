"""picture: a twin's organ with a value at each place, as planned and under options, of the member in the middle."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.belief import Belief
from vitruvian.core.case import Origin
from vitruvian.core.errors import CapabilityError
from vitruvian.core.twin import Twin
from vitruvian.models.heart.mesh import Painted, mesh_json
from vitruvian.models.pictured import Pictured
from vitruvian.verbs.compare import AS_PLANNED
from vitruvian.verbs.loops import beside, placed
from vitruvian.verbs.result import Basis


@dataclass(frozen=True, eq=False)
class Picture:
    """options: the organ under each, of one member: the one whose parameters lie nearest to the mean of all."""

    kind: str
    at: float
    origin: Origin
    options: Mapping[str, Painted]
    basis: Basis
    warnings: tuple[str, ...] = ()
    source: str = ""
    disclaimer: str = field(default="A simulation for research use.", repr=False)

    def to_json(self) -> dict[str, Any]:
        """Surfaces and values (models/heart/mesh.py has the form), and what they rest on."""
        return {
            "kind": self.kind,
            "at": self.origin.moment(self.at).isoformat(),
            **mesh_json(self.options),
            "basis": self.basis.to_json(),
            "warnings": list(self.warnings),
            "source": self.source,
            "disclaimer": self.disclaimer,
        }

    def plot(self, option: str = AS_PLANNED, ax: Any = None) -> Any:
        """Its outside from the front, coloured (matplotlib axes)."""
        from vitruvian.verbs.plots import axes

        chosen = self.options[option]
        name = "epi" if "epi" in chosen.surfaces else next(iter(chosen.surfaces))
        surface, values = chosen.surfaces[name], chosen.values[name]
        ax = axes(ax)
        corners = surface.points[surface.triangles]
        facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 1] < 0
        drawn = surface.triangles[facing][np.argsort(-corners[facing][:, :, 1].mean(axis=1))]
        mean = np.ma.masked_invalid(values[drawn].mean(axis=1))
        seen = ax.tripcolor(*surface.points[:, [0, 2]].T, drawn, facecolors=mean, cmap="cividis")
        ax.set_aspect("equal")
        ax.set(xlabel="to the patient's left [mm]", ylabel="to the head [mm]")
        ax.figure.colorbar(seen, label=f"{chosen.meaning} [{chosen.unit}]")
        ax.set_title(f"{self.kind}, {option}. {self.disclaimer}", fontsize=9)
        return ax


def picture(
    twin: Twin,
    at: float | None = None,
    options: Mapping[str, Sequence[Action]] | None = None,
    *,
    seed: int = 0,
) -> Picture:
    """The organ at `at` (s since origin; None: the belief's time) as planned, and under each option's further actions.

    Errors: CapabilityError for a kind that paints none; else as `loops`.
    """
    kind = twin.kind
    if not isinstance(kind, Pictured):
        raise CapabilityError(f"kind '{kind.name}' has no picture", where="picture", fix="ask a kind that is Pictured")
    belief = twin.believed()
    when = belief.at if at is None else float(at)
    cases, notes = beside(twin, options or {}, "picture")
    middle = in_the_middle(belief)
    shown = {name: kind.picture(*placed(twin, middle, case, when, seed)) for name, case in cases.items()}
    return Picture(kind.name, when, twin.case.origin, shown, Basis.of(belief, kind), notes, kind.picture_source)


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
