"""The ambulatory glucose profile: percentiles of all days laid over one, smoothed.

Johnson et al., Diabetes Technol Ther 21:S2-17 (2019); Bergenstal et al., Diabetes Technol Ther 15:198 (2013): 5th,
25th, 50th, 75th and 95th percentile by time of day. Here of the gridded readings at each step of the day, then a local
quadratic with tricube weights over 30 % of the day, as iglu documents it (loess, span 0.3), but around the clock, so
that midnight has no edge.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.models.glycaemia.trace import HOUR, Trace

PERCENTILES = (5, 25, 50, 75, 95)
SPAN = 0.3  # of the day: iglu's documented default
FEWEST = 3  # days at a time of day for percentiles there: assumed


@dataclass(frozen=True)
class Profile:
    """`hours` (k,) local time of day; `bands` (5, k) mg/dL at the percentiles; `count` (k,) days behind each."""

    hours: np.ndarray
    bands: np.ndarray
    count: np.ndarray
    days: int
    sensor: str
    smooth: bool

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; null where too few days have a reading."""
        bands = {
            f"p{p:02d}": [None if np.isnan(v) else round(v, 2) for v in row.tolist()]
            for p, row in zip(PERCENTILES, self.bands, strict=True)
        }
        about = {"days": self.days, "sensor": self.sensor, "smooth": self.smooth}
        return {**about, "hour": np.round(self.hours, 4).tolist(), "days_at": self.count.tolist(), "mg/dL": bands}

    def plot(self, ax: Any = None) -> Any:
        """The AGP chart (matplotlib axes)."""
        from vitruvian.models.glycaemia.pictures import draw_profile

        return draw_profile(self, ax)


def profile(trace: Trace, *, smooth: bool = True) -> Profile:
    """The ambulatory glucose profile of a trace."""
    grid = trace.grid
    days = grid.by_day
    count = (~np.isnan(days)).sum(axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a time of day without any reading
        bands = np.nanpercentile(days, PERCENTILES, axis=0)
    bands[:, count < FEWEST] = np.nan
    if smooth:
        bands = np.stack([_around_the_clock(row) for row in bands])
        bands = np.sort(bands, axis=0)  # a smoothed outer band may not cross an inner one; NaN columns stay NaN
    hours = grid.step * np.arange(1, days.shape[1] + 1) / HOUR
    return Profile(hours, bands, count, trace.days, trace.sensor, smooth)


def _around_the_clock(row: np.ndarray) -> np.ndarray:
    """Local quadratic of one percentile curve (k,), known steps only; NaN stays where it was."""
    known = ~np.isnan(row)
    k = len(row)
    reach = max(3, round(SPAN * k / 2))
    offsets = np.arange(-reach, reach + 1)
    weight = (1 - np.abs(offsets / (reach + 1)) ** 3) ** 3
    basis = np.stack([np.ones(len(offsets)), offsets / reach, (offsets / reach) ** 2])
    around = (np.arange(k)[:, None] + offsets) % k
    inside = np.where(known[around], weight, 0.0)
    moments = np.einsum("in,kn,jn->kij", basis, inside, basis)
    right = np.einsum("in,kn,kn->ki", basis, inside, np.where(known, row, 0.0)[around])
    enough = known & ((inside > 0).sum(axis=1) >= 6)  # a parabola through fewer follows their noise
    out = row.copy()
    if enough.any():
        out[enough] = np.linalg.solve(moments[enough], right[enough][..., None])[:, 0, 0]
    return out
