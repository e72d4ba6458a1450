"""Which way muscle fibres and sheets run, by rule from a wall's depth (LDRB; Bayer, Ann Biomed Eng 2012;40:2243).

In each wall's frame (around, up, outwards) the fibre turns by the helix angle a from around to up, the sheet by b:
    f = cos a e_c + sin a e_l,   s = cos b e_t + sin b (cos a e_l - sin a e_c)
and a = a_endo * inner + a_epi * outer - a_endo * opposite, with the three harmonic shares; b likewise. So a is linear
in depth, and in the septum runs from a_endo on the left to -a_endo, which seen from the right is a_endo again. Frames
of left, right and outside are blended by bislerp, as in the paper. Two things differ from it: e_t is kept exact and e_l
made normal to it, so that fibres lie in the wall; and all three frames carry the same angle before they are blended,
which is what makes a linear (the paper's blend is quadratic and jumps where a turns by more than a right angle).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.models.heart.coordinates import Coordinates

_BLOCK = 8192  # voxels at a time: what stays in the processor's cache


@dataclass(frozen=True)
class FibreRule:
    """Degrees. Helix: 60 at the endocardium, -60 at the epicardium (Streeter, Circ Res 1969;24:339; Lombaert, IEEE TMI
    2012;31:1436: 66 to -41 in ten human hearts). Sheet: -65 and 25 (Bayer 2012).
    """

    helix_endo: float = 60.0
    helix_epi: float = -60.0
    sheet_endo: float = -65.0
    sheet_epi: float = 25.0

    def __post_init__(self) -> None:
        if not all(-90.0 <= v <= 90.0 for v in (self.helix_endo, self.helix_epi, self.sheet_endo, self.sheet_epi)):
            raise KindError("an angle of fibres or sheets must be -90 to 90", where="FibreRule", fix="give degrees")


def fibres(at: Coordinates, rule: FibreRule) -> tuple[np.ndarray, np.ndarray]:
    """(voxel, 3) unit vectors each: fibre and sheet."""
    whole = at.gradients()
    fibre, sheet = np.empty((2, len(at.shares), 3))
    for first in range(0, len(fibre), _BLOCK):
        some = slice(first, first + _BLOCK)
        fibre[some], sheet[some] = _ruled(at.shares[some], tuple(g[some] for g in whole), rule)
    return fibre, sheet


def _ruled(shares: np.ndarray, gradients: tuple[np.ndarray, ...], rule: FibreRule) -> tuple[np.ndarray, np.ndarray]:
    left, right, outer = shares.T
    to_left, to_right, to_outer, up = gradients
    a_left = _angle(rule.helix_endo, rule.helix_epi, left, right, outer)
    a_right = _angle(rule.helix_endo, rule.helix_epi, right, left, outer)
    b_left = _angle(rule.sheet_endo, rule.sheet_epi, left, right, outer)
    b_right = _angle(rule.sheet_endo, rule.sheet_epi, right, left, outer)
    inner = np.maximum(left + right, 1e-12)
    share = right / inner
    from_left = _oriented(up, -to_left, a_left, b_left)
    from_right = _oriented(up, -to_right, a_right, b_right)
    both = bislerp(from_left, from_right, share)
    a_outer = (1 - share) * a_left + share * a_right
    b_outer = (1 - share) * b_left + share * b_right
    q = bislerp(both, _oriented(up, to_outer, a_outer, b_outer), outer)
    w, x, y, z = q.T
    fibre = np.stack([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)], axis=1)
    sheet = np.stack([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)], axis=1)
    return fibre, sheet


def _angle(endo: float, epi: float, here: np.ndarray, there: np.ndarray, outer: np.ndarray) -> np.ndarray:
    """Radians, seen from the ventricle whose share is `here`."""
    return np.radians(endo * here + epi * outer - endo * there)


def _oriented(up: np.ndarray, outwards: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(voxel, 4) unit quaternions of the frames (fibre, third, sheet), turned by a and b."""
    e_t = _unit(outwards)
    e_l = up - e_t * np.einsum("vi,vi->v", up, e_t)[:, None]
    flat = np.linalg.norm(e_l, axis=1) < 1e-9 * np.maximum(np.linalg.norm(up, axis=1), 1e-30)
    if flat.any():  # straight up or no slope at all: any way along the wall
        e_l[flat] = np.cross(e_t[flat], np.eye(3)[np.argmin(np.abs(e_t[flat]), axis=1)])
    e_l = _unit(e_l)
    e_c = np.cross(e_l, e_t)
    ca, sa, cb, sb = (v[:, None] for v in (np.cos(a), np.sin(a), np.cos(b), np.sin(b)))
    fibre, across = ca * e_c + sa * e_l, ca * e_l - sa * e_c
    return _quaternion(fibre, cb * across - sb * e_t, cb * e_t + sb * across)


def _unit(v: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(v, axis=1)
    flat = length < 1e-12
    out = v / np.where(flat, 1.0, length)[:, None]
    out[flat] = (0.0, 0.0, 1.0)
    return out


def _quaternion(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """(n, 4) of the rotation whose columns are x, y, z: the largest of four forms (Shepperd, J Guid Control 1978)."""
    trace = np.stack([x[:, 0] + y[:, 1] + z[:, 2], x[:, 0], y[:, 1], z[:, 2]], axis=1)
    best = np.argmax(trace, axis=1)
    sums = np.stack([y[:, 2] - z[:, 1], z[:, 0] - x[:, 2], x[:, 1] - y[:, 0]], axis=1)
    xy, xz, yz = y[:, 0] + x[:, 1], z[:, 0] + x[:, 2], z[:, 1] + y[:, 2]
    one, t = np.ones(len(x)), trace[:, 0]
    forms = (
        (one + t, sums[:, 0], sums[:, 1], sums[:, 2]),
        (sums[:, 0], one + 2 * x[:, 0] - t, xy, xz),
        (sums[:, 1], xy, one + 2 * y[:, 1] - t, yz),
        (sums[:, 2], xz, yz, one + 2 * z[:, 2] - t),
    )
    q = np.stack([np.choose(best, [form[k] for form in forms]) for k in range(4)], axis=1)
    return q / np.linalg.norm(q, axis=1)[:, None]


def bislerp(p: np.ndarray, q: np.ndarray, share: np.ndarray) -> np.ndarray:
    """From p (share 0) to q (1), both (n, 4), a fibre having no head: the nearest of p's four half-turn equivalents."""
    w, x, y, z = p.T
    same = np.stack([p, np.stack([-x, w, z, -y], 1), np.stack([-y, -z, w, x], 1), np.stack([-z, y, -x, w], 1)])
    dots = np.einsum("kni,ni->kn", same, q)
    best = np.argmax(np.abs(dots), axis=0)
    index = np.arange(len(p))
    p, dot = same[best, index], dots[best, index]
    q, dot = q * np.where(dot < 0, -1.0, 1.0)[:, None], np.minimum(np.abs(dot), 1.0)
    angle = np.arccos(dot)
    small = angle < 1e-6
    sine = np.where(small, 1.0, np.sin(angle))
    a = np.where(small, 1 - share, np.sin((1 - share) * angle) / sine)
    b = np.where(small, share, np.sin(share * angle) / sine)
    out = a[:, None] * p + b[:, None] * q
    return out / np.linalg.norm(out, axis=1)[:, None]
