"""Guide points of real images against their published fit: volumes, distances, time; any patient of biv-me's layout.

A patient is a folder NAME_gpdata with GPFile_*.txt, SliceInfoFile.txt and reference_model/*_frame_NNN.txt (388 control
points). Both sets of control points are turned into volumes by the same code. With a test root, its patients count.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.models.heart import base
from vitruvian.models.heart.fit import Fitter
from vitruvian.models.heart.fitted import FittedHeart, distance_to, from_guide_points
from vitruvian.models.heart.guidepoints import VALVES, GuidePoints, frames, read
from vitruvian.models.heart.subdivision import SubdivisionSurface, read_controls

_WITHIN, _SECONDS = 0.05, 60.0


def measure(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Callable[[float], None]
) -> dict[str, Any]:
    """Largest share a volume is off, over patients and frames. Quick: the first frame, without the volumes' sd."""
    if data is None:
        raise FileNotFoundError("the data root")
    surface = _surface(data / "heart" / "biv-me")
    cases = _cases((test or data) / "heart" / "biv-me")
    cases = cases[:1] if quick else cases
    rows = []
    for number, case in enumerate(cases):
        rows.append(_one(surface, *case, quick))
        progress((number + 1) / len(cases))
    worst = max(max(map(abs, row["off"].values())) for row in rows)
    slow = max(row["cpu_s"] for row in rows)
    sums = max(max(map(abs, row["slice_sums_off"].values())) for row in rows)
    return {
        "measured": worst,
        "met": worst <= _WITHIN and slow < _SECONDS,
        "n": len(rows),
        "baseline": sums,
        "detail": {"cases": rows, "slowest_cpu_s": slow, "baseline": "slice areas times spacing, cavities only"},
    }


def _one(
    surface: SubdivisionSurface, name: str, table: str, slices: str, frame: int, reference: str, quick: bool
) -> dict[str, Any]:
    began = time.process_time()
    if quick:
        heart = FittedHeart(Fitter(surface).fit(read(table, slices, frame)), {})
    else:
        heart = from_guide_points(table, slices, surface, frame)
    anatomy = heart.anatomy(1.0)
    anatomy.tissue(1.0, 0.2)  # refuses muscle in pieces
    taken = time.process_time() - began
    controls = read_controls(reference)
    theirs = surface.volumes(controls)
    sums = slice_sums(heart.fit.points)
    return {
        "patient": name,
        "frame": frame,
        "volumes_ml": heart.volumes,
        "reference_ml": theirs,
        "off": {k: heart.volumes[k] / v - 1 for k, v in theirs.items()},
        "sd_ml": {} if quick else heart.sd,
        "without_valves": {} if quick else _bare(surface, heart, table, slices, frame),
        "slice_sums_off": {k: v / theirs[k] - 1 for k, v in sums.items()},
        "distance_mm": heart.distance,
        "distance_of_reference_mm": distance_to(heart, controls),
        "checks": heart.checks,
        "voxels": len(anatomy.wall),
        "cpu_s": taken,
        "aside": list(heart.fit.points.aside),
    }


def _bare(
    surface: SubdivisionSurface, heart: FittedHeart, table: str, slices: str, frame: int
) -> dict[str, dict[str, float]]:
    """Of each volume when no valve is marked: the share it is off the fit of all points, and the sd it would say."""
    points = read(table, slices, frame)
    bare = FittedHeart(Fitter(surface).fit(points.keep(~np.isin(points.on, VALVES))), heart.without)
    return {
        k: {"off": v / heart.volumes[k] - 1, "sd_said": base.share(bare.fit.points)[k]} for k, v in bare.volumes.items()
    }


def slice_sums(points: GuidePoints) -> dict[str, float]:
    """mL of "lv" and "rv": the areas of short-axis contours times the distance between slices."""
    out = {}
    for name, on in (("lv", ("lv_endo",)), ("rv", ("rv_free", "rv_septum", "rv_endo"))):
        areas: dict[float, list[float]] = {}
        for s in np.unique(points.slices[points.short]):
            plane = points.planes.get(int(s))
            own = (points.slices == s) & points.short & np.isin(points.on, on)
            if plane is None or own.sum() < 8:
                continue
            flat = points.points[own] @ np.stack([plane.along, plane.down], axis=1)
            turn = np.argsort(np.arctan2(*(flat - flat.mean(axis=0)).T))
            x, y = flat[turn].T
            level = round(float(abs(plane.normal @ plane.corner)), 0)
            areas.setdefault(level, []).append(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)
        levels = np.array(sorted(areas))
        apart = float(np.median(np.diff(levels))) if len(levels) > 1 else np.nan
        out[name] = float(sum(np.mean(areas[level]) for level in levels)) * apart / 1e3
    return out


def _cases(root: Path) -> list[tuple[str, str, str, int, str]]:
    """Patient, guide points, planes, frame and its reference, each frame once."""
    out = []
    for folder in sorted(root.glob("*_gpdata")):
        planes = (folder / "SliceInfoFile.txt").read_text("utf-8")
        tables = [path.read_text("utf-8") for path in sorted(folder.glob("GPFile*.txt"))]
        for path in sorted((folder / "reference_model").glob("*_frame_*.txt")):
            frame = int(path.stem.rsplit("_", 1)[1])
            table = next((t for t in tables if frame in frames(t)), None)
            if table is not None:
                out.append((folder.name.removesuffix("_gpdata"), table, planes, frame, path.read_text("utf-8")))
    if not out:
        raise FileNotFoundError(f"no patient with guide points and a reference model in {root.name}")
    return out


def _surface(root: Path) -> SubdivisionSurface:
    tables = root / "surface-tables"
    return SubdivisionSurface.parse(
        (tables / "subdivision_matrix_sparse.mat").read_bytes(),
        (tables / "ETIndicesSorted.txt").read_text("utf-8"),
        (tables / "ETIndicesMaterials.txt").read_text("utf-8"),
        next(iter(sorted((root / "template").glob("template_model*.txt")))).read_text("utf-8"),
    )
