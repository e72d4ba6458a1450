"""Risk-adjusted CUSUM: do outcomes still come as often as the risks said.

    odds of the outcome R times what was said:   W = ln(R^y / (1 - p + R p)),   S_t = max(0, S_{t-1} + W_t)

with an alarm at S > h, once for R = 2 (more than said) and once for R = 1/2 (fewer): Steiner, Cook, Farewell &
Treasure, Biostatistics 2000;1:441.
Outcomes in the order in which they became known. The limit for a stated run length comes from the risks themselves
(Brook & Evans' chain over the increments that these risks make, outcomes as likely as said).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from vitruvian.models.drift.page import Watch, both_ways, watch

ODDS = 2.0  # as in Steiner et al.
STATES = 160  # of the chain


def increments(p: np.ndarray, y: np.ndarray, odds: float) -> np.ndarray:
    """W of outcomes y (n,), 0 or 1, that had been given the probabilities p (n,)."""
    return np.where(y > 0, np.log(odds), 0.0) - np.log1p((odds - 1.0) * p)


def calibration_cusum(p: np.ndarray, y: np.ndarray, limit: float) -> Watch:
    """Both ways: up says that outcomes come more often than was said, down that they come less often."""
    return watch(increments(p, y, ODDS), increments(p, y, 1.0 / ODDS), limit)


def outcome_run_length(p: np.ndarray, limit: float, shift: float = 1.0) -> float:
    """Average number of outcomes to an alarm when their odds are `shift` times what was said (1: a false alarm)."""
    actual = shift * p / (1.0 - p + shift * p)
    weight = np.concatenate([actual, 1.0 - actual]) / len(p)
    lengths = []
    for odds in (ODDS, 1.0 / ODDS):
        hit, miss = increments(p, np.ones(len(p)), odds), increments(p, np.zeros(len(p)), odds)
        lengths.append(_chain(np.concatenate([hit, miss]), weight, limit))
    return both_ways(*lengths)


def _chain(w: np.ndarray, weight: np.ndarray, limit: float) -> float:
    """Run length of increments w with these weights (k,): a jump between two states is shared, so its mean is kept."""
    width = limit / (STATES - 1)
    at = np.maximum(np.arange(STATES)[:, None] + w[None, :] / width, 0.0)
    below = np.floor(at).astype(np.int64)
    moves = np.zeros((STATES, STATES + 2))
    rows = np.repeat(np.arange(STATES), len(w))
    for state, share in ((below, 1.0 - (at - below)), (below + 1, at - below)):
        inside = np.where(at > STATES - 1.0, STATES + 1, np.minimum(state, STATES + 1))  # above the limit: over
        np.add.at(moves, (rows, inside.ravel()), (share * weight[None, :]).ravel())
    return float(np.linalg.solve(np.eye(STATES) - moves[:, :STATES], np.ones(STATES))[0])


def outcome_limit(p: np.ndarray, length: float) -> float:
    """The limit at which risks like these p (n,) give a false alarm every `length` outcomes on average."""
    few = np.quantile(p, np.linspace(0.0, 1.0, 100)) if len(p) > 100 else p

    def miss(h: float) -> float:
        return np.log(outcome_run_length(few, h)) - np.log(length)

    high = 1.0
    while miss(high) < 0.0:
        high *= 1.5
    return float(brentq(miss, 1e-3, high, xtol=1e-2))  # pyright: ignore[reportArgumentType]
