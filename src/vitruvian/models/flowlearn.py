"""From what happened to how it works: arrivals, routing, laws of activities, pools, delays; and what cannot be known.

Of an activity with start and completion the hold is learned (service or stay, those in progress censored), and the time
from when it could begin to when it did: its wait. Where a resource did it, the part of the wait in which that resource
was on duty and at nothing else is extraneous (Chapela-Campa & Dumas, arXiv:2206.14051): no queue explains it. With
completions only, service, waiting and delay are one time, from one activity to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.models import intensity, pools, routing, survival
from vitruvian.models.eventlog import EventLog
from vitruvian.models.intensity import Intensity
from vitruvian.models.pools import LearnedPool
from vitruvian.models.routing import Routing
from vitruvian.models.survival import Durations, LearnedLaw

HOUR = 3600.0
RARE = 20  # rows of an activity in one group of patients from which it has a law of its own; assumed


@dataclass(frozen=True)
class LearnedActivity:
    """One activity: its law (h), by group too, what waits for it (h), and who does it. `hold` is None if never seen."""

    name: str
    rows: int
    hold: LearnedLaw | None
    by_group: Mapping[str, LearnedLaw]
    lead: LearnedLaw | None
    wait: LearnedLaw | None
    extraneous: LearnedLaw | None
    pool: str
    most_at_once: int

    def to_json(self) -> dict[str, Any]:
        """Plain values, h."""
        laws = {k: v.to_json() for k in ("hold", "lead", "wait", "extraneous") if (v := getattr(self, k)) is not None}
        groups = {g: v.to_json() for g, v in self.by_group.items()}
        return {"rows": self.rows, "pool": self.pool, "most_at_once": self.most_at_once, **laws, "by_group": groups}


@dataclass(frozen=True)
class LearnedFlow:
    """What a log says of how a place works; `notes` says what it does not."""

    summary: Mapping[str, Any]
    arrivals: Intensity
    groups: Mapping[str, float]
    routing: Routing
    by_group: Mapping[str, Routing]
    activities: Mapping[str, LearnedActivity]
    pools: tuple[LearnedPool, ...]
    handoffs: Mapping[tuple[str, str], int]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Everything, with intervals."""
        return {
            "log": dict(self.summary),
            "arrivals": self.arrivals.to_json(),
            "groups": dict(self.groups),
            "routing": self.routing.to_json(),
            "routing_by_group": {g: r.to_json() for g, r in self.by_group.items()},
            "activities": {k: v.to_json() for k, v in self.activities.items()},
            "pools": [p.to_json() for p in self.pools],
            "handoffs": [{"from": a, "to": b, "times": n} for (a, b), n in self.handoffs.items()],
            "not_identifiable": list(self.notes),
        }

    def plot(self, ax: Any = None) -> Any:
        """The process map."""
        from vitruvian.models.flowplots import plot_map

        return plot_map(self, ax)


def learn(
    log: EventLog,
    *,
    start: float | None = None,
    holidays: Collection[date] = (),
    order: int | None = 1,
    offset: Callable[[float], float] = lambda t: 0.0,
) -> LearnedFlow:
    """From a log seen over [start, until); `order`: how much history routing may use, None: what foretells best.

    start: by default the first row's time. Cases already there then (a stay begun before it) are entered late.
    """
    at = log.at()
    begin = float(np.nanmin(at)) if start is None else start
    if log.until <= begin:
        raise InferenceError("the log has no length", where="flowlearn.learn", fix="give more than one moment")
    first = np.array([np.nanmin(at[rows]) for _, rows in log.traces()])
    arrivals = intensity.learn(first, log.origin, begin, log.until, offset=offset, holidays=holidays)
    found = pools.learn(log) if log.has_starts else ()
    ready = enabled(log)
    activities = {name: _activity(log, name, begin, ready, found) for name in log.activities}
    cases = _cases(log, begin)
    shared = _routed(cases, order)
    return LearnedFlow(
        log.summary(),
        arrivals,
        _shares(log),
        shared,
        _routing_by_group(log, cases, shared.order),
        activities,
        found,
        pools.handoffs(log),
        _notes(log, activities, found, arrivals, sum(c.ended for c in cases)),
    )


def enabled(log: EventLog) -> np.ndarray:
    """When each row could begin: as recorded, else at the latest completion before it in its case, else nan."""
    out = log.enabled.copy()
    for _, rows in log.traces():
        latest = np.nan
        for i in rows:
            if not np.isfinite(out[i]):
                out[i] = latest
            if np.isfinite(log.complete[i]):
                latest = np.fmax(latest, log.complete[i])
    return out


def idle_before(log: EventLog, ready: np.ndarray, found: tuple[LearnedPool, ...]) -> np.ndarray:
    """Of each wait (s), how long its resource was on duty and free: nan where no resource or no start is known."""
    out = np.full(len(log), np.nan)
    monday = log.origin - timedelta(days=log.origin.weekday())
    shift = (log.origin - monday).total_seconds() + log.offset_s
    for pool in found:
        on = pool.week > 0
        for m in pool.members:
            mine = np.flatnonzero((log.resource == m) & np.isfinite(log.start))
            order = mine[np.argsort(log.start[mine], kind="stable")]
            free = -np.inf
            for i in order:
                if np.isfinite(ready[i]):
                    since = min(max(ready[i], free), log.start[i])
                    out[i] = _on_duty(on, float(since) + shift, float(log.start[i]) + shift)
                free = max(free, log.complete[i]) if np.isfinite(log.complete[i]) else np.inf
    return out


