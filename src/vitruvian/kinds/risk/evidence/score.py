"""The strongest simple baseline: an early-warning score of the last vital signs, mapped to a risk.

Points: Royal College of Physicians, National Early Warning Score (NEWS) 2, London 2017, chart 1; SpO2 by scale 1. Five
of its seven items: consciousness and oxygen are not recorded here. A sign that was not taken counts as normal.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from vitruvian.engines.logistic import fit_logistic, linear
from vitruvian.engines.table import Table

POINTS = {  # upper ends of the bands (the last is open) and their points
    "last_heart_rate": ((40, 50, 90, 110, 130, np.inf), (3, 1, 0, 1, 2, 3)),
    "last_respiratory_rate": ((8, 11, 20, 24, np.inf), (3, 1, 0, 2, 3)),
    "last_spo2": ((91, 93, 95, np.inf), (3, 2, 1, 0)),
    "last_systolic": ((90, 100, 110, 219, np.inf), (3, 2, 1, 0, 3)),
    "last_temperature": ((35.0, 36.0, 38.0, 39.0, np.inf), (3, 1, 0, 1, 2)),
}


def points(table: Table) -> np.ndarray:
    """Sum of points, (n,)."""
    total = np.zeros(len(table.y))
    for name, (ends, given) in POINTS.items():
        value = table.x[:, table.names.index(name)]
        total += np.where(np.isnan(value), 0.0, np.array(given)[np.searchsorted(ends, np.nan_to_num(value))])
    return total


def score_risk(train: Table, test: Table) -> np.ndarray:
    """Risk by the score alone, its slope and intercept fitted on `train`."""
    single = [Table(("points",), points(t)[:, None], t.y, t.subject, t.at, t.source) for t in (train, test)]
    weights = fit_logistic(single[0], np.array([-5.0, 0.0]), np.array([10.0, 10.0]), "score")
    return expit(linear(weights.standardised(single[1].x), weights.mean))
