"""Where in the heart a voxel lies: three shares that sum to one, which wall, how deep, how high, which way around.

Shares: harmonic, 1 on one face and 0 on the other two: left endocardium, right endocardium, epicardium (Bayer et al.,
Ann Biomed Eng 2012;40:2243). Each wall lies between two faces, so the face it is furthest from names the wall.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vitruvian.models.heart.anatomy import LEFT, RIGHT, SEPTUM
from vitruvian.models.heart.labels import ABOVE, LV, OUTSIDE, RV, Labelled
from vitruvian.models.heart.laplace import Neighbours, solve

_LEFT_FACE = {LV: 1.0, RV: 0.0, OUTSIDE: 0.0}
_RIGHT_FACE = {LV: 0.0, RV: 1.0, OUTSIDE: 0.0}
_EPICARDIUM = {LV: 0.0, RV: 0.0, OUTSIDE: 1.0}
_APEX = 0.03  # share of the long axis that counts as the apex; assumed: the paper's point has no size on voxels


@dataclass(frozen=True, eq=False)
class Coordinates:
    """shares (voxel, 3): left, right, epicardium. upward (voxel): 0 at the apex, 1 at the base, harmonic."""

    heart: Labelled
    around: Neighbours
    shares: np.ndarray
    height: np.ndarray
    upward: np.ndarray

    @classmethod
    def of(cls, heart: Labelled) -> Coordinates:
        around = Neighbours.of(heart)
        height = heights(heart)
        start = np.full((len(height), 2), 0.3)
        nowhere = np.zeros(len(height), dtype=bool)
        two = solve(around, (_LEFT_FACE, _RIGHT_FACE), start, 1e-4, nowhere)
        two = np.clip(two, 0.0, 1.0)
        shares = np.column_stack([two, np.clip(1.0 - two.sum(axis=1), 0.0, 1.0)])
        shares /= shares.sum(axis=1, keepdims=True)
        rough = np.where(height < _APEX, 0.0, height)
        upward = solve(around, ({ABOVE: 1.0},), rough[:, None], 1e-3, height < _APEX)[:, 0]
        return cls(heart, around, shares, height, upward)

    @cached_property
    def wall(self) -> np.ndarray:
        """LEFT, SEPTUM or RIGHT."""
        return np.array([RIGHT, LEFT, SEPTUM])[np.argmin(self.shares, axis=1)]

    @cached_property
    def depth(self) -> np.ndarray:
        """0 inside to 1 outside; in the septum 0 on the left, 1 on the right."""
        left, right, outer = self.shares.T
        above = np.where(self.wall == SEPTUM, right, outer)
        below = np.where(self.wall == RIGHT, right, left)
        return above / (above + below)

    @cached_property
    def turn(self) -> np.ndarray:
        """Radians around the long axis, 0 in the middle of the septum, growing to the front, in [0, 2 pi)."""
        local = self.heart.frame.local(self.heart.centres())
        return np.mod(np.arctan2(local[:, 1], local[:, 0]), 2 * np.pi)

    def gradients(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(voxel, 3) each, per mm: of the three shares and of the way up; smoothed over a voxel's steps."""
        faces = (_LEFT_FACE, _RIGHT_FACE, _EPICARDIUM)
        left, right, outer = (self.around.gradient(s, f) for s, f in zip(self.shares.T, faces, strict=True))
        up = self.around.gradient(self.upward, {ABOVE: 1.0})
        a, b, c, d = (self._smooth(g) for g in (left, right, outer, up))
        return a, b, c, d

    def _smooth(self, vectors: np.ndarray) -> np.ndarray:
        """Each voxel with its neighbours in the muscle: what the staircase of its surface does to a direction fades."""
        there = self.around.number >= 0
        for _ in range(2):
            total = vectors.copy()
            for k in range(6):
                total += np.where(there[:, k, None], vectors[self.around.number[:, k]], 0.0)
            vectors = total / (1 + there.sum(axis=1))[:, None]
        return vectors


def heights(heart: Labelled) -> np.ndarray:
    """(voxel,) along the long axis: 0 at the lowest muscle, 1 at the base."""
    up = heart.frame.local(heart.centres())[:, 2]
    return np.clip((up - up.min()) / (0.0 - up.min()), 0.0, 1.0)