def _on_duty(on: np.ndarray, a: float, b: float) -> float:
    """Seconds of [a, b) in hours of the week that are on."""
    if on.all() or b <= a:
        return max(b - a, 0.0)
    weeks, rest = divmod(b - a, 168 * HOUR)
    hours = np.arange(np.ceil(a / HOUR), np.floor((a + rest) / HOUR) + 1) * HOUR
    edges = np.unique(np.clip(np.r_[a, hours, a + rest], a, a + rest))
    middle = 0.5 * (edges[1:] + edges[:-1])
    return float(weeks * on.sum() * HOUR + np.sum(np.diff(edges) * on[(middle // HOUR).astype(int) % 168]))


def _activity(
    log: EventLog, name: str, begin: float, ready: np.ndarray, found: tuple[LearnedPool, ...]
) -> LearnedActivity:
    rows = log.activity == name
    begun = rows & np.isfinite(log.start)
    hold = _law(log, begun, begin) if log.has_starts and begun.any() else None
    lead = None if hold else _times((log.complete - ready)[rows], log.resolution)
    wait = _times((log.start - ready)[begun], log.resolution) if hold else None
    idle = idle_before(log, ready, found)[begun] if hold and found else np.zeros(0)
    by_group = {}
    if hold:
        group = np.array([log.groups.get(c, "") for c in log.case.tolist()], dtype=object)
        for g in sorted(set(group[begun].tolist()) - {""}):
            some = begun & (group == g)
            if int((some & np.isfinite(log.complete)).sum()) >= RARE:
                by_group[g] = _law(log, some, begin)
    pool = next((p.name for p in found if name in p.activities), "")
    most = _most(log.start[begun], log.complete[begun])
    return LearnedActivity(name, int(rows.sum()), hold, by_group, lead, wait, _times(idle, log.resolution), pool, most)


def _law(log: EventLog, rows: np.ndarray, begin: float) -> LearnedLaw | None:
    ended = np.isfinite(log.complete[rows])
    if not ended.any():
        return None
    stop = np.where(ended, log.complete[rows], log.until)
    entry = np.clip(begin - log.start[rows], 0.0, stop - log.start[rows])
    stays = Durations.of((stop - log.start[rows]) / HOUR, ended, entry / HOUR, log.resolution / HOUR)
    return survival.learn(stays)


def _times(seconds: np.ndarray, resolution: float) -> LearnedLaw | None:
    known = seconds[np.isfinite(seconds)]
    if not len(known):
        return None
    return survival.learn(Durations.of(np.maximum(known, 0.0) / HOUR, resolution=resolution / HOUR))


def _most(start: np.ndarray, complete: np.ndarray) -> int:
    """The most that went on at one time."""
    if not len(start):
        return 0
    stop = np.where(np.isfinite(complete), complete, np.inf)
    at = np.concatenate([start, stop])
    step = np.r_[np.ones(len(start)), -np.ones(len(stop))]
    return int(np.cumsum(step[np.lexsort((step, at))]).max())


class _Case(NamedTuple):
    name: str
    activities: list[str]
    begun: bool
    ended: bool


def _cases(log: EventLog, begin: float) -> list[_Case]:
    at = log.at()
    return [
        _Case(c, log.activity[r].tolist(), bool(at[r].min() >= begin), bool(np.isfinite(log.complete[r]).all()))
        for c, r in log.traces()
    ]


def _routed(cases: Sequence[_Case], order: int | None) -> Routing:
    names, sequences, begun, ended = zip(*cases, strict=True)
    return routing.learn(sequences, names, order, begun=begun, ended=ended)


def _routing_by_group(log: EventLog, cases: Sequence[_Case], order: int) -> dict[str, Routing]:
    out = {}
    for group in _shares(log):
        own = [c for c in cases if log.groups.get(c.name) == group]
        if len(own) >= RARE:
            out[group] = _routed(own, order)
    return out


def _shares(log: EventLog) -> dict[str, float]:
    names = [log.groups.get(c, "") for c in log.cases]
    known = sorted(set(names) - {""})
    return {g: names.count(g) / len(names) for g in known} if known and "" not in names else {}


def _notes(
    log: EventLog,
    activities: Mapping[str, LearnedActivity],
    found: tuple[LearnedPool, ...],
    arrivals: Intensity,
    ended: int,
) -> tuple[str, ...]:
    notes = list(arrivals.notes)
    if not log.has_starts:
        notes.append("completions only: service, waiting and delay of an activity cannot be told apart")
        notes.append(
            "completions only: who was busy when is not known, so pools, calendars and extraneous delay are not"
        )
    elif not found:
        notes.append(
            "no resources are named: how many beds, staff or rooms there are is not known, only the most in use"
        )
    for p in found:
        if p.at_once > 0.05:
            said = f"{p.at_once:.0%} of the work of '{p.name}' began while the same resource was at another"
            notes.append(f"{said}: its capacity cannot be known")
    lacking = [a.name for a in activities.values() if log.has_starts and a.hold is None]
    if lacking:
        notes.append(f"never seen to end: {', '.join(lacking)}")
    if log.resolution >= 3600.0:
        notes.append(f"time stamps are whole multiples of {log.resolution / HOUR:g} h: shorter laws cannot be known")
    if arrivals.dispersion > 1.5:
        notes.append(
            f"daily arrivals vary {arrivals.dispersion:.1f} times as much as Poisson's: the bands are too narrow"
        )
    if ended < len(log.cases):
        notes.append(f"{len(log.cases) - ended} cases are not over: where they go after what was seen is not counted")
    return tuple(notes)
