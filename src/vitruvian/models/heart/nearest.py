"""The nearest place on a triangulated surface, for many points (Ericson, Real-Time Collision Detection, 2004)."""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree

_TRIED = 5  # triangles with the nearest centroids


def nearest(places: np.ndarray, points: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) number of the triangle and (n, 3) barycentric shares of the place on it nearest to each of `places`."""
    tried = min(_TRIED, len(triangles))
    _, near = KDTree(points[triangles].mean(axis=1)).query(places, k=tried)
    near = near.reshape(len(places), tried)
    corners = points[triangles[near]]
    shares = _shares(places[:, None, :], corners[..., 0, :], corners[..., 1, :], corners[..., 2, :])
    gap = np.linalg.norm(np.einsum("nkc,nkcd->nkd", shares, corners) - places[:, None, :], axis=2)
    best = np.argmin(gap, axis=1)
    row = np.arange(len(places))
    return near[row, best], shares[row, best]


def _shares(p: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """(..., 3): inside the triangle the foot of the perpendicular, else the best of the three edges."""
    ab, ac, ap = b - a, c - a, p - a
    d00, d01, d11 = _dot(ab, ab), _dot(ab, ac), _dot(ac, ac)
    d20, d21 = _dot(ap, ab), _dot(ap, ac)
    area = np.maximum(d00 * d11 - d01 * d01, 1e-30)
    v, w = (d11 * d20 - d01 * d21) / area, (d00 * d21 - d01 * d20) / area
    foot = np.stack([1 - v - w, v, w], axis=-1)
    zero = np.zeros_like(v)
    s, t = _part(ap, ab, d00), _part(ap, ac, d11)
    u = _part(p - b, c - b, _dot(c - b, c - b))
    edges = np.stack(
        [np.stack([1 - s, s, zero], -1), np.stack([1 - t, zero, t], -1), np.stack([zero, 1 - u, u], -1)], axis=-2
    )
    corners = np.stack([a, b, c], axis=-2)
    gap = np.linalg.norm(np.einsum("...ec,...cd->...ed", edges, corners) - p[..., None, :], axis=-1)
    best = np.take_along_axis(edges, np.argmin(gap, axis=-1)[..., None, None], axis=-2)[..., 0, :]
    return np.where((foot >= 0).all(axis=-1, keepdims=True), foot, best)


def _part(p: np.ndarray, edge: np.ndarray, squared: np.ndarray) -> np.ndarray:
    return np.clip(_dot(p, edge) / np.maximum(squared, 1e-30), 0.0, 1.0)


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.einsum("...i,...i->...", *np.broadcast_arrays(a, b))


def normals(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(m, 3) unit, outwards."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    n = np.cross(b - a, c - a)
    return n / np.maximum(np.linalg.norm(n, axis=1), 1e-30)[:, None]
