"""Where and how large a heart is, from its guide points alone: a frame, a length, and the template laid on them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from vitruvian.core.errors import KindError, RecordError
from vitruvian.models.heart.frame import HeartFrame
from vitruvian.models.heart.guidepoints import GuidePoints
from vitruvian.models.heart.subdivision import SubdivisionSurface

# Azimuth, dip and roll of a heart, degrees: about patient_1's of biv-me; the spread is assumed, wide enough for
# lying and standing hearts. The margin (nats) lets a heart that is merely odd pass.
_USUAL, _SPREAD, _MARGIN = (50.0, 30.0, 5.0), (20.0, 15.0, 20.0), 4.0


@dataclass(frozen=True, eq=False)
class Pose:
    """frame; length: base to apex of the left ventricle, mm."""

    frame: HeartFrame
    length: float


def pose(points: GuidePoints) -> Pose:
    """Of the guide points. Errors: RecordError when they tell no long axis; KindError when mirrored."""
    endo = points.of("lv_endo")
    middle = endo.mean(axis=0)
    up = _long_axis(points)
    along = (endo - middle) @ up
    valve = (points.of("mitral") - middle) @ up
    base = float(np.median(valve)) if len(valve) else float(np.percentile(along, 97))
    lowest = float(np.percentile(along, 1))
    centre = _centre(endo[along > np.percentile(along, 50)], middle, up)
    right = points.of("rv_free", "rv_endo").mean(axis=0)
    apex, top = centre + lowest * up, centre + base * up
    _refuse_flipped(apex, top, right)
    return Pose(HeartFrame.through(apex, top, right), base - lowest)


def _refuse_flipped(apex: np.ndarray, base: np.ndarray, right: np.ndarray) -> None:
    """A heart that would lie far more usually with some axes turned about is not taken as it is."""
    unusual = {}
    for signs in product((1, -1), repeat=3):
        angles = HeartFrame.through(*(np.array(signs) * p for p in (apex, base, right))).angles
        off = [(a - m + 180) % 360 - 180 for a, m in zip(angles, _USUAL, strict=True)]
        unusual[signs] = sum((o / s) ** 2 for o, s in zip(off, _SPREAD, strict=True)) / 2
    best = min(unusual, key=lambda signs: unusual[signs])
    as_is = unusual[(1, 1, 1)]
    if as_is > unusual[best] + _MARGIN:
        axes = " and ".join(name for name, sign in zip("xyz", best, strict=True) if sign < 0)
        raise KindError(
            f"as it stands the right ventricle or the apex is on the wrong side; with {axes} flipped the heart would"
            " lie as hearts do",
            where="guide points",
            fix=f"flip {axes}: x must run to the patient's left, y to the back, z to the head (DICOM), and no two"
            " columns be exchanged; a heart on the right side (dextrocardia) is not built",
        )


def _long_axis(points: GuidePoints) -> np.ndarray:
    """Unit vector from apex to base: across the short-axis planes, or along the left ventricle's longest extent."""
    endo = points.of("lv_endo")
    ids = [int(s) for s in np.unique(points.slices[points.short]) if int(s) in points.planes]
    if len(ids) >= 3:
        normals = np.stack([points.planes[i].normal for i in ids])
        up = np.median(normals * np.sign(normals @ normals[0])[:, None], axis=0)
        up /= np.linalg.norm(up)
    else:
        up = np.linalg.svd(endo - endo.mean(axis=0), full_matrices=False)[2][0]
    valves = points.of("mitral", "aorta", "tricuspid", "pulmonary")
    if len(valves):
        way = float((valves.mean(axis=0) - endo.mean(axis=0)) @ up)
    else:  # the ventricle narrows towards its apex
        along = (endo - endo.mean(axis=0)) @ up
        across = np.linalg.norm(endo - endo.mean(axis=0) - along[:, None] * up, axis=1)
        way = float(np.corrcoef(along, across)[0, 1])
    if abs(way) < 1e-9:
        raise RecordError("which end is the base cannot be told", where="guide points", fix="mark the mitral valve")
    return up * np.sign(way)


def _centre(ring: np.ndarray, middle: np.ndarray, up: np.ndarray) -> np.ndarray:
    """`middle` moved across the axis to the middle of a ring of points."""
    flat = ring - middle
    flat = flat - (flat @ up)[:, None] * up
    return middle + (np.percentile(flat, 5, axis=0) + np.percentile(flat, 95, axis=0)) / 2


def laid(surface: SubdivisionSurface, at: Pose) -> np.ndarray:
    """The template's control points, mm, turned, moved and scaled to lie in a pose."""
    own = template_pose(surface)
    places = own.frame.local(surface.template) * (at.length / own.length)
    return at.frame.patient(places)


def template_pose(surface: SubdivisionSurface) -> Pose:
    return pose_of(surface, surface.template)


def pose_of(surface: SubdivisionSurface, controls: np.ndarray) -> Pose:
    """Of a surface: middle of the mitral valve, the endocardium's furthest place, middle of the right free wall."""
    points = surface.vertices(controls)
    base = points[np.unique(surface.labelled("MITRAL_VALVE"))].mean(axis=0)
    endo = points[np.unique(surface.labelled("LV_ENDOCARDIAL"))]
    apex = endo[np.argmax(np.linalg.norm(endo - base, axis=1))]
    right = points[np.unique(surface.labelled("RV_FREEWALL"))].mean(axis=0)
    return Pose(HeartFrame.through(apex, base, right), float(np.linalg.norm(apex - base)))


def similar(source: np.ndarray, target: np.ndarray, weight: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """scale, rotation (3, 3), shift with scale * source @ rotation + shift nearest to target (Umeyama, TPAMI 1991)."""
    total = weight.sum()
    a, b = weight @ source / total, weight @ target / total
    u, s, vt = np.linalg.svd((weight[:, None] * (source - a)).T @ (target - b))
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * sign) @ vt
    scale = float((s * sign).sum() / (weight @ ((source - a) ** 2).sum(axis=1)))
    return scale, rotation, b - scale * a @ rotation
