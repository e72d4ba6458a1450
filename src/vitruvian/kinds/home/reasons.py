"""Why an alarm about a person at home was raised: departures from their baseline, and what would undo it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.record import Record
from vitruvian.kinds.home.programmes import WORSE
from vitruvian.kinds.home.trend import OLD, departures
from vitruvian.models.alarms.reasons import Reasons, Trend, Value

DAY = 86400.0
TOLD = 0.7  # z from which a departure is named; assumed


def reasons(case: Case, record: Record, at: float, units: Mapping[str, str]) -> Reasons:
    """By the departures of the programme's signals at `at` (s); record: what is known."""
    programme = getattr(case.subject, "programme", "heart_failure")
    seen = record.between(-np.inf, at)
    found = departures(programme, seen, case.origin.clock(0.0))
    values, trends, changed, wrong = [], [], [], []
    for name, sign in WORSE[programme].items():
        if name not in found:
            wrong.append(f"{name} has never been measured")
            continue
        d, rows = found[name], seen.only(name)
        z, last = float(d.z[-1]), float(rows.value[-1])
        values.append(Value(name, last, units[name], at - float(d.times[-1]), sign * z))
        before = rows.value[rows.valid_time <= at - 3 * DAY]
        if len(before):
            trends.append(Trend(name, last - float(before[-1]), units[name], 3 * DAY))
        if at - d.times[-1] > OLD:
            wrong.append(f"{name} has moved since it was last seen, {(at - d.times[-1]) / DAY:.0f} d ago")
        elif sign * z >= TOLD:
            way = "above" if sign > 0 else "below"
            changed.append(f"{name} {last:g} {units[name]} is {abs(z):.1f} usual departures {way} {d.level[-1]:.4g}")
            wrong.append(f"{name} is measured otherwise than before: another device, person, place or time of day")
        if not d.believed[-1]:
            wrong.append(f"{name} {last:g} {units[name]} was not believed, and is true")
    values.sort(key=lambda v: -(v.weight or 0.0))
    return Reasons(tuple(values), tuple(trends), tuple(changed), tuple(wrong))
