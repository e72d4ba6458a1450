"""Risks of a unit from its twins, whatever their kind: a quantity that is a probability over a window, hour by hour.

R_k = P(event within k hours), the quantity over [now, now + k h];   h_k = 1 - (1 - R_k) / (1 - R_{k-1})
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vitruvian.core.errors import CapabilityError, FieldError
from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin
from vitruvian.models.alarms.risks import risks
from vitruvian.studies.unit.crashes import Risks
from vitruvian.verbs.forecast import forecast

HOUR = 3600.0


def gathered(twins: Mapping[str, Twin], quantity: str, *, hours: int = 12, start: float = 19.0, seed: int = 0) -> Risks:
    """From twins of one kind, by name; each from the time of its own belief. Members are matched by their number."""
    if not twins:
        raise FieldError("there is no twin", where="unit", fix="name the twins of the unit")
    some = next(iter(twins.values())).kind
    if quantity not in risks(some):
        names = ", ".join(risks(some)) or "none: it gives no risk"
        raise CapabilityError(f"'{quantity}' is no risk", where=f"kind '{some.name}'", fix=f"use one of: {names}")
    columns = []
    for name, twin in twins.items():
        at = twin.believed().at
        windows = np.stack([np.full(hours, at), at + HOUR * np.arange(1, hours + 1)], axis=1)
        within = forecast(twin, Request.of({quantity: windows}), seed=seed)[quantity].values
        risk = np.concatenate([np.zeros((len(within), 1)), within], axis=1)
        if (np.diff(risk, axis=1) < -1e-9).any():
            said = f"{name}: its risk within more hours is lower than within fewer"
            raise FieldError(said, where=quantity, fix="use a quantity that is the risk of an event within its window")
        columns.append(np.clip(1.0 - (1.0 - risk[:, 1:]) / np.maximum(1.0 - risk[:, :-1], 1e-15), 0.0, 1.0))
    members = min(len(c) for c in columns)
    hazard = np.stack([c[:members] for c in columns], axis=1)
    return Risks(hazard, tuple(twins), start, f"{some.name} {some.version}: {quantity}")
