"""The untreated course of a trial's patients: twins drawn from the baseline alone."""

from vitruvian.kinds.progression.model import Progression
from vitruvian.kinds.progression.shipped import shipped_population
from vitruvian.kinds.progression.visits import Visits

__all__ = ["KIND", "Progression", "Visits"]

KIND = Progression(shipped_population())
