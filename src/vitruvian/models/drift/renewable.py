"""A kind whose weights can be fitted again from the subjects that are followed, kept as bytes, and compared.

What is fitted, from how few subjects, and whether anew or by an adjustment of the old fit, is the kind's own matter;
that a new fit is taken only where it is better on subjects that it was not fitted on is the same for all
(retraining.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.kind import AbstractKind
from vitruvian.core.record import Record


@dataclass(frozen=True)
class Followed:
    """A subject with all that is known of it; until: s up to which its record is complete."""

    name: str
    case: Case
    record: Record
    until: float


@dataclass(frozen=True, eq=False)
class Told:
    """What a fit said of outcomes before they came: probability p (n,), what came y (n,), whose it is (n,)."""

    p: np.ndarray
    y: np.ndarray
    whose: np.ndarray


class Renewable(ABC):
    """A Fittable kind whose fit can be renewed."""

    @abstractmethod
    def to_bytes(self) -> bytes:
        """Its weights, without code."""

    @abstractmethod
    def of_bytes(self, data: bytes, where: str) -> AbstractKind:
        """The same contract with these weights; KindError if they are not what was fitted."""

    @abstractmethod
    def fit_again(self, people: Sequence[Followed], seed: int) -> AbstractKind:
        """With weights that these subjects taught; InferenceError says what is lacking where they are too few."""

    @abstractmethod
    def told(self, people: Sequence[Followed]) -> Told:
        """What this fit says of these subjects at moments before it was known, and what came."""

    @property
    @abstractmethod
    def origin(self) -> str:
        """On what it was fitted, in a sentence."""
