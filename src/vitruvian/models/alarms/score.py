"""How good an alarm policy is: events announced and how early, alarms a patient-day, and how many of them were right.

An alarm is right when the event comes within the horizon H after it. With e an event's time and d the least lead:

    event recall      share of events before which an alarm stood at some time in (e - H, e - d]
    in-window recall  share of events before which an alarm was raised in (e - H, e - d]: newly said, not still standing
    precision         right alarms / alarms;   load = alarms / patient-days watched
    net benefit       TP / n - FP / n * p / (1 - p) at threshold probability p, over looks: Vickers & Elkin, Med Decis
                      Making 2006;26:565
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.models.alarms.policy import HOUR, AlarmPolicy
from vitruvian.models.alarms.stays import Edges, Watched, edges


@dataclass(frozen=True)
class AlarmScore:
    """Counts over many stays; leads (recalled,) s from the alarm to the event; right (alarm,), patient (alarm,)."""

    events: int
    recalled: int
    in_window: int
    days: float
    leads: np.ndarray
    right: np.ndarray
    patient: np.ndarray
    horizon: float

    @property
    def alarms(self) -> int:
        """How many were raised."""
        return len(self.right)

    @property
    def recall(self) -> float:
        """Event recall."""
        return self.recalled / self.events if self.events else float("nan")

    @property
    def in_window_recall(self) -> float:
        """Share of events with an alarm raised in the window before them."""
        return self.in_window / self.events if self.events else float("nan")

    @property
    def precision(self) -> float:
        """Share of alarms that were right."""
        return float(np.mean(self.right)) if self.alarms else float("nan")

    @property
    def load(self) -> float:
        """Alarms a patient-day."""
        return self.alarms / self.days if self.days else float("nan")

    @property
    def lead(self) -> float:
        """Median time from the alarm to the event, h."""
        return float(np.median(self.leads) / HOUR) if len(self.leads) else float("nan")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; what is not defined is null."""
        names = ("recall", "in_window_recall", "precision", "load", "lead")
        ratios = {name: getattr(self, name) for name in names}
        plain = {k: None if np.isnan(v) else v for k, v in ratios.items()}
        counts = {"events": self.events, "alarms": self.alarms, "days": self.days}
        return {**plain, **counts, "horizon_h": self.horizon / HOUR}

    def plot(self, ax: Any = None) -> Any:
        """Lead times as a histogram (matplotlib axes)."""
        from vitruvian.models.alarms.pictures import draw_leads

        return draw_leads(self, ax)


def score(policy: AlarmPolicy, watched: Watched, *, horizon: float, least: float = 0.0) -> AlarmScore:
    """What this policy would have done over these stays. horizon, least lead: s."""
    return scored(edges(policy, watched), watched, horizon=horizon, least=least)


def scored(found: Edges, watched: Watched, *, horizon: float, least: float = 0.0) -> AlarmScore:
    """The score of alarms that were raised."""
    event = watched.event[found.stay]
    ahead = event - found.raised
    right = (ahead > 0.0) & (ahead <= horizon)
    fresh = (ahead >= least) & (ahead > 0.0) & (ahead < horizon)
    stood = (ahead >= least) & (ahead > 0.0) & (found.ended > event - horizon)
    first = np.full(len(watched.event), np.inf)
    np.minimum.at(first, found.stay[stood], found.raised[stood])
    recalled = np.isfinite(first)
    return AlarmScore(
        events=int(np.sum(~np.isnan(watched.event))),
        recalled=int(recalled.sum()),
        in_window=len(np.unique(found.stay[fresh])),
        days=watched.days,
        leads=watched.event[recalled] - first[recalled],
        right=right,
        patient=watched.patient[found.stay],
        horizon=horizon,
    )


@dataclass(frozen=True)
class DecisionCurve:
    """Net benefit a look at threshold probabilities p: of the risk, of calling everybody, of an older score's risk."""

    p: np.ndarray
    net: np.ndarray
    everybody: np.ndarray

    def to_json(self) -> dict[str, Any]:
        """Plain lists."""
        return {"p": self.p.tolist(), "net_benefit": self.net.tolist(), "everybody": self.everybody.tolist()}

    def plot(self, ax: Any = None) -> Any:
        """Net benefit over the threshold probability (matplotlib axes)."""
        from vitruvian.models.alarms.pictures import draw_curve

        return draw_curve(self, ax)


def net_benefit(risk: np.ndarray, outcome: np.ndarray, p: np.ndarray) -> DecisionCurve:
    """Decision curve of a risk (n,) against what came (n,), at threshold probabilities p (k,) in (0, 1)."""
    odds = p / (1.0 - p)
    called = risk[None, :] >= p[:, None]
    true = np.mean(called & (outcome[None, :] > 0), axis=1)
    false = np.mean(called & (outcome[None, :] <= 0), axis=1)
    share = float(np.mean(outcome > 0))
    return DecisionCurve(p, true - false * odds, share - (1.0 - share) * odds)
