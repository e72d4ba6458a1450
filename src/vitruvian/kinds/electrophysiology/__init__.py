"""The heart's electrics as a twin: activation, pacing, the ECG."""

from vitruvian.kinds.electrophysiology.actions import Heart, Infarct, Pacing
from vitruvian.kinds.electrophysiology.model import Electrophysiology

__all__ = ["KIND", "Electrophysiology", "Heart", "Infarct", "Pacing"]

KIND = Electrophysiology()
