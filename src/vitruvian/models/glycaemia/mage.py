"""Mean amplitude of glycaemic excursions, with the turning points that it rests on.

Service et al., Diabetes 19:644 (1970): the mean height of excursions that exceed the trace's SD on both sides. Turning
points as in Fernandes et al., J Diabetes Sci Technol 16:576 (2022) and iglu's vignette: a short (5) and a long (32
steps) moving average; between two of their crossings lies a peak or a nadir of the readings themselves. The averages
are over what is known of the last 5 and 32 steps, the first full one holding from the start. A gap above 3 h parts the
trace in segments, each with its own SD, weighted by their lengths.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from vitruvian.models.glycaemia.trace import MINUTE, Grid
from vitruvian.models.glycaemia.variability import spread

SHORT, LONG = 5, 32  # steps: Fernandes et al. 2022, chosen there against manual values
BREAK = 180 * MINUTE  # s; iglu's max_gap
EQUAL = 1e-9  # mg/dL; averages over the same readings are equal, not crossing


@dataclass(frozen=True)
class Mage:
    """Mean rise and mean fall (mg/dL) of the countable excursions, NaN where there is none.

    `first` is the one that comes first ("service"), `turning` the indices on the grid of peaks and nadirs found,
    `rises` and `falls` the countable excursions: (index of the top or bottom, height mg/dL, weight).
    """

    rise: float
    fall: float
    first: float
    largest: float
    turning: tuple[int, ...]
    rises: tuple[tuple[int, float, float], ...]
    falls: tuple[tuple[int, float, float], ...]

    @property
    def mean(self) -> float:
        """Mean of rise and fall: what is reported as MAGE."""
        return 0.5 * (self.rise + self.fall)


@dataclass(frozen=True)
class _Segment:
    turning: list[int]
    weight: float
    rises: list[tuple[int, float]]
    falls: list[tuple[int, float]]

    @property
    def rise(self) -> float:
        return _mean(self.rises)

    @property
    def fall(self) -> float:
        return _mean(self.falls)

    @property
    def rises_first(self) -> bool:
        first = [side[0][0] if side else np.inf for side in (self.rises, self.falls)]
        return first[0] <= first[1]

    def weighed(self, side: list[tuple[int, float]]) -> list[tuple[int, float, float]]:
        return [(i, height, self.weight / len(side)) for i, height in side]


def mage(grid: Grid) -> Mage:
    """MAGE of a trace: over its segments, each weighted by the time it spans."""
    parts = [part for start, stop in _segments(grid) if (part := _segment(grid.values[start:stop], start)) is not None]
    turning = tuple(i for p in parts for i in p.turning)
    firsts = [p.rise if p.rises_first else p.fall for p in parts]
    sides = [
        [p.rise for p in parts],
        [p.fall for p in parts],
        firsts,
        [max(p.rise, p.fall) for p in parts],
    ]
    rise, fall, first, largest = (_weighted(side, [p.weight for p in parts]) for side in sides)
    rises = tuple(e for p in parts for e in p.weighed(p.rises))
    falls = tuple(e for p in parts for e in p.weighed(p.falls))
    return Mage(rise, fall, first, largest, turning, rises, falls)


def _mean(side: list[tuple[int, float]]) -> float:
    return float(np.mean([height for _, height in side])) if side else float("nan")


def _weighted(values: list[float], weights: list[float]) -> float:
    known = [(v, w) for v, w in zip(values, weights, strict=True) if not np.isnan(v)]
    total = sum(w for _, w in known)
    return sum(v * w for v, w in known) / total if total else float("nan")


def _segments(grid: Grid) -> list[tuple[int, int]]:
    """Stretches [start, stop) without a gap above 3 h; shorter gaps stay inside."""
    out: list[tuple[int, int]] = []
    for start, stop in grid.runs():
        if out and (start - out[-1][1]) * grid.step < BREAK:
            out[-1] = (out[-1][0], stop)
        else:
            out.append((start, stop))
    return out


def _segment(values: np.ndarray, offset: int) -> _Segment | None:
    if len(values) < LONG:
        return None
    turning = _turning(values)
    heights, limit = values[turning].tolist(), spread(values)
    rises, falls = _halves(heights, limit), _halves([-h for h in heights], limit)
    placed = [[(offset + turning[i], height) for i, height in side] for side in (rises, falls)]
    return _Segment([offset + i for i in turning], len(values) - 1.0, *placed)


def _turning(values: np.ndarray) -> list[int]:
    """Indices of alternating peaks and nadirs, one a crossing."""
    apart = _average(values, SHORT) - _average(values, LONG)
    crossings, side, sides = [0], 0.0, []
    for i, a in enumerate(apart.tolist()):
        if np.isnan(a) or abs(a) < EQUAL:
            continue
        if side * a < 0:
            crossings.append(i)
        if side * a < 0 or side == 0.0:
            sides.append(a > 0)
        side = a
    if crossings[-1] != len(values) - 1:
        crossings.append(len(values) - 1)
    peak = sides[0] if sides else True
    out: list[int] = []
    for left, right in itertools.pairwise(crossings):
        low = out[-1] + 1 if out else left  # from the point before on: a peak may lie before its crossing
        window = values[low : right + 1]
        if not np.isnan(window).all():
            out.append(low + int(np.nanargmax(window) if peak else np.nanargmin(window)))
            peak = not peak
    return out


def _average(values: np.ndarray, n: int) -> np.ndarray:
    """Mean of what is known among the last n values; NaN where nothing is."""
    known = ~np.isnan(values)
    windows = np.lib.stride_tricks.sliding_window_view(np.where(known, values, 0.0), n)
    count = np.lib.stride_tricks.sliding_window_view(known, n).sum(axis=1)
    mean = windows.sum(axis=1) / np.where(count > 0, count, np.nan)
    return np.concatenate([np.full(n - 1, mean[0]), mean])


def _halves(heights: list[float], limit: float) -> list[tuple[int, float]]:
    """Index of the top and height of each countable rise: itself above the limit, and followed by such a fall."""
    out: list[tuple[int, float]] = []
    start, n = 0, len(heights)
    while True:
        low, top = start, -1
        for j in range(start, n):
            low = j if heights[j] < heights[low] else low
            if heights[j] - heights[low] > limit:
                top = j
                break
        if top < 0:
            return out
        closed = False
        for k in range(top + 1, n):
            if heights[k] >= heights[top]:
                top = k
            elif heights[top] - heights[k] > limit:
                closed = True
                break
        out.append((top, heights[top] - heights[low]))
        if not closed:
            return out
        start = top
