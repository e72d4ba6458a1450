"""A person with type 2 diabetes over months: weight, glucose and its range, HbA1c, lipids, medicines, programmes."""

from vitruvian.kinds.metabolic_slow.actions import Diet, Move, Nights, Patient
from vitruvian.kinds.metabolic_slow.model import MetabolicSlow

__all__ = ["KIND", "Diet", "MetabolicSlow", "Move", "Nights", "Patient"]

KIND = MetabolicSlow()
