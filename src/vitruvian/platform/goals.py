"""Goals as files: an objective, constraints, and candidates or a space, read from YAML with a place for every error.

horizon: +4h
objective: {quantity: peak_glucose, sense: min}
constraints: [{quantity: lowest_glucose, low: 70 mg/dL, probability: 0.99}]
candidates:
  walk: [{Exercise: {at: +30min, mets: 3.5, duration: 15 min}}]
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vitruvian.core.kind import AbstractKind
from vitruvian.platform import placed, when
from vitruvian.platform.plans import Clock
from vitruvian.verbs.goal import Goal


def read(given: Goal | Mapping[str, Any] | str | Path, kind: AbstractKind, clock: Clock) -> Goal:
    """A goal from a file, from plain values, or as it is. Times are local, or count from the clock's now (+4h)."""
    if isinstance(given, Goal):
        return given

    def at(text: str, where: str) -> float:
        return when.at(text, clock.origin, clock.now, where)

    if isinstance(given, Mapping):
        return Goal.from_json(given, kind, clock.now, clock=at)
    node = placed.load(Path(given))
    known = placed.places(node)
    return Goal.from_json(placed.plain(node), kind, clock.now, clock=at, place=lambda path: placed.place(known, path))
