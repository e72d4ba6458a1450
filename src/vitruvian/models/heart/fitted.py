"""A patient's heart from guide points: surfaces, volumes with their doubt, voxels, fibres; and how well it fits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.ndimage import label as pieces
from scipy.spatial import KDTree

from vitruvian.core.errors import KindError
from vitruvian.models.heart import base, guidepoints
from vitruvian.models.heart.anatomy import Anatomy, Surface
from vitruvian.models.heart.build import build
from vitruvian.models.heart.fibres import FibreRule
from vitruvian.models.heart.fit import RIGHT_WALL, Fit, FitRule, Fitter
from vitruvian.models.heart.labels import ABOVE, LV, MUSCLE, OUTSIDE, RV, Labelled, grid
from vitruvian.models.heart.nearest import normals
from vitruvian.models.heart.pose import pose_of
from vitruvian.models.heart.subdivision import LIDS, SubdivisionSurface
from vitruvian.models.heart.voxelise import check, inside

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DENSITY = 1.05  # g/mL of muscle (Petersen, J Cardiovasc Magn Reson 2017;19:18 use it for mass)
FINEST = 0.25  # mm: 300 mL of muscle are then 19 million voxels; the finest a monodomain grid is used at; assumed
_RIM = 10.0  # mm from a valve's rim, where a wall ends and thickness says nothing
_AGAIN = 2  # rounds of the fit when a slice is left out: it starts beside its end
_LOOSE = 0.01  # share of the muscle that may hang loose and go aside; assumed


@dataclass(frozen=True, eq=False)
class FittedHeart:
    """fit: what was found. without {slice: mL by name}: the volumes again with each slice left out."""

    fit: Fit
    without: dict[int, dict[str, float]]

    @property
    def surfaces(self) -> dict[str, Surface]:
        """Closed: "lv_endo", "rv_endo", "epi", mm of the patient."""
        return self.fit.surface.surfaces(self.fit.controls)

    @cached_property
    def volumes(self) -> dict[str, float]:
        """mL: "lv", "rv", "muscle"."""
        return self.fit.surface.volumes(self.fit.controls)

    @cached_property
    def sd(self) -> dict[str, float]:
        """mL, of each volume: jackknife over slices, which move and are drawn one by one, and what of the base was not
        drawn, together."""
        left = np.array([[v[name] for name in self.volumes] for v in self.without.values()])
        n = len(left)
        spread = np.sqrt((n - 1) / n * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
        lacking = base.share(self.fit.points)
        return {
            name: float(np.hypot(slices, lacking[name] * self.volumes[name]))
            for name, slices in zip(self.volumes, spread, strict=True)
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """What these volumes lack, each with the fix."""
        return base.warnings(self.fit.points)

    @property
    def mass(self) -> float:
        """Of the muscle of both ventricles, g."""
        return self.volumes["muscle"] * DENSITY

    @property
    def mass_sd(self) -> float:
        """g."""
        return self.sd["muscle"] * DENSITY

    @cached_property
    def distance(self) -> dict[str, float]:
        """mm from the contour points, slices moved as found, to their surfaces; points beyond an edge left out."""
        return summary(self.fit.gap)

    @cached_property
    def checks(self) -> dict[str, float]:
        """Of the surfaces: folded triangles (against the laid template), mL of cavity outside the epicardium, mL where
        the cavities overlap, the thinnest 1 % of the left and right walls, mm."""
        surface, controls = self.fit.surface, self.fit.controls
        before, after = surface.vertices(self.fit.base), surface.vertices(controls)
        folded = np.einsum("ti,ti->t", normals(before, surface.triangles), normals(after, surface.triangles)) < -0.5
        shape, origin = self._grid(1.0)
        m = {name: inside(s, shape, 1.0, origin) for name, s in self.surfaces.items()}
        rims = after[np.concatenate([*surface.rims.values()])]
        thin = {}
        for side, inner, outer in (
            ("left", "LV_ENDOCARDIAL", "LV_EPICARDIAL"),
            ("right", "RV_FREEWALL", "RV_EPICARDIAL"),
        ):
            i, o = (after[np.unique(surface.labelled(n))] for n in (inner, outer))
            o = o[KDTree(rims).query(o)[0] > _RIM]
            thin[f"thin_{side}_mm"] = float(np.percentile(KDTree(i).query(o)[0], 1))
        return {
            "folded_triangles": float(folded.sum()),
            "outside_ml": float(((m["lv_endo"] | m["rv_endo"]) & ~m["epi"]).sum()) / 1e3,
            "overlap_ml": float((m["lv_endo"] & m["rv_endo"]).sum()) / 1e3,
            **thin,
        }

    def _grid(self, spacing: float) -> tuple[tuple[int, int, int], tuple[float, float, float]]:
        points = self.surfaces["epi"].points
        return grid(points.min(axis=0), points.max(axis=0), spacing)

    def labelled(self, spacing: float = 1.0) -> Labelled:
        """Voxels. Errors: KindError when too coarse for the right wall, or when the muscle falls into pieces."""
        refuse_spacing(spacing)
        surfaces = self.surfaces
        check(surfaces)
        shape, origin = self._grid(spacing)
        m = {name: inside(s, shape, spacing, origin) for name, s in surfaces.items()}
        labels = np.where(m["epi"], MUSCLE, OUTSIDE).astype(np.uint8)
        labels[m["rv_endo"]], labels[m["lv_endo"]] = RV, LV
        whole = _whole(labels)
        frame = pose_of(self.fit.surface, self.fit.controls).frame
        _above(whole, spacing, origin, self.fit.surface, self.fit.controls)
        source = f"guide points of frame {self.fit.points.frame}, a subdivision surface fitted by least squares"
        return Labelled(whole, (spacing, spacing, spacing), origin, frame, source)

    def anatomy(self, spacing: float = 1.0, rule: FibreRule | None = None) -> Anatomy:
        """Voxels with coordinates and fibres, which are by rule: no image shows them."""
        return build(self.labelled(spacing), self.surfaces, rule)

    def to_json(self) -> dict[str, Any]:
        """Numbers, what they rest on, and what was set aside."""
        azimuth, dip, roll = pose_of(self.fit.surface, self.fit.controls).frame.angles
        return {
            "frame": self.fit.points.frame,
            "volumes": {k: {"value": v, "sd": self.sd[k], "unit": "mL"} for k, v in self.volumes.items()},
            "mass": {"value": self.mass, "sd": self.mass_sd, "unit": "g"},
            "distance_mm": self.distance,
            "checks": self.checks,
            "axis_deg": {"azimuth": azimuth, "dip": dip, "roll": roll},
            "shifts_mm": {str(s): np.round(v, 2).tolist() for s, v in self.fit.shifts.items()},
            "warnings": list(self.warnings),
            "aside": list(self.fit.points.aside),
            "controls": np.round(self.fit.controls, 4).tolist(),
            "source": "sd: jackknife over slices, and a base that was not drawn; fibres, if asked for, are by rule",
        }

    def plot(self) -> Figure:
        """Four short-axis cuts and one long-axis cut, each with the points drawn near it."""
        from vitruvian.models.heart.fittedplot import cuts

        return cuts(self)


def from_guide_points(
    table: str, slices: str, surface: SubdivisionSurface, frame: int | None = None, rule: FitRule | None = None
) -> FittedHeart:
    """Fit one time frame of the texts of a GPFile and a SliceInfoFile.

    Errors: ParseError, RecordError when they hold no heart; KindError when it is mirrored or its surfaces are bad.
    """
    points = guidepoints.read(table, slices, frame)
    fitter = Fitter(surface, rule or FitRule())
    fit = fitter.fit(points)
    check(surface.surfaces(fit.controls))
    without = {}
    for s in np.unique(points.slices):
        left = points.keep(points.slices != s)
        without[int(s)] = surface.volumes(fitter.again(fit, left, _AGAIN).controls)
    return FittedHeart(fit, without)


def refuse_spacing(spacing: float) -> None:
    """KindError for voxels that no right wall is resolved by, or that no machine holds."""
    if spacing > RIGHT_WALL / 2:
        raise KindError(
            f"a right wall of {RIGHT_WALL:g} mm has fewer than two voxels of {spacing:g} mm",
            where="heart from guide points",
            fix=f"a spacing of at most {RIGHT_WALL / 2:g} mm",
        )
    if not spacing >= FINEST:
        raise KindError(
            f"voxels of {spacing:g} mm are too many to hold",
            where="heart from guide points",
            fix=f"a spacing of {FINEST:g} to {RIGHT_WALL / 2:g} mm",
        )


def summary(gap: np.ndarray) -> dict[str, float]:
    """Of signed gaps, mm; nan is left out."""
    size = np.abs(gap[np.isfinite(gap)])
    return {"median": float(np.median(size)), "mean": float(size.mean()), "p95": float(np.percentile(size, 95))}


def distance_to(heart: FittedHeart, controls: np.ndarray) -> dict[str, float]:
    """mm from the same contour points to another fit of them; each slice moved in its plane to suit that one best."""
    fitter = Fitter(heart.fit.surface)
    return summary(fitter.settled(as_drawn(heart), controls))


def as_drawn(heart: FittedHeart) -> guidepoints.GuidePoints:
    """As drawn, before slices were moved."""
    points = heart.fit.points
    by = np.stack([heart.fit.shifts.get(int(s), np.zeros(3)) for s in points.slices])
    return replace(points, points=points.points - by)


def _whole(labels: np.ndarray) -> np.ndarray:
    """Muscle in one piece: crumbs go, more is refused."""
    found = np.empty(labels.shape, dtype=np.int32)
    pieces(labels == MUSCLE, output=found)
    sizes = np.bincount(found.ravel())[1:]
    if len(sizes) > 1:
        loose = 1 - sizes.max() / sizes.sum()
        if loose > _LOOSE:
            raise KindError(
                f"the muscle is in {len(sizes)} pieces, {100 * loose:.0f} % of it loose",
                where="heart from guide points",
                fix="a finer spacing, or look at the contours where walls are thin",
            )
        labels[(found > 0) & (found != 1 + np.argmax(sizes))] = OUTSIDE
    return labels


def _above(
    labels: np.ndarray,
    spacing: float,
    origin: tuple[float, float, float],
    surface: SubdivisionSurface,
    controls: np.ndarray,
) -> None:
    """Outside voxels beside the muscle at valves and the strips around them become ABOVE."""
    muscle = np.pad(labels == MUSCLE, 1)
    beside = np.zeros_like(muscle)
    for axis in range(3):
        for step in (-1, 1):
            beside |= np.roll(muscle, step, axis)
    at = np.argwhere((labels == OUTSIDE) & beside[1:-1, 1:-1, 1:-1])
    points = surface.vertices(controls)
    outer = np.flatnonzero(np.isin(surface.labels, [*LIDS, "LV_EPICARDIAL", "RV_EPICARDIAL"]))
    middles = points[surface.triangles[outer]].mean(axis=1)
    _, near = KDTree(middles).query((at + 0.5) * spacing + np.array(origin))
    lid = np.isin(surface.labels[outer[near]], list(LIDS))
    labels[tuple(at[lid].T)] = ABOVE
