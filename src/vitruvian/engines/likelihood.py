"""The exact likelihood of readings whose observables need no simulation: each sensor's noise around a known mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from vitruvian.core.kind import AbstractKind, Theta
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record


def readings_log_likelihood(
    kind: AbstractKind,
    theta: Theta,
    rows: Record,
    expected: Callable[[Request], Mapping[str, np.ndarray]],
    names: tuple[str, ...],
) -> np.ndarray:
    """log p of the rows of these observables, (member,); `expected` gives their means (member, n) at given times."""
    total = np.zeros(len(next(iter(theta.values()))))
    for observable, sensor in rows.groups():
        if observable in names:
            seen = rows.only(observable, sensor)
            mean = expected(Request({observable: seen.valid_time}))[observable]
            noise = kind.noise(observable, sensor)
            total = total + noise.log_likelihood(seen.value, mean, seen.valid_time, theta, seen.limit)
    return total
