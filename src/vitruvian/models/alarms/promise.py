"""What an alarm policy promises of its precision: a lower bound that holds although one patient's alarms are alike.

    p = sum r / sum n over patients (r right of n alarms);   v = C / (C - 1) sum (r - p n)^2 / (sum n)^2   (C patients)
    n* = min(sum n, p (1 - p) / v * (t_{sum n - 1} / t_{C - 1})^2);   r* = p n*
    bound = Beta quantile (1 - confidence; r*, n* - r* + 1)

Clopper & Pearson, Biometrika 1934;26:404, on the effective sample of Korn & Graubard, Surv Methodol 1998;24:193: the
patients are the sampled units, the variance is that of a ratio of cluster totals, t the quantile at `confidence`.
When all alarms were right or all wrong, v says nothing: n* is the number of patients. Use stays on which the threshold
was not chosen: a chosen threshold flatters its own stays.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import beta, t

from vitruvian.core.errors import InferenceError
from vitruvian.models.alarms.score import AlarmScore


@dataclass(frozen=True)
class Promise:
    """At least `bound` of the alarms are right, with this confidence; `effective` is how many alarms that rests on."""

    bound: float
    confidence: float
    precision: float
    alarms: int
    patients: int
    effective: float

    def sentence(self) -> str:
        """In words."""
        said = f"at least {self.bound:.0%} of alarms are right ({self.confidence:.0%} confidence)"
        return f"{said}: {self.precision:.0%} of {self.alarms} alarms of {self.patients} patients were"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "sentence": self.sentence()}


def clopper_pearson(right: float, n: float, confidence: float) -> float:
    """Lower bound of a proportion of which `right` of n were seen; neither needs to be whole."""
    return 0.0 if right <= 0.0 else float(beta.ppf(1.0 - confidence, right, n - right + 1.0))


def promised(score: AlarmScore, confidence: float = 0.95) -> Promise:
    """The bound from a score over stays that the policy was not chosen on."""
    return promise(score.right, score.patient, confidence)


def promise(right: np.ndarray, patient: np.ndarray, confidence: float = 0.95) -> Promise:
    """The bound from alarms: whether each was right (alarm,), and whose it was (alarm,)."""
    if len(right) == 0:
        raise InferenceError("no alarm was raised", where="promise", fix="lower the threshold, or watch longer")
    _, which = np.unique(patient, return_inverse=True)
    n = np.bincount(which).astype(float)
    r = np.bincount(which, weights=np.asarray(right, dtype=float))
    clusters, total = len(n), float(n.sum())
    p = float(r.sum() / total)
    effective = _effective(r, n, p, confidence) if 0.0 < p < 1.0 and clusters > 1 else float(clusters)
    bound = clopper_pearson(p * effective, effective, confidence)
    return Promise(bound, confidence, p, len(right), clusters, effective)


def _effective(r: np.ndarray, n: np.ndarray, p: float, confidence: float) -> float:
    clusters, total = len(n), float(n.sum())
    v = clusters / (clusters - 1.0) * float(np.sum((r - p * n) ** 2)) / total**2
    if v <= 0.0:
        return float(clusters)
    shrink = (t.ppf(confidence, total - 1.0) / t.ppf(confidence, clusters - 1.0)) ** 2 if total > clusters else 1.0
    return min(total, p * (1.0 - p) / v * float(shrink))
