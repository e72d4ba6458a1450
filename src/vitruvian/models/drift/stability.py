"""Population stability index: how far the distribution of an input has moved from that of a reference.

    PSI = sum_b (p_b - q_b) ln(p_b / q_b)   over B bins at the reference's quantiles, half a count added to every bin

Without drift PSI ~ (1/n + 1/m) chi2(B - 1), n recent and m reference values (Yurdakul & Naranjo, J Risk Model
Validation 2020;14(4):89): so the limit for a stated false-alarm rate is known. The usual 0.10 and 0.25 (Siddiqi, Credit
Risk Scorecards, 2006) know nothing of n. Values of one subject are alike: give how many independent values
they stand for. What is missing (NaN) is a bin of its own: that something is no longer measured is a drift.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import chi2

from vitruvian.core.errors import FieldError

BINS = 10
LEVEL = 0.001  # false alarms a look; assumed: looked at daily, one in three years


@dataclass(frozen=True)
class Stability:
    """The index, the limit it exceeds by chance with probability `level`, and the effective numbers it rests on."""

    index: float
    limit: float
    level: float
    reference: float
    recent: float

    @property
    def drifted(self) -> bool:
        """Whether chance alone explains it no longer."""
        return self.index > self.limit

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "drifted": self.drifted}


def stability(
    reference: np.ndarray,
    recent: np.ndarray,
    *,
    level: float = LEVEL,
    independent: tuple[float, float] | None = None,
) -> Stability:
    """Of recent values (n,) against a reference (m,). independent: effective (m, n) where values come in clusters."""
    m, n, known = len(reference), len(recent), reference[~np.isnan(reference)]
    if min(m, n) < 2 * BINS:
        raise FieldError(f"{m} and {n} values are too few", where="stability", fix=f"give {2 * BINS} of each")
    edges = np.zeros(0)
    if len(known):
        edges = np.unique(np.quantile(known, np.linspace(0.0, 1.0, BINS + 1)[1:-1], method="higher"))
        edges = edges[edges > known.min()]
    missing = bool(np.isnan(reference).any() or np.isnan(recent).any())
    bins = len(edges) + 1 + missing  # fewer where values repeat
    q, p = (_counts(x, edges, bins) + 0.5 for x in (reference, recent))
    q, p = q / q.sum(), p / p.sum()
    index = float(np.sum((p - q) * np.log(p / q)))
    own = independent or (float(m), float(n))
    limit = float(chi2.ppf(1.0 - level, max(bins - 1, 1))) * (1.0 / own[0] + 1.0 / own[1])
    return Stability(index, limit, level, *own)


def _counts(x: np.ndarray, edges: np.ndarray, bins: int) -> np.ndarray:
    """How many of x lie in each bin, (bins,); what is missing in the last."""
    return np.bincount(np.where(np.isnan(x), bins - 1, np.searchsorted(edges, x, side="right")), minlength=bins)


def effective(values: np.ndarray, subject: np.ndarray) -> float:
    """Independent values that these (n,) of subjects (n,) stand for: n / (1 + (m - 1) ICC), by one-way ANOVA.

    m: the size-weighted mean number a subject, for a subject with many values weighs more (Kish 1965). Of what is not
    missing.
    """
    values, subject = values[~np.isnan(values)], subject[~np.isnan(values)]
    _, which = np.unique(subject, return_inverse=True)
    n = np.bincount(which).astype(float)
    groups, total = len(n), float(n.sum())
    if groups < 2 or total <= groups:
        return float(max(groups, 1))
    means = np.bincount(which, weights=values) / n
    between = float(np.sum(n * (means - values.mean()) ** 2)) / (groups - 1.0)
    within = float(np.sum((values - means[which]) ** 2)) / (total - groups)
    size = (total - float(np.sum(n**2)) / total) / (groups - 1.0)
    if between + (size - 1.0) * within <= 0.0:
        return total
    alike = float(np.clip((between - within) / (between + (size - 1.0) * within), 0.0, 1.0))
    return total / (1.0 + (float(np.sum(n**2)) / total - 1.0) * alike)
