"""Laplace's equation between the faces of labelled voxels: finite volumes, conjugate gradients on all fields at once.

A face towards a label of `held` keeps that value half a voxel away; nothing flows through the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from vitruvian.core.errors import KindError
from vitruvian.models.heart.labels import Labelled


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Of each muscle voxel, (voxel, 6) to -x, +x, -y, +y, -z, +z: number of the muscle voxel there or -1; label."""

    number: np.ndarray
    label: np.ndarray
    spacing: tuple[float, float, float]

    @classmethod
    def of(cls, heart: Labelled) -> Neighbours:
        muscle = np.pad(heart.voxels, 1)
        labels = np.pad(heart.labels, 1)
        number = np.full(muscle.shape, -1, dtype=np.int32)
        number[muscle] = np.arange(int(muscle.sum()), dtype=np.int32)
        flat = np.flatnonzero(muscle)
        strides = np.array(muscle.strides) // muscle.itemsize
        ways = [sign * int(s) for s in strides for sign in (-1, 1)]
        return cls(
            np.stack([number.ravel()[flat + w] for w in ways], axis=1),
            np.stack([labels.ravel()[flat + w] for w in ways], axis=1),
            heart.spacing,
        )

    def gradient(self, value: np.ndarray, held: Mapping[int, float]) -> np.ndarray:
        """(voxel, 3) per mm of a solved field: central, with the held value half a voxel beyond a face."""
        out = np.empty((len(value), 3))
        for axis, h in enumerate(self.spacing):
            sides, reach = [], []
            for k in (2 * axis, 2 * axis + 1):
                there = self.number[:, k] >= 0
                side = np.where(there, value[self.number[:, k]], value)
                far = there.astype(float)
                for label, fixed in held.items():
                    at = ~there & (self.label[:, k] == label)
                    side, far = np.where(at, fixed, side), np.where(at, 0.5, far)
                sides.append(side)
                reach.append(far)
            out[:, axis] = (sides[1] - sides[0]) / (h * np.maximum(reach[0] + reach[1], 0.5))
        return out


def solve(
    around: Neighbours, held: tuple[Mapping[int, float], ...], start: np.ndarray, tolerance: float, pinned: np.ndarray
) -> np.ndarray:
    """(voxel, field): each field of `held` {label: value}; all hold the same labels. `pinned` voxels keep their start.

    `tolerance`: of the residual, relative to the sources.
    """
    count = len(around.number)
    weight = np.repeat(1.0 / np.array(around.spacing) ** 2, 2)
    there = around.number >= 0
    diagonal = there @ weight
    source = np.zeros((count, len(held)))
    for label in held[0]:
        faces = 2.0 * ((around.label == label) & ~there) @ weight
        diagonal += faces
        source += faces[:, None] * np.array([fixed[label] for fixed in held])
    stiff = np.where(pinned, 1e8 * weight.max(), 0.0)
    diagonal += stiff
    source += stiff[:, None] * start
    starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    off = sparse.csr_array(
        (np.broadcast_to(weight, there.shape)[there], around.number[there], starts), shape=(count, count)
    )
    return _gradients(off, np.maximum(diagonal, 1e-30), source, start.copy(), tolerance)


def _gradients(off: sparse.csr_array, d: np.ndarray, b: np.ndarray, x: np.ndarray, tolerance: float) -> np.ndarray:
    """(diag(d) - off) x = b, preconditioned by d; every column has its own step."""
    d = d[:, None]
    r = b - (d * x - off @ x)
    z = r / d
    p = z.copy()
    old = (r * z).sum(axis=0)
    goal = tolerance**2 * np.maximum((b * b / d).sum(axis=0), 1e-30)
    for _ in range(20 * int(len(x) ** (1 / 3)) + 200):
        if (old <= goal).all():
            return x
        q = d * p - off @ p
        step = old / np.maximum((p * q).sum(axis=0), 1e-300)
        x += step * p
        r -= step * q
        z = r / d
        new = (r * z).sum(axis=0)
        p *= new / np.maximum(old, 1e-300)
        p += z
        old = new
    raise KindError(
        "Laplace's equation did not settle on these voxels", where="heart", fix="repair holes in the muscle"
    )
