"""When: discrete-time competing hazards from how likely an outcome is and what is known of its time.

Two parametrisations of P(cause k in interval j | at risk, X) = h_kj, with d_j the hazard of leaving (discharge, or
another end of being at risk):

    onsets (aki, sepsis)   h_j = sigmoid(a_j + f(X)),     hourly; f: the logit of an onset within the next 6 h
    death and discharge    p(X) = P(death before leaving hospital | X);   q_j, r_j = P(it comes on day j | not before)
                           of those who die, and who leave alive:
                           h_j = p D_{j-1} q_j / S_{j-1},   d_j = (1 - p) L_{j-1} r_j / S_{j-1},   S = p D + (1 - p) L

The first is Singer & Willett, J Educ Stat 1993;18:155; the second the mixture (vertical) form of the same competing
risks, Larson & Dinse, Appl Stat 1985;34:201, in which the chance of either end is exactly p and 1 - p however long one
waits. Risk over H: sum_j S_{j-1} h_j with S_j = S_{j-1} (1 - h_j - d_j).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

DAY_H = 24.0
DAYS = 30  # q and r are constant from then on


@dataclass(frozen=True, eq=False)
class Ends:
    """q, r (DAYS,): chance that death, or leaving alive, comes on day j of those it comes to, if not before."""

    q: np.ndarray
    r: np.ndarray

    @classmethod
    def of(cls, day: np.ndarray, died: np.ndarray) -> Ends:
        """From the day (0, 1, ...) after the landmark on which each stay ended (n,), and whether by death (n,).

        Life tables with half a stay added to each side, so that no day is impossible.
        """

        def table(mine: np.ndarray) -> np.ndarray:
            ended = np.array([np.sum(mine == j) for j in range(DAYS - 1)])
            left = np.array([np.sum(mine >= j) for j in range(DAYS - 1)])
            late = mine[mine >= DAYS - 1]
            last = (len(late) + 0.5) / (np.sum(late - (DAYS - 1) + 1) + 1.0)
            return np.append((ended + 0.5) / (left + 1.0), last)

        return cls(table(day[died > 0]), table(day[died == 0]))

    def over(self, p: np.ndarray, hours: float) -> tuple[np.ndarray, np.ndarray]:
        """Chance of death, and of leaving alive, within `hours` for p of any shape; hours of a day are alike."""
        whole, part = int(hours // DAY_H), (hours % DAY_H) / DAY_H
        index = np.minimum(np.arange(whole + 1), DAYS - 1)
        share = np.append(np.ones(whole), part)

        def came(day: np.ndarray) -> float:
            return -float(np.expm1(np.sum(share * np.log1p(-day[index]))))

        return p * came(self.q), (1.0 - p) * came(self.r)


@dataclass(frozen=True, eq=False)
class Onset:
    """a (HOURS,): offset of the hourly hazard at lead j to f; leave: hazard an hour of leaving before any onset."""

    a: np.ndarray
    leave: float

    @classmethod
    def of(cls, f: np.ndarray, lead: np.ndarray, end: np.ndarray, hours: int) -> Onset:
        """f (n,) of landmarks, lead (n,) h to the onset (NaN: none), end (n,) h to the end of being watched.

        a_j solves sum_i sigmoid(a_j + f_i) = number of onsets at lead j over those still watched, a constant added to
        both; neighbouring hours are pooled three by three, since onsets are few.
        """
        first = np.where(np.isnan(lead), np.inf, lead)
        a = np.empty(hours)
        for j in range(hours):
            low, high = max(0, j - 1), min(hours, j + 2)
            watched = np.concatenate([f[(first > i) & (end > i)] for i in range(low, high)])
            count = sum(int(np.sum((first > i) & (first <= i + 1))) for i in range(low, high))
            a[j] = _offset(watched, count + 0.5)
        at_risk = float(np.sum(np.minimum(np.minimum(first, end), hours)))
        left = int(np.sum((end < first) & (end < hours)))
        return cls(a, (left + 0.5) / (at_risk + 1.0))

    def over(self, f: np.ndarray, hours: float) -> np.ndarray:
        """Chance of the onset within `hours` before leaving, for f of any shape; the last offset goes on holding."""
        still, chance = np.ones_like(f), np.zeros_like(f)
        for j in range(int(np.ceil(hours))):
            share = min(1.0, hours - j)
            h = expit(self.a[min(j, len(self.a) - 1)] + f) * share
            chance = chance + still * h
            still = still * np.maximum(1.0 - h - self.leave * share, 0.0)
        return chance


def _offset(f: np.ndarray, count: float) -> float:
    """a with sum sigmoid(a + f) = count, by bisection."""
    if len(f) == 0:
        return -10.0  # nobody was ever watched so long: no onset is claimed
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if expit(middle + f).sum() < count else (low, middle)
    return float(0.5 * (low + high))


def base_logit(share: float) -> float:
    """Log odds of a share, kept from 0 and 1."""
    return float(logit(np.clip(share, 1e-6, 1.0 - 1e-6)))
