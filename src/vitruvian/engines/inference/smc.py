"""Tempered sequential Monte Carlo: draws and evidence from any likelihood, over z ~ N(mean, C).

Particles pass from prior to posterior through p_b(z) ~ N(z; mean, C) L(z)^b, 0 = b_0 < ... < b_K = 1. Each
temperature is the highest at which the effective sample size of the weights L^(b_k - b_k-1) stays at half of N; then
the particles are resampled (systematic) and moved by Metropolis-Hastings steps that leave p_b as it is: random walks
with the particles' own covariance, scaled towards an acceptance of 0.234. log evidence = sum of log mean weights.

Del Moral, Doucet & Jasra, Journal of the Royal Statistical Society B 2006;68:411; adaptive temperatures: Jasra et
al., Scandinavian Journal of Statistics 2011;38:1; random-walk scale 2.38 / sqrt(n): Roberts, Gelman & Gilks, Annals
of Applied Probability 1997;7:110. Moves are repeated until the particles have moved as far as they are wide.

Holds for smooth or rough likelihoods and for several modes near each other; costs (temperatures x moves x N)
likelihoods. Leaves out more than about 30 latents, where random walks are slow. The adaptation biases the evidence by
order 1/N.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator
from vitruvian.engines.inference.particle import systematic

TARGET = 0.5  # effective sample size kept at each temperature, share of N: Jasra et al. 2011
ACCEPTANCE = 0.234  # Roberts, Gelman & Gilks 1997
FEWEST, MOST, MOVED = 5, 100, 0.95  # moves at one temperature; distance, 1 = independent draws; assumed
LogLikelihood = Callable[[np.ndarray], np.ndarray]


class Tempered(NamedTuple):
    """Draws z (member, n) with equal weights (member,), log evidence, and how it went."""

    z: np.ndarray
    weights: np.ndarray
    log_evidence: float
    diagnostics: dict[str, float]


def tempered_smc(
    log_likelihood: LogLikelihood, mean: np.ndarray, covariance: np.ndarray, *, members: int, seed: int
) -> Tempered:
    """Posterior of z ~ N(mean (n,), covariance (n, n)) under log_likelihood: (member, n) -> (member,)."""
    root = cholesky(covariance, lower=True)
    # u is z with the prior made N(0, I)
    u = generator(seed, "smc", "prior").standard_normal((members, len(mean)))

    def said(u: np.ndarray) -> np.ndarray:
        value = np.asarray(log_likelihood(mean + u @ root.T), dtype=np.float64)
        return np.where(np.isnan(value), -np.inf, value)

    value = said(u)
    if not np.isfinite(value).any():
        raise InferenceError(
            "no draw of the prior explains the data", where="tempered SMC", fix="check the units, or widen the priors"
        )
    beta, evidence, scale, steps, moves, accepted = 0.0, 0.0, 2.38 / np.sqrt(max(len(mean), 1)), 0, 0, 0.0
    while beta < 1.0:
        rise = _rise(value, 1.0 - beta)
        increments = rise * value
        evidence += float(np.logaddexp.reduce(increments)) - np.log(members)
        weights = np.exp(increments - np.logaddexp.reduce(increments))
        chosen = systematic(weights, generator(seed, "smc", "resample", steps))
        beta = 1.0 if rise >= 1.0 - beta else beta + rise
        u, value, scale, accepted, made = _moved(said, u[chosen], value[chosen], beta, scale, (seed, steps))
        steps, moves = steps + 1, moves + made
    diagnostics = {
        "temperatures": float(steps),
        "moves": float(moves),
        "acceptance": accepted,
        "distinct": len(np.unique(u, axis=0)) / members,
    }
    return Tempered(mean + u @ root.T, np.full(members, 1.0 / members), evidence, diagnostics)


def _rise(value: np.ndarray, most: float) -> float:
    """The largest step in temperature, at most `most`, that keeps the effective sample size at TARGET of N."""

    def excess(step: float) -> float:
        w = step * value
        return float(2.0 * np.logaddexp.reduce(w) - np.logaddexp.reduce(2.0 * w)) - np.log(TARGET * len(value))

    if excess(most) >= 0.0:
        return most
    low, high = most * 1e-12, most  # below low: most of the prior is impossible, and those draws are dropped
    while high - low > 1e-3 * low:
        middle = np.sqrt(low * high)
        low, high = (middle, high) if excess(middle) >= 0.0 else (low, middle)
    return low


def _moved(
    said: LogLikelihood, u: np.ndarray, value: np.ndarray, beta: float, scale: float, key: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, float, float, int]:
    """Random-walk moves at temperature beta; returns particles, likelihoods, scale, last acceptance, moves made."""
    count, n = u.shape
    if n == 0:
        return u, value, scale, 1.0, 0
    spread = np.cov(u, rowvar=False, ddof=1).reshape(n, n)
    chol = cholesky(spread + 1e-10 * np.trace(spread) / n * np.eye(n) + 1e-300 * np.eye(n), lower=True)
    began, rate, made = u, 0.0, 0
    for made in range(1, MOST + 1):
        rng = generator(key[0], "smc", "move", key[1], made)
        tried = u + scale * rng.standard_normal((count, n)) @ chol.T
        tried_value = said(tried)
        with np.errstate(invalid="ignore"):
            gain = beta * (tried_value - value) - 0.5 * ((tried**2).sum(axis=1) - (u**2).sum(axis=1))
        take = np.log(rng.uniform(size=count)) < gain
        u, value = np.where(take[:, None], tried, u), np.where(take, tried_value, value)
        rate = float(take.mean())
        scale *= float(np.exp((rate - ACCEPTANCE) / np.sqrt(made)))
        if made >= FEWEST and _travelled(began, u, chol) >= MOVED:
            break
    return u, value, scale, rate, made


def _travelled(began: np.ndarray, now: np.ndarray, chol: np.ndarray) -> float:
    """Mean squared whitened distance from where the moves began, over that of two independent draws."""
    step = solve_triangular(chol, (now - began).T, lower=True)
    return float((step**2).mean()) / 2.0
