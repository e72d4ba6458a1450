"""A bi-ventricle as labelled voxels: muscle, the two cavities, and what lies above the base; bad ones are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.models.heart.frame import HeartFrame

OUTSIDE, MUSCLE, LV, RV, ABOVE = 0, 1, 2, 3, 4  # ABOVE: valves, atria and what else bounds the muscle at its base
_FINEST, _COARSEST = 0.05, 3.0  # mm, of voxels
NAMES = {MUSCLE: "muscle", LV: "left cavity", RV: "right cavity"}


@dataclass(frozen=True, eq=False)
class Labelled:
    """labels (i, j, k): OUTSIDE, MUSCLE, LV, RV or ABOVE; spacing mm; origin: outer corner of voxel (0, 0, 0), mm."""

    labels: np.ndarray
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    frame: HeartFrame
    source: str

    def __post_init__(self) -> None:
        if self.labels.ndim != 3 or not np.issubdtype(self.labels.dtype, np.integer):
            raise refuse("labels must be whole numbers on an (i, j, k) grid", "round them, and give all three axes")
        if not all(_FINEST <= h <= _COARSEST for h in self.spacing):
            raise refuse(
                f"voxels are {self.spacing} wide; {_FINEST:g} to {_COARSEST:g} mm can be",
                "give mm (1 cm = 10, 1 um = 0.001)",
            )
        there = np.unique(self.labels).tolist()
        odd = [v for v in there if v not in (OUTSIDE, MUSCLE, LV, RV, ABOVE)]
        if odd:
            raise refuse(f"labels {odd} mean nothing", f"use {OUTSIDE} outside, {ABOVE} above the base, {NAMES}")
        missing = [name for label, name in NAMES.items() if label not in there and label != RV]
        if missing or ABOVE not in there:
            raise refuse(
                f"there is no {' and no '.join(missing or ['base'])}", "label muscle, cavities and what lies above"
            )

    @property
    def voxels(self) -> np.ndarray:
        """The muscle."""
        return self.labels == MUSCLE

    def centres(self, label: int = MUSCLE) -> np.ndarray:
        """(voxel, 3) mm."""
        return (np.argwhere(self.labels == label) + 0.5) * np.array(self.spacing) + np.array(self.origin)

    def volume(self, label: int) -> float:
        """mL."""
        return float((self.labels == label).sum() * np.prod(self.spacing)) / 1e3


def grid(low: np.ndarray, high: np.ndarray, spacing: float) -> tuple[tuple[int, int, int], tuple[float, float, float]]:
    """Shape and origin of a grid of cubes that covers a box (mm) with a voxel to spare on each side."""
    first = np.floor(low / spacing) - 1
    a, b, c = (int(n) for n in np.ceil(high / spacing) + 1 - first)
    x, y, z = (float(v) for v in first * spacing)
    return (a, b, c), (x, y, z)


def slabs(
    shape: tuple[int, int, int], spacing: float, origin: tuple[float, float, float], frame: HeartFrame
) -> Iterator[list[np.ndarray]]:
    """Of each layer along the first axis: x, y, z (j, k) of its voxels' centres in the heart's axes, mm."""
    i, j, k = ((np.arange(n) + 0.5) * spacing + o - b for n, o, b in zip(shape, origin, frame.base, strict=True))
    across = [j[:, None] * axis[1] + k[None, :] * axis[2] for axis in frame.axes]
    for x in i:
        yield [flat + x * axis[0] for flat, axis in zip(across, frame.axes, strict=True)]


def refuse(what: str, fix: str) -> KindError:
    """A picture that cannot be a heart."""
    return KindError(what, where="heart labels", fix=fix)
