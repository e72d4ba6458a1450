"""How many crash tonight: the exact distribution of the count from each patient's risk, member by member.

    p_mi = 1 - prod_t (1 - h_mit)          within a member (one posterior draw of the models) patients are independent
    P(N = k | m): Poisson-binomial, by convolution;   P(N = k) = mean over m

Members are what is not known of the risks and is common to all patients: their spread widens the count beyond one
Poisson-binomial. Hong, Comput Stat Data Anal 2013;59:41. A crash is any event the risk is of, each patient once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import FieldError


@dataclass(frozen=True)
class Risks:
    """Hourly risks of a unit: hazard (member, patient, hour) = P(crash in that hour | none before), from `start` (local
    hour of the day) on; `simulated` where no patient is a person."""

    hazard: np.ndarray
    patients: tuple[str, ...]
    start: float = 19.0
    source: str = ""

    def __post_init__(self) -> None:
        h = self.hazard
        if h.ndim != 3 or h.shape[1] != len(self.patients) or not h.size:
            said = f"hazard is {h.shape} for {len(self.patients)} patients"
            raise FieldError(said, where="Risks.hazard", fix="give (member, patient, hour), none of them empty")
        if bad := np.argwhere(~((h >= 0.0) & (h <= 1.0))).tolist():
            m, i, t = bad[0]
            said = f"{h[m, i, t]:g} is no probability (member {m}, patient {self.patients[i]}, hour {t})"
            raise FieldError(said, where="Risks.hazard", fix="give 0 to 1 an hour")

    @property
    def hours(self) -> int:
        """How many hours it reaches."""
        return self.hazard.shape[2]

    def within(self) -> np.ndarray:
        """P(crash within all hours), (member, patient)."""
        return -np.expm1(np.sum(np.log1p(-np.minimum(self.hazard, 1.0 - 1e-15)), axis=2))

    def rates(self) -> np.ndarray:
        """Expected crashes in each hour, (member, hour)."""
        alive = np.cumprod(1.0 - self.hazard, axis=2) / np.maximum(1.0 - self.hazard, 1e-15)
        return np.sum(alive * self.hazard, axis=1)


@dataclass(frozen=True)
class Crashes:
    """The count of crashes: probability of 0, 1, ... n (n + 1,), each member's mean, and who is most likely to."""

    probability: np.ndarray
    means: np.ndarray
    each: tuple[tuple[str, float, float, float], ...]  # patient, mean risk, 5 and 95 % over members; the highest first
    hours: int

    @property
    def mean(self) -> float:
        """Expected crashes."""
        return float(self.means.mean())

    def at_least(self, k: int) -> float:
        """P(k crashes or more)."""
        return float(self.probability[k:].sum())

    def quantile(self, q: float) -> int:
        """The smallest count not exceeded with probability q."""
        return int(np.searchsorted(np.cumsum(self.probability), q - 1e-12))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        names = ("patient", "risk", "q05", "q95")
        return {
            "hours": self.hours,
            "mean": self.mean,
            "mean_q05": float(np.quantile(self.means, 0.05)),
            "mean_q95": float(np.quantile(self.means, 0.95)),
            "probability": self.probability.tolist(),
            "q05": self.quantile(0.05),
            "q95": self.quantile(0.95),
            "patients": [dict(zip(names, row, strict=True)) for row in self.each],
        }

    def plot(self, ax: Any = None) -> Any:
        """The distribution of the count (matplotlib axes)."""
        from vitruvian.studies.unit.pictures import draw_count

        return draw_count(self, ax)


def crashes(risks: Risks) -> Crashes:
    """Over all hours of the risks."""
    p = risks.within()
    each = [(name, float(p[:, i].mean()), *np.quantile(p[:, i], (0.05, 0.95)).tolist())
            for i, name in enumerate(risks.patients)]  # fmt: skip
    count = np.mean([poisson_binomial(row) for row in p], axis=0)
    return Crashes(count, p.sum(axis=1), tuple(sorted(each, key=lambda row: -row[1])), risks.hours)


def poisson_binomial(p: np.ndarray | Sequence[float]) -> np.ndarray:
    """P(k of n independent events), k = 0..n, of probabilities p (n,): by convolution, exact to rounding."""
    out = np.ones(1)
    for x in np.asarray(p, dtype=float):
        out = np.append(out * (1.0 - x), 0.0) + np.append(0.0, out * x)
    return out
