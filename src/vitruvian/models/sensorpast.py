"""What a sensor's past and the events known say of the next hours, as columns for a learner. Plain arrays in and out.

Every column at an origin uses readings at or before it and events that were known: eaten (or announced) up to the
target. Times are s, values mg/dL. Nothing is interpolated: a lag is the last reading known at that moment, so that no
column holds a part of a later reading. What is missing is NaN, and becomes MISSING for the learner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
MISSING = -999.0  # far from every column's values, so that a tree may part it from all of them
LAGS = (5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 75.0, 90.0, 120.0)  # min
FITTED = (15.0, 30.0, 60.0)  # min, lengths of the lines whose slopes are taken
SPANS = (1.0, 2.0, 6.0, 24.0)  # h of level and spread
HELD = 4.0  # independent readings' worth of "no change"; readings within one lead of each other count as one
Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Trace:
    """One sensor of one person: times in order (n,), values (n,), and the seconds between readings."""

    times: np.ndarray
    values: np.ndarray
    interval: float = 300.0

    @cached_property
    def sums(self) -> tuple[np.ndarray, np.ndarray]:
        """Running sums of the values and their squares, with a leading 0."""
        return np.append(0.0, np.cumsum(self.values)), np.append(0.0, np.cumsum(self.values**2))

    def index(self, at: np.ndarray) -> np.ndarray:
        """Position of the last reading at or before each time; -1 where there is none."""
        return np.searchsorted(self.times, at, side="right") - 1

    def last(self, at: np.ndarray, fresh: float | None = None) -> np.ndarray:
        """The last reading at or before each time, NaN where it is older than `fresh` (default 1.5 intervals) s."""
        i = self.index(at)
        known = (i >= 0) & (at - self.times[i] <= (1.5 * self.interval if fresh is None else fresh))
        return np.where(known, self.values[i], np.nan)

    def target(self, origins: np.ndarray, lead: float) -> np.ndarray:
        """The reading `lead` s after each origin, to within half an interval; NaN where none came."""
        wanted = origins + lead
        right = np.clip(np.searchsorted(self.times, wanted), 1, max(len(self.times) - 1, 1))
        near = np.where(wanted - self.times[right - 1] <= self.times[right] - wanted, right - 1, right)
        hit = np.abs(self.times[near] - wanted) <= 0.5 * self.interval
        return np.where(hit & (self.times[near] > origins), self.values[near], np.nan)

    def moments(self, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the readings in (start, end], NaN where there are none."""
        a, b = self.index(start) + 1, self.index(end) + 1
        count = np.where(b > a, b - a, np.nan)
        first, second = ((s[b] - s[a]) / count for s in self.sums)
        return first, np.sqrt(np.maximum(second - first**2, 0.0))

    def extremes(self, at: np.ndarray, span: float) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest reading of the `span` s up to each time."""
        width = max(1, round(span / self.interval))
        padded = np.concatenate([np.full(width - 1, np.nan), self.values])
        windows = np.lib.stride_tricks.sliding_window_view(padded, width)
        low, high = np.fmin.reduce(windows, axis=1), np.fmax.reduce(windows, axis=1)
        i = np.maximum(self.index(at), 0)
        return low[i], high[i]


@dataclass(frozen=True)
class Events:
    """What happened or is planned: times in order (m,) and amounts (m, k) by name (g of carbohydrate, units)."""

    times: np.ndarray
    amounts: Mapping[str, np.ndarray]

    def within(self, start: np.ndarray, end: np.ndarray, name: str) -> np.ndarray:
        """Sum of an amount over (start, end]."""
        total = np.append(0.0, np.cumsum(np.nan_to_num(self.amounts[name])))
        return (
            total[np.searchsorted(self.times, end, side="right")]
            - total[np.searchsorted(self.times, start, side="right")]
        )


def past(trace: Trace, origins: np.ndarray) -> Columns:
    """Level, lags, slopes, curvature, level and spread of the last hours, extremes."""
    now = trace.last(origins)
    out = {"now": now}
    for lag in LAGS:
        if lag * MINUTE >= trace.interval:
            out[f"change_{lag:g}"] = now - trace.last(origins - lag * MINUTE)
    for length in FITTED:
        count = round(length * MINUTE / trace.interval)
        if count >= 1:
            out[f"slope_{length:g}"] = _slope(trace, origins, count)
    out["bend"] = out["change_15"] * 2 - out["change_30"]
    for span in SPANS:
        mean, sd = trace.moments(origins - span * HOUR, origins)
        out[f"over_mean_{span:g}"], out[f"sd_{span:g}"] = now - mean, sd
    for span in (2.0, 24.0):
        low, high = trace.extremes(origins, span * HOUR)
        out[f"over_low_{span:g}"], out[f"under_high_{span:g}"] = now - low, high - now
    return out


def _slope(trace: Trace, origins: np.ndarray, count: int) -> np.ndarray:
    """Least-squares slope of the last count + 1 readings, mg/dL per min; NaN across a gap."""
    steps = np.arange(count + 1)
    held = np.stack([trace.last(origins - k * trace.interval) for k in steps], axis=1)
    weight = steps.mean() - steps
    return held @ (weight / (weight @ weight)) / (trace.interval / MINUTE)


def clock(seconds: np.ndarray) -> Columns:
    """Local time of day (s after midnight) as a circle and as hours."""
    angle = 2 * np.pi * seconds / DAY
    return {"day_cos": np.cos(angle), "day_sin": np.sin(angle), "hour": seconds % DAY / HOUR}


def eaten(meals: Events, origins: np.ndarray, lead: float, carbohydrate: str = "carb") -> Columns:
    """Meals known up to the target: amounts by age, what enters the blood meanwhile, the last and the next meal.

    Entry is a gamma curve, 1 - (1 + age / tau) exp(-age / tau), for several tau: shapes for a learner.
    """
    end = origins + lead
    out: Columns = {}
    for old, new in ((4.0, 3.0), (3.0, 2.0), (2.0, 1.0), (1.0, 0.5), (0.5, 0.0)):
        out[f"{carbohydrate}_{old:g}_{new:g}"] = meals.within(origins - old * HOUR, origins - new * HOUR, carbohydrate)
    for part, (a, b) in enumerate(((0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.0))):
        out[f"{carbohydrate}_to_come_{part}"] = meals.within(origins + a * lead, origins + b * lead, carbohydrate)
    for tau in (15.0, 30.0, 60.0):
        for name in meals.amounts if tau == 30.0 else (carbohydrate,):
            out[f"{name}_entering_{tau:g}"] = _entering(meals, origins, end, name, tau * MINUTE)
    for name in meals.amounts:
        out[f"{name}_3"] = meals.within(origins - 3 * HOUR, origins, name)
        out[f"{name}_to_come"] = meals.within(origins, end, name)
    return out | _neighbours(meals, origins, end)


def _neighbours(meals: Events, origins: np.ndarray, end: np.ndarray) -> Columns:
    """Minutes since the last meal and until the next one known, and what the last one held."""
    none = np.full(len(origins), np.nan)
    if not len(meals.times):
        return {"since_meal": none, "until_meal": none} | {f"last_{name}": none for name in meals.amounts}
    i = np.searchsorted(meals.times, origins, side="right") - 1
    then = np.minimum(i + 1, len(meals.times) - 1)
    coming = (i + 1 < len(meals.times)) & (meals.times[then] <= end)
    out = {
        "since_meal": np.where(i >= 0, origins - meals.times[i], np.nan) / MINUTE,
        "until_meal": np.where(coming, meals.times[then] - origins, np.nan) / MINUTE,
    }
    for name, amounts in meals.amounts.items():
        out[f"last_{name}"] = np.where(i >= 0, np.nan_to_num(amounts)[i], np.nan)
    return out


def _entering(meals: Events, start: np.ndarray, end: np.ndarray, name: str, tau: float) -> np.ndarray:
    total = np.zeros(len(start))
    amounts = np.nan_to_num(meals.amounts[name])
    for at, amount in zip(meals.times, amounts, strict=True):
        near = (end > at) & (start < at + 10 * tau)
        total[near] += amount * (_entered(end[near] - at, tau) - _entered(start[near] - at, tau))
    return total


def _entered(age: np.ndarray, tau: float) -> np.ndarray:
    x = np.maximum(age, 0.0) / tau
    return 1.0 - (1.0 + x) * np.exp(-x)


def own(trace: Trace, meals: Events, origins: np.ndarray, lead: float, carbohydrate: str = "carb") -> Columns:
    """What this person has shown so far: level, spread, the same clock time on earlier days, and what a line through
    the person's own past changes over `lead` says now (ridge towards no change)."""
    start = np.full(len(origins), trace.times[0] - 1.0)
    mean, sd = trace.moments(start, origins)
    out = {"own_mean": mean, "own_sd": sd, "over_own_mean": trace.last(origins) - mean}
    out["own_days"] = (origins - trace.times[0]) / DAY
    now, before = trace.last(origins), []
    for day in range(1, 8):
        then = origins - day * DAY
        half = 0.5 * HOUR
        level = _mean(trace, np.minimum(then + lead - half, origins), np.minimum(then + lead + half, origins))
        before.append(np.stack([level, level - _mean(trace, then - half, then)]))
    held = np.stack(before)
    count = np.sum(np.isfinite(held), axis=0)
    usual = np.where(count > 0, np.nansum(held, axis=0) / np.maximum(count, 1), np.nan)
    out["usual_level"], out["usual_change"] = usual[0] - now, usual[1]
    out["own_line"] = _own_line(trace, meals, origins, lead, carbohydrate)
    return out


