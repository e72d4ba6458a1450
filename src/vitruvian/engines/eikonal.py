"""First arrival of a front in anisotropic tissue on voxels: grad t . C grad t = 1, C the squared speeds, mm2/ms2.

Each node takes the earliest time that a plane front through one, two or three of its neighbours gives, over the six
tetrahedra of each voxel around it that is tissue, causal ones only (Qian, Zhang & Zhao, SIAM J Numer Anal 2007;45:83;
Fu, Kirby & Whitaker, SIAM J Sci Comput 2013;35:C473). It starts from the shortest ways along the 26 neighbours
(Dijkstra) and sweeps nodes in the order of their times until none moves; nodes whose surroundings stand still are left
out. First order; h log h from a point, so give exact times in a ball around one.
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush
from itertools import permutations, product

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.engines.compiled import compiled
from vitruvian.engines.monodomain.elements import neighbours
from vitruvian.engines.monodomain.tissue import Tissue


def arrival(tissue: Tissue, sources: Mapping[int, float], squared: np.ndarray | None = None) -> np.ndarray:
    """(node,) ms from `sources` {node: its own time}; squared speeds (voxel, 3, 3), default the tissue's D as such.

    Errors: KindError without sources, or when a source is no node.
    """
    count = len(tissue.nodes)
    if not sources or not all(0 <= k < count for k in sources):
        raise KindError(f"sources must be some of {count} nodes", where="eikonal", fix="use tissue.nearest(places)")
    C = tissue.tensors if squared is None else np.broadcast_to(squared.reshape(-1, 3, 3), tissue.tensors.shape)
    metric = np.linalg.inv(C)
    packed = np.ascontiguousarray(metric[:, [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]])
    t = np.full(count, np.inf)
    t[list(sources)] = list(sources.values())
    ways, slots = _tetrahedra(tissue.spacing)
    around, octants = neighbours(tissue), _octants(tissue, np.argwhere(tissue.number >= 0))
    _shortest(t, around, octants, packed, ways, slots)
    active, moved = np.zeros(count, dtype=np.bool_), True
    active[:] = np.isfinite(t)
    while moved:
        moved = _sweep(t, active, around, octants, packed, ways, slots, np.argsort(t, kind="stable"))
    return t


def _octants(tissue: Tissue, at: np.ndarray) -> np.ndarray:
    """(node, 8) number of the voxel on each side of a node (i, j, k), -1 where there is no tissue."""
    number = np.full(tissue.voxels.shape, -1, dtype=np.int32)
    number[tissue.voxels] = np.arange(int(tissue.voxels.sum()))
    padded = np.pad(number, 1, constant_values=-1)
    sides = np.array(list(product((0, 1), repeat=3)))
    return np.ascontiguousarray(np.stack([padded[tuple((at + side).T)] for side in sides], axis=1))


def _tetrahedra(spacing: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Of 48, six an octant: the way (mm) to the three corners, (48, 3, 3), and their place among the 27, (48, 3)."""
    ways, slots = [], []
    for signs in product((-1, 1), repeat=3):
        for order in permutations(range(3)):
            corner, corners = np.zeros(3, dtype=int), []
            for axis in order:
                corner = corner.copy()
                corner[axis] = signs[axis]
                corners.append(corner)
            ways.append([c * np.array(spacing) for c in corners])
            slots.append([int((c + 1) @ np.array([9, 3, 1])) for c in corners])
    return np.array(ways, dtype=np.float64), np.array(slots, dtype=np.int64)


