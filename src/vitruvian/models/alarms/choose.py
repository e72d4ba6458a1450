"""The alarm policy for a stated load: highest event recall with at most B alarms a patient-day, on a fitting part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.models.alarms.policy import AlarmPolicy
from vitruvian.models.alarms.score import AlarmScore, score
from vitruvian.models.alarms.stays import Watched

TRIED = 200  # thresholds of each template: quantiles of the stays' highest risks, so of where alarms begin


@dataclass(frozen=True)
class Choice:
    """The chosen policy, its score on the part it was chosen on (flattering: score it on another), and all tried."""

    policy: AlarmPolicy
    score: AlarmScore
    load: float
    tried: tuple[tuple[AlarmPolicy, AlarmScore], ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON with the trade-off of every threshold of the chosen template."""
        line = [(p, s) for p, s in self.tried if p.at(0.0) == self.policy.at(0.0)]
        curve = [{"threshold": p.threshold, "recall": s.recall, "load": s.load, "precision": s.precision}
                 for p, s in line if s.alarms and s.events]  # fmt: skip
        said = {"policy": self.policy.to_json(), "sentence": self.policy.sentence(), "allowed_load": self.load}
        return {**said, "score": self.score.to_json(), "curve": curve}

    def plot(self, ax: Any = None) -> Any:
        """Event recall over alarms a patient-day (matplotlib axes)."""
        from vitruvian.models.alarms.pictures import draw_choice

        return draw_choice(self, ax)


def choose(
    fitting: Watched, load: float, templates: Sequence[AlarmPolicy], *, horizon: float, least: float = 0.0
) -> Choice:
    """Among the templates at all thresholds; of equal recall the one with fewer alarms, then the higher threshold."""
    if np.isnan(fitting.event).all():
        raise InferenceError("no stay has an event", where="choose", fix="give stays of both kinds")
    thresholds = _candidates(fitting)
    policies = [template.at(float(threshold)) for template in templates for threshold in thresholds]
    tried = tuple((p, score(p, fitting, horizon=horizon, least=least)) for p in policies)
    allowed = [pair for pair in tried if pair[1].load <= load]
    if not allowed:
        fewest = min(s.load for _, s in tried)
        said = f"no threshold raises as few as {load:g} alarms a patient-day"
        raise InferenceError(said, where="choose", fix=f"allow {fewest:.3g}, or a longer persistence or refractory")
    best = max(allowed, key=lambda pair: (pair[1].recalled, -pair[1].alarms, pair[0].threshold))
    return Choice(*best, load, tried)


def _candidates(fitting: Watched) -> np.ndarray:
    """Quantiles of the stays' highest risks, and one above them all."""
    risk = np.where(np.isnan(fitting.risk), -np.inf, fitting.risk)
    some = np.diff(fitting.starts) > 0
    peaks = np.maximum.reduceat(risk, fitting.starts[:-1][some])
    peaks = peaks[np.isfinite(peaks)]
    if not len(peaks):
        raise InferenceError("no look has a risk", where="choose", fix="give the risks of the fitting part")
    within = np.quantile(peaks, np.linspace(0.0, 1.0, TRIED), method="nearest")
    return np.unique(np.append(within, np.nextafter(peaks.max(), np.inf)))
