"""A person's sensor glucose: meals, insulin and exercise through the minimal model with secretion."""

from vitruvian.kinds.metabolic.actions import Exercise, Insulin, Meal, Person
from vitruvian.kinds.metabolic.model import Metabolic

__all__ = ["KIND", "Exercise", "Insulin", "Meal", "Metabolic", "Person"]

KIND = Metabolic()
