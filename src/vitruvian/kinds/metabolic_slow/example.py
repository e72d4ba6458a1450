"""The example case: half a year of a person with type 2 diabetes on metformin, and what each action does."""

from __future__ import annotations

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.kind import Effect, Example
from vitruvian.kinds.metabolic_slow.actions import Diet, Move, Nights, Patient
from vitruvian.models import glucose_medicines as given

DAY = 86400.0
HALF = 180 * DAY
TRIALS = "mean change of HbA1c in trials of the class, widened for another start: evidence met.drugs"
SHORT = "insulin's action -25 % after 4 h of sleep: Donga, JCEM 95:2963 (2010); over months assumed"
MOVING = "30 min/day: HbA1c -0.2 to -0.7 % (Umpierre, JAMA 305:1790, 2011: -0.4 to -0.9 % structured)"


def example() -> Example:
    """A year: weighed weekly, HbA1c every three months, a fortnight of sensor days."""
    case = Case(
        Patient(weight=95.0, height=172.0, age=57.0, hba1c=8.2, years=6.0, egfr=85.0),
        (given.Metformin(at=-1 * DAY, dose=1000.0), Diet(at=60 * DAY, change=-300.0)),
    )
    at = 100 * DAY
    changes = (
        (given.Metformin(at=at, dose=2000.0), -0.8, -0.02),
        (given.Empagliflozin(at=at, dose=25.0), -1.2, -0.2),
        (given.Sitagliptin(at=at, dose=100.0), -1.2, -0.2),
        (given.Semaglutide(at=at, dose=1.0), -2.6, -0.5),
        (given.Tirzepatide(at=at, dose=15.0), -3.2, -0.8),
        (given.Glimepiride(at=at, dose=4.0), -1.8, -0.3),
        (given.Acarbose(at=at, dose=300.0), -1.1, -0.2),
        (given.Pioglitazone(at=at, dose=45.0), -1.8, -0.2),
        (given.BasalInsulin(at=at, dose=40.0), -2.2, -0.3),
        (given.PrandialInsulin(at=at, dose=40.0), -2.2, -0.3),
    )
    effects = (
        *(Effect(a, "hba1c_then", HALF, low, high, TRIALS) for a, low, high in changes),
        Effect(Diet(at=at, change=-800.0), "weight_then", HALF, -14.0, -2.0, "10 kcal/day per lb: Hall 2011"),
        Effect(Nights(at=at, hours=5.0), "hba1c_then", HALF, 0.02, 0.8, SHORT),
        Effect(Move(at=at, minutes=30.0), "hba1c_then", HALF, -0.8, -0.05, MOVING),
    )
    observed = {
        "weight": np.arange(0.0, 365.0, 7.0) * DAY,
        "hba1c": np.array([0.0, 90.0, 180.0, 270.0, 360.0]) * DAY,
        "mean_glucose": np.arange(20.0, 34.0) * DAY,
    }
    return Example(case, 0.0, 365 * DAY, observed, effects)
