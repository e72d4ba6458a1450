"""Arrivals as a Poisson process whose intensity changes with the hour of the week, the season and holidays.

    rate(t) = r[hour of week] * m[month] * h^[holiday]
    count in a cell of hours ~ Poisson(rate * hours seen)

r is smoothed towards (weekday factor x hour-of-day profile) by a gamma prior whose weight is learned (empirical Bayes):
    r_w | counts ~ Gamma(a + n_w, a / r0_w + T_w),   log p(n | a) = sum of negative binomials, maximised over a.

Months and holidays get factors only where the log says something of them: a month by the exact binomial share of the
events, given at least a year. Intervals are the gamma posterior's, the profile no surer than its totals.
Dispersion: Pearson's chi-square of daily counts over their number; above 1 the process is burstier than Poisson.

Reference: Kim & Whitt, Manufacturing & Service Oper Manag 2014;16:464 (are hospital arrivals Poisson?); gamma-Poisson:
Gelman et al., Bayesian Data Analysis, 3rd ed. 2013, section 2.7. Times are s since a UTC origin plus a local offset.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from vitruvian.core.errors import InferenceError

HOUR, DAY, WEEK = 3600.0, 86400.0, 604800.0
HOURS = 168  # of a week, from Monday 00:00
A_YEAR = 330  # days from which months get factors: nearly all of them are seen


@dataclass(frozen=True)
class Intensity:
    """Rates (168,) an hour from Monday 00:00 with 95 % intervals, and factors of months and holidays."""

    rate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    months: np.ndarray
    holiday: float
    holiday_interval: tuple[float, float]
    events: int
    days: float
    dispersion: float
    notes: tuple[str, ...] = ()

    def at(self, local: datetime, holiday: bool = False) -> float:
        """Events an hour at this local time."""
        hour = local.weekday() * 24 + local.hour
        return float(self.rate[hour] * self.months[local.month - 1] * (self.holiday if holiday else 1.0))

    @property
    def per_week(self) -> float:
        """Expected events in a week without holidays and seasons."""
        return float(self.rate.sum())

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "events": self.events,
            "days": self.days,
            "per_day": self.per_week / 7.0,
            "dispersion": self.dispersion,
            "rate": self.rate.tolist(),
            "low95": self.low.tolist(),
            "high95": self.high.tolist(),
            "months": self.months.tolist(),
            "holiday": self.holiday,
            "holiday_interval95": list(self.holiday_interval),
            "notes": list(self.notes),
        }


def learn(
    times: np.ndarray,
    origin: datetime,
    start: float,
    end: float,
    *,
    offset: Callable[[float], float] = lambda t: 0.0,
    holidays: Collection[date] = (),
) -> Intensity:
    """The intensity of events at `times` (s since origin) seen over [start, end); offset: local clock minus UTC, s."""
    from scipy.stats import gamma

    if end <= start or not len(times):
        raise InferenceError("no arrivals to learn from", where="intensity.learn", fix="give a longer log")
    clock = _Clock(origin, offset, frozenset(holidays))
    inside = np.sort(times[(times >= start) & (times < end)])
    edges = np.arange(np.floor(start / HOUR), np.ceil(end / HOUR) + 1) * HOUR
    counts = np.histogram(inside, edges)[0].astype(float)
    hours = np.diff(np.clip(edges, start, end)) / HOUR
    week, month, free = clock.cells(edges[:-1])
    days = (end - start) / DAY
    ordinary = ~free
    months = _months(counts, hours, week, month, days)
    seen = hours * months[month]
    n = np.bincount(week[ordinary], counts[ordinary], HOURS)
    t = np.bincount(week[ordinary], seen[ordinary], HOURS)
    profile = _profile(n, t)
    weight = 1.0 / (1.0 / _weight(n, t * profile) + _doubt(n))
    a, b = weight + n, weight / profile + t
    holiday, interval = _holiday(counts[free], (seen * (a / b)[week])[free])
    expected = seen * (a / b)[week] * np.where(free, holiday, 1.0)
    return Intensity(
        rate=a / b,
        low=gamma.ppf(0.025, a) / b,
        high=gamma.ppf(0.975, a) / b,
        months=months,
        holiday=holiday,
        holiday_interval=interval,
        events=len(inside),
        days=days,
        dispersion=_dispersion(counts, expected, edges),
        notes=_notes(days, t, holidays, free),
    )


@dataclass(frozen=True)
class _Clock:
    origin: datetime
    offset: Callable[[float], float]
    holidays: frozenset[date]

    def cells(self, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Hour of the week, month (0 to 11) and whether a holiday, of each hour that begins at `starts`."""
        base = self.origin.astimezone(UTC)
        local = [base + timedelta(seconds=float(s) + self.offset(float(s))) for s in starts]
        week = np.array([t.weekday() * 24 + t.hour for t in local])
        month = np.array([t.month - 1 for t in local])
        return week, month, np.array([t.date() in self.holidays for t in local], dtype=bool)


