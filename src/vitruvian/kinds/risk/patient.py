"""What the risk looks at: a patient, five vital signs, and the columns of the table made of their past."""

from __future__ import annotations

from dataclasses import dataclass

from vitruvian.core.case import Subject
from vitruvian.core.fields import field_
from vitruvian.core.quantity import Observable
from vitruvian.engines.table import HOUR, Count, Given, Last, Missing, Since, Slope

EVENT = "deterioration"


@dataclass(frozen=True, kw_only=True)
class Patient(Subject):
    """Whose vital signs they are."""

    age: float = field_("a", 18, 110, typical=65, meaning="age", default=65.0)


@dataclass(frozen=True)
class Vital:
    """A vital sign: what is seen of it, its value at rest and the sd of a reading around the last one (assumed)."""

    observable: Observable
    rest: float
    sd: float


VITALS = (  # limits: ranges that monitors display; rest and sd: assumed
    Vital(Observable("heart_rate", "/min", "8867-4", low=0, high=300, meaning="heart rate, last seen"), 80.0, 8.0),
    Vital(Observable("respiratory_rate", "/min", "9279-1", low=0, high=80, meaning="breaths, last seen"), 17.0, 2.5),
    Vital(Observable("spo2", "%", "59408-5", low=30, high=105, meaning="oxygen saturation, last seen"), 96.5, 1.5),
    Vital(Observable("systolic", "mm[Hg]", "8480-6", low=20, high=300, meaning="systolic, last seen"), 125.0, 10.0),
    Vital(
        Observable("temperature", "Cel", "8310-5", low=25, high=45, meaning="body temperature, last seen"), 36.9, 0.3
    ),
)

COLUMNS = (
    *(Last(v.observable.name) for v in VITALS),
    Slope("heart_rate", 8 * HOUR),
    Slope("respiratory_rate", 8 * HOUR),
    Slope("spo2", 8 * HOUR),
    Count("respiratory_rate", 8 * HOUR),
    Since("heart_rate"),
    Missing("systolic", 6 * HOUR),
    Given("age"),
)
