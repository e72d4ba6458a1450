"""First arrival of a front in anisotropic tissue on voxels: grad t . C grad t = 1, C the squared speeds, mm2/ms2.

Each node takes the earliest time that a plane front through one, two or three of its neighbours gives, over the six
tetrahedra of each voxel around it that is tissue, causal ones only (Qian, Zhang & Zhao, SIAM J Numer Anal 2007;45:83;
Fu, Kirby & Whitaker, SIAM J Sci Comput 2013;35:C473). Sweeps in eight directions; nodes whose surroundings stand still
are left out. First order.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    at = np.argwhere(tissue.number >= 0)
    orders = np.stack([np.lexsort((at * s).T[::-1]) for s in product((1, -1), repeat=3)]).astype(np.int32)
    _sweep(t, neighbours(tissue), _octants(tissue, at), packed, ways, slots, orders)
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


@compiled("f8(f8[:,::1],f8[::1])")
def _front(R: np.ndarray, t: np.ndarray) -> float:
    """Time u with (u - t) . R (u - t) = 1, R the inverse Gram matrix of the ways: infinite unless R (u - t) >= 0."""
    n = len(t)
    a, b, c = 0.0, 0.0, -1.0
    for i in range(n):
        for j in range(n):
            a += R[i, j]
            b += R[i, j] * t[j]
            c += R[i, j] * t[i] * t[j]
    root = b * b - a * c
    if not (root >= 0.0 and a > 0.0):
        return np.inf
    u = (b + np.sqrt(root)) / a
    for i in range(n):
        flow = 0.0
        for j in range(n):
            flow += R[i, j] * (u - t[j])
        if flow < 0.0:
            return np.inf
    return u


@compiled("f8(f8[::1],f8[:,::1],f8[::1])")
def _plane(m: np.ndarray, ways: np.ndarray, t: np.ndarray) -> float:
    """Earliest causal time at a node from its tetrahedron's corners: three, two or one of them."""
    Q, pair, two = np.empty((3, 3)), np.empty((2, 2)), np.empty(2)
    best = np.inf
    for i in range(3):
        for j in range(3):
            Q[i, j] = _dot(m, ways[i], ways[j])
        best = min(best, t[i] + np.sqrt(Q[i, i]))
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        if t[j] < np.inf and t[k] < np.inf:
            d = Q[j, j] * Q[k, k] - Q[j, k] * Q[j, k]
            pair[0, 0], pair[1, 1], pair[0, 1] = Q[k, k] / d, Q[j, j] / d, -Q[j, k] / d
            pair[1, 0] = pair[0, 1]
            two[0], two[1] = t[j], t[k]
            best = min(best, _front(pair, two))
    if t[0] < np.inf and t[1] < np.inf and t[2] < np.inf:
        best = min(best, _front(np.linalg.inv(Q).T, t))  # symmetric; its rows lie together
    return best


@compiled("f8(i8,f8[::1],i4[::1],i4[::1],f8[:,::1],f8[:,:,::1],i8[:,::1])")
def _node(
    i: int, t: np.ndarray, near: np.ndarray, octant: np.ndarray, m: np.ndarray, ways: np.ndarray, slots: np.ndarray
) -> float:
    """The earliest time of one node from what surrounds it now."""
    best, corners = t[i], np.empty(3)
    for k in range(len(slots)):
        voxel, some = octant[k // 6], False
        if voxel < 0:
            continue
        for c in range(3):
            corners[c] = t[near[slots[k, c]]]
            some |= corners[c] < best
        if some:
            best = min(best, _plane(m[voxel], ways[k], corners))
    return best


@compiled("void(f8[::1],i4[:,::1],i4[:,::1],f8[:,::1],f8[:,:,::1],i8[:,::1],i4[:,::1])")
def _sweep(
    t: np.ndarray,
    around: np.ndarray,
    octants: np.ndarray,
    m: np.ndarray,
    ways: np.ndarray,
    slots: np.ndarray,
    orders: np.ndarray,
) -> None:
    active = np.zeros(len(t), dtype=np.bool_)
    for i in range(len(t)):
        if t[i] < np.inf:
            for s in range(27):
                active[around[i, s]] = True
    moved = True
    while moved:
        moved = False
        for order in orders:
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
