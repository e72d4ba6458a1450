"""A row that could not be used: nothing is dropped silently."""

from __future__ import annotations

from typing import NamedTuple


class Aside(NamedTuple):
    """Where the row stands, what it says, why it was kept aside and what would cure it."""

    file: str
    line: int
    column: str
    raw: str
    reason: str
    fix: str
