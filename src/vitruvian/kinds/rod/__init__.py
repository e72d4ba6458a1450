"""A column of perfused tissue heated by a probe: the smallest field kind, a template."""

from vitruvian.kinds.rod.actions import Heat, Rod
from vitruvian.kinds.rod.model import HeatedRod

__all__ = ["KIND", "Heat", "HeatedRod", "Rod"]

KIND = HeatedRod()
