"""Where in the heart a voxel lies: three shares that sum to one, which wall, how deep, how high, which way around.

Shares: harmonic, 1 on one face and 0 on the other two: left endocardium, right endocardium, epicardium (Bayer et al.,
Ann Biomed Eng 2012;40:2243). Each wall lies between two faces, so the face it is furthest from names the wall.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vitruvian.models.heart.anatomy import LEFT, RIGHT, SEPTUM
from vitruvian.models.heart.labels import ABOVE, LV, OUTSIDE, RV, Labelled, refuse
from vitruvian.models.heart.laplace import Neighbours, solve

_LEFT_FACE = {LV: 1.0, RV: 0.0, OUTSIDE: 0.0}
_RIGHT_FACE = {LV: 0.0, RV: 1.0, OUTSIDE: 0.0}
_EPICARDIUM = {LV: 0.0, RV: 0.0, OUTSIDE: 1.0}
_THIN = 0.1  # share of the muscle where a wall may be one voxel thick; assumed
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
        _refuse_thin(around)
        height = heights(heart)
        left, right = (
            np.clip(solve(around, face, np.full(len(height), 0.3), 1e-4), 0.0, 1.0)
            for face in (_LEFT_FACE, _RIGHT_FACE)
        )
        shares = np.column_stack([left, right, np.clip(1.0 - left - right, 0.0, 1.0)])
        shares /= shares.sum(axis=1, keepdims=True)
        apex = height < _APEX
        upward = solve(around, {ABOVE: 1.0}, np.where(apex, 0.0, height), 1e-3, apex)
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
        fields = zip(self.shares.T, (_LEFT_FACE, _RIGHT_FACE, _EPICARDIUM), strict=True)
        left, right, outer = (self.around.gradient(np.ascontiguousarray(s), face) for s, face in fields)
        return left, right, outer, self.around.gradient(self.upward, {ABOVE: 1.0})


def _refuse_thin(around: Neighbours) -> None:
    """Where a voxel touches two of the three faces, the wall is one voxel thick and depth means nothing."""
    faces = [((around.label == f) & (around.number < 0)).any(axis=1) for f in (LV, RV, OUTSIDE)]
    share = float((np.sum(faces, axis=0) > 1).mean())
    if share > _THIN:
        raise refuse(
            f"walls are one voxel thick at {100 * share:.0f} % of the muscle ({max(around.spacing):g} mm voxels)",
            "finer voxels, at least two to a wall",
        )


def heights(heart: Labelled) -> np.ndarray:
    """(voxel,) along the long axis: 0 at the lowest muscle, 1 at the base."""
    up = heart.frame.local(heart.centres())[:, 2]
    return np.clip((up - up.min()) / (0.0 - up.min()), 0.0, 1.0)
