"""What is wanted: an objective, constraints with their probability, and what there is to choose from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.errors import FieldError
from vitruvian.core.fields import infos
from vitruvian.core.kind import AbstractKind

SENSES = ("min", "max", "target")
MOST = 256  # candidates a space may ask for: an answer in seconds, not minutes


@dataclass(frozen=True)
class Objective:
    """A quantity over a window (start, end; s since origin) to make small, large, or close to `target` (its unit)."""

    quantity: str
    window: tuple[float, float]
    sense: str
    target: float | None = None

    def __post_init__(self) -> None:
        _check_window(self.window, "objective.window")
        if self.sense not in SENSES:
            raise FieldError(f"no sense '{self.sense}'", where="objective.sense", fix=f"use {', '.join(SENSES)}")
        if (self.target is None) == (self.sense == "target"):
            raise FieldError("a target goes with sense 'target'", where="objective.target", fix="give both or neither")

    def loss(self, values: np.ndarray) -> np.ndarray:
        """What is made small, member by member: the value, its negative, or its distance from the target."""
        if self.sense == "target":
            assert self.target is not None
            return np.abs(values - self.target)
        return values if self.sense == "min" else -values


@dataclass(frozen=True)
class Constraint:
    """P(low <= quantity <= high over the window) must be at least `probability`."""

    quantity: str
    window: tuple[float, float]
    low: float = -math.inf
    high: float = math.inf
    probability: float = 0.95

    def __post_init__(self) -> None:
        _check_window(self.window, "constraint.window")
        if not self.low < self.high:
            raise FieldError(
                f"low {self.low:g} is not below high {self.high:g}", where="constraint", fix="exchange them"
            )
        if math.isinf(self.low) and math.isinf(self.high):
            raise FieldError("a constraint needs a limit", where="constraint", fix="give low, high or both")
        if not 0.0 < self.probability <= 1.0:
            raise FieldError(
                f"probability {self.probability:g} is not in (0, 1]", where="constraint.probability", fix="e.g. 0.95"
            )

    def sentence(self, unit: str) -> str:
        """P(lowest_glucose >= 70 mg/dL)."""
        if math.isinf(self.high):
            return f"P({self.quantity} >= {self.low:g} {unit})"
        if math.isinf(self.low):
            return f"P({self.quantity} <= {self.high:g} {unit})"
        return f"P({self.low:g} <= {self.quantity} <= {self.high:g} {unit})"


@dataclass(frozen=True)
class Space:
    """One action whose fields may vary: `ranges` field -> (low, high) or the choices of a text field; `at` in s.

    `fixed` gives the other fields. `count` candidates spread over the whole space (one field: evenly; more: Sobol's
    sequence), then `rounds` times a quarter as many (at least 5) around the best so far, in a quarter of the ranges.
    """

    action: type[Action]
    ranges: Mapping[str, tuple[Any, ...]]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    count: int = 32
    rounds: int = 2

    def __post_init__(self) -> None:
        where, known = f"space.{self.action.__name__}", {"at", *infos(self.action)}
        for name, values in self.ranges.items():
            if name not in known:
                raise FieldError(f"no field '{name}'", where=where, fix=f"use {', '.join(sorted(known))}")
            words = all(isinstance(v, str) for v in values)
            if not values or not (words or (len(values) == 2 and values[0] < values[1])):
                raise FieldError(f"range {values} is empty", where=f"{where}.{name}", fix="give (low, high) or choices")
            if not words:
                self._check_bounds(name, values)
        if not self.ranges:
            raise FieldError("nothing may vary", where=where, fix="give the range of at least one field")
        if not 2 <= self.count <= MOST:
            raise FieldError(f"count {self.count} is not in 2 to {MOST}", where=where, fix="e.g. 32")

    def _check_bounds(self, name: str, values: tuple[Any, ...]) -> None:
        info = infos(self.action).get(name)
        if info is not None and not info.low <= values[0] <= values[1] <= info.high:
            raise FieldError(
                f"range {values[0]:g} to {values[1]:g} leaves {info.low:g} to {info.high:g} {info.unit}",
                where=f"space.{self.action.__name__}.{name}",
                fix="stay inside the action's bounds",
            )

    def spread(self) -> list[Action]:
        """The first candidates, over the whole space."""
        return self._actions(self._points(self.count), np.zeros(len(self.ranges)), 1.0)

    def around(self, best: Action, turn: int) -> list[Action]:
        """Candidates near the best so far, in a quarter of the ranges each turn."""
        share = 0.25**turn
        low = np.clip(self._unit(best) - share / 2, 0.0, 1.0 - share)
        return self._actions(self._points(max(5, self.count // 4)), low, share)

    def _points(self, count: int) -> np.ndarray:
        if len(self.ranges) == 1:
            return np.linspace(0.0, 1.0, count)[:, None]
        from scipy.stats import qmc

        size = 2 ** math.ceil(math.log2(count))  # Sobol points are balanced in powers of two
        return (qmc.Sobol(len(self.ranges), scramble=False).random(size) + 0.5 / size)[:count]

    def _actions(self, points: np.ndarray, low: np.ndarray, share: float) -> list[Action]:
        out = []
        for point in points:
            given = {n: self._value(n, float(u)) for n, u in zip(self.ranges, low + share * point, strict=True)}
            out.append(self.action(**{**self.fixed, **given}))
        return list(dict.fromkeys(out))

    def _value(self, name: str, u: float) -> Any:
        """The field's value at u in [0, 1]: rounded to what a person can do, so that what is told is what was run."""
        values = self.ranges[name]
        if isinstance(values[0], str):
            return values[min(int(u * len(values)), len(values) - 1)]
        low, high = values
        info = infos(self.action).get(name)
        grain = _round_step((high - low) / 100) if info is not None else 60.0
        value = round((low + u * (high - low)) / grain) * grain
        whole = isinstance(low, int) and isinstance(high, int)
        return round(min(max(value, low), high)) if whole else round(min(max(value, low), high), 10)

    def _unit(self, action: Action) -> np.ndarray:
        out = []
        for name, values in self.ranges.items():
            value = getattr(action, name)
            if isinstance(values[0], str):
                out.append((values.index(value) + 0.5) / len(values))
            else:
                out.append((value - values[0]) / (values[1] - values[0]))
        return np.array(out)


