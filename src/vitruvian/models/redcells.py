"""HbA1c: glucose as red cells of every age have seen it.

    de_1/dt = G - (n / T) e_1,   de_i/dt = (n / T) (e_{i-1} - e_i) + G          exposure of age class i, mg/dL x day
    Gbar    = sum_i e_i / (n * (n + 1) / (2 n) T)                               mean glucose as HbA1c sees it
    HbA1c   = (Gbar + 46.7) / 28.7 + gap                                        % (NGSP)

A chain of n age classes through which a cell passes in T days; glucose of s days ago weighs in by the share of cells
that lived then, w(s) = sum_i Q(i, n s / T) / (n * (n + 1) / (2 n) T), Q the regularised upper incomplete gamma
function: near the straight line to zero at T of cells that all live T. Nathan et al., Diabetes Care 31:1473 (2008),
ADAG; lifespan: Cohen et al., Blood 112:4284 (2008), who found 38 to 60 days of mean age; the gap is the person's own.
Leaves out anaemia, transfusion, bleeding, haemoglobin variants: then HbA1c does not tell glucose.
Elementwise on numpy or JAX.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

CLASSES = 12  # age classes: w(s) then differs from the straight line by 11 % of its height at most
LIFE = 115.0  # days: Cohen et al. 2008, twice the mean age of 58 days
SLOPE, OFFSET = 28.7, 46.7  # mean glucose = 28.7 HbA1c - 46.7 mg/dL: ADAG
MEAN_AGE = (CLASSES + 1) / (2 * CLASSES) * LIFE  # days


def begin(glucose: Any) -> tuple[Any, ...]:
    """Exposure of every class after a long time at one mean glucose (mg/dL)."""
    return tuple((k + 1) * LIFE / CLASSES * glucose for k in range(CLASSES))


def rate(exposure: Sequence[Any], glucose: Any) -> tuple[Any, ...]:
    """Change per day."""
    speed = CLASSES / LIFE
    before = (0.0 * glucose, *exposure[:-1])
    return tuple(speed * (a - b) + glucose for a, b in zip(before, exposure, strict=True))


def seen(exposure: Sequence[Any]) -> Any:
    """Mean glucose as HbA1c sees it, mg/dL."""
    return sum(exposure[1:], exposure[0]) / (CLASSES * MEAN_AGE)


def hba1c(glucose: Any, gap: Any = 0.0) -> Any:
    """% (NGSP) at this mean glucose (mg/dL)."""
    return (glucose + OFFSET) / SLOPE + gap


def glucose_of(hba1c: Any) -> Any:
    """Mean glucose (mg/dL) at this HbA1c (%)."""
    return SLOPE * hba1c - OFFSET


def kernel(days: np.ndarray) -> np.ndarray:
    """Weight per day of the glucose of `days` ago."""
    from scipy.special import gammaincc

    classes = np.arange(1, CLASSES + 1)[:, None]
    alive = gammaincc(classes, CLASSES * np.asarray(days, dtype=np.float64)[None] / LIFE)
    return alive.sum(axis=0) / (CLASSES * MEAN_AGE)
