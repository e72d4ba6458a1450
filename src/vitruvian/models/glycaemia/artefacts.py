"""Compression lows: a sensor that is lain on reads falsely low. Candidates by their shape, and how far to doubt them.

At night (22 to 8 h of the local clock), after 30 min of steady glucose (a line's slope within 1 mg/dL/min):
    onset     a fall of 20 mg/dL or more in 15 min
    closed    then, within 90 min of the onset, back to within a third of the depth, with a rise of 15 mg/dL in 15 min
    open      the onset has just come, at most 45 min ago, and no recovery yet
The level under a candidate is a line from before it to after it (open: as before). A reading d below that line is given
an error of sd 2 d once the candidate is closed: twice, because readings under one pressure err together. While it is
open, 0.3 d: most nightly falls go on, and of 0, 0.3, 0.7 and 2 that factor erred least half an hour ahead from 51 open
candidates of CGMacros (18.9, 17.7, 18.8, 21.8 mg/dL).

Sharp nightly falls that recover at once, from pressure: Baysal et al., J Diabetes Sci Technol 8:1091 (2014);
Facchinetti et al., Diabetes Technol Ther 18:264 (2016); the limits above are assumed, and checked where two sensors
were worn (claim `met.artefacts`). A real low may look the same: candidates are shown apart and stay in every metric,
and nothing is doubted while rapid insulin acts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vitruvian.core.forcing import Schedule
from vitruvian.core.record import Record
from vitruvian.models.glycaemia.trace import DAY, HOUR, MINUTE, Trace

FROM, TO = 22.0, 8.0  # h: night
BEFORE, STEADY = 30 * MINUTE, 1.0  # s, mg/dL/min: steady before the onset
EDGE, FALL, RISE = 15 * MINUTE, 20.0, 15.0  # s, mg/dL: what falls and rises within it
LONGEST, OPEN = 90 * MINUTE, 45 * MINUTE  # s from the onset to the recovery; for which a low may stay open
BACK = 1 / 3  # of the depth that may be missing after the recovery
DOUBT, DOUBT_OPEN = 2.0, 0.3  # sd of an error over how far the reading lies below the line: closed, open (see above)


@dataclass(frozen=True)
class ArtefactLow:
    """A candidate: readings [first, last] that lie low, their times (s), level before, lowest reading, mg/dL; over?"""

    first: int
    last: int
    start: float
    end: float
    level: float
    lowest: float
    closed: bool

    @property
    def depth(self) -> float:
        """How far below the level before, mg/dL."""
        return self.level - self.lowest


@dataclass(frozen=True, eq=False)
class Artefacts:
    """The candidates of a trace."""

    trace: Trace
    found: tuple[ArtefactLow, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; times in s since the trace's midnight."""
        return {"days": self.trace.days, "compression lows": [dict(vars(a)) | {"depth": a.depth} for a in self.found]}

    def plot(self, ax: Any = None) -> Any:
        """The night of each candidate, laid over one another from its start on (matplotlib axes)."""
        from vitruvian.models.glycaemia.pictures import draw_artefacts

        return draw_artefacts(self, ax)


def artefacts(trace: Trace) -> Artefacts:
    """Compression-low candidates of a trace."""
    return Artefacts(trace, compression_lows(trace.times, trace.values, trace.civil, trace.step))


def compression_lows(times: np.ndarray, values: np.ndarray, clock: np.ndarray, step: float) -> tuple[ArtefactLow, ...]:
    """Candidates among readings `step` s apart, in order; clock (n,): s of the local clock. Only what has come is used:
    the last one may be open."""
    out: list[ArtefactLow] = []
    edge = max(1, round(EDGE / step))
    hour = clock % DAY / HOUR
    steep = np.flatnonzero((values[edge:] <= values[:-edge] - FALL) & (times[edge:] - times[:-edge] <= EDGE + step))
    k = -1
    for j in (steep + edge).tolist():
        if j <= k or not (hour[j] >= FROM or hour[j] < TO):
            continue
        first = _onset(values, j, edge)
        if not _steady(times, values, first, step):
            continue
        low = _low(times, values, first, step)
        if low is not None:
            out.append(low)
            k = low.last
    return tuple(out)


def doubts(times: np.ndarray, values: np.ndarray, clock: np.ndarray, step: float) -> np.ndarray:
    """Standard deviation (n,) to give each reading for its artefact, mg/dL; 0 where nothing is doubted."""
    out = np.zeros(len(values))
    for low in compression_lows(times, values, clock, step):
        inside = np.arange(low.first, low.last + 1)
        after = values[low.last] if low.closed else low.level
        line = np.interp(times[inside], [low.start, low.end], [low.level, max(after, low.lowest)])
        out[inside] = (DOUBT if low.closed else DOUBT_OPEN) * np.maximum(line - values[inside], 0.0)
    return out


def doubted(record: Record, offset: Schedule, white: float, observable: str = "glucose") -> Record:
    """The record with the sd of doubted readings, beside a white error (mg/dL); the same record where nothing is.

    offset: s to add to core time for the local clock.
    """
    sd = record.sd.copy()
    for _, sensor in (g for g in record.groups() if g[0] == observable):
        mine = np.flatnonzero((record.observable == observable) & (record.sensor == sensor))
        times, index = np.unique(record.valid_time[mine], return_index=True)
        if len(times) < 4:
            continue
        rows = mine[index]
        step = float(np.median(np.diff(times)))
        error = doubts(times, record.value[rows], times + offset.at(times), step)
        worse = error > 0
        sd[rows[worse]] = np.fmax(sd[rows[worse]], np.hypot(white, error[worse]))
    same = np.array_equal(sd, record.sd, equal_nan=True)
    return record if same else replace(record, sd=sd)


def _onset(values: np.ndarray, j: int, edge: int) -> int:
    """The first reading of the fall that reading j is in: the last one that still stood is before it."""
    window = values[j - edge : j + 1]
    return j - edge + 1 + int(np.flatnonzero(window[:-1] >= window[:-1].max() - 2.0)[-1])


def _steady(times: np.ndarray, values: np.ndarray, first: int, step: float) -> bool:
    inside = np.arange(max(0, first - round(BEFORE / step)), first)
    if len(inside) < 2 or times[first] - times[inside[0]] < BEFORE - step:
        return False
    t, g = times[inside] / MINUTE, values[inside]
    slope = float(((t - t.mean()) @ (g - g.mean())) / ((t - t.mean()) @ (t - t.mean())))
    return abs(slope) <= STEADY


def _low(times: np.ndarray, values: np.ndarray, first: int, step: float) -> ArtefactLow | None:
    """From the first low reading to the recovery, or to now while it may be open; None if it is neither."""
    level = float(np.median(values[max(0, first - round(BEFORE / step)) : first]))
    edge = max(1, round(EDGE / step))
    lowest = values[first]
    for k in range(first, len(values)):
        since = times[k] - times[first]
        if since > LONGEST or (k > first and times[k] - times[k - 1] > 3 * step):
            return None
        lowest = min(lowest, values[k])
        back = values[k] >= level - BACK * (level - lowest) and level - lowest >= FALL
        if back and k > first and values[k] - values[max(first, k - edge) : k].min() >= RISE:
            return ArtefactLow(first, k, float(times[first]), float(times[k]), level, float(lowest), True)
    if times[-1] - times[first] > OPEN or level - lowest < FALL:
        return None
    return ArtefactLow(first, len(values) - 1, float(times[first]), float(times[-1]), level, float(lowest), False)
