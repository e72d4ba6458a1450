"""A person with type 2 diabetes over months: weight, mean glucose, HbA1c, medicines, programmes."""

from vitruvian.kinds.metabolic_slow.actions import Diet, Move, Patient
from vitruvian.kinds.metabolic_slow.model import MetabolicSlow

__all__ = ["KIND", "Diet", "MetabolicSlow", "Move", "Patient"]

KIND = MetabolicSlow()
