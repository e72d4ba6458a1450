"""A person at home with wearables, a scale and a cuff: what is usual for them, and what departs from it."""

from vitruvian.kinds.home.model import ChangeDiuretic, Home, Person

__all__ = ["KIND", "ChangeDiuretic", "Home", "Person"]

KIND = Home()
