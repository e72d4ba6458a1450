"""Closed surfaces to labelled voxels: a ray along z through each column of centres changes sides at every triangle."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.spatial import KDTree

from vitruvian.core.errors import KindError
from vitruvian.models.heart.anatomy import Surface
from vitruvian.models.heart.contour import enclosed
from vitruvian.models.heart.frame import HeartFrame
from vitruvian.models.heart.labels import ABOVE, LV, MUSCLE, OUTSIDE, RV, Labelled, grid, refuse
from vitruvian.models.heart.subdivision import open_edges

_ASIDE = (0.000137, 0.000291)  # of a voxel: rays keep off vertices and edges


def check(surfaces: Mapping[str, Surface]) -> None:
    """Errors: KindError when a surface has a hole, encloses nothing, faces inwards, or is not of a heart's size."""
    for name, surface in surfaces.items():
        if not np.isfinite(surface.points).all():
            raise KindError("points must be finite", where=f"surface {name}", fix="drop what has no coordinates")
        gaps = open_edges(surface.triangles)
        if gaps:
            raise KindError(
                f"the surface is open or its triangles disagree: {gaps} edges have no partner",
                where=f"surface {name}",
                fix="close it (valves need lids) and orient all triangles outwards",
            )
        size = float(np.ptp(surface.points, axis=0).max())
        if not 20 <= size <= 300:
            raise KindError(
                f"it is {size:g} mm across; a heart's is 20 to 300 mm",
                where=f"surface {name}",
                fix="check the unit: places must be millimetres",
            )
        volume = enclosed(surface)
        if volume <= 0:
            raise KindError(
                f"it encloses {volume:.1f} mL: its triangles face inwards, or one axis is flipped",
                where=f"surface {name}",
                fix="turn the triangles, or undo the mirror",
            )


def classed(surface: Surface, classes: np.ndarray, spacing: float, frame: HeartFrame, source: str) -> Labelled:
    """One closed surface around the muscle, each triangle's class (m,) LV, RV, OUTSIDE or ABOVE: what it faces.

    Errors: those of `check`; KindError for a class that is none of these, or a heart without a cavity or a base.
    """
    check({"muscle": surface})
    there = set(np.unique(classes).tolist())
    if not {LV, OUTSIDE, ABOVE} <= there <= {LV, RV, OUTSIDE, ABOVE}:
        raise refuse(
            f"triangles are of the classes {sorted(there)}",
            f"give {LV} left and {RV} right cavity, {OUTSIDE} epicardium, {ABOVE} base; only the right may lack",
        )
    shape, origin = grid(surface.points.min(axis=0), surface.points.max(axis=0), spacing)
    muscle = inside(surface, shape, spacing, origin)
    beside = np.zeros_like(muscle)
    for axis in range(3):
        for step in (-1, 1):
            beside |= np.roll(muscle, step, axis)
    at = np.argwhere(beside & ~muscle)
    _, near = KDTree(surface.points[surface.triangles].mean(axis=1)).query((at + 0.5) * spacing + np.array(origin))
    labels = np.where(muscle, MUSCLE, OUTSIDE).astype(np.uint8)
    labels[tuple(at.T)] = classes[near]
    return Labelled(labels, (spacing, spacing, spacing), origin, frame, source)


def inside(
    surface: Surface, shape: tuple[int, int, int], spacing: float, origin: tuple[float, float, float]
) -> np.ndarray:
    """(i, j, k) bool: whose centres lie in a closed surface."""
    first = (np.array(origin) + spacing / 2) / spacing
    p = surface.points / spacing - first
    p[:, 0] += _ASIDE[0]
    p[:, 1] += _ASIDE[1]
    a, b, c = (p[surface.triangles[:, k]] for k in range(3))
    low = np.ceil(np.minimum(np.minimum(a, b), c)[:, :2]).astype(int)
    high = np.floor(np.maximum(np.maximum(a, b), c)[:, :2]).astype(int)
    low, high = np.maximum(low, 0), np.minimum(high, np.array(shape[:2]) - 1)
    wide = np.maximum(high - low + 1, 0)
    count = wide[:, 0] * wide[:, 1]
    t = np.repeat(np.arange(len(a)), count)
    rank = np.arange(len(t)) - np.repeat(np.cumsum(count) - count, count)
    i = low[t, 0] + rank // np.maximum(wide[t, 1], 1)
    j = low[t, 1] + rank % np.maximum(wide[t, 1], 1)
    hit, z = _crossed(a[t], b[t], c[t], i, j)
    i, j, k = i[hit], j[hit], np.clip(np.ceil(z[hit]).astype(int), 0, shape[2])
    flips = np.zeros((shape[0], shape[1], shape[2] + 1), dtype=np.int32)
    np.add.at(flips, (i, j, k), 1)
    return (np.cumsum(flips[..., :-1], axis=2) % 2).astype(bool)


def _crossed(
    a: np.ndarray, b: np.ndarray, c: np.ndarray, i: np.ndarray, j: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Does the ray at (i, j) meet the triangle, and how high?"""
    u, v = b - a, c - a
    x, y = i - a[:, 0], j - a[:, 1]
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    safe = np.where(area == 0, 1.0, area)
    s, t = (x * v[:, 1] - y * v[:, 0]) / safe, (u[:, 0] * y - u[:, 1] * x) / safe
    return (area != 0) & (s >= 0) & (t >= 0) & (s + t <= 1), a[:, 2] + s * u[:, 2] + t * v[:, 2]
