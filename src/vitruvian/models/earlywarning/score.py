"""A score: points for each item of a table, summed; what was not measured is counted as normal, and said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Values = Mapping[str, np.ndarray | float]


@dataclass(frozen=True)
class Bands:
    """Points of one item by its value: `points[i]` up to and including `ends[i]`, `points[-1]` above the last end.

    step: what the chart counts in (1 /min, 0.1 Cel); a value between two steps is rounded to the nearest one first.
    """

    ends: tuple[float, ...]
    points: tuple[int, ...]
    step: float

    def of(self, value: np.ndarray) -> np.ndarray:
        """(n,) points; NaN where the value is missing."""
        rounded = np.floor(np.asarray(value, dtype=np.float64) / self.step + 0.5)
        ends = np.round(np.array(self.ends) / self.step)
        return np.where(np.isnan(rounded), np.nan, np.array(self.points)[np.searchsorted(ends, np.nan_to_num(rounded))])


@dataclass(frozen=True, eq=False)
class Score:
    """Points by item (n,), NaN where its value is missing. A missing item counts 0 in the total, as charts do."""

    name: str
    items: Mapping[str, np.ndarray]
    source: str

    @property
    def total(self) -> np.ndarray:
        """(n,)."""
        return np.sum([np.nan_to_num(p) for p in self.items.values()], axis=0)

    @property
    def highest_item(self) -> np.ndarray:
        """Points of the worst item, (n,)."""
        return np.max([np.nan_to_num(p) for p in self.items.values()], axis=0)

    @property
    def never(self) -> tuple[str, ...]:
        """Items that nobody here has a value for: the score is computed without them."""
        return tuple(name for name, points in self.items.items() if np.isnan(points).all())

    def missing(self, i: int) -> tuple[str, ...]:
        """Items that case `i` has no value for."""
        return tuple(name for name, points in self.items.items() if np.isnan(points[i]))

    def said(self) -> str:
        """One line: the score, and what it was computed without."""
        without = f", computed without {', '.join(self.never)} (counted as normal)" if self.never else ""
        return f"{self.name}{without}"

    def to_json(self) -> dict[str, Any]:
        """Plain lists; a missing item is null."""
        items = {n: [None if np.isnan(v) else int(v) for v in p] for n, p in self.items.items()}
        total = [int(v) for v in self.total]
        return {"name": self.name, "total": total, "items": items, "without": list(self.never), "source": self.source}

    def plot(self, ax: Any = None) -> Any:
        """Points of each item stacked, case by case (matplotlib axes)."""
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots(figsize=(7, 3))[1]
        under = np.zeros(len(self.total))
        for name, points in self.items.items():
            height = np.nan_to_num(points)
            ax.bar(np.arange(len(under)), height, bottom=under, width=0.9, label=name.replace("_", " "))
            under = under + height
        ax.set(ylabel=self.name, xlabel="case")
        ax.legend(fontsize=7, ncols=2)
        return ax


def columns(values: Values, names: Sequence[str]) -> dict[str, np.ndarray]:
    """The named values as arrays of one length (n,), NaN where a name is not among them."""
    there = {name: np.atleast_1d(np.asarray(values[name], dtype=np.float64)) for name in names if name in values}
    count = max((len(v) for v in there.values()), default=1)
    return {name: np.broadcast_to(there.get(name, np.array([np.nan])), (count,)) for name in names}


def worst(bands: Bands, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The more points of the lowest and the highest value; NaN where both are missing."""
    a, b = bands.of(low), bands.of(high)
    return np.where(np.isnan(a), b, np.where(np.isnan(b), a, np.maximum(a, b)))
