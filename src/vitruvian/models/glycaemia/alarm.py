"""A hypoglycaemia alarm as an object, and how good it is: recall, lead time, false alarms a day.

An alarm is raised when P(glucose < 70 mg/dL within the horizon) has reached a threshold at `persistence` looks in a
row, and not again within `refractory`. It is right when a low begins within the horizon after it. A low counts as
caught when an alarm was right about it. Alarms raised while glucose is low already are not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.models.glycaemia.episodes import BEGIN, Episode, find
from vitruvian.models.glycaemia.trace import MINUTE, Trace

HORIZON = 30 * MINUTE  # s
LOW = 70.0  # mg/dL, level 1: Battelino et al., Lancet Diabetes Endocrinol 11:42 (2023)


@dataclass(frozen=True)
class Alarm:
    """threshold: probability at which it speaks; refractory: s of silence after it spoke."""

    threshold: float
    persistence: int = 1
    refractory: float = HORIZON

    def raised(self, times: np.ndarray, probability: np.ndarray) -> np.ndarray:
        """Times (k,) at which it speaks, from the probability (n,) at each look, times (n,) s in order."""
        out: list[float] = []
        row = 0
        for t, p in zip(times.tolist(), probability.tolist(), strict=True):
            row = row + 1 if p >= self.threshold else 0
            if row >= self.persistence and (not out or t - out[-1] >= self.refractory):
                out.append(t)
        return np.array(out)


@dataclass(frozen=True)
class Lows:
    """When glucose was low: [start, stop) s of each low, over `days` in which the alarm could have spoken."""

    starts: np.ndarray
    stops: np.ndarray
    days: float


@dataclass(frozen=True)
class AlarmScore:
    """Counts over one or several records; `leads` (caught,) s from alarm to low."""

    events: int
    caught: int
    alarms: int
    false: int
    days: float
    leads: np.ndarray

    @property
    def recall(self) -> float:
        """Share of lows that an alarm announced."""
        return self.caught / self.events if self.events else float("nan")

    @property
    def false_per_day(self) -> float:
        """Alarms that no low followed, a day."""
        return self.false / self.days if self.days else float("nan")

    @property
    def lead(self) -> float:
        """Median time from alarm to low, min."""
        return float(np.median(self.leads) / MINUTE) if len(self.leads) else float("nan")

    @classmethod
    def join(cls, parts: Iterable[AlarmScore]) -> AlarmScore:
        """Counts added up."""
        all_ = list(parts)
        leads = np.concatenate([p.leads for p in all_]) if all_ else np.array([])
        sums = {n: sum(getattr(p, n) for p in all_) for n in ("events", "caught", "alarms", "false", "days")}
        return cls(**sums, leads=leads)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; what is not defined is null."""
        ratios = {"recall": self.recall, "false_per_day": self.false_per_day, "median_lead_min": self.lead}
        plain = {k: None if np.isnan(v) else v for k, v in ratios.items()}
        return {**plain, "events": self.events, "caught": self.caught, "false": self.false, "days": self.days}

    def plot(self, ax: Any = None) -> Any:
        """Lead times as a histogram (matplotlib axes)."""
        from vitruvian.models.glycaemia.pictures import draw_leads

        return draw_leads(self, ax)


def lows(trace: Trace, *, below: float = LOW, lasting: float = BEGIN) -> Lows:
    """The lows of a record: at least `lasting` s below, ended by 15 min back (consensus)."""
    found: Sequence[Episode] = find(trace.grid, below, "low", lasting)
    grid = trace.grid
    starts = np.array([e.at for e in found])
    stops = np.array([float(grid.at[e.stop - 1]) + grid.step for e in found])
    return Lows(starts, stops, grid.recorded)


def score(alarms: np.ndarray, truth: Lows, *, horizon: float = HORIZON) -> AlarmScore:
    """How good alarms raised at these times (k,) s were, against the lows of the same record."""
    silent = np.array([bool(((truth.starts <= a) & (a < truth.stops)).any()) for a in alarms], dtype=bool)
    spoken = alarms[~silent] if len(alarms) else alarms
    caught, leads = 0, []
    for start in truth.starts.tolist():
        before = spoken[(spoken < start) & (spoken >= start - horizon)]
        if len(before):
            caught += 1
            leads.append(start - float(before[0]))
    right = sum(bool(((truth.starts > a) & (truth.starts <= a + horizon)).any()) for a in spoken.tolist())
    return AlarmScore(len(truth.starts), caught, len(spoken), len(spoken) - right, truth.days, np.array(leads))


@dataclass(frozen=True)
class Watched:
    """One record under watch: probability (n,) at each look, times (n,) s, and its lows."""

    times: np.ndarray
    probability: np.ndarray
    truth: Lows


def trade_off(
    records: Sequence[Watched],
    thresholds: np.ndarray,
    *,
    persistence: int = 1,
    refractory: float = HORIZON,
    horizon: float = HORIZON,
) -> list[tuple[Alarm, AlarmScore]]:
    """Every threshold's alarm and its score over all records: recall against false alarms a day."""
    out = []
    for threshold in thresholds.tolist():
        alarm = Alarm(threshold, persistence, refractory)
        scores = [score(alarm.raised(r.times, r.probability), r.truth, horizon=horizon) for r in records]
        out.append((alarm, AlarmScore.join(scores)))
    return out


def chosen(curve: Sequence[tuple[Alarm, AlarmScore]], *, false_per_day: float = 1.0) -> tuple[Alarm, AlarmScore]:
    """The alarm of highest recall with at most so many false alarms a day; choose it on other people than it is for."""
    allowed = [pair for pair in curve if pair[1].false_per_day <= false_per_day]
    quiet = min(curve, key=lambda pair: pair[1].false_per_day)
    return max(allowed, key=lambda pair: pair[1].recall) if allowed else quiet
