"""Every native reading of ShanghaiT2DM as an origin: columns of what was known then, and the change that came.

The sensor's columns: the last hours, the clock, labs, what the person's sensor has shown so far. The context's columns:
meals, insulin doses, a pump, tablets, known up to the target (announced), and what this person's glucose did before at
the same place between meals. Nothing but announced events comes from after an origin: tested by truncation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from vitruvian.kinds.metabolic.actions import Meal
from vitruvian.kinds.metabolic.evidence.others import NobodyError, aside, spread
from vitruvian.kinds.metabolic.evidence.shanghai import LABS, Wear, study, wears
from vitruvian.models import medication
from vitruvian.models.mealresponse import filled, meal_response
from vitruvian.models.sensorpast import HOUR, MINUTE, Columns, Events, Trace, clock, eaten, own, past, table

INTERVAL = 15 * MINUTE
FEW = 28  # records of --quick
SENSOR, CONTEXT = "sensor", "context"
NO_MEALS = Events(np.zeros(0), {"carb": np.zeros(0)})


@dataclass(frozen=True, eq=False)
class Rows:
    """Origins of some wears: columns by group, reading (n,), change over the lead (n,), low within it (n,), which wear
    and patient (n,), s since the wear's first reading (n,), the time itself (n,), and by wear the times of meals."""

    names: dict[str, tuple[str, ...]]
    x: dict[str, np.ndarray]
    now: np.ndarray
    change: np.ndarray
    low: np.ndarray
    wear: np.ndarray
    patient: np.ndarray
    since: np.ndarray
    at: np.ndarray
    meals: dict[str, np.ndarray]

    def columns(self, groups: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
        """Names and values (n, k) of some groups."""
        joined = tuple(n for g in groups for n in self.names[g])
        return joined, np.concatenate([self.x[g] for g in groups], axis=1)


@cache
def rows(root: Path, lead: float, few: bool = False) -> Rows:
    """All origins under this root whose target came, `lead` s after; few: of FEW records at most, spread over all."""
    chosen = spread(wears(root), FEW) if few else wears(root)
    if not chosen:
        said = "; ".join(aside(study(root).aside)) or "no record"
        raise NobodyError(f"nobody can be scored ({said})", where=root.name, fix="name a root with other people")
    parts = [one(w, lead) for w in chosen]
    names = parts[0].names
    joined = {g: np.concatenate([p.x[g] for p in parts]) for g in names}
    rest = {
        n: np.concatenate([getattr(p, n) for p in parts])
        for n in ("now", "change", "low", "wear", "patient", "since", "at")
    }
    return Rows(names, joined, **rest, meals={w: t for p in parts for w, t in p.meals.items()})


def one(wear: Wear, lead: float) -> Rows:
    """Origins of one wear."""
    trace = Trace(wear.record.valid_time, wear.record.value, INTERVAL)
    origins = trace.times
    change = trace.target(origins, lead) - trace.values
    keep = np.isfinite(change)
    groups = {SENSOR: _sensor(wear, trace, origins, lead), CONTEXT: _context(wear, trace, origins, lead)}
    names, x = {}, {}
    for group, parts in groups.items():
        names[group], x[group] = table(parts)
        x[group] = x[group][keep]
    ahead = np.stack([trace.target(origins, k * INTERVAL) for k in range(1, round(lead / INTERVAL) + 1)])
    count = int(keep.sum())
    return Rows(
        names,
        x,
        trace.values[keep],
        change[keep],
        (np.fmin.reduce(ahead, axis=0) < 70.0)[keep],
        np.full(count, wear.name),
        np.full(count, wear.patient),
        (origins - origins[0])[keep],
        origins[keep],
        {wear.name: np.array(sorted([m.at for m in wear.case.timeline if isinstance(m, Meal)] + [*wear.unsaid]))},
    )


def _sensor(wear: Wear, trace: Trace, origins: np.ndarray, lead: float) -> list[Columns]:
    longer = {f"change_{k}h": trace.values - trace.last(origins - k * HOUR) for k in (3, 4, 6)}
    labs = {name: np.full(len(origins), wear.labs.get(name, np.nan)) for name in LABS}
    return [past(trace, origins), longer, clock(origins + lead), labs, own(trace, NO_MEALS, origins, lead)]


def _context(wear: Wear, trace: Trace, origins: np.ndarray, lead: float) -> list[Columns]:
    meals = [m for m in wear.case.timeline if isinstance(m, Meal)]
    told = [(m.at, m.carbohydrate, m.protein, m.fat) for m in meals] + [(t, *3 * [np.nan]) for t in wear.unsaid]
    array = np.array(sorted(told, key=lambda m: m[0]), dtype=np.float64).reshape(-1, 4)
    times = array[:, 0]
    full = filled(times, dict(zip(("carb", "protein", "fat"), array[:, 1:].T, strict=True)))
    count = Events(times, {"meal": np.ones(len(times))})
    line = own(trace, full, origins, lead)["own_line"]
    counted = {f"meals_{k}": v for k, v in eaten(count, origins, lead, "meal").items() if "meal_" in k}
    return [
        eaten(full, origins, lead),
        counted,
        {"own_line_meals": line},
        meal_response(trace, full, origins, lead),
        medication.insulin([(d.at, d.acts, d.units) for d in wear.doses], origins, lead),
        medication.pump(wear.pump, origins),
        medication.by_mouth([(t.at, t.name, t.amount) for t in wear.tablets], origins, lead),
    ]
