"""Baseline columns as a matrix, by a rule that the history fixes and the trial cannot change.

Missing-data rule, stated in every report: a missing number counts as the history's median, with an indicator beside
it where the history has missing cells too; a missing factor is a level of its own. Every filled value and level is
learned from the history, so a patient's row knows no other patient of the trial. A level that the history never saw
is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import RecordError
from vitruvian.models.trialtable import Frame

RULE = (
    "a missing number counts as the history's median (with an indicator where the history has missing cells too); "
    "a missing factor level is a level of its own; a level that the history never saw is refused"
)


@dataclass(frozen=True)
class Column:
    """One baseline column as the history has it. levels: of a factor; centre: median; low, high: range of a number."""

    name: str
    levels: tuple[str, ...] = ()
    centre: float = 0.0
    scale: float = 1.0
    low: float = 0.0
    high: float = 0.0
    missing: bool = False

    @property
    def factor(self) -> bool:
        """Text, not numbers."""
        return bool(self.levels)

    def names(self) -> tuple[str, ...]:
        """Names of the columns of the matrix it becomes."""
        if self.factor:
            return tuple(f"{self.name}={level or 'missing'}" for level in self.levels)
        return (self.name, f"{self.name} missing") if self.missing else (self.name,)


@dataclass(frozen=True)
class Columns:
    """The columns of a history, in order."""

    items: tuple[Column, ...]

    @classmethod
    def learned(cls, frame: Frame, names: Sequence[str]) -> Columns:
        """Medians, ranges and levels of these columns; RecordError for one without a value."""
        return cls(tuple(_learned(frame, n) for n in names))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the matrix's columns."""
        return tuple(n for c in self.items for n in c.names())

    def matrix(self, frame: Frame) -> np.ndarray:
        """(n, k), finite. RecordError with line and column for a level the history never saw."""
        parts = [_factor(c, frame) if c.factor else _number(c, frame) for c in self.items]
        return np.concatenate(parts, axis=1) if parts else np.zeros((len(frame), 0))

    def to_json(self) -> list[dict[str, Any]]:
        """Plain JSON."""
        return [{**asdict(c), "levels": list(c.levels)} for c in self.items]

    @classmethod
    def from_json(cls, data: Sequence[Mapping[str, Any]]) -> Columns:
        """Back from `to_json`."""
        return cls(tuple(Column(**{**c, "levels": tuple(c["levels"])}) for c in data))


def _learned(frame: Frame, name: str) -> Column:
    column = frame.column(name)
    if column.dtype == object:
        return Column(name, tuple(sorted(set(column.tolist()))), missing=bool((column == "").any()))
    seen = column[~np.isnan(column)]
    if not len(seen):
        raise RecordError("has no value at all", where=f"{frame.source}, column '{name}'", fix="leave it out")
    sd = float(seen.std())
    low, high = float(seen.min()), float(seen.max())
    return Column(name, (), float(np.median(seen)), sd if sd > 1e-12 else 1.0, low, high, len(seen) < len(column))


def _factor(column: Column, frame: Frame) -> np.ndarray:
    given = frame.factor(column.name)
    index = {level: k for k, level in enumerate(column.levels)}
    for line, level in enumerate(given, start=2):
        if level not in index:
            where = f"{frame.source}, line {line}, column '{column.name}'"
            told = "a missing level" if level == "" else f"level '{level}'"
            known = ", ".join(v or "(missing)" for v in column.levels[:12])
            raise RecordError(f"{told} that the history never saw", where=where, fix=f"use one of {known}")
    return (np.array([index[v] for v in given])[:, None] == np.arange(len(column.levels))).astype(np.float64)


def _number(column: Column, frame: Frame) -> np.ndarray:
    given = frame.number(column.name)
    gone = np.isnan(given)
    filled = np.where(gone, column.centre, given)
    return np.stack([filled, gone.astype(np.float64)], axis=1) if column.missing else filled[:, None]
