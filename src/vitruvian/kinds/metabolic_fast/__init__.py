"""A person's glucose by physiology: the Dalla Man meal model with doses, mixed meals, exercise, sleep and the clock."""

from vitruvian.kinds.metabolic_fast.model import MetabolicFast
from vitruvian.models.glucose_actions import Exercise, Insulin, Meal, Person, Sleep

__all__ = ["KIND", "Exercise", "Insulin", "Meal", "MetabolicFast", "Person", "Sleep"]

KIND = MetabolicFast()