def _mean(trace: Trace, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    return trace.moments(start, end)[0]


def _own_line(trace: Trace, meals: Events, origins: np.ndarray, lead: float, carbohydrate: str) -> np.ndarray:
    """The change over `lead` by ridge regression on the person's own readings whose target had come by the origin."""
    times = trace.times
    x = regressors(trace, meals, times, lead, carbohydrate)
    y = trace.target(times, lead) - trace.values
    good = np.isfinite(y) & np.isfinite(x).all(axis=1)
    x = np.where(good[:, None], x, 0.0)
    y = np.where(good, y, 0.0)
    width = x.shape[1]
    squares = np.concatenate([np.zeros((1, width, width)), np.cumsum(x[:, :, None] * x[:, None, :], axis=0)])
    products = np.concatenate([np.zeros((1, width)), np.cumsum(x * y[:, None], axis=0)])
    known = np.searchsorted(times, origins - lead - 0.5 * trace.interval, side="right")
    pull = HELD * lead / trace.interval * np.eye(width)
    weights = np.linalg.solve(squares[known] + pull, products[known][..., None])[..., 0]
    return np.sum(regressors(trace, meals, origins, lead, carbohydrate) * weights, axis=1)


def regressors(trace: Trace, meals: Events, at: np.ndarray, lead: float, carbohydrate: str = "carb") -> np.ndarray:
    """What a personal line is drawn through: (n, k), each of about unit size."""
    now = trace.last(at)
    mean, _ = trace.moments(at - 6 * HOUR, at)
    end = at + lead
    parts = [np.ones(len(at)), (now - 120.0) / 40.0, (now - mean) / 30.0]
    parts += [(now - trace.last(at - m * MINUTE)) / 10.0 for m in (15.0, 30.0)]
    parts += [_entering(meals, at, end, carbohydrate, tau * MINUTE) / 30.0 for tau in (15.0, 45.0)]
    parts += [meals.within(at - 3 * HOUR, at, carbohydrate) / 60.0]
    return np.stack(parts, axis=1)


def table(parts: Sequence[Columns]) -> tuple[tuple[str, ...], np.ndarray]:
    """Names and one array (n, k) of several groups of columns, what is missing marked."""
    joined: Columns = {}
    for part in parts:
        joined |= part
    x = np.stack([np.asarray(v, dtype=np.float64) for v in joined.values()], axis=1)
    return tuple(joined), np.where(np.isfinite(x), x, MISSING)
