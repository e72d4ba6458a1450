"""The consensus metrics of one record, each with an interval from resampling its days.

A person's days differ, and a few of them stand for the rest only so well: days are drawn with replacement, 1,000 times,
and the 5th to 95th percentile of each metric is its interval. With fewer than three days there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.models.glycaemia import indices, variability
from vitruvian.models.glycaemia.episodes import Episodes, episodes
from vitruvian.models.glycaemia.mage import mage
from vitruvian.models.glycaemia.ranges import GOALS, OTHERS, RANGES
from vitruvian.models.glycaemia.state import personal_state
from vitruvian.models.glycaemia.trace import DAY, HOUR, Trace

DRAWS, INTERVAL = 1000, (0.05, 0.95)
FEWEST = 3  # days of which an interval says anything: assumed
ENOUGH_DAYS, ENOUGH_ACTIVE = 14, 70.0  # Battelino et al., Diabetes Care 42:1593 (2019): 14 days, 70 % of the time

Level = Callable[..., np.ndarray]
LEVELS: dict[str, tuple[str, str, Level]] = {
    "mean": ("mg/dL", "mean glucose", indices.mean),
    "sd": ("mg/dL", "standard deviation", indices.sd),
    "cv": ("%", "coefficient of variation", indices.cv),
    "gmi": ("%", "glucose management indicator", indices.gmi),
    "ea1c": ("%", "estimated HbA1c (ADAG)", indices.ea1c),
    "median": ("mg/dL", "median", lambda g, w=None: indices.quantile(g, 0.5, w)),
    "iqr": ("mg/dL", "interquartile range", indices.iqr),
    "lbgi": ("1", "low blood glucose index", indices.lbgi),
    "hbgi": ("1", "high blood glucose index", indices.hbgi),
    "grade": ("1", "GRADE", indices.grade),
    "j_index": ("1", "J-index", indices.j_index),
    "m_value": ("1", "M-value", indices.m_value),
    "gri": ("1", "glycaemia risk index", indices.gri),
    "cogi": ("1", "continuous glucose monitoring index", indices.cogi),
}


@dataclass(frozen=True)
class Value:
    """One metric: its value, 90 % interval (NaN where there is none), unit and meaning."""

    value: float
    low: float
    high: float
    unit: str
    meaning: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; what is not known is null."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        plain = {k: None if np.isnan(v) else v for k, v in numbers.items()}
        return {**plain, "unit": self.unit, "meaning": self.meaning}


@dataclass(frozen=True)
class Sufficiency:
    """Whether the data suffice for a report: at least 14 days with 70 % of the readings (Battelino et al. 2019)."""

    days: int
    span: float
    active: float
    readings: int
    limited: int

    @property
    def lacking(self) -> tuple[str, ...]:
        """What is missing, in words; empty when the data suffice."""
        out = []
        if self.span < ENOUGH_DAYS:
            out.append(f"{self.span:.1f} of {ENOUGH_DAYS} days")
        if self.active < ENOUGH_ACTIVE:
            out.append(f"readings for {self.active:.0f} % of the time, {ENOUGH_ACTIVE:.0f} % are needed")
        return tuple(out)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        numbers = {"days": self.days, "span_days": self.span, "active_percent": self.active, "readings": self.readings}
        return {**numbers, "at_sensor_limit": self.limited, "sufficient": not self.lacking, "lacking": [*self.lacking]}


@dataclass(frozen=True)
class Metrics:
    """All metrics by name, episodes by name, and whether the data suffice."""

    values: Mapping[str, Value]
    episodes: Mapping[str, Episodes]
    sufficiency: Sufficiency
    sensor: str

    def __getitem__(self, name: str) -> Value:
        return self.values[name]

    def goals(self, whom: str = "adult") -> list[tuple[str, str, float, bool]]:
        """(range, goal in words, measured %, met) of the consensus goals for "adult" or "older" people."""
        found = [(g, self.values[g.range].value) for g in GOALS[whom]]
        return [(g.range, str(g), percent, g.met(percent)) for g, percent in found]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "sensor": self.sensor,
            "data": self.sufficiency.to_json(),
            "metrics": {name: v.to_json() for name, v in self.values.items()},
            "episodes": {name: e.to_json() for name, e in self.episodes.items()},
            "goals": [dict(zip(("range", "goal", "percent", "met"), g, strict=True)) for g in self.goals()],
        }

    def plot(self, ax: Any = None) -> Any:
        """Time in the five ranges as one bar (matplotlib axes)."""
        from vitruvian.models.glycaemia.pictures import draw_ranges

        return draw_ranges(self, ax)


def metrics(trace: Trace, *, seed: int = 0) -> Metrics:
    """Every metric of a trace with its interval. `seed` is that of the resampling."""
    values = _of_levels(trace, _draws(trace.days, seed)) | _of_order(trace, _draws(trace.days, seed))
    span = float(trace.times[-1] - trace.times[0] + trace.step) / DAY
    enough = Sufficiency(trace.days, span, trace.active, len(trace.values), trace.limited)
    return Metrics(values, episodes(trace.grid), enough, trace.sensor)


def _draws(days: int, seed: int) -> np.ndarray:
    """How often each day was drawn, (draws, day)."""
    generator = np.random.Generator(np.random.Philox(seed))
    return generator.multinomial(days, np.full(days, 1 / days), size=DRAWS).astype(np.float64)


def _of_levels(trace: Trace, drawn: np.ndarray) -> dict[str, Value]:
    """Ranges and indices: readings are counted by value, so that a draw of days is a matrix product."""
    g, where = np.unique(trace.values, return_inverse=True)
    _, day = np.unique(trace.day, return_inverse=True)
    counts = np.zeros((trace.days, len(g)))
    np.add.at(counts, (day, where), 1.0)
    w = drawn @ counts
    shares = {
        name: ("%", f"time {r.meaning}", lambda x, w=None, r=r: indices.share(r.holds(x), w))
        for name, r in (RANGES | OTHERS).items()
    }
    table: dict[str, tuple[str, str, Level]] = shares | LEVELS
    return {
        name: _value(float(f(trace.values)), f(g, w), unit, meaning, trace.days)
        for name, (unit, meaning, f) in table.items()
    }


def _of_order(trace: Trace, drawn: np.ndarray) -> dict[str, Value]:
    """What depends on time: contributions belong to the day in which they end."""
    grid, days = trace.grid, np.unique(trace.day)
    at = np.floor((grid.civil - 0.5 * grid.step) / DAY).astype(int)

    def pooled(changes: np.ndarray, lag: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        ends = at[grid.points(lag) :]
        known = ~np.isnan(changes)
        rows = [changes[known & (ends == d)] for d in days.tolist()]
        sums = np.array([[len(r), r.sum(), (r**2).sum()] for r in rows])
        n, total, squares = (drawn @ sums).T
        return n, total, squares

    def spread(hours: float) -> np.ndarray:
        n, total, squares = pooled(grid.change(hours * HOUR), hours * HOUR)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.sqrt(np.maximum(squares - total**2 / n, 0) / (n - 1))

    def average(changes: np.ndarray, lag: float) -> np.ndarray:
        n, total, _ = pooled(np.abs(changes), lag)
        with np.errstate(invalid="ignore", divide="ignore"):
            return total / n

    found = mage(grid)
    ranges = indices.risk_ranges(trace.on(days))
    excursions = 0.5 * (_excursion(found.rises, at, days, drawn) + _excursion(found.falls, at, days, drawn))
    hourly = HOUR / grid.step
    rows: dict[str, tuple[float, np.ndarray, str, str]] = {
        "mage": (found.mean, excursions, "mg/dL", "mean amplitude of excursions"),
        "modd": (variability.modd(grid), average(grid.change(DAY), DAY), "mg/dL", "mean of daily differences"),
        "conga1": (variability.conga(grid, 1), spread(1), "mg/dL", "CONGA over 1 h"),
        "conga24": (variability.conga(grid, 24), spread(24), "mg/dL", "CONGA over 24 h"),
        "mag": (
            variability.mag(grid),
            hourly * average(grid.change(grid.step), grid.step),
            "mg/dL/h",
            "mean absolute change",
        ),
        "adrr": (float(ranges.mean()), drawn @ ranges / drawn.sum(1), "1", "average daily risk range"),
        "gvp": (variability.gvp(grid), np.array([]), "%", "glucose variability percentage"),
        "pgs": (personal_state(trace), np.array([]), "1", "personal glycaemic state"),
        "sd_within_day": (variability.sd_within_day(grid), np.array([]), "mg/dL", "SD within days"),
        "sd_between_days": (variability.sd_between_days(grid), np.array([]), "mg/dL", "SD between days, same time"),
    }
    return {n: _value(v, d, unit, meaning, trace.days) for n, (v, d, unit, meaning) in rows.items()}


def _excursion(
    side: tuple[tuple[int, float, float], ...], at: np.ndarray, days: np.ndarray, drawn: np.ndarray
) -> np.ndarray:
    """Weighted mean height of the excursions that end in the days drawn, (draws,)."""
    index = np.searchsorted(days, np.array([at[i] for i, _, _ in side], dtype=int)) if side else np.array([], dtype=int)
    index = np.minimum(index, len(days) - 1)
    heights, weights = np.zeros(len(days)), np.zeros(len(days))
    np.add.at(heights, index, np.array([h * w for _, h, w in side]))
    np.add.at(weights, index, np.array([w for _, _, w in side]))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (drawn @ heights) / (drawn @ weights)


def _value(value: float, draws: np.ndarray, unit: str, meaning: str, days: int) -> Value:
    known = draws[~np.isnan(draws)]
    if days < FEWEST or len(known) < 0.9 * DRAWS:
        return Value(value, float("nan"), float("nan"), unit, meaning)
    low, high = np.quantile(known, INTERVAL)
    return Value(value, float(low), float(high), unit, meaning)
