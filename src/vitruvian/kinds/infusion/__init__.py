"""A drug infusion: the smallest ODE kind, a template."""

from vitruvian.kinds.infusion.model import Bolus, Infuse, Infusion, Person

__all__ = ["KIND", "Bolus", "Infuse", "Infusion", "Person"]

KIND = Infusion()
