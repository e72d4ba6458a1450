"""A fitted heart drawn: cuts through its surfaces with the points drawn near them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitruvian.models.heart.anatomy import Surface
from vitruvian.models.heart.pose import pose_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from vitruvian.models.heart.fitted import FittedHeart

_COLOURS = {"lv_endo": "#b5480f", "rv_endo": "#0b6e99", "epi": "#444444"}
_NAMES = {"lv_endo": "left endocardium", "rv_endo": "right endocardium", "epi": "epicardium"}
_NEAR = 4.0  # mm: points this near a cut are drawn on it (slices are 6 to 10 mm apart)
_HEIGHTS = (0.25, 0.5, 0.75, 0.92)  # of the long axis


def cuts(heart: FittedHeart) -> Figure:
    """Four short-axis cuts from apex to base, seen from the apex with the front above, and one along the axis."""
    import matplotlib.pyplot as plt

    at = pose_of(heart.fit.surface, heart.fit.controls)
    local = {n: Surface(at.frame.local(s.points), s.triangles) for n, s in heart.surfaces.items()}
    points = at.frame.local(heart.fit.points.points)
    figure, axes = plt.subplots(1, 5, figsize=(15, 3.6), layout="constrained")
    for ax, height in zip(axes, _HEIGHTS, strict=False):
        z = (height - 1) * at.length
        _cut(ax, local, points, axis=2, level=z, across=(0, 1))
        ax.set_title(f"{-z:.0f} mm below the base")
        ax.invert_xaxis()
    _cut(axes[4], local, points, axis=1, level=0.0, across=(0, 2))
    axes[4].set_title("along the long axis")
    axes[4].invert_xaxis()
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    lv, rv = (f"{heart.volumes[n]:.0f} ± {heart.sd[n]:.0f}" for n in ("lv", "rv"))
    figure.suptitle(f"frame {heart.fit.points.frame}: left {lv} mL, right {rv} mL (± 1 sd)")
    return figure


def _cut(
    ax: Axes, surfaces: dict[str, Surface], points: np.ndarray, axis: int, level: float, across: tuple[int, int]
) -> None:
    for name, surface in surfaces.items():
        lines = _lines(surface, axis, level)[:, :, list(across)]
        gapped = np.concatenate([lines, np.full((len(lines), 1, 2), np.nan)], axis=1).reshape(-1, 2)
        ax.plot(gapped[:, 0], gapped[:, 1], color=_COLOURS[name], lw=1.2, label=_NAMES[name])
    near = np.abs(points[:, axis] - level) < _NEAR
    ax.plot(*points[near][:, list(across)].T, ".", color="#7a4fa3", ms=1.5, label="points drawn within 4 mm")
    ax.set_aspect("equal")
    ax.set_xlabel("mm to the septum")
    ax.set_ylabel("mm to the front" if across[1] == 1 else "mm above the base")


def _lines(surface: Surface, axis: int, level: float) -> np.ndarray:
    """(line, 2, 3): where a plane cuts the triangles."""
    corners = surface.points[surface.triangles]
    side = corners[:, :, axis] - level
    corners = corners[(side.max(axis=1) > 0) & (side.min(axis=1) <= 0)]
    side = corners[:, :, axis] - level
    odd = np.where((side > 0).sum(axis=1) == 1, np.argmax(side, axis=1), np.argmin(side, axis=1))
    row = np.arange(len(corners))
    ends = []
    for step in (1, 2):
        other = (odd + step) % 3
        a, b = side[row, odd], side[row, other]
        part = (a / (a - b))[:, None]
        ends.append(corners[row, odd] + part * (corners[row, other] - corners[row, odd]))
    return np.stack(ends, axis=1)
