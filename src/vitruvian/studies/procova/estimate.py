"""An estimate with its interval: what every analysis of a trial gives, whatever the method."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scipy.special import stdtr, stdtrit


@dataclass(frozen=True)
class Estimate:
    """An effect with its standard error on the scale it was estimated on, and Student's t with `df` for intervals.

    scale "log": effect and interval are shown exponentiated (a ratio). method: the sentence a report prints.
    """

    name: str
    value: float
    se: float
    df: float
    method: str
    n: int
    scale: str = "linear"
    null: float = 0.0
    detail: Mapping[str, float] = field(default_factory=dict)

    @property
    def statistic(self) -> float:
        """(value - null) / se."""
        return (self.value - self.null) / self.se if self.se > 0 else math.inf * (self.value - self.null)

    @property
    def p(self) -> float:
        """Two-sided."""
        return float(2.0 * stdtr(self.df, -abs(self.statistic)))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Two-sided, on the shown scale."""
        half = float(stdtrit(self.df, 0.5 + level / 2.0)) * self.se
        low, high = self.value - half, self.value + half
        return (math.exp(low), math.exp(high)) if self.scale == "log" else (low, high)

    @property
    def shown(self) -> float:
        """The effect as people read it: a ratio where it was estimated as a log."""
        return math.exp(self.value) if self.scale == "log" else self.value

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        low, high = self.interval()
        return {
            "name": self.name,
            "estimate": self.shown,
            "low": low,
            "high": high,
            "level": 0.95,
            "p": self.p,
            "value": self.value,
            "se": self.se,
            "df": None if math.isinf(self.df) else self.df,
            "scale": self.scale,
            "method": self.method,
            "n": self.n,
            **({"detail": dict(self.detail)} if self.detail else {}),
        }

    def plot(self, ax: Any = None) -> Any:
        """A point with its 95 % interval and the null (matplotlib axes)."""
        return plot_forest([self], ax)


def plot_forest(estimates: list[Estimate], ax: Any = None) -> Any:
    """Estimates below each other with their 95 % intervals; all must be on one scale."""
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 1.0 + 0.45 * len(estimates)), layout="constrained")
    for row, e in enumerate(estimates):
        low, high = e.interval()
        ax.plot([low, high], [row, row], color="C0")
        ax.plot([e.shown], [row], "o", color="C0")
    first = estimates[0]
    ax.axvline(math.exp(first.null) if first.scale == "log" else first.null, color="0.6", lw=0.8)
    ax.set_yticks(range(len(estimates)), [e.name for e in estimates])
    ax.invert_yaxis()
    ax.set_xlabel("effect and 95 % interval")
    return ax
