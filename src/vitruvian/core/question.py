"""A ready question: what people often ask of a kind, as typed fields, that becomes plans to choose from and a wish."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping

from vitruvian.core.action import Action
from vitruvian.core.case import Case
from vitruvian.core.errors import FieldError
from vitruvian.core.fields import Described


@dataclasses.dataclass(frozen=True)
class Limit:
    """P(low <= quantity <= high) must be at least `probability`; bounds in the quantity's unit."""

    quantity: str
    low: float = -math.inf
    high: float = math.inf
    probability: float = 0.95


@dataclasses.dataclass(frozen=True)
class Choice:
    """What a question comes to. planned: what is meant to happen; options: whole plans in place of it.

    quantity, sense ("min" or "max") over `horizon` s from now: what is wanted. sources: where the options come from.
    """

    planned: tuple[Action, ...]
    options: Mapping[str, tuple[Action, ...]]
    horizon: float
    quantity: str
    sense: str
    limits: tuple[Limit, ...] = ()
    sources: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Question(Described, ABC):
    """Base of a kind's ready questions; `at` is when what it asks about is meant to happen (s since origin)."""

    at: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.at):
            raise FieldError(f"must be finite seconds (got {self.at})", where=f"{type(self).__name__}.at")
        super().__post_init__()

    @abstractmethod
    def choice(self, case: Case, now: float) -> Choice:
        """The plans and the wish, for this case at `now` (s)."""
