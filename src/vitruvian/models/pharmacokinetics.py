"""One compartment with linear elimination in closed form, for infusion rates that are constant by pieces.

    dA/dt = R(t) - k A        A(t) = A(t0) exp(-k (t - t0)) + sum_j R_j / k (exp(-k (t - b_j)) - exp(-k (t - a_j)))
    int A = (A(a) - A(b) + int R) / k

piece j lasts from a_j to b_j, both within [t0, t]. Reference: Rowland & Tozer, Clinical Pharmacokinetics, 4th ed. 2011,
chapters 3 and 9. Holds for linear kinetics; leaves out absorption and distribution.
"""

from __future__ import annotations

import numpy as np

from vitruvian.core.forcing import Schedule

HOUR = 3600.0


def amount(rate: Schedule, k: np.ndarray, start: np.ndarray, t0: float, times: np.ndarray) -> np.ndarray:
    """A at times >= t0 (s), (member, n): rate in mg/h, k (member,) in 1/h, start (member,) = A(t0) in mg."""
    t, k = np.asarray(times, dtype=np.float64)[None, :], np.asarray(k)[:, None] / HOUR
    out = np.asarray(start)[:, None] * np.exp(-k * (t - t0))
    edges = rate.times[np.isfinite(rate.times)]
    begins, ends = np.append(-np.inf, edges), np.append(edges, np.inf)
    for a, b, r in zip(begins, ends, np.append(rate.before, rate.values[: len(edges)]), strict=True):
        if r != 0.0 and b > t0:
            since, until = np.maximum(t - max(a, t0), 0.0), np.maximum(t - b, 0.0)
            out = out + r / HOUR / k * (np.exp(-k * until) - np.exp(-k * since))
    return out
