"""The risk that a patient in intensive care dies, or gets acute kidney injury or sepsis, hour by hour."""

from vitruvian.kinds.deterioration.model import Deterioration
from vitruvian.kinds.deterioration.patient import Patient
from vitruvian.kinds.deterioration.shipped import shipped_weights

__all__ = ["KIND", "Deterioration", "Patient"]

KIND = Deterioration(shipped_weights())
