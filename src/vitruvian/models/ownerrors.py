"""What a forecaster's own past errors on this person say of its next one. Plain arrays in and out.

    correction(o) = sum_p w(o, p) e(p) / (sum_p w(o, p) + PULL)        p: earlier origins whose target had come by o

w is near where the place between meals, the clock, the reading and its slope are near: Nadaraya-Watson regression
(Theory Probab Appl 9:141, 1964) of the residual, so that a learner for everybody becomes one for this person, day by
day. Holds for a forecaster fitted on other people; where it was fitted on these very errors, they say too little.
"""

from __future__ import annotations

import numpy as np

from vitruvian.models.mealresponse import place
from vitruvian.models.sensorpast import DAY, HOUR, MINUTE

LATE = 7.5 * MINUTE  # s after the lead by which its reading has come: half of a slow sensor's interval
PULL = 3.0  # origins' worth of "the forecast was right"
# how near is near; chosen among six on all of ShanghaiT2DM at 60 min
SINCE, UNTIL, CLOCK, LEVEL, SLOPE = 40.0 * MINUTE, 25.0 * MINUTE, 3.0 * HOUR, 40.0, 12.0  # s, mg/dL, mg/dL per 15 min


def correction(
    at: np.ndarray, lead: float, error: np.ndarray, level: np.ndarray, slope: np.ndarray, meals: np.ndarray
) -> np.ndarray:
    """mg/dL to add to one person's forecasts (n,), from origins `at` (n,) s in order, errors (truth less forecast, NaN
    where none), reading and its slope there, and times of the meals known up to the target (or none)."""
    since, until = place(meals, at, lead)
    hours = np.abs(at[:, None] % DAY - at[None, :] % DAY)
    apart = (np.minimum(hours, DAY - hours) / CLOCK) ** 2
    for values, near in ((since, SINCE), (until, UNTIL), (level, LEVEL), (slope, SLOPE)):
        apart += ((values[:, None] - values[None, :]) / near) ** 2
    known = np.isfinite(error)
    had_come = (at[:, None] >= at[None, :] + lead + LATE) & known[None, :]
    weight = np.where(had_come, np.exp(-0.5 * apart), 0.0)
    return weight @ np.where(known, error, 0.0) / (weight.sum(axis=1) + PULL)
