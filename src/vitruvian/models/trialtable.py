"""A table of a trial or of its history: typed columns, each cell's place in the file, and what is wrong with it.

A column is a number (NaN where missing) or a factor (text, "" where missing). Nothing is guessed silently: a column
whose cells are all numbers is a number unless the protocol names it a factor; what cannot be read is an error with
line and column.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import ParseError, RecordError

MISSING = ("", "NA", "N/A", "na", "NaN", "nan", "null", ".", "None")
FEW = 8  # offending rows named in a message


@dataclass(frozen=True)
class Frame:
    """Columns by name, all (n,): float64 for numbers, object (str) for factors; source names the file."""

    columns: Mapping[str, np.ndarray]
    source: str

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    @classmethod
    def of_rows(
        cls, names: Sequence[str], rows: Iterable[Sequence[str]], source: str, factors: Iterable[str] = ()
    ) -> Frame:
        """From text cells. ParseError names the line of a row that is too short or too long."""
        doubled = sorted({n for n in names if list(names).count(n) > 1})
        if doubled:
            raise ParseError(f"column '{doubled[0]}' twice", where=source, fix="give every column its own name")
        cells: list[list[str]] = [[] for _ in names]
        for line, row in enumerate(rows, start=2):
            if len(row) != len(names):
                fix = "check commas and quotes of that line"
                raise ParseError(f"{len(row)} cells for {len(names)} columns", where=f"{source}, line {line}", fix=fix)
            for column, cell in zip(cells, row, strict=True):
                column.append(cell.strip())
        if not cells or not cells[0]:
            raise ParseError("no rows", where=source, fix="give a table with a header and one row a patient")
        named = set(factors)
        return cls({n: _typed(c, n in named) for n, c in zip(names, cells, strict=True)}, source)

    def column(self, name: str) -> np.ndarray:
        """By name; RecordError lists what there is."""
        if name not in self.columns:
            known = ", ".join(list(self.columns)[:20])
            raise RecordError(f"there is no column '{name}'", where=self.source, fix=f"the file has {known}")
        return self.columns[name]

    def number(self, name: str) -> np.ndarray:
        """A numeric column; RecordError names the first cell that is none."""
        column = self.column(name)
        if column.dtype != object:
            return column
        for line, cell in enumerate(column, start=2):
            if cell and not _is_number(cell):
                where = f"{self.source}, line {line}, column '{name}'"
                raise RecordError(f"'{cell}' is no number", where=where, fix="correct it, or name the column a factor")
        return np.array([float(c) if c else np.nan for c in column])

    def factor(self, name: str) -> np.ndarray:
        """A column as text; whole numbers without a point, "" where missing."""
        column = self.column(name)
        return column if column.dtype == object else np.array([_text(v) for v in column], dtype=object)

    def take(self, keep: np.ndarray) -> Frame:
        """Rows by mask or index."""
        return Frame({n: c[keep] for n, c in self.columns.items()}, self.source)

    def without(self, *names: str) -> Frame:
        """All columns but these."""
        return Frame({n: c for n, c in self.columns.items() if n not in names}, self.source)

    def plus(self, name: str, values: np.ndarray) -> Frame:
        """With one more column."""
        return Frame({**self.columns, name: values}, self.source)

    @property
    def digest(self) -> str:
        """SHA-256 of names and values: the data hash of a report."""
        told = hashlib.sha256()
        for name, column in self.columns.items():
            told.update(name.encode() + b"\0")
            told.update("\1".join(column).encode() if column.dtype == object else column.astype("<f8").tobytes())
        return told.hexdigest()[:16]


def unique_patients(frame: Frame, identity: str) -> None:
    """RecordError where a patient has two rows, or rows of different names are alike in every other column."""
    ids = frame.factor(identity)
    places: dict[str, list[int]] = {}
    for line, name in enumerate(ids, start=2):
        places.setdefault(name, []).append(line)
    if doubled := {k: v for k, v in places.items() if len(v) > 1 and k}:
        name, lines = next(iter(doubled.items()))
        fix = "keep one row a patient; visits belong into the long layout"
        where = ", ".join(map(str, lines[:FEW]))
        told = f"patient '{name}' has {len(lines)} rows (lines {where}); {len(doubled)} such patients"
        raise RecordError(told, where=f"{frame.source}, column '{identity}'", fix=fix)
    if "" in places:
        lines = ", ".join(map(str, places[""][:FEW]))
        raise RecordError(f"no patient in lines {lines}", where=f"{frame.source}, column '{identity}'", fix="name them")


def _typed(cells: list[str], factor: bool) -> np.ndarray:
    plain = ["" if c in MISSING else c for c in cells]
    if not factor and any(plain) and all(_is_number(c) for c in plain if c):
        return np.array([float(c) if c else np.nan for c in plain])
    return np.array(plain, dtype=object)


def _is_number(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell)))
    except ValueError:
        return False


def _text(value: float) -> str:
    if np.isnan(value):
        return ""
    return str(int(value)) if value == int(value) else repr(float(value))
