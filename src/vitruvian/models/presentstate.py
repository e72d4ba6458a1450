"""From a recorded history to a forecast: who is here now, how patients move, who will come; nothing else is needed.

The history is an event log of stays (admissions, transfers, discharges) that ends mid-stay. What is learned from it up
to now (laws of stays with those in progress, moves, arrivals by the hour of the week) makes the forecast of beds.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.models import beds, flowlearn
from vitruvian.models.beds import BedForecast, Present, Stays
from vitruvian.models.durations import Law
from vitruvian.models.eventlog import EventLog
from vitruvian.models.flowlearn import LearnedFlow
from vitruvian.models.intensity import Intensity
from vitruvian.models.routing import END, START

HOUR = 3600.0


@dataclass(frozen=True)
class Ward:
    """What is known of a place: how patients of each group move, and the rate at which they come, an hour."""

    stays: Mapping[str, Stays]
    shares: Mapping[str, float]
    arrivals: Intensity
    learned: LearnedFlow

    @staticmethod
    def learn(log: EventLog, *, start: float | None = None, holidays: Collection[date] = ()) -> Ward:
        """From the log up to its end."""
        flow = flowlearn.learn(log, start=start, holidays=holidays)
        groups = flow.groups or {"": 1.0}
        return Ward({g: _stays(flow, g) for g in groups}, groups, flow.arrivals, flow)


def present(log: EventLog, now: float, grouped: bool = True) -> list[Present]:
    """Who is in which unit at `now` (s), and for how long already (h)."""
    census = log.census(now)
    group = log.groups if grouped else {}
    return [
        Present(str(c), str(u), (now - float(s)) / HOUR, group.get(str(c), ""))
        for c, u, s in zip(census.case, census.activity, census.start, strict=True)
    ]


def forecast(
    log: EventLog, now: float, hours: np.ndarray, ward: Ward | None = None, *, holidays: Collection[date] = ()
) -> BedForecast:
    """Census from `now` on, with only what the log knew then; `ward`: as learned before, else from the same history."""
    known = log.before(now)
    ward = ward or Ward.learn(known, holidays=holidays)
    free = frozenset(holidays)

    def rate(share: float) -> Callable[[float], float]:
        def of(later: float) -> float:
            local = log.moment(now) + timedelta(seconds=later * HOUR + log.offset_s)
            return share * ward.arrivals.at(local, local.date() in free)

        return of

    here = present(known, now, grouped=ward.shares.keys() != {""})
    lacking = sorted({p.unit for p in here} - {u for s in ward.stays.values() for u in s.laws})
    if lacking:
        raise InferenceError(
            f"nobody was ever seen to leave {', '.join(lacking)}", where="forecast", fix="give a longer history"
        )
    arrivals = {g: rate(share) for g, share in ward.shares.items()}
    spread = max(ward.arrivals.dispersion, 1.0) if np.isfinite(ward.arrivals.dispersion) else 1.0
    return beds.forecast(here, ward.stays, arrivals, hours, dispersion=spread if spread > 1.2 else 1.0)


def _stays(flow: LearnedFlow, group: str) -> Stays:
    """Laws and moves of a group: its own where it was seen often, else everybody's."""
    laws: dict[str, Law] = {}
    for name, a in flow.activities.items():
        found = a.by_group.get(group) or a.hold
        if found is not None:
            laws[name] = found.law
    routing = flow.by_group.get(group, flow.routing)
    moves = {}
    for name in laws:
        seen = routing.frequencies((name,)) or flow.routing.frequencies((name,))
        moves[name] = {b: p for b, (p, _, _) in seen.items() if b != END and b in laws}
    first = {b: p for b, (p, _, _) in routing.frequencies((START,)).items() if b in laws}
    return Stays(laws, moves, first)