@compiled("f8(f8[::1],f8[::1],f8[::1])")
def _dot(m: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """a . M b for a symmetric M packed in six."""
    return (
        m[0] * a[0] * b[0]
        + m[3] * a[1] * b[1]
        + m[5] * a[2] * b[2]
        + m[1] * (a[0] * b[1] + a[1] * b[0])
        + m[2] * (a[0] * b[2] + a[2] * b[0])
        + m[4] * (a[1] * b[2] + a[2] * b[1])
    )


@compiled("f8(f8,f8,f8,f8,f8)")
def _face(p: float, q: float, r: float, t: float, s: float) -> float:
    """Time u of a plane front through corners of times t and s whose ways have the Gram matrix [[p, r], [r, q]].

    (u - t) . R (u - t) = 1 with R its inverse; infinite unless the front comes from between them: R (u - t) >= 0.
    """
    d = p * q - r * r
    a = p + q - 2.0 * r
    b = (q - r) * t + (p - r) * s
    c = q * t * t + p * s * s - 2.0 * r * t * s - d
    root = b * b - a * c
    if not (root >= 0.0 and a > 0.0):
        return np.inf
    u = (b + np.sqrt(root)) / a
    if q * (u - t) < r * (u - s) or p * (u - s) < r * (u - t):
        return np.inf
    return u


@compiled("f8(f8,f8,f8,f8,f8,f8,f8,f8,f8)")
def _body(p: float, q: float, r: float, x: float, y: float, z: float, t: float, s: float, w: float) -> float:
    """As `_face` for three corners: Gram matrix [[p, x, y], [x, q, z], [y, z, r]], its inverse by cofactors."""
    A, B, C = q * r - z * z, p * r - y * y, p * q - x * x
    X, Y, Z = y * z - x * r, x * z - y * q, x * y - p * z
    d = p * A + x * X + y * Y
    a = A + B + C + 2.0 * (X + Y + Z)
    i, j, k = A * t + X * s + Y * w, X * t + B * s + Z * w, Y * t + Z * s + C * w
    b = i + j + k
    c = i * t + j * s + k * w - d
    root = b * b - a * c
    if not (root >= 0.0 and a > 0.0):
        return np.inf
    u = (b + np.sqrt(root)) / a
    if (A + X + Y) * u < i or (X + B + Z) * u < j or (Y + Z + C) * u < k:
        return np.inf
    return u


@compiled("f8(f8[::1],f8[:,::1],f8,f8,f8)")
def _plane(m: np.ndarray, ways: np.ndarray, t: float, s: float, w: float) -> float:
    """Earliest causal time at a node from its tetrahedron's corners: three, two or one of them."""
    p, q, r = _dot(m, ways[0], ways[0]), _dot(m, ways[1], ways[1]), _dot(m, ways[2], ways[2])
    x, y, z = _dot(m, ways[0], ways[1]), _dot(m, ways[0], ways[2]), _dot(m, ways[1], ways[2])
    best = min(t + np.sqrt(p), s + np.sqrt(q), w + np.sqrt(r))
    if t < np.inf and s < np.inf:
        best = min(best, _face(p, q, x, t, s))
    if t < np.inf and w < np.inf:
        best = min(best, _face(p, r, y, t, w))
    if s < np.inf and w < np.inf:
        best = min(best, _face(q, r, z, s, w))
        if t < np.inf:
            best = min(best, _body(p, q, r, x, y, z, t, s, w))
    return best


@compiled("f8(i8,f8[::1],i4[::1],i4[::1],f8[:,::1],f8[:,:,::1],i8[:,::1])")
def _node(
    i: int, t: np.ndarray, near: np.ndarray, octant: np.ndarray, m: np.ndarray, ways: np.ndarray, slots: np.ndarray
) -> float:
    """The earliest time of one node from what surrounds it now."""
    best = t[i]
    for k in range(len(slots)):
        voxel = octant[k // 6]
        if voxel < 0:
            continue
        a, b, c = t[near[slots[k, 0]]], t[near[slots[k, 1]]], t[near[slots[k, 2]]]
        if a < best or b < best or c < best:
            best = min(best, _plane(m[voxel], ways[k], a, b, c))
    return best


@compiled("b1(f8[::1],b1[::1],i4[:,::1],i4[:,::1],f8[:,::1],f8[:,:,::1],i8[:,::1],i8[::1])")
def _sweep(
    t: np.ndarray,
    active: np.ndarray,
    around: np.ndarray,
    octants: np.ndarray,
    m: np.ndarray,
    ways: np.ndarray,
    slots: np.ndarray,
    order: np.ndarray,
) -> bool:
    """One pass over the active nodes in this order; did any move?"""
    moved = False
    for i in order:
        if not active[i]:
            continue
        active[i] = False
        best = _node(i, t, around[i], octants[i], m, ways, slots)
        if best < t[i] - 1e-10:
            t[i], moved = best, True
            for s in range(27):
                active[around[i, s]] = True
            active[i] = False
    return moved


@compiled("void(f8[::1],i4[:,::1],i4[:,::1],f8[:,::1],f8[:,:,::1],i8[:,::1])")
def _shortest(
    t: np.ndarray, around: np.ndarray, octants: np.ndarray, m: np.ndarray, ways: np.ndarray, slots: np.ndarray
) -> None:
    """Dijkstra along the edges of the tetrahedra, in place."""
    heap = [(0.0, 0) for _ in range(0)]
    for i in range(len(t)):
        if t[i] < np.inf:
            heappush(heap, (t[i], i))
    while len(heap) > 0:
        now, i = heappop(heap)
        if now > t[i]:
            continue
        for k in range(len(slots)):
            voxel = octants[i, k // 6]
            if voxel < 0:
                continue
            for c in range(3):
                j = around[i, slots[k, c]]
                then = now + np.sqrt(_dot(m[voxel], ways[k, c], ways[k, c]))
                if then < t[j]:
                    t[j] = then
                    heappush(heap, (then, 0 * i + j))  # as wide a number as i
