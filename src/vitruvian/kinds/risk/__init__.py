"""The risk that a patient on a ward deteriorates within hours: the smallest fitted kind, a template."""

from vitruvian.kinds.risk.model import DeteriorationRisk
from vitruvian.kinds.risk.patient import Patient
from vitruvian.kinds.risk.shipped import shipped_weights

__all__ = ["KIND", "DeteriorationRisk", "Patient"]

KIND = DeteriorationRisk(shipped_weights())
