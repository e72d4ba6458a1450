"""Page's test (Page-Hinkley with the mean of a reference): the first sign that a level has moved, up or down.

    z_t = (x_t - mean) / sd;   S+_t = max(0, S+_{t-1} + z_t - k),   S-_t = max(0, S-_{t-1} - z_t - k);   alarm at S > h

k: half the shift (sd) it is made for. The average run length to a false alarm is that of a Markov chain (Brook & Evans,
Biometrika 1972;59:539); `limit_for` turns it round: h for a stated run length. Page, Biometrika 1954;41:100.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

STATES = 60  # of the chain: the published run lengths to 0.5 %
Cdf = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Watch:
    """Where a two-sided test went: sums up and down (n, 2), and the first value (index) at which it spoke, or None."""

    sums: np.ndarray
    limit: float
    spoke: int | None
    up: bool

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: where it stands and whether it spoke."""
        last = self.sums[-1].tolist() if len(self.sums) else [0.0, 0.0]
        return {"sums": last, "limit": self.limit, "spoke_at": self.spoke, "up": self.up}


def page(x: np.ndarray, mean: float, sd: float, limit: float, k: float = 0.5) -> Watch:
    """Page's test of values (n,) in order against a reference's mean and sd, both ways."""
    z = (np.asarray(x, dtype=float) - mean) / sd
    return watch(z - k, -z - k, limit)


def watch(up: np.ndarray, down: np.ndarray, limit: float) -> Watch:
    """Two one-sided sums of increments (n,), each never below 0; the first above the limit speaks."""
    sums = np.stack([reflected(up), reflected(down)], axis=1)
    above = np.flatnonzero((sums > limit).any(axis=1))
    first = int(above[0]) if len(above) else None
    return Watch(sums, limit, first, first is not None and bool(sums[first, 0] > limit))


def reflected(increments: np.ndarray) -> np.ndarray:
    """S_t = max(0, S_{t-1} + w_t) from 0, (n,): the walk above its running minimum."""
    walk = np.cumsum(increments)
    return walk - np.minimum(np.minimum.accumulate(walk), 0.0) if len(walk) else walk


def run_length(cdf: Cdf, limit: float) -> float:
    """Average number of values until a one-sided sum of independent increments with this cdf exceeds the limit."""
    width = 2.0 * limit / (2.0 * STATES - 1.0)
    i = np.arange(STATES)
    step = (i[None, :] - i[:, None]) * width
    moves = cdf(step + width / 2.0) - cdf(step - width / 2.0)
    moves[:, 0] = cdf(-i * width + width / 2.0)
    return float(np.linalg.solve(np.eye(STATES) - moves, np.ones(STATES))[0])


def both_ways(length_up: float, length_down: float) -> float:
    """Run length of the two-sided test: 1 / L = 1 / L+ + 1 / L- (Kemp, J R Stat Soc B 1961;23:149)."""
    return 1.0 / (1.0 / length_up + 1.0 / length_down)


def limit_for(length: float, k: float = 0.5) -> float:
    """The limit h at which a two-sided Gaussian test gives a false alarm every `length` values on average."""

    def miss(h: float) -> float:
        one = run_length(lambda x: norm.cdf(x + k), h)
        return np.log(both_ways(one, one)) - np.log(length)

    return float(brentq(miss, 0.5, 20.0, xtol=1e-3))  # pyright: ignore[reportArgumentType]
