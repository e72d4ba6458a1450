"""A kind for tests: the infusion with a discrepancy, and a subject followed for two days."""

from __future__ import annotations

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.noise import Discrepancy
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.kinds.infusion import Bolus, Infuse, Infusion, Person
from vitruvian.verbs.simulate import simulate

HOUR = 3600.0
TRUE_Z = np.array([0.8, -0.5])


class Drifting(Infusion):
    """Plasma level with a structural error of 1 mg/L that lasts three hours."""

    discrepancies = {"concentration": Discrepancy(1.0, 3 * HOUR)}


def followed(kind: Infusion, *, hours: float = 48.0, every: float = 0.5, seed: int = 0) -> Twin:
    """A subject with boluses and an infusion, and its readings."""
    timeline = (
        Infuse(at=0.0, rate=25.0, duration=hours),
        *(Bolus(at=h * HOUR, dose=200.0) for h in np.arange(3.2, hours, 11.0).tolist()),
    )
    case = Case(Person(), timeline)
    times = np.arange(every, hours + every / 2, every) * HOUR
    told = simulate(kind, case, {"concentration": times}, 0.0, seed=seed, z=TRUE_Z)
    return Twin(kind, case, told.record)


def altered(record: Record, after: float, by: float) -> Record:
    """The record with other values from `after` on."""
    value = np.where(record.known_at > after, record.value + by, record.value)
    return Record.of("concentration", record.valid_time, value, known_at=record.known_at)
