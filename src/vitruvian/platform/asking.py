"""What a person asks in words, hours and a moment, as requests, windows and instants for the verbs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from vitruvian.core.errors import FieldError, KindError
from vitruvian.core.kind import AbstractKind
from vitruvian.core.quantity import Request

POINTS = 73  # at most so many times of an observable: five minutes apart over six hours
STEPS = (1.0, 5.0, 15.0, 60.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10800.0, 21600.0, 43200.0, 86400.0)
LONGEST = 366 * 86400.0  # s; a forecast over more is asked of a slower kind


def ahead(kind: AbstractKind, start: float, hours: float, names: Sequence[str] = ()) -> Request:
    """Every observable over time and every quantity of the kind, or the named ones, from `start` (s) for `hours`."""
    span = length(hours)
    chosen = list(names) or [o.name for o in over_time(kind)] + [q.name for q in kind.quantities]
    observables = {o.name for o in kind.observables}
    items: dict[str, Any] = {}
    for name in chosen:
        kind.unit_of(name)
        items[name] = times(start, span) if name in observables else [(start, start + span)]
    if not items:
        raise KindError("has nothing that runs over time", where=f"kind '{kind.name}'", fix="name what you ask for")
    return Request.of(items)


def length(hours: float) -> float:
    """Seconds of a horizon in hours; FieldError when it is none."""
    if not (math.isfinite(hours) and 0 < hours * 3600.0 <= LONGEST):
        raise FieldError(f"{hours:g} h is no horizon", where="--hours", fix="give more than 0 and at most 8784 hours")
    return hours * 3600.0


def over_time(kind: AbstractKind) -> list[Any]:
    """The observables that are one number at any time."""
    return [o for o in kind.observables if o.axis == "grid" and not o.dims]


def times(start: float, span: float) -> np.ndarray:
    """Evenly spaced times with a round step, at most POINTS of them; the last is start + span (s)."""
    step = next((s for s in STEPS if span / s <= POINTS - 1), span / (POINTS - 1))
    inner = start + step * np.arange(math.ceil(span / step - 1e-9))
    return np.append(inner, start + span)
