"""How large standardised errors of forecasts are among many patients: quantiles by channel and lead."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.engines.ouchannels import Population
from vitruvian.kinds.vitals.channels import FOLLOWED, SCALES
from vitruvian.kinds.vitals.tracking import LEADS, LEVELS, Errors, Track, standardised
from vitruvian.models.icu.stays import Stays

ORIGINS = (6.0, 12.0, 18.0, 24.0, 30.0, 36.0, 42.0)  # h in the unit at which forecasts are made
LEARNED_ON = 400  # stays: some 40 errors a channel, lead and stay are enough
ENOUGH = 300  # errors a channel and lead; fewer: normal quantiles


@dataclass(frozen=True, eq=False)
class Chart:
    """Readings of one stay in order of time: time (n,) h, channel (n,), transformed value (n,)."""

    time: np.ndarray
    channel: np.ndarray
    value: np.ndarray


@dataclass(frozen=True, eq=False)
class Ahead:
    """Readings of a channel within 6 h after an origin: hours ahead, truth, mean, sd (n,), last value; transformed."""

    stay: int
    channel: int
    ahead: np.ndarray
    truth: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    last: float


def charts(stays: Stays) -> list[Chart]:
    """One a stay, of the channels followed."""
    who = np.concatenate([stays.readings[n].whose for n in FOLLOWED])
    time = np.concatenate([stays.readings[n].time for n in FOLLOWED])
    channel = np.concatenate([np.full(len(stays.readings[n].whose), i) for i, n in enumerate(FOLLOWED)])
    value = np.concatenate([s.to(stays.readings[n].value) for n, s in zip(FOLLOWED, SCALES, strict=True)])
    order = np.lexsort((channel, time, who))
    edges = np.searchsorted(who[order], np.arange(len(stays) + 1))
    parts = [order[a:b] for a, b in itertools.pairwise(edges)]
    return [Chart(time[p], channel[p], value[p]) for p in parts]


def aheads(population: Population, chart: Chart, stay: int, wanted: tuple[int, ...]) -> Iterator[Ahead]:
    """Forecasts of one stay at all origins, each from what had been read by then."""
    track = Track.begin(population, float(chart.time[0]) if len(chart.time) else 0.0)
    last = np.full(len(FOLLOWED), np.nan)
    k = 0
    for origin in ORIGINS:
        while k < len(chart.time) and chart.time[k] <= origin:
            track = track.read(population, float(chart.time[k]), int(chart.channel[k]), float(chart.value[k]))
            last[chart.channel[k]] = chart.value[k]
            k += 1
        coming = (chart.time > origin) & (chart.time <= origin + LEADS[-1])
        for i in wanted:
            mine = coming & (chart.channel == i)
            if mine.any() and not np.isnan(last[i]):
                ahead = chart.time[mine] - track.state.at
                mean, sd = standardised(population, track, i, ahead)
                yield Ahead(stay, i, chart.time[mine] - origin, chart.value[mine], mean, sd, float(last[i]))


def lead_of(ahead: np.ndarray) -> np.ndarray:
    """Position of the lead (1 to 6 h) each reading counts for: the full hour at or after it."""
    return np.clip(np.ceil(ahead - 1e-9).astype(int) - 1, 0, len(LEADS) - 1)


def learn_errors(population: Population, stays: Stays, seed: int) -> Errors:
    """Quantiles of (truth - mean) / sd by channel and lead, on some of the stays."""
    some = generator(seed, "errors").permutation(len(stays))[:LEARNED_ON]
    told: dict[tuple[int, int], list[np.ndarray]] = {}
    every = charts(stays.of(np.sort(some)))
    for s, chart in enumerate(every):
        for a in aheads(population, chart, s, tuple(range(len(FOLLOWED)))):
            z, lead = (a.truth - a.mean) / a.sd, lead_of(a.ahead)
            for k in np.unique(lead).tolist():
                told.setdefault((a.channel, k), []).append(z[lead == k])
    by = {}
    for i, name in enumerate(FOLLOWED):
        found = [np.concatenate(told.get((i, k), [np.zeros(0)])) for k in range(len(LEADS))]
        if min(len(z) for z in found) >= ENOUGH:
            by[name] = np.stack([np.quantile(z, LEVELS) for z in found])
    return Errors(by)
