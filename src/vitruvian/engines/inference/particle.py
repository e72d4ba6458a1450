"""Particle filter: states and likelihood under any noise, one observation at a time.

With particles x_i ~ p(x_t | y_1..t-1) and weights w_i, an observation multiplies w_i by g_i = p(y_t | x_i).
Resampling happens when the effective sample size 1 / sum w^2 falls below a share of N, systematically (one uniform u,
keyed): N positions (u + k) / N in the cumulated weights. prod_t sum_i w_i g_i is an unbiased estimate of p(y_1..T).

Bootstrap: Gordon, Salmond & Smith, IEE Proceedings F 1993;140:107. Auxiliary (a look-ahead p(y_t | m(x_t-1)) chooses
who is propagated): Pitt & Shephard, Journal of the American Statistical Association 1999;94:590. Systematic
resampling: Kitagawa, Journal of Computational and Graphical Statistics 1996;5:1. Unbiasedness: Del Moral, Feynman-Kac
Formulae, 2004.

Holds for low-dimensional noise: the number of particles needed grows exponentially with the information of one
observation. Static parameters degenerate with every resampling; `jittered` (Liu & West 2001) moves them apart again,
at the price of an approximation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator

SHARE = 0.5  # resample below this share of N: Liu & Chen, JASA 1998;93:1032


@dataclass(frozen=True)
class Weighed:
    """Normalised weights (member,) after an observation, log of its predictive density, effective sample size."""

    weights: np.ndarray
    log_likelihood: float
    ess: float


@dataclass(frozen=True)
class Filtered:
    """Particles and weights (N,) after the last observation; log p(y) in all and at each observation (T,)."""

    particles: np.ndarray
    weights: np.ndarray
    log_likelihoods: np.ndarray

    @property
    def log_likelihood(self) -> float:
        """log of the unbiased estimate of p(y_1..T)."""
        return float(self.log_likelihoods.sum())


def weigh(weights: np.ndarray, log_density: np.ndarray) -> Weighed:
    """Weights after an observation of log density (member,); InferenceError if no particle could have made it."""
    with np.errstate(divide="ignore"):
        joint = np.log(weights) + np.where(np.isnan(log_density), -np.inf, log_density)
    total = float(np.logaddexp.reduce(joint))
    if not np.isfinite(total):
        raise InferenceError(
            "no particle explains the observation", where="particle filter", fix="use more members, or recalibrate"
        )
    new = np.exp(joint - total)
    return Weighed(new, total, float(1.0 / np.sum(new**2)))


def systematic(weights: np.ndarray, rng: np.random.Generator, count: int | None = None) -> np.ndarray:
    """`count` ancestors (default: as many as there are): each i appears floor or ceil of count * w_i times."""
    count = len(weights) if count is None else count
    cumulated = np.cumsum(weights)
    positions = (rng.uniform() + np.arange(count)) / count * cumulated[-1]
    return np.minimum(np.searchsorted(cumulated, positions, side="right"), len(weights) - 1)


def jittered(
    z: np.ndarray, weights: np.ndarray, ancestors: np.ndarray, normals: np.ndarray, discount: float
) -> np.ndarray:
    """Ancestors' parameters (N, n), shrunk to the weighted mean and spread again: mean and covariance are kept.

    Liu & West, in Sequential Monte Carlo Methods in Practice, 2001, ch. 10: a = (3 d - 1) / (2 d), kernel variance
    (1 - a^2) C. normals (N, n).
    """
    a = (3.0 * discount - 1.0) / (2.0 * discount)
    mean = weights @ z
    centred = z - mean
    values, vectors = np.linalg.eigh((centred * weights[:, None]).T @ centred)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return mean + a * centred[ancestors] + np.sqrt(1.0 - a**2) * normals @ root.T


def particle_filter(
    initial: Callable[[int, np.random.Generator], np.ndarray],
    move: Callable[[int, np.ndarray, np.random.Generator], np.ndarray],
    log_density: Callable[[int, np.ndarray], np.ndarray],
    observations: int,
    *,
    particles: int,
    seed: int,
    look_ahead: Callable[[int, np.ndarray], np.ndarray] | None = None,
    share: float = SHARE,
) -> Filtered:
    """Run over observations t = 0 .. T-1.

    initial(N, rng): particles before the first observation's move; move(t, x, rng): to the time of observation t;
    log_density(t, x) (N,) of observation t. look_ahead(t, x_before) (N,): a guess of it before the move; with it the
    filter is auxiliary.
    """
    x = initial(particles, generator(seed, "particle", "initial"))
    equal = np.full(particles, 1.0 / particles)
    weights, said = equal, np.zeros(observations)
    for t in range(observations):
        guess = None
        if look_ahead is not None:
            first = weigh(weights, look_ahead(t, x))
            guess, said[t], weights = look_ahead(t, x), first.log_likelihood, first.weights
        if guess is not None or 1.0 / np.sum(weights**2) < share * particles:
            ancestors = systematic(weights, generator(seed, "particle", "resample", t))
            x, weights = x[ancestors], equal
            guess = None if guess is None else guess[ancestors]
        x = move(t, x, generator(seed, "particle", "move", t))
        density = log_density(t, x)
        step = weigh(weights, density if guess is None else density - guess)
        weights, said[t] = step.weights, said[t] + step.log_likelihood
    return Filtered(x, weights, said)
