"""One action potential as what a trace needs of it: how it rises and how it falls, each a derivative on samples.

v(t) = up(t) - down(t - d): up is the potential until half way to its end, held from there; down what is left of the
fall, placed so that 0 is where 90 % is lost; d the duration until then. Another duration moves the fall, not its form.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from vitruvian.engines.cell import AbstractCell
from vitruvian.engines.reaction_eikonal import STEP

FINE = 0.02  # ms
LOOK = 600.0  # ms


@dataclass(frozen=True, eq=False)
class Template:
    """rest, swing mV; duration ms; up, down: derivatives per ms, each the mean over the STEP
    before its sample, down from `lead_in` samples early;
    v (sample,) the whole, 0 at rest and 1 at its peak, from the moment of activation."""

    rest: float
    swing: float
    duration: float
    up: np.ndarray
    down: np.ndarray
    lead_in: int
    v: np.ndarray


@cache
def template(cell: AbstractCell, variant: int = 0, beats: int = 3, period: float = 1000.0) -> Template:
    """Of a single cell paced at rest, the last of so many beats; time 0 where V crosses the cell's threshold."""
    trace = _paced(cell, variant, beats, period)
    rest, peak = trace[0], trace.max()
    v = (trace - rest) / (peak - rest)
    crossed = int(np.argmax(trace >= cell.threshold))
    after = np.append(v[crossed:], 0.0)
    top = int(np.argmax(after))
    duration = (top + int(np.argmax(after[top:] < 0.1))) * FINE
    half = 0.5 * duration

    def at(t: np.ndarray) -> np.ndarray:
        return np.interp(t, np.arange(len(after)) * FINE, after, left=0.0, right=0.0)

    def up(t: np.ndarray) -> np.ndarray:
        return at(np.minimum(t, half))

    def down(t: np.ndarray) -> np.ndarray:
        return up(t + duration) - at(t + duration)

    early = int(np.ceil(half / STEP))
    j, k = np.arange(early + 1) * STEP, np.arange(-early, int(100.0 / STEP)) * STEP
    return Template(
        float(rest),
        float(peak - rest),
        float(duration),
        (up(j) - up(j - STEP)) / STEP,
        (down(k) - down(k - STEP)) / STEP,
        early,
        at(np.arange(int(LOOK / STEP)) * STEP),
    )


def _paced(cell: AbstractCell, variant: int, beats: int, period: float) -> np.ndarray:
    """V (mV) every FINE ms of the last beat, from the start of its stimulus, for LOOK ms."""
    one = np.full(1, variant)
    steps = cell.stepper(one, FINE)
    steps.load(cell.start(one))
    on, off = np.full(1, 50.0 * cell.gain, np.float32), np.zeros(1, np.float32)
    kept = np.empty(int(LOOK / FINE))
    for beat in range(beats):
        for k in range(int((period if beat < beats - 1 else LOOK) / FINE)):
            if beat == beats - 1:
                kept[k] = steps.V[0]
            steps.step(on if k * FINE < 1.0 else off)
    return kept.astype(np.float64)
