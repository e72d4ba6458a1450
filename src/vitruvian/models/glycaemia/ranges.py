"""Time in the consensus ranges, and the goals for them.

Ranges and goals: Battelino et al., Diabetes Care 42:1593 (2019), tables 1 and 2; tight range 70 to 140: Battelino et
al., Lancet Diabetes Endocrinol 11:42 (2023). They are written in whole mg/dL, and so a reading counts: 10.0 mmol/L
(180.2 mg/dL) is in range and 13.9 mmol/L (250.4) is not above 250, as the same tables have it in mmol/L.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Range:
    """Readings from `low` to `high` whole mg/dL, both in it; `meaning` is how the consensus names it."""

    low: float
    high: float
    meaning: str

    def holds(self, g: np.ndarray) -> np.ndarray:
        """Which readings (n,) lie in it."""
        whole = np.rint(g)
        return (whole >= self.low) & (whole <= self.high)


RANGES = {
    "very_low": Range(0, 53, "below 54 mg/dL (level 2)"),
    "low": Range(54, 69, "54 to 69 mg/dL (level 1)"),
    "in_range": Range(70, 180, "70 to 180 mg/dL"),
    "high": Range(181, 250, "181 to 250 mg/dL (level 1)"),
    "very_high": Range(251, math.inf, "above 250 mg/dL (level 2)"),
}
# overlapping ranges of the same papers; 63 to 140 is the one for pregnancy
OTHERS = {
    "below_70": Range(0, 69, "below 70 mg/dL"),
    "above_180": Range(181, math.inf, "above 180 mg/dL"),
    "tight_range": Range(70, 140, "70 to 140 mg/dL"),
    "pregnancy_range": Range(63, 140, "63 to 140 mg/dL (pregnancy)"),
}


@dataclass(frozen=True)
class Goal:
    """A share of time (%) that should be at least or at most this."""

    range: str
    at_least: bool
    percent: float

    def met(self, percent: float) -> bool:
        """Whether a measured share reaches it: the consensus asks for more than, or less than."""
        return percent > self.percent if self.at_least else percent < self.percent

    def __str__(self) -> str:
        return f"{'>' if self.at_least else '<'} {self.percent:g} %"


# Battelino et al. 2019, table 2: type 1 and type 2; older or high-risk
GOALS = {
    "adult": (
        Goal("in_range", True, 70),
        Goal("below_70", False, 4),
        Goal("very_low", False, 1),
        Goal("above_180", False, 25),
        Goal("very_high", False, 5),
    ),
    "older": (Goal("in_range", True, 50), Goal("below_70", False, 1), Goal("very_high", False, 10)),
}
