"""The columns the trees see: a sensor's past, known meals, the person, what the mechanism says and got wrong.

Everything at an origin is from readings at or before it. The mechanism's own errors at a lead count once their reading
has come. `base` columns are those any learner has; the rest come from the mechanism.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.record import Record
from vitruvian.kinds.metabolic.actions import Person
from vitruvian.kinds.metabolic.residual.tracking import DAY, D, Tracked, ahead
from vitruvian.models import sensorpast as past
from vitruvian.models.sensorpast import Columns, Events, Trace

LEADS = (1800.0, 3600.0, 7200.0)
ALONG = (900.0, 1800.0, 3600.0, 5400.0, 7200.0)  # leads of the mechanism's path that are columns
LABS = ("fasting_glucose", "fasting_insulin", "hba1c", "age", "weight")
HELD = 15.0  # independent errors' worth of "no error left" in the personal line, and of usual misses in own bands


@dataclass(frozen=True)
class Wearer:
    """One person with one sensor: case, times (n,) s, values (n,) mg/dL."""

    name: str
    case: Case
    times: np.ndarray
    values: np.ndarray

    @classmethod
    def of(cls, name: str, case: Case, readings: Record) -> Wearer:
        """From the readings of one sensor."""
        return cls(name, case, readings.valid_time, readings.value)

    @property
    def person(self) -> Person:
        """Who it is."""
        assert isinstance(self.case.subject, Person)
        return self.case.subject

    @property
    def trace(self) -> Trace:
        """The sensor's readings."""
        return Trace(self.times, self.values)


@dataclass(frozen=True)
class Told:
    """A person followed, with the mechanism's path from every reading: (n, len(ALONG))."""

    wearer: Wearer
    tracked: Tracked
    path: np.ndarray

    @classmethod
    def of(cls, wearer: Wearer, tracked: Tracked) -> Told:
        """Forecasts from every reading."""
        return cls(wearer, tracked, ahead(tracked, np.arange(len(wearer.times)), ALONG))

    def mechanism(self, lead: float) -> np.ndarray:
        """The mechanism's forecast `lead` s after every reading, (n,)."""
        return self.path[:, ALONG.index(lead)]

    def base(self, at: np.ndarray, lead: float) -> tuple[tuple[str, ...], np.ndarray]:
        """Columns of readings, clock, labs, known meals and own history at the readings `at`: without the mechanism."""
        w = self.wearer
        origins, meals = w.times[at], self.meals()
        clock = origins + self.tracked.timeline.inputs(origins, np.zeros(len(at)))["offset"]
        labs = {name: np.full(len(at), _number(getattr(w.person, name))) for name in LABS}
        parts = [past.past(w.trace, origins), past.clock(clock), labs, past.eaten(meals, origins, lead)]
        return past.table([*parts, past.own(w.trace, meals, origins, lead)])

    def columns(self, at: np.ndarray, lead: float) -> tuple[tuple[str, ...], np.ndarray]:
        """All columns at the readings `at`."""
        names, x = self.base(at, lead)
        more, y = past.table([self._mechanism(at, lead), self._errors(at, lead, names, x)])
        return (*names, *more), np.concatenate([x, y], axis=1)

    def meals(self) -> Events:
        """Meals of the timeline, with usual nutrients where not given."""
        rows = self.tracked.timeline.meals
        return Events(rows[:, 0], dict(zip(("carb", "fat", "protein", "fibre"), rows[:, 1:].T, strict=True)))

    def _mechanism(self, at: np.ndarray, lead: float) -> Columns:
        """The path up to the lead: beyond it, it holds meals that are not known."""
        now = self.wearer.values[at]
        out = {f"mechanism_{a / 60:g}": self.path[at, k] - now for k, a in enumerate(ALONG) if a <= lead}
        return out | {"disturbance": self.tracked.s[at, D]}

    def _errors(self, at: np.ndarray, lead: float, names: tuple[str, ...], x: np.ndarray) -> Columns:
        """The mechanism's errors at this lead in this person: mean, size, and a line through them (ridge to none)."""
        w, said = self.wearer, self.mechanism(lead)
        came = w.trace.target(w.times, lead)
        good = np.isfinite(came)
        error = np.where(good, came - said, 0.0)
        weight = good.astype(float)
        ready = w.times + lead + 0.5 * w.trace.interval
        known = np.searchsorted(ready, w.times[at], side="right")
        day = np.searchsorted(ready, w.times[at] - DAY, side="right")
        pull = HELD * lead / w.trace.interval
        out: Columns = {}
        for name, what, rest in (("error", error, 0.0), ("miss", np.abs(error), 15.0)):
            total, count = np.append(0.0, np.cumsum(what)), np.append(0.0, np.cumsum(weight))
            out[f"mean_{name}"] = (total[known] + pull * rest) / (count[known] + pull)
            out[f"mean_{name}_24"] = (total[known] - total[day] + pull * rest) / (count[known] - count[day] + pull)
        line = self._line(at, known, error, weight, said, lead, pull)
        return out | {"line_of_errors": line, "corrected": said[at] + line - w.values[at]}

    def _line(
        self,
        at: np.ndarray,
        known: np.ndarray,
        error: np.ndarray,
        weight: np.ndarray,
        said: np.ndarray,
        lead: float,
        pull: float,
    ) -> np.ndarray:
        w, meals = self.wearer, self.meals()
        r = past.regressors(w.trace, meals, w.times, lead)
        r = np.nan_to_num(np.column_stack([r, (said - w.values) / 30.0]))
        some = r * weight[:, None]
        squares = np.cumsum(some[:, :, None] * some[:, None, :], axis=0)
        squares = np.concatenate([np.zeros((1, *squares.shape[1:])), squares])
        products = np.concatenate([np.zeros((1, r.shape[1])), np.cumsum(some * error[:, None], axis=0)])
        found = np.linalg.solve(squares[known] + pull * np.eye(r.shape[1]), products[known][..., None])[..., 0]
        return np.sum(r[at] * found, axis=1)


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


def origins(wearer: Wearer, lead: float | None, first: int = 11) -> np.ndarray:
    """Readings with the hour of readings before them there, and one `lead` s later (None: not asked)."""
    t = wearer.times
    at = np.arange(first, len(t))
    whole = np.abs(t[at] - t[at - first] - first * wearer.trace.interval) <= 30.0
    if lead is not None:
        whole &= np.isfinite(wearer.trace.target(t[at], lead))
    return at[whole]


def stacked(parts: Sequence[tuple[tuple[str, ...], np.ndarray]]) -> tuple[tuple[str, ...], np.ndarray]:
    """Tables of one layout, one below the other."""
    return parts[0][0], np.concatenate([x for _, x in parts])
