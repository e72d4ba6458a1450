"""Many readings of one slowly changing thing: levels and swings as Ornstein-Uhlenbeck processes, filtered exactly.

    z_c(t) = m_c + l_c(t) + f_c(t) + e,     e ~ N(0, r_c^2)                         one reading of channel c
    l: levels, cov l_c(t) l_k(s) = L_ck exp(-a_c |t - s|) on the diagonal rates a_c = 1 / tau_level (the same for all)
    f: swings, correlated shocks: stationary covariance F_ck, each channel fading at its own rate b_c = 1 / tau_c

As a state x = (l, f) it is linear and Gaussian: over dt hours x -> phi x, phi = exp(-rate dt), with noise covariance
P - phi P phi' elementwise, P the stationary covariance (exact for any dt, since rates are diagonal). Readings come one
by one at any time: Kalman, J Basic Eng 1960;82:35; Särkkä & Solin, Applied Stochastic Differential Equations, 2019.
The same posterior follows from all readings at once (`conditioned`): what streaming is checked against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, eq=False)
class Population:
    """mean, noise (c,): of a reading's transformed value; level, swing (c, c): stationary covariances; tau_level (h),
    tau (c,) h: how long levels and swings last. origin: what it was learned from."""

    names: tuple[str, ...]
    mean: np.ndarray
    noise: np.ndarray
    level: np.ndarray
    swing: np.ndarray
    tau_level: float
    tau: np.ndarray
    origin: str

    @property
    def width(self) -> int:
        """Numbers in a state: a level and a swing a channel."""
        return 2 * len(self.names)

    @property
    def rate(self) -> np.ndarray:
        """Of each number of the state, 1/h, (2c,)."""
        return np.append(np.full(len(self.names), 1.0 / self.tau_level), 1.0 / self.tau)

    @property
    def stationary(self) -> np.ndarray:
        """Covariance (2c, 2c) of a state of which nothing is known."""
        c = len(self.names)
        out = np.zeros((2 * c, 2 * c))
        out[:c, :c], out[c:, c:] = self.level, self.swing
        return out

    def scaled(self, volatility: float) -> Population:
        """The same with swings `volatility` times as large."""
        return replace(self, swing=self.swing * volatility**2)


@dataclass(frozen=True, eq=False)
class Filtered:
    """What is known of the state at hour `at`: mean (2c,), covariance (2c, 2c); log density of the readings so far."""

    at: float
    mean: np.ndarray
    covariance: np.ndarray
    log_likelihood: float = 0.0

    def moments(self, population: Population, channel: int) -> tuple[float, float]:
        """Mean and variance of a reading of a channel now, its noise included."""
        c, i = len(population.names), channel
        v = self.covariance
        mean = population.mean[i] + self.mean[i] + self.mean[c + i]
        return float(mean), float(v[i, i] + v[c + i, c + i] + 2.0 * v[i, c + i] + population.noise[i] ** 2)


def start(population: Population, at: float) -> Filtered:
    """Before any reading."""
    return Filtered(at, np.zeros(population.width), population.stationary)


def predicted(population: Population, f: Filtered, at: float) -> Filtered:
    """At a later hour, nothing read in between."""
    if at == f.at:
        return f
    phi = np.exp(-population.rate * (at - f.at))
    both = np.outer(phi, phi)
    still = population.stationary
    return replace(f, at=at, mean=phi * f.mean, covariance=both * f.covariance + (1.0 - both) * still)


def ahead_of(population: Population, f: Filtered, channel: int, hours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance (n,) of readings of one channel `hours` (n,) later, nothing read in between: as `predicted` and
    `moments`, for the two numbers of the state that it rests on."""
    c, i = len(population.names), channel
    pair = np.array([i, c + i])
    phi = np.exp(-population.rate[pair] * hours[:, None])
    now, still = f.covariance[np.ix_(pair, pair)], population.stationary[np.ix_(pair, pair)]
    variance = population.noise[i] ** 2 + np.zeros(len(hours))
    for j in range(2):
        for k in range(2):
            both = phi[:, j] * phi[:, k]
            variance += both * now[j, k] + (1.0 - both) * still[j, k]
    return population.mean[i] + phi @ f.mean[pair], variance


def updated(population: Population, f: Filtered, channel: int, value: float, sd: float | None = None) -> Filtered:
    """After a reading (transformed) at this hour; sd: its own noise instead of the channel's."""
    c, i = len(population.names), channel
    noise = population.noise[i] if sd is None else sd
    gain = f.covariance[:, i] + f.covariance[:, c + i]
    variance = gain[i] + gain[c + i] + noise**2
    off = value - population.mean[i] - f.mean[i] - f.mean[c + i]
    covariance = f.covariance - np.outer(gain, gain / variance)
    density = -0.5 * (off * off / variance + np.log(2.0 * np.pi * variance))
    return Filtered(f.at, f.mean + gain * (off / variance), covariance, f.log_likelihood + float(density))


def filtered(
    population: Population, time: Sequence[float], channel: Sequence[int], value: Sequence[float], f: Filtered
) -> Filtered:
    """After readings in order of time (h)."""
    for t, i, z in zip(time, channel, value, strict=True):
        f = updated(population, predicted(population, f, float(t)), int(i), float(z))
    return f


def covariance(population: Population, time: np.ndarray, channel: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Covariance (n, 2c) of readings with the state at the times `of` a single hour: cov(z_i(t), x(of))."""
    lag = np.abs(time[:, None] - of)
    c = len(population.names)
    level = population.level[channel] * np.exp(-lag / population.tau_level)
    # the later of two swings has faded since the earlier: cov f_c(t) f_k(s) = F_ck exp(-b (t - s)) of the later one
    later = np.where(time[:, None] >= of, (1.0 / population.tau)[channel][:, None], (1.0 / population.tau)[None, :])
    swing = population.swing[channel] * np.exp(-lag * later)
    assert level.shape[1] == c
    return np.hstack([level, swing])


def conditioned(
    population: Population, time: np.ndarray, channel: np.ndarray, value: np.ndarray, at: float
) -> Filtered:
    """The state at hour `at` from all readings (n,) at once: one dense system of n equations."""
    n, c = len(time), len(population.names)
    lag = np.abs(time[:, None] - time[None, :])
    fade = (1.0 / population.tau)[channel]
    later = np.where(time[:, None] >= time[None, :], fade[:, None], fade[None, :])
    pair = np.ix_(channel, channel)
    gram = population.level[pair] * np.exp(-lag / population.tau_level) + population.swing[pair] * np.exp(-lag * later)
    gram[np.arange(n), np.arange(n)] += population.noise[channel] ** 2
    cross = covariance(population, time, channel, np.array([at]))
    solved = np.linalg.solve(gram, np.column_stack([value - population.mean[channel], cross]))
    assert cross.shape == (n, 2 * c)
    return Filtered(at, cross.T @ solved[:, 0], population.stationary - cross.T @ solved[:, 1:])
