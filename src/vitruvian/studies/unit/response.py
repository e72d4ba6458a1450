"""Response times under shift patterns, on the hospital kind's engine: the same nights under every pattern.

Every member plays several nights; crashes and rounds are drawn from streams of their own (common random numbers), so a
pattern changes only who comes and when. Reported are waits of all crashes of all nights: their mean is a ratio of sums,
with a standard error by resampling nights' members; differences are taken night by night.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.case import Case, Origin
from vitruvian.core.errors import FieldError
from vitruvian.core.forcing import Batch, Forcing, Schedule
from vitruvian.core.keys import member_seeds
from vitruvian.core.quantity import Request
from vitruvian.engines.event.readings import Change, Counts, outputs
from vitruvian.kinds.hospital.actions import Site
from vitruvian.kinds.hospital.model import Hospital
from vitruvian.kinds.hospital.plan import planned
from vitruvian.studies.unit.crashes import Crashes, Risks, crashes
from vitruvian.studies.unit.ward import CRASH, NURSE, Demand, Staffing, unit_model

HOUR = 3600.0
USUAL = Demand()
WARM = 4.0  # h of rounds before the first hour, without crashes


@dataclass(frozen=True)
class Nights:
    """Every night of a pattern, (night,): crashes answered, minutes they waited together, how many later than the
    target, nurses' share of time in use, cost of the staff."""

    staffing: Staffing
    answered: np.ndarray
    waited: np.ndarray
    late: np.ndarray
    busy: np.ndarray
    cost: np.ndarray

    @property
    def mean_wait(self) -> float:
        """Minutes from the crash to the team, over all crashes."""
        return float(self.waited.sum() / max(self.answered.sum(), 1.0))

    @property
    def late_share(self) -> float:
        """Share of crashes answered later than the target."""
        return float(self.late.sum() / max(self.answered.sum(), 1.0))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "name": self.staffing.name,
            "shifts": [list(s) for s in self.staffing.shifts],
            "crashes_a_night": float(self.answered.mean()),
            "mean_wait_min": self.mean_wait,
            "late_share": self.late_share,
            "late_a_night": float(self.late.mean()),
            "nurses_busy": float(self.busy.mean()),
            "cost_a_night": float(self.cost.mean()),
        }


@dataclass(frozen=True)
class Gain:
    """What a pattern changes against the first, night by night, with standard errors; the cost of one late answer
    avoided (None: it avoids none that can be told from chance)."""

    name: str
    late: float
    late_se: float
    wait: float
    wait_se: float
    cost: float
    variance_kept: float  # of the paired difference, share of two independent runs'

    @property
    def cost_of_one(self) -> float | None:
        """USD for each late answer avoided."""
        return self.cost / -self.late if self.late < -2.0 * self.late_se else None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**vars(self), "cost_of_one": self.cost_of_one}


@dataclass(frozen=True)
class Tonight:
    """The unit tonight: crashes expected, every pattern's nights, and what each changes against the first."""

    crashes: Crashes
    patterns: tuple[Nights, ...]
    gains: tuple[Gain, ...]
    demand: Demand
    source: str
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "source": self.source,
            "crashes": self.crashes.to_json(),
            "patterns": [p.to_json() for p in self.patterns],
            "gains": [g.to_json() for g in self.gains],
            "demand": dict(vars(self.demand)),
            "notes": list(self.notes),
            "disclaimer": "A simulation for research use.",
        }

    def plot(self, ax: Any = None) -> Any:
        """Late answers a night over cost, a point a pattern (matplotlib axes)."""
        from vitruvian.studies.unit.pictures import draw_patterns

        return draw_patterns(self, ax)


