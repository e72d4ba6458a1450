"""Who does what and when: pools of people or rooms that share activities, their hours of the week, and hand-offs.

Resources belong to one pool when the activities they do overlap (Jaccard >= 1/2, joined as a chain). A resource is
away in an hour of the week if it worked in fewer than a tenth of the weeks then, and that cannot be chance (Poisson, p
< 0.001, beside its busiest quarter of the week); gaps of one hour are closed. Who has nothing to do leaves no trace:
what is found is a lower bound. Overlapping work of one resource (a team, several at once) is listed: its capacity
cannot be known then.

Reference: López-Pintado & Dumas, BPM Forum 2022 (calendars with confidence and support); hand-over of work: van der
Aalst, Reijers & Song, Comput Support Coop Work 2005;14:549.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from vitruvian.models.eventlog import EventLog

ALIKE, CONFIDENCE, SURE = 0.5, 0.1, 1e-3
HOUR, HOURS = 3600.0, 168


@dataclass(frozen=True)
class LearnedPool:
    """Interchangeable resources, what they do, and how many are there in each hour of the week from Monday (168,)."""

    name: str
    members: tuple[str, ...]
    activities: tuple[str, ...]
    week: np.ndarray
    at_once: float

    def to_json(self) -> dict[str, Any]:
        """Plain values; `at_once` is the share of work begun while the same resource was at another."""
        return {
            "name": self.name,
            "members": list(self.members),
            "activities": list(self.activities),
            "week": self.week.tolist(),
            "at_once": self.at_once,
        }


def learn(log: EventLog) -> tuple[LearnedPool, ...]:
    """Pools of the resources that a log names."""
    does: dict[str, Counter[str]] = {}
    for resource, activity in zip(log.resource.tolist(), log.activity.tolist(), strict=True):
        if resource:
            does.setdefault(resource, Counter())[activity] += 1
    groups = _joined({r: {a for a, n in c.items() if n >= 0.05 * c.total()} for r, c in does.items()})
    out = []
    for members in groups:
        counts: Counter[str] = Counter()
        for m in members:
            counts.update(does[m])
        activities = tuple(a for a, n in counts.most_common() if n >= 0.05 * counts.total())
        hours = [_hours(log, m) for m in members]
        name = members[0] if len(members) == 1 else f"{activities[0]} team"
        out.append(LearnedPool(name, members, activities, np.sum(hours, axis=0), _at_once(log, members)))
    return tuple(out)


def handoffs(log: EventLog) -> dict[tuple[str, str], int]:
    """How often work on a case went from one resource to another."""
    found: Counter[tuple[str, str]] = Counter()
    for _, rows in log.traces():
        for a, b in pairwise(rows):
            pair = str(log.resource[a]), str(log.resource[b])
            if all(pair) and pair[0] != pair[1]:
                found[pair] += 1
    return dict(found.most_common())


def _joined(does: Mapping[str, set[str]]) -> list[tuple[str, ...]]:
    groups: list[list[str]] = []
    for resource in sorted(does):
        alike = [g for g in groups if any(_jaccard(does[resource], does[m]) >= ALIKE for m in g)]
        groups = [g for g in groups if g not in alike] + [[m for g in alike for m in g] + [resource]]
    return [tuple(sorted(g)) for g in sorted(groups, key=lambda g: min(g))]


def _jaccard(a: set[str], b: set[str]) -> float:
    return len(a & b) / max(len(a | b), 1)


def _hours(log: EventLog, resource: str) -> np.ndarray:
    """1 where a resource is there, by hour of the week on the local clock."""
    from scipy.stats import poisson

    mine = log.resource == resource
    end = np.where(np.isfinite(log.complete[mine]), log.complete[mine], log.until)
    begin = np.where(np.isfinite(log.start[mine]), log.start[mine], end)
    monday = log.origin - timedelta(days=log.origin.weekday())
    shift = (log.origin - monday).total_seconds() + log.offset_s
    first, last = np.floor((begin + shift) / HOUR).astype(int), np.floor((end + shift - 1e-6) / HOUR).astype(int)
    worked = {h for a, b in zip(first, np.maximum(first, last), strict=True) for h in range(a, min(b, a + HOURS) + 1)}
    weeks = max((max(worked) - min(worked)) / HOURS, 1.0)
    count = np.bincount(np.array(sorted(worked)) % HOURS, minlength=HOURS)
    busiest = float(np.sort(count)[-HOURS // 4 :].mean())  # what an hour on duty looks like
    rare = poisson.cdf(count, busiest) < SURE  # absent, or only by chance without a trace?
    for days in (slice(0, 5), slice(5, 7)):  # a short log tells of an hour of all working days, or of the weekend
        some = count.reshape(7, 24)[days]
        absent = poisson.cdf(some.sum(axis=0), len(some) * busiest) < SURE
        rare.reshape(7, 24)[days] |= absent[None, :]
    there = (count >= max(CONFIDENCE * weeks, 1.0)) | ~rare
    return (there | (np.roll(there, 1) & np.roll(there, -1))).astype(int)


def _at_once(log: EventLog, members: tuple[str, ...]) -> float:
    """Share of the activities that began before the same resource's last one had ended."""
    n = begun = 0
    for m in members:
        mine = np.flatnonzero((log.resource == m) & np.isfinite(log.start) & np.isfinite(log.complete))
        order = mine[np.argsort(log.start[mine], kind="stable")]
        latest = np.maximum.accumulate(log.complete[order])[:-1] if len(order) else np.zeros(0)
        begun += int((log.start[order][1:] < latest).sum())
        n += max(len(order) - 1, 0)
    return begun / max(n, 1)
