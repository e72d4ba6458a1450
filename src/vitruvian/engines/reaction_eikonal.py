"""Reaction-eikonal: fronts arrive when the eikonal equation says, and leave the cell's own action potential behind.

    V(x, t) = V0 + A v(t - a(x)),   a(x) = min over sites s of (t_s + T_s(x) / c)
    lead(t) = sum over blocks of grad a . S  box(t - a) * v_up'  -  grad r . S  box(t - r) * v_down'

a arrival, r = a + duration its end, T_s distance in time from a site at unit speed, S what a lead sees (mV per mV/mm).
In a block of voxels a is linear, so a front takes the time `box` to cross it: no grid shows in the trace (after Neic
et al., J Comput Phys 2017;346:191; Keller, Weber & Seemann, Comput Cardiol 2010;37). T depends on the shape of the
speeds (ratio across to along, fast layer) through `terms`: a weighted sum of solved shapes. Holds where fronts meet
resting tissue; leaves out source and sink (a front's curvature), block, re-entry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitruvian.engines.compiled import compiled
from vitruvian.engines.monodomain.tissue import Tissue

STEP = 2.0  # ms between samples: 500 Hz
LEADS = 8  # independent ones of twelve: known to the compiler, so that it takes all at once


@dataclass(frozen=True, eq=False)
class Blocks:
    """Voxels in blocks of `wide` along each axis that share a `label` (voxel,): of (voxel,) the block's number."""

    tissue: Tissue
    of: np.ndarray
    wide: int

    @classmethod
    def group(cls, tissue: Tissue, label: np.ndarray, wide: int = 2) -> Blocks:
        key = np.column_stack([np.argwhere(tissue.voxels) // wide, label])
        return cls(tissue, np.unique(key, axis=0, return_inverse=True)[1].reshape(-1), wide)

    @property
    def count(self) -> int:
        """How many."""
        return int(self.of.max()) + 1

    def total(self, values: np.ndarray) -> np.ndarray:
        """(voxel, ...) -> (block, ...) sums."""
        out = np.zeros((self.count, *values.shape[1:]))
        np.add.at(out, self.of, values)
        return out

    def mean(self, values: np.ndarray) -> np.ndarray:
        """(voxel, ...) -> (block, ...) means."""
        size = np.bincount(self.of).reshape(-1, *([1] * (values.ndim - 1)))
        return self.total(values) / size

    def linear(self, nodes: np.ndarray) -> np.ndarray:
        """(node,) -> (block, 4): mean, and slope along each axis per mm."""
        corners = nodes[self.tissue.corners]  # sides in the order of Tissue: x, y, z, the last fastest
        cube = corners.reshape(-1, 2, 2, 2)
        slopes = [
            np.diff(cube.mean(axis=tuple({1, 2, 3} - {k + 1})), axis=1)[:, 0] / self.tissue.spacing[k] for k in range(3)
        ]
        return self.mean(np.column_stack([corners.mean(axis=1), *slopes]))

    def at_nodes(self, voxels: np.ndarray) -> np.ndarray:
        """(voxel,) -> (node,): mean of the voxels around."""
        corners, count = self.tissue.corners, len(self.tissue.nodes)
        weight = np.repeat(voxels, 8)
        return np.bincount(corners.ravel(), weight, count) / np.bincount(corners.ravel(), minlength=count)


@dataclass(frozen=True, eq=False)
class Paths:
    """T of each site for each solved shape: terms (site, term, block, 4), ms at 1 mm/ms along fibres."""

    terms: np.ndarray

    def join(self, other: Paths) -> Paths:
        """The sites of both."""
        return Paths(np.concatenate([self.terms, other.terms]))


@dataclass(frozen=True, eq=False)
class Muscle:
    """What a trace needs beside arrivals. Of each block: S (block, view, 3, lead), one view a term of the heart's turn;
    late (block, part, 4): mean and slope of each part of the duration; size (mm) of a block; where (block,) its
    segment; span: samples. up, down: derivatives of the template, per sample, the second from sample `lead_in` before.
    """

    S: np.ndarray
    late: np.ndarray
    size: float
    where: np.ndarray
    segments: int
    up: np.ndarray
    down: np.ndarray
    lead_in: int
    span: int
    before: float  # ms of rest before the first arrival


def traces(
    paths: Paths, shape: np.ndarray, times: np.ndarray, speed: np.ndarray, view: np.ndarray, late: np.ndarray, m: Muscle
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Leads (member, lead, span), arrivals by segment (member, segment, 3: mean, first, last; ms), first arrival.

    shape (member, term), times (member, site) ms (infinite: silent), speed (member,) mm/ms, view (member, view), late
    (member, part): the duration is the sum of its parts, ms.
    """
    count = len(speed)
    out = np.zeros((count, LEADS, m.span))
    seen = np.zeros((count, m.segments, 3))
    first = np.zeros(count)
    each = [np.ascontiguousarray(v, dtype=np.float64) for v in (shape, times, speed, view, late)]
    fixed = (m.S, m.late, m.where, m.up, m.down)
    _members(paths.terms, *each, *fixed, np.array([m.size, m.before, STEP]), m.lead_in, out, seen, first)
    return out, seen, first


@compiled("f8(f4[:,:,:,::1],f8[::1],f8[::1],f8,f8[:,::1])")
def _arrivals(terms: np.ndarray, shape: np.ndarray, times: np.ndarray, slow: float, a: np.ndarray) -> float:
    """Earliest site's arrival and slope of every block; the first of all."""
    first = np.inf
    for b in range(terms.shape[2]):
        best, site = np.inf, 0
        for s in range(terms.shape[0]):
            if times[s] < np.inf:
                t = 0.0
                for k in range(terms.shape[1]):
                    t += shape[k] * terms[s, k, b, 0]
                t = times[s] + slow * max(t, 0.0)
                if t < best:
                    best, site = t, s
        a[b, 0] = best
        first = min(first, best)
        for c in range(1, 4):
            g = 0.0
            for k in range(terms.shape[1]):
                g += shape[k] * terms[site, k, b, c]
            a[b, c] = slow * g
    return first


@compiled("void(f8[:,::1],i8[::1],f8[:,::1])")
def _segments(a: np.ndarray, where: np.ndarray, seen: np.ndarray) -> None:
    """Mean, first and last arrival of each segment."""
    count = np.zeros(len(seen))
    seen[:, 0], seen[:, 1], seen[:, 2] = 0.0, np.inf, -np.inf
    for b in range(len(a)):
        s = where[b]
        count[s] += 1.0
        seen[s, 0] += a[b, 0]
        seen[s, 1] = min(seen[s, 1], a[b, 0])
        seen[s, 2] = max(seen[s, 2], a[b, 0])
    for s in range(len(seen)):
        seen[s, 0] /= max(count[s], 1.0)


@compiled("void(f8[:,::1],f8,f8,f8[::1])")
def _box(slope: np.ndarray, middle: float, wide: float, amount: np.ndarray) -> None:
    """Add the slopes (time, lead) of boxes of area `amount`, each edge shared between two samples."""
    last = len(slope) - 2
    for sign in (1.0, -1.0):
        x = middle - sign * 0.5 * wide
        x = min(max(x, 0.0), last + 0.999)
        k = int(x)
        w = x - k
        near, far = sign * (1.0 - w) / wide, sign * w / wide
        for e in range(LEADS):
            slope[k, e] += near * amount[e]
            slope[k + 1, e] += far * amount[e]


@compiled("void(f8[:,::1],f8[:,::1],f8[::1],f8[::1],i8,f8[:,::1])")
def _trace(rise: np.ndarray, fall: np.ndarray, up: np.ndarray, down: np.ndarray, lead_in: int, out: np.ndarray) -> None:
    """Boxes from their slopes (time, lead), then the template's derivative over each, into (lead, time)."""
    span = out.shape[1]
    both = np.zeros((2, span, LEADS))
    total = np.zeros((2, LEADS))
    for k in range(span):
        for e in range(LEADS):
            total[0, e] += rise[k, e]
            total[1, e] += fall[k, e]
            both[0, k, e], both[1, k, e] = total[0, e], total[1, e]
    one = np.empty(LEADS)
    for k in range(span):
        one[:] = 0.0
        for j in range(min(len(up), k + 1)):
            for e in range(LEADS):
                one[e] += up[j] * both[0, k - j, e]
        for j in range(max(0, k + lead_in - span + 1), min(len(down), k + lead_in + 1)):
            for e in range(LEADS):
                one[e] -= down[j] * both[1, k + lead_in - j, e]
        for e in range(LEADS):
            out[e, k] = one[e]


@compiled(
    "void(f4[:,:,:,::1],f8[:,::1],f8[:,::1],f8[::1],f8[:,::1],f8[:,::1],f4[:,:,:,::1],f4[:,:,::1],i8[::1],f8[::1],"
    "f8[::1],f8[::1],i8,f8[:,:,::1],f8[:,:,::1],f8[::1])"
)
def _members(
    terms: np.ndarray,
    shape: np.ndarray,
    times: np.ndarray,
    speed: np.ndarray,
    view: np.ndarray,
    late: np.ndarray,
    S: np.ndarray,
    parts: np.ndarray,
    where: np.ndarray,
    up: np.ndarray,
    down: np.ndarray,
    numbers: np.ndarray,
    lead_in: int,
    out: np.ndarray,
    seen: np.ndarray,
    first: np.ndarray,
) -> None:
    size, before, step = numbers
    span, count = out.shape[2], terms.shape[2]
    a = np.empty((count, 4))
    slope = np.empty((2, span + 2, LEADS))
    rises, falls = np.empty(LEADS), np.empty(LEADS)
    for i in range(len(speed)):
        first[i] = _arrivals(terms, shape[i], times[i], 1.0 / speed[i], a)
        _segments(a, where, seen[i])
        slope[:] = 0.0
        for b in range(count):
            rise = a[b, 0] - first[i] + before
            r, gx, gy, gz = rise, a[b, 1], a[b, 2], a[b, 3]
            for p in range(parts.shape[1]):
                r += late[i, p] * parts[b, p, 0]
                gx += late[i, p] * parts[b, p, 1]
                gy += late[i, p] * parts[b, p, 2]
                gz += late[i, p] * parts[b, p, 3]
            wide = max(size * np.sqrt(a[b, 1] ** 2 + a[b, 2] ** 2 + a[b, 3] ** 2), step)
            broad = max(size * np.sqrt(gx * gx + gy * gy + gz * gz), step)
            for e in range(LEADS):
                rises[e] = falls[e] = 0.0
            for v in range(S.shape[1]):
                w = view[i, v]
                for e in range(LEADS):
                    rises[e] += w * (a[b, 1] * S[b, v, 0, e] + a[b, 2] * S[b, v, 1, e] + a[b, 3] * S[b, v, 2, e])
                    falls[e] += w * (gx * S[b, v, 0, e] + gy * S[b, v, 1, e] + gz * S[b, v, 2, e])
            _box(slope[0], rise / step, wide / step, rises)
            _box(slope[1], r / step, broad / step, falls)
        _trace(slope[0], slope[1], up, down, lead_in, out[i])
