"""When: discrete-time competing hazards from how likely an outcome is and what is known of its time.

Two parametrisations of P(cause k in interval j | at risk, X) = h_kj, with d_j the hazard of leaving (discharge, or
another end of being at risk):

    onsets               h_j = sigmoid(a_j + s_j f(X)),   d_j = sigmoid(b_j + r_j g(X)),   hourly; f, g: the logits of
                         an onset, and of leaving without one, within the next 6 h. The slopes fall with the lead j:
                         what is known now tells less of tomorrow
    death and discharge  p(X) = P(death before leaving hospital | X);   q_j, r_j = P(it comes on day j | not before)
                         of those who die, and who leave alive:
                         h_j = p D_{j-1} q_j / S_{j-1},   d_j = (1 - p) L_{j-1} r_j / S_{j-1},   S = p D + (1 - p) L

The first is Singer & Willett, J Educ Stat 1993;18:155, with two causes (Prentice et al., Biometrics 1978;34:541 [from
memory]); the second the mixture (vertical) form of the same competing risks, Larson & Dinse, Appl Stat 1985;34:201, in
which the chance of either end is exactly p and 1 - p however long one waits. Risk over H: sum_j S_{j-1} h_j with
S_j = S_{j-1} (1 - h_j - d_j). Where the stays of an onset do not say who left, d_j is that of the second form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

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

    def leaving(self, p: np.ndarray, hours: int) -> np.ndarray:
        """Hazard (..., hour) of either end in each of the next hours, for p (...)."""
        gone = np.stack([np.sum(self.over(p, float(j)), axis=0) for j in range(hours + 1)], axis=-1)
        return np.diff(gone, axis=-1) / np.maximum(1.0 - gone[..., :-1], 1e-9)


@dataclass(frozen=True, eq=False)
class Onset:
    """a, b (HOURS, 2): offset and slope of the hourly hazards of the onset and of leaving before it, by lead.

    b is empty where the stays did not say who left.
    """

    a: np.ndarray
    b: np.ndarray

    @classmethod
    def of(
        cls,
        f: np.ndarray,
        lead: np.ndarray,
        end: np.ndarray,
        hours: int,
        g: np.ndarray | None = None,
        leaves: np.ndarray | None = None,
    ) -> Onset:
        """f (n,) of landmarks, lead (n,) h to the onset (NaN: none), end (n,) h to the end of being watched; g (n,) and
        leaves (n,) h to leaving (NaN: not seen to leave), where that is known.

        a_j, s_j: logistic regression of an onset in hour j on f over those still watched then, slope about SLOPE;
        neighbouring hours are pooled three by three, since onsets are few. b_j, r_j likewise.
        """
        first = np.where(np.isnan(lead), np.inf, lead)
        a = _by_lead(f, first, np.minimum(first, end), hours)
        if g is None or leaves is None:
            return cls(a, np.zeros((0, 2)))
        out = np.where(np.isnan(leaves), np.inf, leaves)
        return cls(a, _by_lead(g, np.where(out < first, out, np.inf), np.minimum(first, end), hours))

    def leaving(self, g: np.ndarray, hours: int) -> np.ndarray:
        """Hazard (..., hour) of leaving in each of the next hours, for g (...)."""
        return np.stack([_hazard(self.b, j, g) for j in range(hours)], axis=-1)

    def over(self, f: np.ndarray, hours: float, leaving: np.ndarray | None = None) -> np.ndarray:
        """Chance of the onset within `hours` before leaving, for f (...); the last hour's hazard goes on holding.

        leaving (..., hour): its hazard in each hour; None: nobody leaves.
        """
        still, chance = np.ones_like(f), np.zeros_like(f)
        for j in range(int(np.ceil(hours))):
            share = min(1.0, hours - j)
            h = _hazard(self.a, j, f) * share
            chance = chance + still * h
            gone = 0.0 if leaving is None else leaving[..., j] * share
            still = still * np.maximum(1.0 - h - gone, 0.0)
        return chance


SLOPE, SLOPE_SD = 0.8, 0.4  # of a lead's slope before any data: assumed
STEPS = 30  # of Newton's method: a dozen are enough


def _hazard(by: np.ndarray, j: int, f: np.ndarray) -> np.ndarray:
    offset, slope = by[min(j, len(by) - 1)]
    return expit(offset + slope * f)


def _by_lead(f: np.ndarray, when: np.ndarray, until: np.ndarray, hours: int) -> np.ndarray:
    """Offset and slope (HOURS, 2): when (n,) the event comes (inf: not), until (n,) when one is no longer watched."""
    out = np.empty((hours, 2))
    for j in range(hours):
        near = range(max(0, j - 1), min(hours, j + 2))
        watched = np.concatenate([f[until > i] for i in near])
        came = np.concatenate([((when > i) & (when <= i + 1))[until > i] for i in near])
        out[j] = _logistic(watched, came.astype(np.float64))
    return out


def _logistic(f: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Offset and slope of y on f, slope >= 0 with its prior; half an event and half a non-event more."""
    if len(f) == 0:
        return -10.0, SLOPE  # nobody was ever watched so long: no onset is claimed
    centre = float(f.mean())
    x, share = f - centre, (y.sum() + 0.5) / (len(y) + 1.0)
    a, s = float(np.log(share / (1.0 - share))), SLOPE
    for _ in range(STEPS):
        p = expit(a + s * x)
        w = p * (1.0 - p)
        gradient = np.array([(y - p).sum() + 0.5 * (1.0 - 2.0 * expit(a)), x @ (y - p) - (s - SLOPE) / SLOPE_SD**2])
        cross = float(w @ x)
        curve = np.array([[w.sum() + 0.25, cross], [cross, w @ (x * x) + 1.0 / SLOPE_SD**2]])
        step = np.linalg.solve(curve, gradient)
        step *= min(1.0, 1.0 / float(np.abs(step).max() + 1e-12))
        a, s = a + float(step[0]), max(s + float(step[1]), 0.0)
        if float(np.abs(step).max()) < 1e-8:
            break
    return a - s * centre, s
