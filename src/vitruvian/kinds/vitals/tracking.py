"""One patient followed: the exact state after every reading, how restless this patient is, and what may come.

Forecast of a reading of channel c, h hours ahead, on the channel's scale:   mean + sd s_c Q_h(u)

mean, sd: of the exact filter (engines/ouchannels.py); s_c^2 = (nu + sum min(e^2, 16)) / (nu + n): how large this
patient's own n standardised surprises e were, against the population's (a variance with a prior worth nu readings; West
& Harrison, Bayesian Forecasting, 1997, section 10.8); Q_h: quantiles of such standardised errors among many other
patients, since real errors have longer tails than normal ones. A doubted reading is kept and moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from vitruvian.engines.ouchannels import Filtered, Population, ahead_of, predicted, start, updated
from vitruvian.kinds.vitals.channels import FOLLOWED, SCALES

PRIOR_WORTH = 6.0  # readings (assumed)
LARGEST = 16.0  # of a squared surprise: an artefact must not widen the bands for long (assumed)
LEADS = np.arange(1.0, 7.0)  # h
LEVELS = np.array([0.025, 0.05, 0.1, 0.15, *np.arange(0.2, 0.81, 0.1), 0.85, 0.9, 0.95, 0.975]).round(3)


@dataclass(frozen=True, eq=False)
class Track:
    """State of the exact filter, and of each channel the sum of squared surprises and how many, (c,)."""

    state: Filtered
    surprise: np.ndarray
    count: np.ndarray

    @classmethod
    def begin(cls, population: Population, hour: float) -> Track:
        """Before any reading."""
        none = np.zeros(len(FOLLOWED))
        return cls(start(population, hour), none, none)

    def read(self, population: Population, hour: float, channel: int, value: float) -> Track:
        """After one reading (transformed) at this hour, not before the last one."""
        now = predicted(population, self.state, hour)
        mean, variance = now.moments(population, channel)
        surprise, count = self.surprise.copy(), self.count.copy()
        surprise[channel] += min((value - mean) ** 2 / variance, LARGEST)
        count[channel] += 1.0
        return Track(updated(population, now, channel, value), surprise, count)

    def restless(self) -> np.ndarray:
        """s (c,): 1 for a patient like all others."""
        return np.sqrt((PRIOR_WORTH + self.surprise) / (PRIOR_WORTH + self.count))


@dataclass(frozen=True, eq=False)
class Errors:
    """Quantiles of standardised errors: {channel: (lead, level)}; channels without are normal."""

    by: Mapping[str, np.ndarray] = field(default_factory=dict)

    def of(self, name: str, hours: np.ndarray) -> np.ndarray:
        """(n, level) at leads (n,) h, between the leads learned, and as the nearest beyond them."""
        if name not in self.by:
            from scipy.special import ndtri

            return np.tile(ndtri(LEVELS), (len(hours), 1))
        table = self.by[name]
        return np.stack([np.interp(hours, LEADS, table[:, k]) for k in range(len(LEVELS))], axis=1)


@dataclass(frozen=True, eq=False)
class Prognosis:
    """Forecast of readings of one channel: hours ahead (n,), quantiles (n, level) in its unit at LEVELS."""

    name: str
    ahead: np.ndarray
    values: np.ndarray


def standardised(
    population: Population, track: Track, channel: int, ahead: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and s sd (n,) of readings `ahead` (n,) h, transformed."""
    mean, variance = ahead_of(population, track.state, channel, np.asarray(ahead, dtype=np.float64))
    return mean, np.sqrt(variance) * track.restless()[channel]


def prognosis(population: Population, errors: Errors, track: Track, name: str, ahead: np.ndarray) -> Prognosis:
    """What readings of a channel may be, `ahead` (n,) h after the track's time."""
    channel = FOLLOWED.index(name)
    mean, sd = standardised(population, track, channel, ahead)
    z = mean[:, None] + sd[:, None] * errors.of(name, ahead)
    values = np.sort(SCALES[channel].back(z), axis=1)  # saturation falls where its transform rises
    return Prognosis(name, ahead, values)


def at_hour(population: Population, track: Track, hour: float) -> Track:
    """The track at a later hour, nothing read in between."""
    return replace(track, state=predicted(population, track.state, hour))
