"""The population from many stays: how large, how fast and how alike the channels move, by moments of what was charted.

Of each channel (transformed): half the mean squared difference of readings k hours apart is, in the model,

    gamma(k) = r^2 + s_f^2 (1 - exp(-k / tau)) + s_l^2 (1 - exp(-k / tau_level))

(variogram: Diggle & Ribeiro 2007); r, s_f, s_l by weighted least squares at each tau of a grid, the best tau kept, with
r^2 + s_f^2 + s_l^2 the variance over all patients. Levels hang together as the stays' means do, swings as the changes
from four hours to the next do, both shrunk by a fifth (assumed) and made positive definite. Shocks R of the swings are
turned into F_ij = s_i s_j R_ij 2 sqrt(b_i b_j) / (b_i + b_j), the stationary covariance at rates b.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from vitruvian.engines.ouchannels import Population
from vitruvian.engines.pasts import Readings
from vitruvian.kinds.vitals.channels import FOLLOWED, SCALES, Scale
from vitruvian.models.icu.stays import Stays

TAU_LEVEL = 96.0  # h: longer than most of what is charted, so not to be learned from it (assumed)
TAUS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 18.0, 24.0)
LAGS = np.array([0.0, 0.5, 1.5, 2.5, 3.5, 5.0, 7.0, 10.0, 14.0, 20.0, 28.0, 40.0])  # h: edges of bins
AHEAD = 12  # readings each one is paired with
SHRUNK = 0.8
BIN = 4.0  # h
OUTLYING = 6.0  # robust sd beyond which a difference counts as that much: artefacts are few and far out


def learn_population(stays: Stays, origin: str) -> Population:
    """Moments over all stays; a channel that nobody charts keeps its textbook value with a wide spread."""
    rows = [_channel(stays.readings[name], scale) for name, scale in zip(FOLLOWED, SCALES, strict=True)]
    mean, noise, level, swing, tau = (np.array(c) for c in zip(*rows, strict=True))
    binned = _binned(stays)
    rate = 1.0 / tau
    shocks = correlation(np.diff(binned, axis=1).reshape(-1, len(FOLLOWED)))
    alike = correlation(_mean(binned))
    faded = 2.0 * np.sqrt(np.outer(rate, rate)) / (rate[:, None] + rate[None, :])
    swings = np.outer(swing, swing) * shocks * faded
    return Population(FOLLOWED, mean, noise, np.outer(level, level) * alike, swings, TAU_LEVEL, tau, origin)


def _channel(r: Readings, scale: Scale) -> tuple[float, float, float, float, float]:
    """Mean, sd of noise, of levels, of swings, and tau (h)."""
    z = scale.to(r.value)
    if len(z) < 200:
        rest, sd = float(scale.to(np.array(scale.channel.rest))), scale.channel.sd
        around = abs(float(scale.to(np.array(scale.channel.rest + sd))) - rest)
        return rest, around, 2.0 * around, around, 6.0
    _, count = np.unique(r.whose, return_counts=True)
    weight = np.repeat(1.0 / count, count)
    mean = float(np.average(z, weights=weight))
    middle = float(np.median(z))
    wide = OUTLYING * 1.4826 * max(float(np.median(np.abs(z - middle))), 1e-3 * abs(middle), 1e-3)
    clipped = np.clip(z, middle - wide, middle + wide)
    total = float(np.average((clipped - np.average(clipped, weights=weight)) ** 2, weights=weight))
    lag, half = _pairs(r, clipped)
    which = np.digitize(lag, LAGS) - 1
    inside = (which >= 0) & (which < len(LAGS) - 1)
    number = np.bincount(which[inside], minlength=len(LAGS) - 1).astype(float)
    safe = np.maximum(number, 1.0)
    gamma = np.bincount(which[inside], half[inside], len(LAGS) - 1) / safe
    at = np.bincount(which[inside], lag[inside], len(LAGS) - 1) / safe
    fits = [_fit(tau, at, gamma, np.sqrt(number), total) for tau in TAUS]
    _, noise, swing, level, tau = min(fits)
    floor = 0.05 * np.sqrt(total)
    return mean, max(noise, floor), max(level, floor), max(swing, floor), tau


def _pairs(r: Readings, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lag (h) and half the squared difference of each reading and the AHEAD after it of the same stay."""
    lags, halves = [], []
    for k in range(1, AHEAD + 1):
        same = r.whose[k:] == r.whose[:-k]
        lags.append((r.time[k:] - r.time[:-k])[same])
        halves.append(0.5 * ((z[k:] - z[:-k])[same]) ** 2)
    return np.concatenate(lags), np.concatenate(halves)


def _fit(
    tau: float, at: np.ndarray, gamma: np.ndarray, weight: np.ndarray, total: float
) -> tuple[float, float, float, float, float]:
    """Misfit, sd of noise, swings and levels at this tau; the total variance is one more, heavy, observation."""
    design = np.column_stack([np.ones_like(at), -np.expm1(-at / tau), -np.expm1(-at / TAU_LEVEL)])
    heavy = weight.max()
    rows = np.vstack([design * weight[:, None], np.full((1, 3), heavy)])
    found, miss = nnls(rows, np.append(gamma * weight, total * heavy))
    noise, swing, level = np.sqrt(found)
    return float(miss), float(noise), float(swing), float(level), tau


def _binned(stays: Stays) -> np.ndarray:
    """Mean transformed value of each stay, BIN and channel, (stay, bin, c); NaN where nothing was charted."""
    bins = int(np.ceil((np.max(stays.hours) + 1e-9) / BIN)) + 1
    out = np.full((len(stays), bins, len(FOLLOWED)), np.nan)
    for i, (name, scale) in enumerate(zip(FOLLOWED, SCALES, strict=True)):
        r = stays.readings[name]
        cell = r.whose * bins + np.minimum((r.time / BIN).astype(int), bins - 1)
        number = np.bincount(cell, minlength=len(stays) * bins)
        total = np.bincount(cell, scale.to(r.value), len(stays) * bins)
        mean = np.where(number > 0, total / np.maximum(number, 1), np.nan)
        out[:, :, i] = mean.reshape(len(stays), bins)
    return out


def _mean(binned: np.ndarray) -> np.ndarray:
    """Mean over the bins that have a value, (stay, c)."""
    there = ~np.isnan(binned)
    number = there.sum(axis=1)
    return np.where(number > 0, np.where(there, binned, 0.0).sum(axis=1) / np.maximum(number, 1), np.nan)


def correlation(x: np.ndarray) -> np.ndarray:
    """Correlations of the columns of x (n, c) from the rows where both are there; shrunk, positive definite."""
    there = ~np.isnan(x)
    centre = np.where(there, x, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    z = np.where(there, x - centre, 0.0)
    scale = np.sqrt((z**2).sum(axis=0) / np.maximum(there.sum(axis=0), 1))
    z = np.clip(z / np.where(scale > 0, scale, 1.0), -4.0, 4.0)
    number = there.T.astype(float) @ there
    found = np.where(number >= 100, (z.T @ z) / np.maximum(number, 1.0), 0.0) * SHRUNK
    np.fill_diagonal(found, 1.0)
    value, vector = np.linalg.eigh(found)
    positive = (vector * np.maximum(value, 0.02)) @ vector.T
    size = np.sqrt(np.diag(positive))
    return positive / np.outer(size, size)
