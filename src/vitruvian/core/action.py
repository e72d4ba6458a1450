"""Actions: what is done to the real thing, at a time, known since a time, with typed fields."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import ClassVar

from vitruvian.core.errors import FieldError
from vitruvian.core.fields import Described


@dataclasses.dataclass(frozen=True, kw_only=True)
class Action(Described):
    """Base of a kind's actions. `at` is seconds since the case's origin; it holds from `at` on, that time included.

    `known_at` is when it became known (default: `at`); a plan may be known before it happens. `codes` names it in
    others' systems ("system|code") with the fields that this fixes; `amount` is the field that is the dose.
    """

    codes: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    amount: ClassVar[str] = ""

    at: float
    known_at: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("at", self.at), ("known_at", self.known_at)):
            if value is not None and not math.isfinite(value):
                raise FieldError(f"must be finite seconds (got {value})", where=f"{type(self).__name__}.{name}")
        super().__post_init__()

    @property
    def known(self) -> float:
        """When it was known, seconds."""
        return self.at if self.known_at is None else self.known_at

    def at_time(self, at: float) -> Action:
        """The same action at another time."""
        return dataclasses.replace(self, at=at)
