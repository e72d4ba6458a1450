"""A bi-ventricle on voxels: which wall each belongs to, where in the wall it lies, which way its fibres run.

Places are millimetres in the patient's axes of DICOM: x to the patient's left, y to the back, z to the head.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.engines.monodomain.tissue import Tissue

LEFT, SEPTUM, RIGHT = 0, 1, 2  # free wall of the left ventricle, septum, free wall of the right ventricle


@dataclass(frozen=True, eq=False)
class Surface:
    """points (n, 3) mm; triangles (m, 3) of point numbers, counter-clockwise seen from outside what they enclose."""

    points: np.ndarray
    triangles: np.ndarray


@dataclass(frozen=True, eq=False)
class Anatomy:
    """Arrays are one entry a voxel, in the order of `np.argwhere(voxels)`, which is Tissue's.

    wall: LEFT, SEPTUM or RIGHT. depth: 0 at the endocardium of a free wall, 1 at its epicardium; in the septum 0 on the
    left, 1 on the right. height: 0 at the apex, 1 at the base. turn: radians around the long axis of the left
    ventricle, 0 in the middle of the septum, growing towards the front. fibre, sheet (voxel, 3): unit vectors.
    surfaces: "lv_endo", "rv_endo", "epi". source: what it was made from, "synthetic: ..." where nothing was measured.
    """

    voxels: np.ndarray
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    wall: np.ndarray
    depth: np.ndarray
    height: np.ndarray
    turn: np.ndarray
    fibre: np.ndarray
    sheet: np.ndarray
    source: str
    surfaces: Mapping[str, Surface] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = int(self.voxels.sum())
        for name in ("wall", "depth", "height", "turn", "fibre", "sheet"):
            value = getattr(self, name)
            if len(value) != count or not np.isfinite(value).all():
                raise KindError(f"{name} must be finite, one entry for each of {count} voxels", where="anatomy")

    @property
    def volume(self) -> float:
        """Of the muscle, mL."""
        return float(self.voxels.sum() * np.prod(self.spacing)) / 1e3

    def tensors(self, along: np.ndarray | float, across: np.ndarray | float) -> np.ndarray:
        """(voxel, 3, 3): `along` the fibre and `across` it, a number or one a voxel, in any unit of a diffusivity."""
        count = len(self.fibre)
        a, c = np.broadcast_to(along, count), np.broadcast_to(across, count)
        return c[:, None, None] * np.eye(3) + (a - c)[:, None, None] * np.einsum("vi,vj->vij", self.fibre, self.fibre)

    def tissue(self, along: np.ndarray | float, across: np.ndarray | float) -> Tissue:
        """Muscle that conducts, mm2/ms (monodomain) or squared speeds, mm2/ms2 (arrival)."""
        return Tissue(self.voxels, self.spacing, self.tensors(along, across), self.origin)
