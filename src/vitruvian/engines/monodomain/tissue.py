"""A piece of tissue as voxels: which are tissue, how wide they are, and how they conduct; bad geometry is refused."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vitruvian.core.errors import KindError

_CORNERS = np.array([(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)])
SMALLEST, LARGEST = 2.0, 400.0  # mm: extent of what can be a piece of heart
FINEST, COARSEST = 0.01, 2.0  # mm: voxels


@dataclass(frozen=True, eq=False)
class Tissue:
    """voxels (i, j, k) bool; spacing (3,) mm; D (3, 3), or (voxel, 3, 3) in the voxels' order, mm2/ms; origin mm.

    Nodes are the corners of its voxels. Where tissue ends nothing flows.
    """

    voxels: np.ndarray
    spacing: tuple[float, float, float]
    D: np.ndarray
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if self.voxels.ndim != 3 or self.voxels.dtype != bool:
            raise KindError("voxels must be a boolean (i, j, k) array", where="tissue", fix="pass mask > 0")
        if not self.voxels.any():
            raise KindError("there is no tissue: no voxel is set", where="tissue", fix="check the mask's labels")
        self._check_size()
        self._check_whole()
        self._check_tensors()

    @classmethod
    def slab(cls, size: tuple[float, float, float], spacing: float, D: np.ndarray) -> Tissue:
        """A full box of this size (mm), which must be whole voxels."""
        counts = np.array(size) / spacing
        if np.abs(counts - np.round(counts)).max() > 1e-6:
            raise KindError(f"{size} mm is not a whole number of {spacing} mm voxels", fix="choose another spacing")
        return cls(
            np.ones(np.round(counts).astype(int), dtype=bool), (spacing, spacing, spacing), np.asarray(D, dtype=float)
        )

    @property
    def full(self) -> bool:
        """Is it a box, all alike, with D along its axes?"""
        one = self.D.reshape(-1, 3, 3)
        off = np.abs(one[0] - np.diag(np.diag(one[0]))).max()
        return bool(self.voxels.all()) and len(one) == 1 and off < 1e-12

    @cached_property
    def tensors(self) -> np.ndarray:
        """(voxel, 3, 3) mm2/ms."""
        return np.broadcast_to(self.D.reshape(-1, 3, 3), (int(self.voxels.sum()), 3, 3))

    @cached_property
    def shape(self) -> tuple[int, int, int]:
        """Nodes along each axis of the whole grid."""
        a, b, c = (n + 1 for n in self.voxels.shape)
        return a, b, c

    @cached_property
    def number(self) -> np.ndarray:
        """Grid of nodes -> number of the node, -1 where there is none."""
        used = np.zeros(self.shape, dtype=bool)
        for a, b, c in _CORNERS:
            n = self.voxels.shape
            used[a : a + n[0], b : b + n[1], c : c + n[2]] |= self.voxels
        out = np.full(self.shape, -1, dtype=np.int64)
        out[used] = np.arange(int(used.sum()))
        return out

    @cached_property
    def corners(self) -> np.ndarray:
        """(voxel, 8) node numbers."""
        at = np.argwhere(self.voxels)
        return np.stack([self.number[tuple((at + c).T)] for c in _CORNERS], axis=1)

    @cached_property
    def nodes(self) -> np.ndarray:
        """(node, 3) places, mm."""
        return np.argwhere(self.number >= 0) * np.array(self.spacing) + np.array(self.origin)

    @cached_property
    def centres(self) -> np.ndarray:
        """(voxel, 3) places, mm."""
        return (np.argwhere(self.voxels) + 0.5) * np.array(self.spacing) + np.array(self.origin)

    def share(self, low: tuple[float, ...], high: tuple[float, ...]) -> np.ndarray:
        """(node,) share of each node's own volume that lies in a box (mm): a stimulus that no grid distorts."""
        out = np.ones(len(self.nodes))
        for axis, h in enumerate(self.spacing):
            x = self.nodes[:, axis]
            first, last = x.min(), x.max()
            a, b = np.maximum(x - h / 2, first), np.minimum(x + h / 2, last)
            inside = np.clip(np.minimum(b, high[axis]) - np.maximum(a, low[axis]), 0.0, None)
            out *= inside / (b - a)
        return out

    def nearest(self, places: np.ndarray) -> np.ndarray:
        """Numbers of the nodes nearest to places (n, 3) mm; refused further than three voxels from tissue."""
        from scipy.spatial import KDTree

        far, index = KDTree(self.nodes).query(np.atleast_2d(places))
        worst = int(np.argmax(far))
        if far[worst] > 3 * max(self.spacing):
            place = np.round(np.atleast_2d(places)[worst], 1).tolist()
            raise KindError(f"{place} mm is {far[worst]:.1f} mm from any tissue", where="tissue", fix="check the place")
        return np.asarray(index)

    def _check_size(self) -> None:
        extent = np.array([np.ptp(np.flatnonzero(self.voxels.any(axis=tuple({0, 1, 2} - {k})))) + 1 for k in range(3)])
        extent = extent * np.array(self.spacing)
        if not all(FINEST <= h <= COARSEST for h in self.spacing):
            raise KindError(
                f"voxels are {self.spacing} wide; {FINEST} to {COARSEST} mm can be",
                where="tissue.spacing",
                fix="give millimetres (1 um = 0.001, 1 cm = 10)",
            )
        if not SMALLEST <= extent.max() <= LARGEST:
            raise KindError(
                f"the tissue is {extent.max():g} mm long; a heart's is {SMALLEST:g} to {LARGEST:g} mm",
                where="tissue",
                fix="check the unit of the spacing: it must be mm",
            )

    def _check_whole(self) -> None:
        from scipy.ndimage import label

        labels = np.empty(self.voxels.shape, dtype=np.int32)
        count = label(self.voxels, output=labels)
        if count != 1:
            sizes = np.sort(np.bincount(labels.ravel())[1:])
            raise KindError(
                f"the tissue is in {count} pieces that share no face: {sizes[-1]} voxels and {sizes[:-1].sum()} more",
                where="tissue",
                fix="keep the largest piece, or repair the mask",
            )

    def _check_tensors(self) -> None:
        D = self.D.reshape(-1, 3, 3)
        if len(D) not in (1, int(self.voxels.sum())) or not np.isfinite(D).all():
            raise KindError(
                "D must be finite, one tensor or one a voxel", where="tissue.D", fix="(3, 3) or (voxel, 3, 3)"
            )
        low = np.linalg.eigvalsh(D).min()
        if low <= 0 or np.abs(D - np.swapaxes(D, 1, 2)).max() > 1e-9:
            raise KindError(
                f"D must be symmetric and positive (lowest eigenvalue {low:g} mm2/ms)",
                where="tissue.D",
                fix="take voxels that do not conduct out of the mask",
            )
