"""Members of an ensemble walked through time: the exact transition of the state, with noise keyed by member and hour.

Within an hour cell that begins at c the noise of a step to t is the root of its covariance times one normal vector of
(member, cell): its law at any t is exact, and a run that was stopped at the cell's edge goes on as if it had not been.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.engines.ouchannels import Population

HOUR = 3600.0


@lru_cache(maxsize=20000)
def normals(seed: int, cell: int, width: int) -> np.ndarray:
    """One vector (width,) a member and hour; cell -1: of the beginning."""
    return generator(seed, "vitals", cell).standard_normal(width)


@lru_cache(maxsize=64)
def together(seeds: bytes, cell: int, width: int) -> np.ndarray:
    """Those of all members (uint64 seeds), (member, width): an hour is walked in many steps."""
    out = np.stack([normals(int(s), cell, width) for s in np.frombuffer(seeds, dtype=np.uint64)])
    out.flags.writeable = False
    return out


def root(covariance: np.ndarray) -> np.ndarray:
    """Lower Cholesky factor; of a covariance that is zero, or just short of positive by rounding, too."""
    size = len(covariance)
    return np.linalg.cholesky(covariance + 1e-12 * (np.trace(covariance) / size + 1e-6) * np.eye(size))


def product(x: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """x (member, k) times factor' (k, k), without BLAS: a member's bits know no other member."""
    return np.einsum("mk,jk->mj", x, factor)


def beginning(population: Population, seeds: np.ndarray, volatility: np.ndarray) -> np.ndarray:
    """States (member, 2c) of patients of whom nothing is known."""
    c = len(population.names)
    z = np.stack([normals(int(s), -1, population.width) for s in seeds])
    level = product(z[:, :c], root(population.level))
    return np.hstack([level, product(z[:, c:], root(population.swing)) * volatility[:, None]])


def step(
    population: Population, x: np.ndarray, seeds: np.ndarray, volatility: np.ndarray, begin: float, end: float
) -> np.ndarray:
    """States (member, 2c) at `end` from those at `begin`, both in h of one hour cell."""
    if end <= begin:
        return x
    c = len(population.names)
    phi = np.exp(-population.rate * (end - begin))
    added = (1.0 - np.outer(phi, phi)) * population.stationary
    z = together(np.asarray(seeds, dtype=np.uint64).tobytes(), int(np.floor(begin)), population.width)
    level, swing = product(z[:, :c], root(added[:c, :c])), product(z[:, c:], root(added[c:, c:]))
    return phi * x + np.hstack([level, swing * volatility[:, None]])  # levels and swings know nothing of each other
