"""Forcing: a case and a record turned into arrays by `compile`, the only place that sees both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from vitruvian.core.errors import KindError


@dataclass(frozen=True)
class Schedule:
    """A piecewise-constant input: `values[i]` holds from `times[i]` on, that time included; `before` until then."""

    times: np.ndarray
    values: np.ndarray
    before: float = 0.0

    def at(self, when: np.ndarray) -> np.ndarray:
        """Value at each time (n,)."""
        if len(self.times) == 0:
            return np.full(len(when), self.before)
        index = np.searchsorted(self.times, when, side="right") - 1
        return np.where(index >= 0, self.values[np.maximum(index, 0)], self.before)


@dataclass(frozen=True)
class Forcing:
    """What drives one member from t0 to t1 (s).

    arrays: fixed inputs; slot inputs have the slot's capacity as first axis. impulses: channel -> (times, amounts),
    given at once at their time. schedules: channel -> Schedule. slots: slot name -> times of its active entries.
    capacity: slot name -> bucket size, so that one more action keeps every shape within its bucket. breaks: further
    times at which the integrator must stop.
    """

    t0: float
    t1: float
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    impulses: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    slots: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    capacity: Mapping[str, int] = field(default_factory=dict)
    breaks: tuple[float, ...] = ()


@dataclass(frozen=True)
class Batch:
    """Forcings of several members (a cohort, options), one a member: the member axis of a forcing."""

    forcings: tuple[Forcing, ...]
    index: np.ndarray  # (member,) which forcing each member uses

    def __post_init__(self) -> None:
        if len({(f.t0, f.t1) for f in self.forcings}) != 1:
            raise KindError(
                "forcings of one batch must share t0 and t1",
                where="Batch",
                fix="compile them alike",
            )

    @classmethod
    def each(cls, forcings: Sequence[Forcing], repeats: int) -> Batch:
        """`repeats` members for each forcing, in order."""
        return cls(tuple(forcings), np.repeat(np.arange(len(forcings)), repeats))


def bucket(count: int) -> int:
    """The smallest of 8, 16, 32, ... that holds `count` entries."""
    size = 8
    while size < count:
        size *= 2
    return size


def padded(values: Sequence[float], size: int, fill: float = 0.0) -> np.ndarray:
    """Values with `fill` up to `size` entries."""
    out = np.full(size, fill, dtype=np.float64)
    out[: len(values)] = values
    return out
