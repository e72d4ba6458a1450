"""Whose vital signs they are."""

from __future__ import annotations

from dataclasses import dataclass

from vitruvian.core.case import Subject
from vitruvian.core.fields import field_


@dataclass(frozen=True, kw_only=True)
class Patient(Subject):
    """An adult in intensive care."""

    age: float = field_("a", 15, 110, typical=65, meaning="age", default=65.0)
