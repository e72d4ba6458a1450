"""Synthetic histories and trials. Their truth is not the stack: a threshold, a product and a skewed hidden factor.

    eta = 0.9 s(age) + 0.8 b + 0.5 1{marker > 1} b + 0.4 site + 0.3 h,   s(age) = tanh((age - 60) / 10)

b baseline severity, h a hidden factor nobody records. continuous: 50 + 10 eta + 8 e, e centred exponential; binary:
cloglog; count: Poisson times gamma; time: Weibull (shape 1.3) with administrative censoring at two years. Every
number is assumed.
"""

from __future__ import annotations

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.kinds.prognosis.stack import History
from vitruvian.models.trialtable import Frame

COLUMNS = ("age", "severity", "marker", "weight", "sex", "site")
TWO_YEARS = 730.0  # d


def frame(count: int, seed: int) -> tuple[Frame, np.ndarray]:
    """Baseline of `count` synthetic patients and their eta (n,)."""
    rng = generator(seed, "prognosis.synthetic")
    age = np.round(np.clip(rng.normal(62, 12, count), 20, 95), 1)
    severity = np.round(rng.normal(0, 1, count), 3)
    marker = np.round(rng.lognormal(0, 0.6, count) + 0.2 * np.abs(severity), 3)
    weight = np.round(rng.normal(78, 14, count), 1)
    sex = np.where(rng.random(count) < 0.45, "female", "male").astype(object)
    site = rng.choice(np.array(["north", "south", "west"], dtype=object), count)
    hidden = rng.exponential(1.0, count) - 1.0
    eta = 0.9 * np.tanh((age - 60) / 10) + 0.8 * severity + 0.5 * (marker > 1) * severity
    eta = eta + 0.4 * (site == "south") + 0.3 * hidden
    marker = np.where(rng.random(count) < 0.06, np.nan, marker)  # not measured in some
    return Frame(
        {"age": age, "severity": severity, "marker": marker, "weight": weight, "sex": sex, "site": site},
        f"synthetic (kinds/prognosis/generator.py, seed {seed})",
    ), eta


def history(count: int, seed: int, family: str = "continuous") -> History:
    """A synthetic history with this type of outcome."""
    told, eta = frame(count, seed)
    rng = generator(seed, "prognosis.outcome", family)
    event = None
    if family == "continuous":
        y = 50 + 10 * eta + 8 * (rng.exponential(1.0, count) - 1.0)
    elif family == "binary":
        y = (rng.random(count) < -np.expm1(-np.exp(eta - 1.3))).astype(np.float64)
    elif family == "count":
        y = rng.poisson(np.exp(0.3 + 0.5 * eta) * rng.gamma(2.0, 0.5, count)).astype(np.float64)
    else:
        time = 900.0 * (rng.exponential(1.0, count) / np.exp(eta)) ** (1 / 1.3)
        event, y = (time < TWO_YEARS).astype(np.float64), np.maximum(np.minimum(time, TWO_YEARS), 0.5)
    unit = "1"
    return History(told, COLUMNS, y, family, event, "symptom score" if family == "continuous" else "event", unit)
