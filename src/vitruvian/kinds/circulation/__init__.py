"""The circulation as a bedside twin: pulmonary hypertension and heart failure, followed over months."""

from vitruvian.kinds.circulation.actions import Patient
from vitruvian.kinds.circulation.model import Circulation

__all__ = ["KIND", "Circulation", "Patient"]

KIND = Circulation()
