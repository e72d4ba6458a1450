"""Trilinear hexahedral elements on voxels: rows of stiffness over lumped mass, 27 neighbours a node.

K_ij = sum over voxels of the integral of grad phi_i . D grad phi_j, exact for a D constant in each voxel; symmetric,
so nothing is lost, and free of flux where the mask ends, without any rule for boundaries (Hughes, The Finite Element
Method, 1987, chapters 1 and 3). Along each axis the slopes are exact; across it half of the mass is lumped: that makes
the leading error of an oblique wave that of one along an axis, -h^2/12 k^2 (k . D k), so one correction (scheme.py)
serves every direction. What half-lumping adds is positive, so K stays positive for every D.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from vitruvian.engines.monodomain.tissue import Tissue

_SIDES = list(product((0, 1), repeat=3))
_MASS = np.array([[2.0, 1.0], [1.0, 2.0]]) / 6.0  # integrals over a unit interval of phi_i phi_j,
_STIFF = np.array([[1.0, -1.0], [-1.0, 1.0]])  # of their slopes,
_MIXED = np.array([[-0.5, -0.5], [0.5, 0.5]])  # of slope_i phi_j
_HALF = (_MASS + np.diag([0.5, 0.5])) / 2.0  # half of the mass at its own node


def element(spacing: tuple[float, float, float]) -> np.ndarray:
    """(3, 3, 8, 8): integral of d_p phi_i d_q phi_j over one voxel, mm; contract with D. Half-lumped where p = q."""
    h = np.array(spacing)
    out = np.empty((3, 3, 8, 8))
    for p, q, (i, a), (j, b) in product(range(3), range(3), enumerate(_SIDES), enumerate(_SIDES)):
        value = np.prod(h) / (h[p] * h[q])
        for axis in range(3):
            if axis == p == q:
                part = _STIFF[a[axis], b[axis]]
            elif axis == p:
                part = _MIXED[a[axis], b[axis]]
            elif axis == q:
                part = _MIXED[b[axis], a[axis]]
            else:
                part = (_HALF if p == q else _MASS)[a[axis], b[axis]]
            value *= part
        out[p, q, i, j] = value
    return out


def lumped(tissue: Tissue) -> np.ndarray:
    """(node,) volume of each node, mm3."""
    eighth = float(np.prod(tissue.spacing)) / 8.0
    return np.bincount(tissue.corners.ravel(), minlength=len(tissue.nodes)) * eighth


def neighbours(tissue: Tissue) -> np.ndarray:
    """(node, 27) int32 numbers of the nodes around, itself where there is none."""
    padded = np.pad(tissue.number, 1, constant_values=-1)
    at = np.argwhere(tissue.number >= 0) + 1
    own = np.arange(len(at))
    columns = [padded[tuple((at + np.array(o)).T)] for o in product((-1, 0, 1), repeat=3)]
    return np.stack([np.where(c < 0, own, c) for c in columns], axis=1).astype(np.int32)


def rows(tissue: Tissue, tensors: np.ndarray) -> np.ndarray:
    """(node, 27) of K, mm3 x the tensors' unit / mm2; tensors (voxel, 3, 3)."""
    parts = element(tissue.spacing)
    out = np.zeros((len(tissue.nodes), 27))
    for i, a in enumerate(_SIDES):
        node = tissue.corners[:, i]  # each voxel another node, so plain addition
        for j, b in enumerate(_SIDES):
            slot = sum((b[k] - a[k] + 1) * 3 ** (2 - k) for k in range(3))
            out[node, slot] += np.einsum("vpq,pq->v", tensors, parts[:, :, i, j])
    return out


def row_of_box(spacing: tuple[float, float, float], tensor: np.ndarray) -> np.ndarray:
    """(2, 2, 2) of K over mass inside a box with a diagonal tensor, by how far away along each axis."""
    whole = np.zeros((3, 3, 3))
    parts = element(spacing)
    for (i, a), (j, b) in product(enumerate(_SIDES), enumerate(_SIDES)):
        whole[tuple(b[k] - a[k] + 1 for k in range(3))] += float(np.sum(tensor * parts[:, :, i, j]))
    return whole[1:, 1:, 1:] / np.prod(spacing)