def _profile(n: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Weekday factor times hour-of-day profile, by the counts' margins; half an event is added to each margin."""
    n, t = n.reshape(7, 24), np.maximum(t.reshape(7, 24), 1e-9)
    total = (n.sum() + 0.5) / t.sum()
    day = (n.sum(axis=1) + 0.5) / (t.sum(axis=1) * total + 0.5)
    hour = (n.sum(axis=0) + 0.5) / ((t * day[:, None]).sum(axis=0) * total + 0.5)
    return (total * day[:, None] * hour[None, :]).reshape(-1)


def _doubt(n: np.ndarray) -> np.ndarray:
    """Relative variance of the profile, a weekday's total times an hour's, without what the cell itself says of it."""
    day, hour = n.reshape(7, 24).sum(axis=1), n.reshape(7, 24).sum(axis=0)
    whole = 1.0 / (1.0 / (day + 0.5)[:, None] + 1.0 / (hour + 0.5)[None, :]).reshape(-1)
    return 1.0 / np.maximum(whole - n, 0.5)


def _weight(n: np.ndarray, expected: np.ndarray) -> float:
    """How many events the profile is worth: the maximum of the negative binomial likelihood of the cells."""
    from scipy.optimize import minimize_scalar
    from scipy.special import gammaln

    seen = expected > 1e-6

    def cost(log_a: float) -> float:
        a = np.exp(log_a)
        e, k = expected[seen], n[seen]
        each = gammaln(a + k) - gammaln(a) + a * np.log(a / (a + e)) + k * np.log(e / (a + e))
        return float(-each.sum())

    found: Any = minimize_scalar(cost, bounds=(-2.0, 10.0), method="bounded")
    return float(np.exp(found.x))


def _months(counts: np.ndarray, hours: np.ndarray, week: np.ndarray, month: np.ndarray, days: float) -> np.ndarray:
    """Factors of the months around 1 where most of a year is seen; each shrunk as if 1 had been seen in 25 events."""
    if days < A_YEAR:
        return np.ones(12)
    n = np.bincount(week, counts, HOURS)
    base = n / np.maximum(np.bincount(week, hours, HOURS), 1e-9)
    expected = np.bincount(month, hours * base[week], 12)
    factor = (np.bincount(month, counts, 12) + 25.0) / (expected + 25.0)
    return factor / (np.sum(factor * expected) / np.sum(expected))


def _holiday(counts: np.ndarray, expected: np.ndarray) -> tuple[float, tuple[float, float]]:
    from scipy.stats import gamma

    if not len(counts) or expected.sum() <= 0:
        return 1.0, (0.0, float("inf"))
    a, b = counts.sum() + 0.5, expected.sum() + 0.5
    return float(a / b), (float(gamma.ppf(0.025, a) / b), float(gamma.ppf(0.975, a) / b))


def _dispersion(counts: np.ndarray, expected: np.ndarray, edges: np.ndarray) -> float:
    """Pearson's statistic of whole days over their number: 1 for Poisson."""
    day = (edges[:-1] // DAY).astype(int)
    day -= day.min()
    seen, mean = np.bincount(day, counts), np.bincount(day, expected)
    whole = np.bincount(day) == 24
    return float(np.mean((seen - mean)[whole] ** 2 / np.maximum(mean[whole], 1e-9))) if whole.any() else float("nan")


def _notes(days: float, t: np.ndarray, holidays: Collection[date], free: np.ndarray) -> tuple[str, ...]:
    notes = []
    if days < A_YEAR:
        notes.append(f"{days:.0f} days are less than a year: no season is learned, months have factor 1")
    if (t <= 0).any():
        notes.append(f"{int((t <= 0).sum())} hours of the week were never seen: their rates are the profile's")
    if holidays and not free.any():
        notes.append("no holiday lies in the log: its factor is 1")
    return tuple(notes)
