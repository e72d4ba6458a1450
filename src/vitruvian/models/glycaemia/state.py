"""Personal glycaemic state: variability, mean, time in range and weekly lows in one figure, 4.25 (best) to 40.

Hirsch et al., Diabetes Technol Ther 19:S38 (2017), as written in iglu's documentation; its lows last 20 min and end
with 30 min back.
"""

from __future__ import annotations

import math

import numpy as np

from vitruvian.models.glycaemia.episodes import find
from vitruvian.models.glycaemia.ranges import RANGES
from vitruvian.models.glycaemia.trace import MINUTE, Trace
from vitruvian.models.glycaemia.variability import gvp


def personal_state(trace: Trace) -> float:
    """PGS of a trace."""
    grid, g = trace.grid, trace.values
    weeks = grid.recorded / 7
    deep = find(grid, 54.0, "low", 20 * MINUTE, 30 * MINUTE)
    mild = [
        e
        for e in find(grid, 70.0, "low", 20 * MINUTE, 30 * MINUTE)
        if not any(d.start < e.stop and e.start < d.stop for d in deep)
    ]
    inside = 100 * float(np.mean(RANGES["in_range"].holds(g)))
    level = float(np.mean(g))
    variability = 1 + 9 * _rising(0.049 * (gvp(grid) - 65.47))
    mean = 1 + 9 * (_rising(-0.1139 * (level - 72.08)) + _rising(0.09195 * (level - 157.57)))
    time = 1 + 9 * _rising(-0.0833 * (inside - 55.04))
    per_week = len(mild) / weeks
    lows = 0.5 + 4.5 * (1 - math.exp(-0.91093 * len(deep) / weeks))
    return variability + mean + time + lows + (0.5714 * per_week + 0.625 if per_week <= 7.65 else 5.0)


def _rising(x: float) -> float:
    return 1 / (1 + math.exp(-x))
