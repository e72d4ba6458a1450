"""A person's sensor glucose: meals, insulin, exercise and sleep through the minimal model with secretion."""

from vitruvian.kinds.metabolic.actions import Exercise, Insulin, Meal, Person, Sleep
from vitruvian.kinds.metabolic.model import Metabolic

__all__ = ["KIND", "Exercise", "Insulin", "Meal", "Metabolic", "Person", "Sleep"]

KIND = Metabolic()
