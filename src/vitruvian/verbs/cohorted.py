"""What cohort answers: every subject's forecast, their distribution, an order, and those who meet a condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import FieldError
from vitruvian.verbs.result import Ensemble, Forecast


@dataclass(frozen=True)
class Cohort:
    """Forecasts by subject. after: times count from each subject's belief."""

    kind: str
    forecasts: Mapping[str, Forecast]
    after: bool = False
    disclaimer: str = "A simulation for research use."

    def __getitem__(self, subject: str) -> Forecast:
        if subject not in self.forecasts:
            raise FieldError(f"no subject '{subject}'", where="cohort", fix=f"one of {len(self.forecasts)}")
        return self.forecasts[subject]

    def __len__(self) -> int:
        return len(self.forecasts)

    def distribution(self, name: str) -> Ensemble:
        """All subjects' members as one ensemble, every subject with the same weight: (member, n) at the asked times."""
        items = [f[name] for f in self.forecasts.values()]
        values = np.concatenate([e.values for e in items])
        weights = np.concatenate([e.weights for e in items]) / len(items)
        first = next(iter(self.forecasts.values()))
        times = items[0].times - (first.at if self.after else 0.0)
        return Ensemble(name, items[0].unit, times, values, weights)

    def ranking(self, name: str, *, at: int = -1, quantile: float | None = None) -> list[tuple[str, float]]:
        """Subjects from the highest to the lowest mean (or quantile) of `name` at the asked time or window `at`."""
        told = []
        for subject, f in self.forecasts.items():
            e = f[name]
            value = e.mean() if quantile is None else e.quantile(quantile)
            told.append((subject, float(value[at])))
        return sorted(told, key=lambda t: (-t[1], t[0]))

    def filter(
        self, name: str, low: float = -np.inf, high: float = np.inf, *, probability: float = 0.5, at: int = -1
    ) -> Cohort:
        """The subjects for whom P(low <= name <= high) at `at` is at least `probability`."""
        kept = {s: f for s, f in self.forecasts.items() if f[name].probability(low, high)[at] >= probability}
        return Cohort(self.kind, kept, self.after)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: every forecast, and the distribution over subjects of each item."""
        names = list(next(iter(self.forecasts.values())).items) if self.forecasts else []
        return {
            "kind": self.kind,
            "subjects": {s: f.to_json() for s, f in self.forecasts.items()},
            "distribution": {n: self.distribution(n).to_json() for n in names},
            "disclaimer": self.disclaimer,
        }

    def plot(self, name: str | None = None, ax: Any = None) -> Any:
        """Every subject's last value with its 90 % band, in order (matplotlib axes)."""
        from vitruvian.verbs.plot_choices import plot_cohort

        return plot_cohort(self, name, ax)