def tonight(
    risks: Risks, patterns: Sequence[Staffing], demand: Demand = USUAL, *, nights: int = 2000, seed: int = 0
) -> Tonight:
    """What the risks mean for the staff: the first pattern is what the others are compared with."""
    if not patterns:
        raise FieldError("no shift pattern is given", where="patterns", fix="give at least one Staffing")
    most = max(p.most for p in patterns)
    fewest = min(p.most for p in patterns)
    if fewest < demand.team:
        said = f"a team of {demand.team} cannot come from {fewest} nurses"
        raise FieldError(said, where="patterns", fix="give more nurses, or a smaller Demand.team")
    beds, rates = len(risks.patients), risks.rates()
    played = tuple(play(rates, p, demand, beds=beds, most=most, start=risks.start, nights=nights, seed=seed)
                   for p in patterns)  # fmt: skip
    gains = tuple(gain(played[0], other) for other in played[1:])
    p = risks.within()
    wider = float(np.mean(p.sum(axis=1) / np.maximum(np.sum(p * (1.0 - p), axis=1), 1e-15))) - 1.0
    notes = (
        "care does not change the risks here: a nurse who comes sooner answers sooner, not more",
        f"crashes are played as Poisson: a night's count varies {wider:.0%} more than one crash a patient would",
    )
    return Tonight(crashes(risks), played, gains, demand, risks.source, notes)


def play(
    rates: np.ndarray,
    staffing: Staffing,
    demand: Demand,
    *,
    beds: int,
    most: int,
    start: float,
    nights: int,
    seed: int,
    since: int = 0,
) -> Nights:
    """So many nights of a pattern, members in turn. rates: crashes an hour (member, hour), counted from `since` on."""
    kind = Hospital(unit_model(beds, staffing, demand, most))
    hours = rates.shape[1]
    t1 = hours * HOUR
    usual = planned(kind.model, Case(Site(model="own"), origin=_evening(start)), -WARM * HOUR, t1)
    edges = np.arange(hours + 1) * HOUR
    forcings = tuple(_with(usual, edges, np.append(rate, 0.0) / HOUR) for rate in rates)
    batch = Batch(forcings, np.arange(nights) % len(forcings))
    counts: Counts = kind.counts
    items = {
        "answered": Change(counts.step(CRASH, "started")),
        "waited": Change(counts.step(CRASH, "waited"), (), 1.0 / 60.0),
        "late": Change(counts.step(CRASH, "late")),
        "busy": Change(counts.pool(NURSE, "busy_time"), counts.pool(NURSE, "open_time")),
        "cost": Change(counts.pool(NURSE, "open_time", staffing.cost / HOUR)),
    }
    request = Request({name: np.array([[since * HOUR, t1]]) for name in items})
    seen, _ = outputs(kind.simulation, items, batch, request, member_seeds(seed, nights, "night"), None, None)
    return Nights(staffing, *(seen[name][:, 0] for name in items))


def gain(usual: Nights, other: Nights) -> Gain:
    """Of a pattern against the usual one, from the same nights."""
    n = len(usual.late)
    late = other.late - usual.late
    apart = usual.late.var(ddof=1) + other.late.var(ddof=1)
    wait, wait_se = _ratio_difference(usual, other)
    kept = float(late.var(ddof=1) / apart) if apart > 0.0 else 0.0
    cost = float((other.cost - usual.cost).mean())
    return Gain(
        other.staffing.name, float(late.mean()), float(late.std(ddof=1) / np.sqrt(n)), wait, wait_se, cost, kept
    )


def _ratio_difference(usual: Nights, other: Nights) -> tuple[float, float]:
    """Difference of mean waits (min) and its standard error: the two ratios linearised together, night by night."""
    parts = [(x.waited - x.mean_wait * x.answered) / max(x.answered.mean(), 1e-12) for x in (usual, other)]
    spread = parts[1] - parts[0]
    return other.mean_wait - usual.mean_wait, float(spread.std(ddof=1) / np.sqrt(len(spread)))


def _with(usual: Forcing, edges: np.ndarray, rate: np.ndarray) -> Forcing:
    """The forcing with a member's own rate of crashes, a second."""
    schedules = {**usual.schedules, f"rate:{CRASH}": Schedule(edges, rate, 0.0)}
    return Forcing(
        usual.t0, usual.t1, usual.arrays, usual.impulses, schedules, usual.slots, usual.capacity, usual.breaks
    )


def _evening(start: float) -> Origin:
    """A time 0 at this local hour."""
    from datetime import UTC, datetime, timedelta

    return Origin(datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=start))
