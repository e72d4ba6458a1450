"""A randomised trial run on twins: virtual patients of any Causal kind, and the space of designs explored on them."""

from vitruvian.studies.in_silico_trial.designs import Design, Explored, explore
from vitruvian.studies.in_silico_trial.patients import Course, courses

__all__ = ["Course", "Design", "Explored", "courses", "explore"]
