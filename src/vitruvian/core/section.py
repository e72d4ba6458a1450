"""A part of a report that a kind adds, as data: sentences, a table, a picture. How it looks is the page's matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Section:
    """`said`: paragraphs; `head`, `rows`: a table; `draw` draws on matplotlib axes what `shows` says in words."""

    title: str
    said: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    draw: Callable[[Any], Any] | None = None
    shows: str = ""
