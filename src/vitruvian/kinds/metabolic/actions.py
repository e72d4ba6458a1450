"""The metabolic kind's subject and actions: those that all glucose models share, in `models.glucose_actions`."""

from vitruvian.models.glucose_actions import Exercise, Insulin, Meal, Person, Sleep

__all__ = ["Exercise", "Insulin", "Meal", "Person", "Sleep"]
