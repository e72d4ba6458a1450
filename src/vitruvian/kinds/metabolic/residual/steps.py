"""A person's timeline as the steps of a filter: what enters and acts in each step between two readings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.case import Case
from vitruvian.kinds.metabolic.actions import Exercise, Insulin, Meal, Person, Sleep
from vitruvian.kinds.metabolic.inputs import LANES, REACH, clock_offset, nutrient
from vitruvian.models.glucose_sleep import rested

STEP = 300.0  # s, the longest step
Inputs = dict[str, np.ndarray]


@dataclass(frozen=True)
class Timeline:
    """What is known of a case's events, as arrays: meals (m, 5), doses (d, 3), bouts (b, 3)."""

    weight: float
    meals: np.ndarray
    doses: np.ndarray
    bouts: np.ndarray
    nights: tuple[Sleep, ...]
    case: Case

    @classmethod
    def of(cls, case: Case, known_at: float = np.inf) -> Timeline:
        """Meals (time, carbohydrate, fat, protein, fibre), doses (time, units, fast?), bouts (from, to, METs)."""
        known = case.until(known_at) if math.isfinite(known_at) else case
        meals = [
            (m.at, m.carbohydrate, *(nutrient(m, n) for n in ("fat", "protein", "fibre")))
            for m in known.actions(Meal)
            if isinstance(m, Meal)
        ]
        doses = [
            (d.at, d.units, float(d.formulation == "fast")) for d in known.actions(Insulin) if isinstance(d, Insulin)
        ]
        bouts = [
            (b.at, b.at + 60 * b.duration, b.mets - 1.0) for b in known.actions(Exercise) if isinstance(b, Exercise)
        ]
        assert isinstance(case.subject, Person)
        shaped = (_rows(meals, 5), _rows(doses, 3), _rows(bouts, 3))
        nights = tuple(n for n in known.actions(Sleep) if isinstance(n, Sleep))
        return cls(case.subject.weight, *shaped, nights, case)

    def inputs(self, t: np.ndarray, h: np.ndarray) -> Inputs:
        """What acts in the steps that start at t (n,) and last h (n,): lanes (n, LANES), the rest (n,)."""
        lanes = np.zeros((len(t), LANES, 4))
        at = np.full((len(t), LANES), -1e12)
        for meal in self.meals:
            mine = np.flatnonzero((t + h > meal[0]) & (t < meal[0] + REACH))
            free = np.argmax(at[mine] < -1e11, axis=1)  # a fifth meal at once takes the place of the first
            at[mine, free], lanes[mine, free] = meal[0], meal[1:]
        out: Inputs = {"meal_at": at}
        for k, name in enumerate(("carb", "fat", "protein", "fibre")):
            out[name] = lanes[:, :, k]
        for name, kind in (("fast", 1.0), ("basal", 0.0)):
            given = self.doses[self.doses[:, 2] == kind]
            total = np.append(0.0, np.cumsum(given[:, 1]))
            out[name] = total[np.searchsorted(given[:, 0], t + h)] - total[np.searchsorted(given[:, 0], t)]
        acting = (t[:, None] >= self.bouts[None, :, 0]) & (t[:, None] < self.bouts[None, :, 1])
        out["mets"] = (acting * self.bouts[None, :, 2]).sum(axis=1)
        first, last = (float(t.min()), float(t.max())) if len(t) else (0.0, 0.0)
        offset = clock_offset(self.case.origin, first, last + 1.0)
        out["offset"], out["rested"] = offset.at(t), rested(self.nights, offset).at(t)
        out["weight"] = np.full(len(t), self.weight)
        return out | {"t": t, "h": h}


def mesh(times: np.ndarray, start: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps from `start` to the last reading: begin (n,), length (n,), and which reading stands at its end, else -1."""
    points = np.concatenate([[start], times[times > start]])
    gaps = np.diff(points)
    pieces = np.maximum(1, np.ceil(gaps / STEP - 1e-9).astype(int))
    length = np.repeat(gaps / pieces, pieces)
    part = np.concatenate([np.arange(p) for p in pieces]) if len(pieces) else np.zeros(0)
    begin = np.repeat(points[:-1], pieces) + part * length
    reading = np.full(len(begin), -1)
    reading[np.cumsum(pieces) - 1] = np.flatnonzero(times > start)
    return begin, length, reading


def _rows(values: Sequence[tuple[float, ...]], width: int) -> np.ndarray:
    out = np.array(values, dtype=np.float64).reshape(-1, width)
    return out[np.argsort(out[:, 0], kind="stable")]
