"""The example of a model: a day from midnight, what is read of it, and what each action is documented to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from vitruvian.core.case import Case, Origin
from vitruvian.core.kind import Effect, Example
from vitruvian.engines.event.model import Model
from vitruvian.kinds.hospital.actions import Site

HOUR = 3600.0
SOURCE = "assumed; the direction is queueing theory's, the size that of the shipped synthetic model"

# {model's name: {action: (fields, at h, window h, quantity, low, high)}}
DOCUMENTED: dict[str, dict[str, tuple[dict[str, Any], float, float, str, float, float]]] = {
    "emergency department": {
        "OpenBeds": ({"pool": "cubicle", "beds": -5}, 8.0, 8.0, "wait_yellow", 0.02, 1.0),
        "ChangeStaff": ({"pool": "doctor", "staff": 1, "duration": 8.0}, 9.0, 8.0, "utilisation_doctor", -0.2, -0.02),
        "ChangeEquipment": ({"pool": "CT", "units": 1, "duration": 12.0}, 8.0, 10.0, "utilisation_ct", -0.3, -0.02),
        "Rule": ({"mode": "fast track", "duration": 10.0}, 8.0, 10.0, "utilisation_chair", 0.02, 0.3),
        "CancelElectives": ({"share": 1.0, "duration": 12.0}, 6.0, 12.0, "utilisation_ward_bed", -0.3, -0.02),
        "Surge": ({"factor": 1.5, "duration": 8.0}, 9.0, 10.0, "left", 3.0, 60.0),
        "Cohort": ({"pool": "cubicle", "beds": 6}, 8.0, 8.0, "wait_yellow", 0.02, 1.0),
        "StartEarlier": ({"pool": "discharge team", "hours": 2.0}, 20.0, 12.5, "left", 1.0, 20.0),
    },
}  # fmt: skip


def example(model: Model, actions: tuple[Any, ...], timed: tuple[str, ...]) -> Example:
    """A Monday; arrivals every hour, one hold of each uncertain kind an hour, a head count an hour."""
    hours = np.arange(1.0, 25.0) * HOUR
    seen = {"arrivals": hours, "present": hours, **dict.fromkeys(timed, hours - 0.5 * HOUR)}
    effects = []
    for cls in actions:
        known = DOCUMENTED.get(model.name, {}).get(cls.__name__)
        if known:
            fields, at, window, quantity, low, high = known
            effects.append(Effect(cls(at=at * HOUR, **fields), quantity, window * HOUR, low, high, SOURCE))
    case = Case(Site(model="emergency" if model.name == "emergency department" else "own"), origin=ORIGIN)
    return Example(case, 0.0, 24 * HOUR, seen, tuple(effects))


ORIGIN = Origin(datetime(2026, 2, 2, tzinfo=UTC))  # a Monday
