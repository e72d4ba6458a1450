"""A kind that can paint its organ: a surface with a value at each vertex, of one member at one time."""

from __future__ import annotations

from abc import ABC, abstractmethod

from vitruvian.core.belief import State
from vitruvian.core.forcing import Forcing
from vitruvian.core.kind import Theta
from vitruvian.models.heart.mesh import Painted


class Pictured(ABC):
    """A kind whose answers have a place in the body."""

    picture_source: str  # how the values are worked out, and what they leave out, in a sentence

    @abstractmethod
    def picture(self, theta: Theta, state: State, forcing: Forcing) -> Painted:
        """Of the one member with these parameters and this state, under what is held at the state's time."""
