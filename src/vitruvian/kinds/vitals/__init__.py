"""Vital signs and laboratory values of a patient in intensive care, followed and foreseen."""

from vitruvian.kinds.vitals.model import Vitals
from vitruvian.kinds.vitals.patient import Patient
from vitruvian.kinds.vitals.shipped import shipped_population

__all__ = ["KIND", "Patient", "Vitals"]

KIND = Vitals(*shipped_population())
