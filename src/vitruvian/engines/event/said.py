"""A field of the declarative model that says what it means: the JSON schema and the errors are made from it."""

from __future__ import annotations

import dataclasses
from typing import Any


def said(
    meaning: str,
    default: Any = dataclasses.MISSING,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A dataclass field with its meaning, unit, closed bounds and choices; without a default it must be given."""
    metadata = {"meaning": meaning, "unit": unit, "low": low, "high": high, "choices": choices}
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=metadata)
    if isinstance(default, dict):
        return dataclasses.field(default_factory=lambda: dict(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)