@dataclass(frozen=True)
class Goal:
    """An objective, constraints, and either named candidates or a space to search; windows in s since origin."""

    objective: Objective
    constraints: tuple[Constraint, ...]
    options: Mapping[str, Sequence[Action]] | Space

    @classmethod
    def from_json(
        cls,
        data: Mapping[str, Any],
        kind: AbstractKind,
        now: float,
        *,
        clock: Callable[[str, str], float] | None = None,
        place: Callable[[str], str] = lambda path: f"goal.{path}" if path else "goal",
    ) -> Goal:
        """From plain JSON (see `goal_schema`); values may carry units, which are checked and converted.

        now: s since origin; a time given as a number counts from it. clock(text, where) reads times given as text.
        place: where a path such as "constraints[0].low" was written, for errors. Errors: FieldError, UnitError.
        """
        from vitruvian.verbs.goal_json import Reading

        return Reading(kind, now, clock, place).goal(data)


def _round_step(most: float) -> float:
    """The largest of 1, 2, 5 x 10^k that is at most this."""
    base = 10.0 ** math.floor(math.log10(most))
    return next(m * base for m in (5.0, 2.0, 1.0) if m * base <= most * (1 + 1e-12))


def _check_window(window: tuple[float, float], where: str) -> None:
    if not (math.isfinite(window[0]) and math.isfinite(window[1]) and window[0] < window[1]):
        raise FieldError(f"window {window} is empty", where=where, fix="give (start, end) with start before end")
