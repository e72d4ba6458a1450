"""Onset of acute kidney injury by creatinine, as KDIGO defines stage 1.

KDIGO Clinical Practice Guideline for Acute Kidney Injury, Kidney Int Suppl 2012;2:1: a rise by 0.3 mg/dL or more within
48 h, or to 1.5 times the lowest value of the 7 days before. The first value that meets either is the onset. Urine below
0.5 mL/kg/h over 6 h, its other criterion, is left out: urine is charted too irregularly to know it was all of it.
"""

from __future__ import annotations

import numpy as np

from vitruvian.engines.pasts import Readings

RISE, WITHIN, TIMES, DAYS = 0.3, 48.0, 1.5, 7 * 24.0  # mg/dL, h, ratio, h
EDGE = 1e-6  # charts have one or two digits: 1.2 to 1.5 is a rise by 0.3


def onsets(creatinine: Readings, stays: int) -> np.ndarray:
    """Hour of the onset of each stay (stay,); NaN where none of its values meets the definition."""
    out = np.full(stays, np.nan)
    for who, at, value in _worse_first(creatinine):
        rows = slice(*np.searchsorted(creatinine.whose, [who, who + 1]))
        time, level = creatinine.time[rows], creatinine.value[rows]
        before = time < at
        near, week = before & (time >= at - WITHIN), before & (time >= at - DAYS)
        rise = near.any() and value >= level[near].min() + RISE - EDGE
        ratio = week.any() and value >= TIMES * level[week].min() - EDGE
        if (rise or ratio) and not out[who] <= at:
            out[who] = at
    return out


def _worse_first(r: Readings) -> list[tuple[int, float, float]]:
    """Readings that are above the one before them: only such a one can be an onset's first."""
    up = np.flatnonzero((r.whose[1:] == r.whose[:-1]) & (r.value[1:] > r.value[:-1])) + 1
    return list(zip(r.whose[up].tolist(), r.time[up].tolist(), r.value[up].tolist(), strict=True))
