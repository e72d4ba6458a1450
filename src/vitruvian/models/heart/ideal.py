"""An idealised bi-ventricle: the left one between two truncated ellipsoids, the right one a crescent around it.

In the heart's own axes (x to the septum, y to the front, z up, 0 at the base) with c the long half axis and t = 0.3 c
the height of the base above the ellipsoids' middle:
    left cavity      (x/a)^2 + (y/a)^2 + ((z + t)/c)^2 < 1, for x > 0 with a (1 - flat) in place of a
    right cavity     ((x - d)/b)^2 + (y/e)^2 + ((z + t)/g)^2 < 1 outside the left wall
a follows from the left volume, b from the right; d = b - 0.3 o, e = 0.55 o + 0.4 b, o the left's outer half width.
Truncation as in Land et al., Proc R Soc A 2015;471:20150641 (5/17).
Leaves out: papillary muscles, valves' planes of their own (one base for both), the outflow tracts. A synthetic shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.models.heart.anatomy import Anatomy, Surface
from vitruvian.models.heart.build import build
from vitruvian.models.heart.contour import zero
from vitruvian.models.heart.fibres import FibreRule
from vitruvian.models.heart.frame import HeartFrame
from vitruvian.models.heart.labels import ABOVE, LV, MUSCLE, RV, Labelled, grid, slabs

Places = Sequence[np.ndarray]  # x, y, z, mm, which broadcast
CUT = 0.3  # height of the base over the middle, of the long half axis: 5/17 (Land 2015)
_BEHIND = 0.3  # b - d, of o: the right ellipsoid ends inside the left ventricle; assumed
_BROAD = (0.55, 0.4)  # e = 0.55 o + 0.4 b: a right ventricle that fills widens both ways; assumed
_DEEP = 0.92  # g: the right ventricle ends above the left's apex; assumed
_MESH = 1.5  # mm: the surfaces' cells, for pictures


@dataclass(frozen=True)
class IdealBiventricle:
    """mL and mm, at the end of filling. Defaults: men of Petersen et al., J Cardiovasc Magn Reson 2017;19:18, volumes
    166 and 182 mL [absolute values from memory]; length, walls: typical, assumed. flat: 0 a round left ventricle, 0.6
    a septum flattened by right-sided pressure. azimuth, dip, roll: how it lies in the chest, HeartFrame.pointing.
    """

    lv_volume: float = 166.0
    rv_volume: float = 182.0
    long_axis: float = 92.0
    lv_wall: float = 7.0
    rv_wall: float = 3.0
    flat: float = 0.0
    azimuth: float = 48.1
    dip: float = 29.9
    roll: float = 0.0

    def __post_init__(self) -> None:
        bounds = {
            "lv_volume": (30, 600, "mL"),
            "rv_volume": (30, 700, "mL"),
            "long_axis": (50, 150, "mm"),
            "lv_wall": (3, 30, "mm"),
            "rv_wall": (2, 15, "mm"),
            "flat": (0, 0.8, ""),
        }
        for name, (low, high, unit) in bounds.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise KindError(f"{name} must be {low} to {high} {unit} (got {value:g})", where="ideal heart")

    @property
    def half(self) -> float:
        """c: long half axis of the left cavity, mm."""
        return self.long_axis / (1 + CUT)

    @property
    def radius(self) -> float:
        """a: half width of the left cavity at its widest, mm, from its volume by bisection."""
        shape = np.pi * (2 / 3 + CUT - CUT**3 / 3) * (1 + (1 - self.flat)) / 2
        return float(np.sqrt(self.lv_volume * 1e3 / (shape * self.half)))

    @cached_property
    def reach(self) -> float:
        """b: half width of the right cavity's ellipsoid towards the right, mm, from its volume."""
        low, high = 0.4 * self._outer, 4.0 * self._outer
        if not self._right_volume(low) < self.rv_volume < self._right_volume(high):
            raise KindError(
                f"no crescent holds {self.rv_volume:g} mL beside this left ventricle", where="ideal heart.rv_volume"
            )
        for _ in range(14):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self._right_volume(middle) < self.rv_volume else (low, middle)
        return 0.5 * (low + high)

    @property
    def _outer(self) -> float:
        return self.radius + self.lv_wall

    def _left(self, p: Places, wall: float) -> np.ndarray:
        """About mm outside the left ellipsoid grown by `wall`; x, y, z in the heart's axes."""
        a, c = self.radius + wall, self.half + wall
        septal = self.radius * (1 - self.flat) + wall
        x, y, z = p
        return _outside(x / np.where(x > 0, septal, a), y / a, (z + CUT * self.half) / c, min(a, septal))

    def _right(self, p: Places, reach: float, wall: float) -> np.ndarray:
        b, e, g = reach + wall, self._broad(reach) + wall, _DEEP * (self.half + self.lv_wall) + wall
        x, y, z = p
        return _outside((x - self._apart(reach)) / b, y / e, (z + CUT * self.half) / g, min(b, e))

    def _apart(self, reach: float) -> float:
        """d"""
        return reach - _BEHIND * self._outer

    def _broad(self, reach: float) -> float:
        """e"""
        return _BROAD[0] * self._outer + _BROAD[1] * reach

    def _right_volume(self, reach: float) -> float:
        h = 2.0
        x, y, z = (np.arange(lo, hi, h) + h / 2 for lo, hi in ((-160, 320), (-100, 100), (-160, 0)))
        x = x[np.abs(x - self._apart(reach)) < reach]
        y = y[np.abs(y) < self._broad(reach)]
        z = z[z > -(1 + CUT) * (self.half + self.lv_wall)]
        p = np.meshgrid(x, y, z, indexing="ij", sparse=True)
        inside = -np.maximum(self._right(p, reach, 0.0), -self._left(p, self.lv_wall))
        return float(np.clip(inside / h + 0.5, 0.0, 1.0).sum()) * h**3 / 1e3

    def _frame(self) -> HeartFrame:
        return HeartFrame.pointing(self.azimuth, self.dip, self.roll)

    def _box(self) -> tuple[np.ndarray, np.ndarray]:
        """Corners, in the heart's axes, of a box around it."""
        reach = self._apart(self.reach) + self.reach + self.rv_wall
        deep = CUT * self.half + self.half + max(self.lv_wall, self.rv_wall)
        broad = max(self._outer, self._broad(self.reach) + self.rv_wall)
        return np.array([-self._outer, -broad, -deep]), np.array([reach, broad, 0.0])

    def labelled(self, spacing: float) -> Labelled:
        """Voxels of cubes `spacing` mm wide, along the patient's axes. Errors: KindError when a wall is too thin."""
        thin = min(self.lv_wall, self.rv_wall)
        if thin < 2 * spacing:
            raise KindError(
                f"a wall of {thin:g} mm has fewer than two voxels of {spacing:g} mm",
                where="ideal heart",
                fix=f"a spacing of at most {thin / 2:g} mm",
            )
        frame = self._frame()
        low, high = self._box()
        corners = np.stack(np.meshgrid(*zip(low, high, strict=True), indexing="ij"), axis=-1).reshape(-1, 3)
        corners = frame.patient(corners)
        shape, origin = grid(corners.min(axis=0), corners.max(axis=0), spacing)
        labels = np.zeros(shape, dtype=np.uint8)
        for slab, p in zip(labels, slabs(shape, spacing, origin, frame), strict=True):
            outer = self._left(p, self.lv_wall) < 0
            slab[outer | (self._right(p, self.reach, self.rv_wall) < 0)] = MUSCLE
            slab[(self._right(p, self.reach, 0.0) < 0) & ~outer] = RV
            slab[self._left(p, 0.0) < 0] = LV
            slab[p[2] >= 0] = ABOVE
        return Labelled(labels, (spacing, spacing, spacing), origin, frame, "synthetic: ideal bi-ventricle")

    def surfaces(self) -> dict[str, Surface]:
        """Closed by lids at the base, mm of the patient."""
        low, high = self._box()
        axes = [np.arange(a - 2 * _MESH, b + 3 * _MESH, _MESH) for a, b in zip(low, high, strict=True)]
        p = np.meshgrid(*axes, indexing="ij", sparse=True)
        lid = p[2]
        outer = self._left(p, self.lv_wall)
        fields = {
            "lv_endo": np.maximum(self._left(p, 0.0), lid),
            "rv_endo": np.maximum(np.maximum(self._right(p, self.reach, 0.0), -outer), lid),
            "epi": np.maximum(np.minimum(outer, self._right(p, self.reach, self.rv_wall)), lid),
        }
        first = np.array([a[0] for a in axes])
        drawn = {name: zero(f, (_MESH, _MESH, _MESH), first) for name, f in fields.items()}
        return {name: Surface(self._frame().patient(s.points), s.triangles) for name, s in drawn.items()}

    def anatomy(self, spacing: float = 1.0, rule: FibreRule | None = None) -> Anatomy:
        """Voxels `spacing` mm wide with coordinates and fibres."""
        return build(self.labelled(spacing), self.surfaces(), rule)


def _outside(x: np.ndarray, y: np.ndarray, z: np.ndarray, scale: float) -> np.ndarray:
    """From coordinates over half axes: 0 on the ellipsoid, about mm beyond it."""
    return (np.sqrt(x * x + y * y + z * z) - 1.0) * scale
