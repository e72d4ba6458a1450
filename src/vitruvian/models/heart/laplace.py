"""Laplace's equation between the faces of labelled voxels: finite volumes, conjugate gradients over the diagonal.

A face towards a label of `held` keeps that value half a voxel away; nothing flows through the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.engines.compiled import compiled
from vitruvian.models.heart.labels import Labelled

_LABELS = 5  # of labels.py


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
        flat = np.flatnonzero(muscle)
        number.ravel()[flat] = np.arange(len(flat), dtype=np.int32)
        strides = np.array(muscle.strides) // muscle.itemsize
        ways = np.array([sign * int(s) for s in strides for sign in (-1, 1)])
        at = flat[:, None] + ways
        return cls(number.ravel()[at], labels.ravel()[at], heart.spacing)

    def gradient(self, value: np.ndarray, held: Mapping[int, float]) -> np.ndarray:
        """(voxel, 3) per mm of a solved field, each the mean over a voxel and its neighbours, twice: what the
        staircase of the surface does to a direction fades."""
        out = np.empty((len(value), 3))
        other = np.empty_like(out)
        _slope(self.number, self.label, value, _table(held), np.array(self.spacing), out)
        for _ in range(2):
            _mean(self.number, out, other)
            out, other = other, out
        return out


def solve(
    around: Neighbours, held: Mapping[int, float], start: np.ndarray, tolerance: float, pinned: np.ndarray | None = None
) -> np.ndarray:
    """(voxel,) from a first guess; `pinned` voxels keep theirs. `tolerance`: of the residual, relative to the sources.

    Errors: KindError when it does not settle.
    """
    weight = np.repeat(1.0 / np.array(around.spacing) ** 2, 2)
    x = start.astype(np.float64)
    fixed = np.zeros(len(x), dtype=bool) if pinned is None else pinned
    steps = 20 * int(len(x) ** (1 / 3)) + 200
    if _gradients(around.number, around.label, weight, _table(held), fixed, x, tolerance, steps) >= steps:
        raise KindError(
            "Laplace's equation did not settle on these voxels", where="heart", fix="repair holes in the muscle"
        )
    return x


def _table(held: Mapping[int, float]) -> np.ndarray:
    """(label,) the value held there, nan where nothing is."""
    out = np.full(_LABELS, np.nan)
    for label, value in held.items():
        out[label] = value
    return out


@compiled("f8(i4[:,::1],f8[::1],f8[::1],b1[::1],f8[::1],f8[::1])")
def _applied(
    number: np.ndarray, weight: np.ndarray, d: np.ndarray, fixed: np.ndarray, p: np.ndarray, out: np.ndarray
) -> float:
    """out = A p; p . A p."""
    total = 0.0
    for v in range(len(p)):
        if fixed[v]:
            out[v] = 0.0
            continue
        q = d[v] * p[v]
        for k in range(6):
            n = number[v, k]
            if n >= 0:
                q -= weight[k] * p[n]
        out[v] = q
        total += q * p[v]
    return total


@compiled("f8(i4[:,::1],u1[:,::1],f8[::1],f8[::1],b1[::1],f8[::1],f8[::1],f8[::1])")
def _system(
    number: np.ndarray,
    label: np.ndarray,
    weight: np.ndarray,
    held: np.ndarray,
    fixed: np.ndarray,
    x: np.ndarray,
    d: np.ndarray,
    r: np.ndarray,
) -> float:
    """Diagonal and right side; the size of the sources, those of fixed neighbours among them, over the diagonal."""
    size = 0.0
    for v in range(len(x)):
        near = 0.0
        for k in range(6):
            n = number[v, k]
            value = held[label[v, k]]
            if n >= 0:
                d[v] += weight[k]
                near += weight[k] * x[n] if fixed[n] else 0.0
            elif value == value:  # not nan: a face that holds
                d[v] += 2.0 * weight[k]
                r[v] += 2.0 * weight[k] * value
        d[v] = max(d[v], 1e-30)
        if not fixed[v]:
            size += (r[v] + near) ** 2 / d[v]
    return size


@compiled("i8(i4[:,::1],u1[:,::1],f8[::1],f8[::1],b1[::1],f8[::1],f8,i8)")
def _gradients(
    number: np.ndarray,
    label: np.ndarray,
    weight: np.ndarray,
    held: np.ndarray,
    fixed: np.ndarray,
    x: np.ndarray,
    tolerance: float,
    most: int,
) -> int:
    """Steps taken until the residual is small, `most` if it never was. Fixed voxels have no residual and never move."""
    count = len(x)
    d, r, p, q = np.zeros(count), np.zeros(count), np.zeros(count), np.zeros(count)
    goal = tolerance * tolerance * max(_system(number, label, weight, held, fixed, x, d, r), 1e-30)
    _applied(number, weight, d, fixed, x, q)
    old = 0.0
    for v in range(count):
        r[v] = 0.0 if fixed[v] else r[v] - q[v]
        p[v] = r[v] / d[v]
        old += r[v] * p[v]
    for step in range(most):
        if old <= goal:
            return step
        a = old / max(_applied(number, weight, d, fixed, p, q), 1e-300)
        new = 0.0
        for v in range(count):
            x[v] += a * p[v]
            r[v] -= a * q[v]
            new += r[v] * r[v] / d[v]
        b = new / max(old, 1e-300)
        for v in range(count):
            p[v] = r[v] / d[v] + b * p[v]
        old = new
    return most


@compiled("void(i4[:,::1],u1[:,::1],f8[::1],f8[::1],f8[::1],f8[:,::1])")
def _slope(
    number: np.ndarray, label: np.ndarray, x: np.ndarray, held: np.ndarray, spacing: np.ndarray, out: np.ndarray
) -> None:
    """Central differences, with the held value half a voxel beyond a face."""
    for v in range(len(x)):
        for axis in range(3):
            reach, rise = 0.0, 0.0
            for side in range(2):
                k = 2 * axis + side
                n = number[v, k]
                value, far = x[v], 0.0
                if n >= 0:
                    value, far = x[n], 1.0
                elif held[label[v, k]] == held[label[v, k]]:
                    value, far = held[label[v, k]], 0.5
                reach += far
                rise += (2 * side - 1) * value
            out[v, axis] = rise / (spacing[axis] * max(reach, 0.5))


@compiled("void(i4[:,::1],f8[:,::1],f8[:,::1])")
def _mean(number: np.ndarray, vectors: np.ndarray, out: np.ndarray) -> None:
    """Of each voxel and its neighbours."""
    for v in range(len(vectors)):
        a, b, c, count = vectors[v, 0], vectors[v, 1], vectors[v, 2], 1.0
        for k in range(6):
            n = number[v, k]
            if n >= 0:
                a += vectors[n, 0]
                b += vectors[n, 1]
                c += vectors[n, 2]
                count += 1.0
        out[v, 0], out[v, 1], out[v, 2] = a / count, b / count, c / count
