"""Error grids: what it would mean to act on a reading instead of the reference.

Clarke et al., Diabetes Care 10:622 (1987); Parkes et al., Diabetes Care 23:1143 (2000), with the coordinates of
Pfuetzner et al., J Diabetes Sci Technol 7:1275 (2013), table 1. mg/dL. A point on a line belongs to the milder zone;
beyond 550 mg/dL the last piece of a Parkes line goes on. A: no effect on treatment, B: benign, C: needless correction,
D: failure to detect and treat, E: the opposite treatment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import RecordError

ZONES = ("A", "B", "C", "D", "E")
Line = tuple[tuple[float, float], ...]  # (reference, reading)

# above the diagonal a line is a function of the reference, below it one of the reading
TYPE_1: dict[str, tuple[Line, ...]] = {
    "above": (
        ((0, 50), (30, 50), (140, 170), (280, 380), (430, 550)),
        ((0, 60), (30, 60), (50, 80), (70, 110), (260, 550)),
        ((0, 100), (25, 100), (50, 125), (80, 215), (125, 550)),
        ((0, 150), (35, 155), (50, 550)),
    ),
    "below": (
        ((50, 0), (50, 30), (170, 145), (385, 300), (550, 450)),
        ((120, 0), (120, 30), (260, 130), (550, 250)),
        ((250, 0), (250, 40), (550, 150)),
    ),
}
TYPE_2: dict[str, tuple[Line, ...]] = {
    "above": (
        ((0, 50), (30, 50), (230, 330), (440, 550)),
        ((0, 60), (30, 60), (280, 550)),
        ((0, 80), (25, 80), (35, 90), (125, 550)),
        ((0, 200), (35, 200), (50, 550)),
    ),
    "below": (
        ((50, 0), (50, 30), (90, 80), (330, 230), (550, 450)),
        ((90, 0), (260, 130), (550, 250)),
        ((250, 0), (250, 40), (410, 110), (550, 160)),
    ),
}
GRIDS: dict[str, str] = {"clarke": "Clarke 1987", "parkes1": "Parkes, type 1", "parkes2": "Parkes, type 2"}


@dataclass(frozen=True)
class ErrorGrid:
    """Pairs of reference and reading (n,) mg/dL, and the zone of each."""

    name: str
    reference: np.ndarray
    reading: np.ndarray
    zones: np.ndarray

    @property
    def percent(self) -> Mapping[str, float]:
        """Share of pairs in each zone, %."""
        return {z: float(100 * np.mean(self.zones == z)) for z in ZONES}

    @property
    def mard(self) -> float:
        """Mean absolute relative difference, %."""
        return float(100 * np.mean(np.abs(self.reading - self.reference) / self.reference))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"grid": self.name, "n": len(self.zones), "percent": dict(self.percent), "mard": self.mard}

    def plot(self, ax: Any = None) -> Any:
        """The pairs on the grid (matplotlib axes)."""
        from vitruvian.models.glycaemia.pictures import draw_grid

        return draw_grid(self, ax)


def error_grid(reference: np.ndarray, reading: np.ndarray, grid: str = "parkes1") -> ErrorGrid:
    """Zones of the pairs on "clarke", "parkes1" or "parkes2"."""
    x, y = np.asarray(reference, dtype=np.float64), np.asarray(reading, dtype=np.float64)
    if grid not in GRIDS:
        raise RecordError(f"there is no error grid '{grid}'", where="error_grid", fix=f"use {', '.join(GRIDS)}")
    if x.shape != y.shape or x.ndim != 1 or not len(x):
        raise RecordError(f"{x.shape} references, {y.shape} readings", where="error_grid", fix="give pairs")
    if not (np.isfinite(x).all() and np.isfinite(y).all() and (x > 0).all() and (y >= 0).all()):
        raise RecordError("references and readings must be positive", where="error_grid", fix="leave missing pairs out")
    zones = _clarke(x, y) if grid == "clarke" else _parkes(x, y, TYPE_1 if grid == "parkes1" else TYPE_2)
    return ErrorGrid(grid, x, y, zones)


def _clarke(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    near = (np.abs(y - x) <= 0.2 * x) | ((x < 70) & (y < 70))
    opposite = ((x >= 180) & (y <= 70)) | ((x <= 70) & (y >= 180))
    needless = ((x >= 70) & (x <= 290) & (y >= x + 110)) | ((x >= 130) & (x <= 180) & (y <= 7 / 5 * x - 182))
    missed = ((x >= 240) & (y >= 70) & (y <= 180)) | ((x <= 70) & (y >= 70) & (y <= 180))
    return np.select([near, opposite, needless, missed], ["A", "E", "C", "D"], "B")


def _parkes(x: np.ndarray, y: np.ndarray, lines: Mapping[str, tuple[Line, ...]]) -> np.ndarray:
    over = sum((y > _along(line, x)).astype(int) for line in lines["above"])
    under = sum((x > _along(tuple((b, a) for a, b in line), y)).astype(int) for line in lines["below"])
    return np.array(ZONES)[np.maximum(over, under)]


def _along(line: Line, at: np.ndarray) -> np.ndarray:
    """The line's second coordinate at the first, its last piece going on."""
    first, second = (np.array(c, dtype=np.float64) for c in zip(*line, strict=True))
    slope = (second[-1] - second[-2]) / (first[-1] - first[-2])
    inside = np.interp(at, first, second)
    return np.where(at > first[-1], second[-1] + slope * (at - first[-1]), inside)
