"""Surfaces as a picture takes them: fewer triangles, a value carried from the muscle to every vertex, plain JSON.

JSON, as the client's panel "heart3d" reads it: {"unit": "ms", "span": [first, last], "surfaces": [{"name", "points":
flat x, y, z in 0.1 mm of the patient's axes (x to the left, y to the back, z to the head), "triangles": flat numbers,
"values": {option: one whole number a vertex, null where no muscle is near}, "scar": {option: one of 0, 1, 2}}],
"regions": {option: [[name, value], ...]}}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial import KDTree

from vitruvian.models.heart.anatomy import Anatomy, Surface

CELL = 3.5  # mm: vertices closer than this become one
_NEAR = 5.0  # mm from a vertex to the muscle whose value it shows; lids over a cavity are further
_AMONG = 4  # voxels whose values a vertex takes, the nearer the more


@dataclass(frozen=True, eq=False)
class Painted:
    """surfaces by name; values {name: (vertex,)}, nan where there is no muscle; scar {name: (vertex,)} 0 healthy,
    1 border, 2 core; regions {name: value}; unit and meaning of the values."""

    surfaces: Mapping[str, Surface]
    values: Mapping[str, np.ndarray]
    scar: Mapping[str, np.ndarray]
    regions: Mapping[str, float]
    unit: str
    meaning: str


def coarse(surface: Surface, cell: float = CELL) -> Surface:
    """Vertices in one cube of `cell` mm become their mean; triangles that lose an edge go, and so do two that come to
    lie back to back, a fold without a volume that would be drawn as a dark speck."""
    cubes = np.floor((surface.points - surface.points.min(axis=0)) / cell).astype(np.int64)
    _, number = np.unique(cubes, axis=0, return_inverse=True)
    number = number.reshape(-1)
    points = np.stack([np.bincount(number, surface.points[:, k]) for k in range(3)], axis=1)
    points /= np.bincount(number)[:, None]
    faces = number[surface.triangles]
    kept = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    return Surface(points, _unfolded(faces[kept]))


def _unfolded(faces: np.ndarray) -> np.ndarray:
    """Triangles (face, 3) but for pairs of the same three vertices turned opposite ways; what was closed stays so."""
    turn = np.argmin(faces, axis=1)
    first, second, third = (np.take_along_axis(faces, ((turn + k) % 3)[:, None], axis=1)[:, 0] for k in range(3))
    forward = second < third
    same = np.stack([first, np.minimum(second, third), np.maximum(second, third)], axis=1)
    _, at, number = np.unique(same, axis=0, return_index=True, return_inverse=True)
    net = np.bincount(number.reshape(-1), np.where(forward, 1, -1))
    one = faces[at[net != 0]]
    return np.where((np.sign(net[net != 0]) == np.where(forward[at[net != 0]], 1, -1))[:, None], one, one[:, ::-1])


def painted(
    heart: Anatomy,
    values: np.ndarray,
    scar: np.ndarray,
    regions: Mapping[str, float],
    unit: str,
    meaning: str,
) -> Painted:
    """From one value and one of 0, 1, 2 a voxel."""
    centres = (np.argwhere(heart.voxels) + 0.5) * np.array(heart.spacing) + np.array(heart.origin)
    tree = KDTree(centres)
    surfaces = {name: coarse(s) for name, s in heart.surfaces.items()}
    shown, dead = {}, {}
    for name, surface in surfaces.items():
        far, near = (np.asarray(v) for v in tree.query(surface.points, k=_AMONG))
        weight = 1.0 / np.maximum(far, 0.5) ** 2
        mean = (weight * values[near]).sum(axis=1) / weight.sum(axis=1)
        shown[name] = np.where(far[:, 0] <= _NEAR, mean, np.nan)
        dead[name] = np.where(far[:, 0] <= _NEAR, scar[near[:, 0]], 0)
    return Painted(surfaces, shown, dead, regions, unit, meaning)


def mesh_json(options: Mapping[str, Painted]) -> dict[str, Any]:
    """The same heart under each option; the first one's surfaces are drawn."""
    first = next(iter(options.values()))
    every = np.concatenate([v for p in options.values() for v in p.values.values()])
    surfaces = []
    for name, surface in first.surfaces.items():
        surfaces.append(
            {
                "name": name,
                "points": np.rint(surface.points * 10).astype(int).ravel().tolist(),
                "triangles": surface.triangles.ravel().tolist(),
                "values": {option: _whole(p.values[name]) for option, p in options.items()},
                "scar": {
                    option: p.scar[name].astype(int).tolist() for option, p in options.items() if p.scar[name].any()
                },
            }
        )
    return {
        "unit": first.unit,
        "meaning": first.meaning,
        "span": [float(np.floor(np.nanmin(every))), float(np.ceil(np.nanmax(every)))],
        "surfaces": surfaces,
        "regions": {option: [[n, round(v, 1)] for n, v in p.regions.items()] for option, p in options.items()},
    }


def _whole(values: np.ndarray) -> list[int | None]:
    return [round(float(v)) if np.isfinite(v) else None for v in values]
