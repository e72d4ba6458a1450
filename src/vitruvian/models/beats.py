"""One beat of a heart, as a kind with a fast layer can show it: courses over it, loops of them, what they tell.

A kind whose own time is days keeps the beat as a function of its slow states. One that is `Beating` can give it whole.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.forcing import Forcing
from vitruvian.core.kind import Theta


@dataclass(frozen=True)
class Trace:
    """A course over the beat: its name, unit, and what it is in words."""

    name: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Loop:
    """Two courses against each other: a pressure-volume loop. x, y: names of traces."""

    name: str
    meaning: str
    x: str
    y: str


@dataclass(frozen=True)
class Told:
    """A number that a beat tells. of: the loop it is of, "" for the whole circulation. usual: its range in healthy
    adults, with the source; None where there is none."""

    name: str
    unit: str
    meaning: str
    of: str = ""
    usual: tuple[float, float] | None = None
    source: str = ""


@dataclass(frozen=True, eq=False)
class Beat:
    """One beat of every member on its limit cycle. traces: (step, member), from the beat's start in even steps of
    its length `period` (member,) s; numbers: (member,). moved: by how much the last beat changed a volume, mL."""

    period: np.ndarray
    traces: Mapping[str, np.ndarray]
    numbers: Mapping[str, np.ndarray]
    moved: np.ndarray


class Beating(ABC):
    """A kind that can show the beat behind its answers."""

    traces: tuple[Trace, ...]
    loops: tuple[Loop, ...]
    told: tuple[Told, ...]
    beat_source: str  # how the beat is worked out, and what it leaves out, in a sentence
    points: int = 100  # of a course, in JSON

    @abstractmethod
    def beat(self, theta: Theta, state: State, forcing: Forcing) -> Beat:
        """Of members with these parameters and slow states at the state's time, under what is held then."""
