"""Guide points drawn on cardiac magnetic resonance images, as biv-me writes them: contours by slice.

A table of x, y, z (mm, the scanner's axes), contour type, slice, weight, time frame; a line a slice with its plane.
What cannot be used is kept aside and listed, row by row or by type; nothing is dropped unsaid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vitruvian.core.errors import ParseError, RecordError

# Which surface a contour lies on (biv-me, Apache-2.0: fitting/surface_enum.py names the types).
CONTOURS = {
    "SAX_LV_ENDOCARDIAL": "lv_endo",
    "LAX_LV_ENDOCARDIAL": "lv_endo",
    "SAX_LV_EPICARDIAL": "lv_epi",
    "LAX_LV_EPICARDIAL": "lv_epi",
    "SAX_RV_EPICARDIAL": "rv_epi",
    "LAX_RV_EPICARDIAL": "rv_epi",
    "SAX_RV_FREEWALL": "rv_free",
    "LAX_RV_FREEWALL": "rv_free",
    "SAX_RV_SEPTUM": "rv_septum",
    "LAX_RV_SEPTUM": "rv_septum",
    "SAX_RV_ENDOCARDIAL": "rv_endo",
    "LAX_RV_ENDOCARDIAL": "rv_endo",
    "MITRAL_VALVE": "mitral",
    "AORTA_VALVE": "aorta",
    "TRICUSPID_VALVE": "tricuspid",
    "PULMONARY_VALVE": "pulmonary",
    "APEX_POINT": "apex",
}
VALVES = ("mitral", "aorta", "tricuspid", "pulmonary")
_COLUMNS = ["x", "y", "z", "contour type", "sliceID", "weight", "time frame"]
_SLANT = 20.0  # degrees between a plane and the other short-axis planes beyond which it is none of them; assumed
_SMALLEST, _WIDEST = 60.0, 400.0  # mm across all points of one heart


@dataclass(frozen=True, eq=False)
class Plane:
    """Of an image: corner (3,) mm, and two unit vectors along its rows and columns."""

    corner: np.ndarray
    along: np.ndarray
    down: np.ndarray

    @property
    def normal(self) -> np.ndarray:
        return np.cross(self.along, self.down)


@dataclass(frozen=True, eq=False)
class GuidePoints:
    """points (n, 3) mm; on (n,): a value of CONTOURS; short (n,): on a short-axis image; slices (n,); weights (n,).

    planes {slice: its plane}. aside: what was not used, one sentence each.
    """

    points: np.ndarray
    on: np.ndarray
    short: np.ndarray
    slices: np.ndarray
    weights: np.ndarray
    planes: dict[int, Plane]
    frame: int
    aside: tuple[str, ...] = ()

    def of(self, *names: str) -> np.ndarray:
        """Places on these surfaces."""
        return self.points[np.isin(self.on, names)]

    def keep(self, which: np.ndarray, why: str = "") -> GuidePoints:
        """Only some points; `why` is listed beside what was set aside before."""
        return replace(
            self,
            points=self.points[which],
            on=self.on[which],
            short=self.short[which],
            slices=self.slices[which],
            weights=self.weights[which],
            aside=(*self.aside, why) if why else self.aside,
        )


def frames(table: str) -> list[int]:
    """Time frames a table of guide points holds."""
    rows = [line.split("\t") for line in table.splitlines()[1:] if line.strip()]
    return sorted({int(float(r[6])) for r in rows if len(r) > 6 and _number(r[6]) is not None})


def read(table: str, slices: str = "", frame: int | None = None) -> GuidePoints:
    """The points of one time frame, the first when none is named; `slices`: the text of the planes' file.

    Errors: ParseError on a table that is none; RecordError when nothing of a heart is left, or it is no heart's size.
    """
    lines = table.splitlines()
    if not lines or [c.strip().lower() for c in lines[0].split("\t")] != [c.lower() for c in _COLUMNS]:
        raise ParseError(
            f"the first line must name the columns {', '.join(_COLUMNS)}, with tabs between",
            where="guide points, line 1",
            fix="export with biv-me's preprocessing",
        )
    there = frames(table)
    if not there:
        raise RecordError("there is no row with a time frame", where="guide points", fix="check the export")
    wanted = there[0] if frame is None else frame
    if wanted not in there:
        raise RecordError(f"no row of time frame {wanted}; there are {there}", where="guide points")
    kept: list[tuple[list[float], str, int, float]] = []
    broken: list[int] = []
    unknown: dict[str, int] = {}
    for number, line in enumerate(lines[1:], start=2):
        cells = line.rstrip("\n").split("\t")
        if not line.strip() or (len(cells) > 6 and _number(cells[6]) not in (None, wanted)):
            continue
        values = [_number(cells[k]) if k < len(cells) else None for k in (0, 1, 2, 4, 5, 6)]
        if None in values:
            broken.append(number)
        elif cells[3] not in CONTOURS:
            unknown[cells[3]] = unknown.get(cells[3], 0) + 1
        else:
            x, y, z, plane, weight, _ = (float(v) for v in values if v is not None)
            kept.append(([x, y, z], cells[3], int(plane), weight))
    aside = [f"{len(broken)} rows without numbers (lines {_few(broken)})"] if broken else []
    aside += [f"{count} points of the unknown contour type {name}" for name, count in sorted(unknown.items())]
    if not kept:
        raise RecordError(f"time frame {wanted} is empty", where="guide points", fix="name another frame")
    kinds = [k[1] for k in kept]
    out = GuidePoints(
        points=np.array([k[0] for k in kept]),
        on=np.array([CONTOURS[k] for k in kinds]),
        short=np.array([k.startswith("SAX") for k in kinds]),
        slices=np.array([k[2] for k in kept]),
        weights=np.array([k[3] for k in kept]),
        planes=_planes(slices),
        frame=wanted,
        aside=tuple(aside),
    )
    _check(out)
    return _straight(out)


def _check(points: GuidePoints) -> None:
    for name, what in (("lv_endo", "the left endocardium"), ("lv_epi", "the epicardium")):
        if len(points.of(name)) < 20:
            raise RecordError(f"fewer than 20 points on {what}", where="guide points", fix="contour it on more slices")
    if len(points.of("rv_free", "rv_endo")) < 20:
        raise RecordError("fewer than 20 points on the right ventricle", where="guide points", fix="contour it too")
    middle = points.of("lv_endo", "lv_epi", "rv_free", "rv_endo")
    wide = float(np.linalg.norm(np.ptp(middle, axis=0)))
    if not _SMALLEST <= wide <= _WIDEST:
        unit = "cm" if 4 <= wide < 40 else "m" if wide < 0.6 else "um" if wide > 4e4 else "another unit"
        raise RecordError(
            f"the points span {wide:g} mm, a heart's {_SMALLEST:g} to {_WIDEST:g} mm: they look like {unit}",
            where="guide points",
            fix="give millimetres",
        )


def _straight(points: GuidePoints) -> GuidePoints:
    """Short-axis contours on a plane that crosses the stack of the others go aside."""
    ids = [int(s) for s in np.unique(points.slices[points.short]) if int(s) in points.planes]
    if len(ids) < 3:
        return points
    normals = np.stack([points.planes[i].normal for i in ids])
    agree = np.abs(normals @ normals.T)
    usual = normals[np.argmax(np.median(agree, axis=1))]
    slanted = [i for i, n in zip(ids, normals, strict=True) if abs(n @ usual) < np.cos(np.radians(_SLANT))]
    for i in slanted:
        away = points.short & (points.slices == i)
        tilt = np.degrees(np.arccos(min(1.0, abs(points.planes[i].normal @ usual))))
        why = f"{int(away.sum())} short-axis points of slice {i}, whose plane is {tilt:.0f} degrees off the others"
        points = points.keep(~away, why)
    return points


def _planes(text: str) -> dict[int, Plane]:
    """One line a slice: name, frameID: n, ImagePositionPatient x y z, ImageOrientationPatient six cosines, ..."""
    out: dict[int, Plane] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        cells = line.split()
        if not cells:
            continue
        try:
            at, way = cells.index("ImagePositionPatient"), cells.index("ImageOrientationPatient")
            corner = np.array([float(c) for c in cells[at + 1 : at + 4]])
            cosines = np.array([float(c) for c in cells[way + 1 : way + 7]])
            out[int(cells[cells.index("frameID:") + 1])] = Plane(corner, _one(cosines[:3]), _one(cosines[3:]))
        except (ValueError, IndexError):
            raise ParseError(
                "a slice needs frameID:, ImagePositionPatient (3) and ImageOrientationPatient (6)",
                where=f"slice information, line {number}",
                fix="export with biv-me's preprocessing",
            ) from None
    return out


def _one(v: np.ndarray) -> np.ndarray:
    if len(v) != 3:
        raise ValueError(v)
    return v / np.linalg.norm(v)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _few(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:5])) + (", ..." if len(numbers) > 5 else "")
