"""Why an alarm was raised, in a form that a person can check: values, trends, what changed, and when it is wrong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.record import Record

HOUR = 3600.0
BACK = 6.0 * HOUR  # over which a trend is told: half a shift; assumed
USUAL = 48.0 * HOUR  # over which a subject's usual value is told; assumed
NEWER = 1.0 * HOUR  # a value that came within this time before the alarm is new; assumed
UNUSUAL = 2.0  # robust sd from the usual from which a value is said to have changed; assumed


@dataclass(frozen=True)
class Value:
    """A value that speaks for the alarm: of what, how much in `unit`, taken `age` s before it; weight: its share."""

    of: str
    value: float
    unit: str
    age: float
    weight: float | None = None


@dataclass(frozen=True)
class Trend:
    """`of` moved by `change` (its unit) over `over` s before the alarm."""

    of: str
    change: float
    unit: str
    over: float


@dataclass(frozen=True)
class Reasons:
    """Of one alarm. changed: what is otherwise than before; wrong_if: what would have to be true for it to be wrong."""

    values: tuple[Value, ...] = ()
    trends: tuple[Trend, ...] = ()
    changed: tuple[str, ...] = ()
    wrong_if: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "values": [asdict(v) for v in self.values],
            "trends": [asdict(t) for t in self.trends],
            "changed": list(self.changed),
            "wrong_if": list(self.wrong_if),
        }


class Reasoned(ABC):
    """A kind that gives its own reasons for an alarm: it knows what moved its risk."""

    @abstractmethod
    def reasons(self, case: Case, record: Record, at: float) -> Reasons:
        """Why a risk or forecast of this subject was high at `at` (s), from what was known by then."""


def from_record(record: Record, units: Mapping[str, str], at: float) -> Reasons:
    """Of any kind: what was measured last before `at` (s), how it moved, and what departs from this subject's own usual
    values. record: what is known."""
    values, trends, changed, wrong = [], [], [], []
    for name in sorted(set(record.observable.tolist()) & set(units)):
        rows = record.only(name).between(-np.inf, at)
        if not len(rows):
            continue
        order = np.argsort(rows.valid_time, kind="stable")
        times, said = rows.valid_time[order], rows.value[order]
        last, age = float(said[-1]), at - float(times[-1])
        values.append(Value(name, last, units[name], age))
        earlier = (times <= times[-1] - 0.25 * BACK) & (times >= times[-1] - BACK)
        if earlier.any():
            first = int(np.flatnonzero(earlier)[0])
            trends.append(Trend(name, last - float(said[first]), units[name], float(times[-1] - times[first])))
        usual = said[:-1][(times[:-1] >= at - USUAL)]
        if age <= NEWER and len(usual) >= 5:
            middle = float(np.median(usual))
            wide = 1.4826 * float(np.median(np.abs(usual - middle)))
            if abs(last - middle) > UNUSUAL * max(wide, 1e-12):
                changed.append(f"{name} is {last:g} {units[name]}; usual for this subject: {middle:g}")
                wrong.append(f"{name} {last:g} {units[name]} is an artefact: measure it again")
        if age > BACK:
            wrong.append(f"{name} has moved since it was last seen, {age / HOUR:.0f} h ago")
    return Reasons(tuple(values), tuple(trends), tuple(changed), tuple(wrong))
