"""Episodes of low and high glucose, as the international consensus on metrics for trials defines them.

An episode begins with 15 min beyond the threshold and ends with 15 min back; its length runs from its first to its last
step beyond (to the last known step where the data end before 15 min back). Level 1 < 70 and > 180 mg/dL, level 2 < 54
and > 250; extended: low for more than 120 min. Battelino et al., Lancet Diabetes Endocrinol 11:42 (2023). Level 1 holds
level 2, as in iglu; `level 1 only` is without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.models.glycaemia.trace import MINUTE, Grid

BEGIN, END, EXTENDED = 15 * MINUTE, 15 * MINUTE, 120 * MINUTE  # s: Battelino et al. 2023
THRESHOLDS = {("low", 1): 70.0, ("low", 2): 54.0, ("high", 1): 180.0, ("high", 2): 250.0}  # mg/dL, the same


@dataclass(frozen=True)
class Episode:
    """[start, stop) on the grid; seconds since the trace's midnight, minutes, mean mg/dL."""

    start: int
    stop: int
    at: float
    minutes: float
    mean: float


@dataclass(frozen=True)
class Episodes:
    """All episodes of one side and level, over `days` of known glucose."""

    name: str
    found: tuple[Episode, ...]
    days: float

    @property
    def per_day(self) -> float:
        """Episodes a day of known glucose."""
        return len(self.found) / self.days if self.days else float("nan")

    @property
    def minutes(self) -> float:
        """Mean length, min; 0 without any."""
        return float(np.mean([e.minutes for e in self.found])) if self.found else 0.0

    @property
    def mean(self) -> float:
        """Mean over episodes of the mean glucose in each, mg/dL; NaN without any."""
        return float(np.mean([e.mean for e in self.found])) if self.found else float("nan")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        mean = self.mean if self.found else None
        return {"count": len(self.found), "per_day": self.per_day, "minutes": self.minutes, "mean_glucose": mean}


def episodes(grid: Grid) -> dict[str, Episodes]:
    """Every kind of episode by name: "low level 1", "low level 2", "low extended", "high level 1", ..."""
    out: dict[str, Episodes] = {}
    for side in ("low", "high"):
        first, second = (find(grid, THRESHOLDS[side, level], side) for level in (1, 2))
        inner = {i for e in second for i in range(e.start, e.stop)}
        only = tuple(e for e in first if not inner & set(range(e.start, e.stop)))
        out |= {f"{side} level 1": _of(f"{side} level 1", first, grid)}
        out |= {f"{side} level 2": _of(f"{side} level 2", second, grid)}
        out |= {f"{side} level 1 only": _of(f"{side} level 1 only", only, grid)}
    out["low extended"] = _of("low extended", find(grid, THRESHOLDS["low", 1], "low", EXTENDED), grid)
    return out


def find(grid: Grid, threshold: float, side: str, begin: float = BEGIN, end: float = END) -> tuple[Episode, ...]:
    """Episodes beyond a threshold: at least `begin` s beyond it, until `end` s back."""
    sign = -1.0 if side == "low" else 1.0
    begin_steps, end_steps = _steps(grid, begin), _steps(grid, end)
    out: list[Episode] = []
    for start, stop in grid.runs():
        beyond = sign * (grid.values[start:stop] - threshold) > 0
        out += [_episode(grid, start + a, start + b) for a, b in _spells(beyond, begin_steps, end_steps)]
    return tuple(out)


def _steps(grid: Grid, seconds: float) -> int:
    return max(1, int(np.ceil(seconds / grid.step - 1e-9)))


def _spells(beyond: np.ndarray, begin: int, end: int) -> list[tuple[int, int]]:
    """[start, stop) of spells: `begin` steps in a row beyond open one, `end` steps in a row back close it."""
    edge = np.diff(np.concatenate([[0], beyond.astype(np.int8), [0]]))
    runs = list(zip(np.flatnonzero(edge == 1).tolist(), np.flatnonzero(edge == -1).tolist(), strict=True))
    out: list[tuple[int, int]] = []
    open_ = False
    for a, b in runs:
        if open_ and a - out[-1][1] < end:
            out[-1] = (out[-1][0], b)
        elif b - a >= begin:
            out.append((a, b))
            open_ = True
        else:
            open_ = False
    if open_ and len(beyond) - out[-1][1] < end:
        out[-1] = (out[-1][0], len(beyond))
    return out


def _episode(grid: Grid, start: int, stop: int) -> Episode:
    inside = grid.values[start:stop]
    return Episode(start, stop, float(grid.at[start]), (stop - start) * grid.step / MINUTE, float(inside.mean()))


def _of(name: str, found: tuple[Episode, ...], grid: Grid) -> Episodes:
    return Episodes(name, found, grid.recorded)
