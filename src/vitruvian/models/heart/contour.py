"""The surface where a field on a grid is zero, as triangles: one point a cell that the surface crosses (surface nets).

Gibson, MICCAI 1998:888. Closed wherever the field is positive on the grid's outside.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from vitruvian.models.heart.anatomy import Surface

_CORNERS = np.array(list(product((0, 1), repeat=3)))
_EDGES = [(a, b) for a in range(8) for b in range(a) if np.abs(_CORNERS[a] - _CORNERS[b]).sum() == 1]


def zero(field: np.ndarray, spacing: tuple[float, float, float], first: np.ndarray) -> Surface:
    """`field` (i, j, k) at first + index * spacing, mm, negative inside -> triangles seen counter-clockwise outside."""
    inside = field < 0
    shape = np.array(field.shape) - 1
    around = [inside[tuple(slice(c, c + n) for c, n in zip(corner, shape, strict=True))] for corner in _CORNERS]
    some, every = np.logical_or.reduce(around), np.logical_and.reduce(around)
    cells = np.argwhere(some & ~every)
    number = np.full(tuple(shape), -1, dtype=np.int64)
    number[tuple(cells.T)] = np.arange(len(cells))
    values = np.stack([field[tuple((cells + c).T)] for c in _CORNERS], axis=1)
    total, count = np.zeros((len(cells), 3)), np.zeros(len(cells))
    for a, b in _EDGES:
        va, vb = values[:, a], values[:, b]
        cut = (va < 0) != (vb < 0)
        part = np.where(cut, va / np.where(cut, va - vb, 1.0), 0.0)
        total += cut[:, None] * (_CORNERS[a] + part[:, None] * (_CORNERS[b] - _CORNERS[a]))
        count += cut
    points = (cells + total / count[:, None]) * np.array(spacing) + first
    return Surface(points, _triangles(inside, number))


def _triangles(inside: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Two triangles for each edge of the grid that the surface crosses, between the four cells around it."""
    out = []
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        at, beyond = np.moveaxis(inside, axis, 0)[:-1], np.moveaxis(inside, axis, 0)[1:]
        for leaving in (True, False):
            edges = np.argwhere(np.moveaxis((at & ~beyond) if leaving else (~at & beyond), 0, axis))
            edges = edges[(edges[:, u] > 0) & (edges[:, v] > 0) & (edges < np.array(number.shape)).all(axis=1)]
            steps = np.zeros((4, 3), dtype=int)
            steps[1:3, u], steps[2:, v] = -1, -1
            quad = np.stack([number[tuple((edges + s).T)] for s in steps], axis=1)
            if not leaving:
                quad = quad[:, ::-1]
            out += [quad[:, [0, 1, 2]], quad[:, [0, 2, 3]]]
    return np.concatenate(out)


def enclosed(surface: Surface) -> float:
    """mL inside a closed surface, by the divergence theorem; negative when its triangles face inwards."""
    a, b, c = (surface.points[surface.triangles[:, k]] for k in range(3))
    return float(np.einsum("ti,ti->", a, np.cross(b, c))) / 6e3
