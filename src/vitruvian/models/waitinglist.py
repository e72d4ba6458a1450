"""A waiting list week by week: who waits and for how long already, who joins, and how many can be treated.

    joining in a week   negative binomial, mean a_t, variance d a_t (d = 1: Poisson)
    urgent              a share u of those who join is treated first, of the others the longest waiting come first
    dropping out        each who waits leaves untreated with chance q a week
    treated             min(capacity c_t, those who wait)

The list is kept as counts by weeks waited, so that the share beyond a standard (18 weeks in England's NHS) and the
wait of the next to be treated are known, not only the length. Means and d come from the recorded weeks (`learn`).

Book-keeping in whole weeks. Negative binomial as a gamma mixture: Gelman et al., Bayesian Data Analysis, 3rd ed. 2013,
section 2.7. Holds for one list and one kind of treatment; leaves out how capacity follows the list's length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator

STANDARD = 18  # weeks from referral to treatment: NHS Constitution, Handbook of 2023


@dataclass(frozen=True)
class Joining:
    """Those who join in a week: mean, dispersion (variance over mean, at least 1), and weeks they are learned from."""

    mean: float
    dispersion: float
    weeks: int

    def draws(self, rng: np.random.Generator, size: tuple[int, ...], factor: float = 1.0) -> np.ndarray:
        """Counts; `factor` multiplies the mean (a season, a referral scheme)."""
        mean = self.mean * factor
        if self.dispersion <= 1.0 + 1e-9 or mean == 0.0:
            return rng.poisson(mean, size)
        shape = mean / (self.dispersion - 1.0)
        return rng.poisson(rng.gamma(shape, self.dispersion - 1.0, size))


def learn(joined: Sequence[float]) -> Joining:
    """From the numbers that joined in each recorded week."""
    counts = np.asarray(joined, dtype=float)
    if len(counts) < 4 or (counts < 0).any() or not np.isfinite(counts).all():
        raise InferenceError(
            f"{len(counts)} weeks, least {counts.min(initial=0.0):g}", where="waitinglist.learn",
            fix="give 4 or more weeks of counts",
        )  # fmt: skip
    mean = float(counts.mean())
    spread = float(np.var(counts, ddof=1)) / mean if mean > 0 else 1.0
    return Joining(mean, max(spread, 1.0), len(counts))


@dataclass(frozen=True)
class ListForecast:
    """By week from now: how many wait and how many of them beyond the standard, (draw, week); who was treated."""

    waiting: np.ndarray
    beyond: np.ndarray
    treated: np.ndarray
    standard: int

    def chance_within(self, share: float) -> np.ndarray:
        """Chance that at least this share of those who wait is within the standard, (week,)."""
        within = 1.0 - self.beyond / np.maximum(self.waiting, 1)
        return np.mean(within >= share, axis=0)

    def to_json(self) -> dict[str, Any]:
        """Mean and 90 % band by week."""
        out: dict[str, Any] = {"standard_weeks": self.standard}
        for name in ("waiting", "beyond", "treated"):
            values = getattr(self, name)
            low, middle, high = np.quantile(values, [0.05, 0.5, 0.95], axis=0)
            out[name] = {"p05": low.tolist(), "p50": middle.tolist(), "p95": high.tolist()}
        return out

    def plot(self, ax: Any = None) -> Any:
        """Bands of the length, and of those beyond the standard."""
        import matplotlib.pyplot as plt

        ax = plt.subplots(figsize=(8, 3.5), layout="constrained")[1] if ax is None else ax
        weeks = np.arange(1, self.waiting.shape[1] + 1)
        for name, colour in (("waiting", "#0b6e99"), ("beyond", "#b5480f")):
            low, middle, high = np.quantile(getattr(self, name), [0.05, 0.5, 0.95], axis=0)
            ax.fill_between(weeks, low, high, color=colour, alpha=0.18, lw=0)
            ax.plot(weeks, middle, color=colour, label=name if name == "waiting" else f"beyond {self.standard} weeks")
        ax.set_xlabel("weeks from now")
        ax.set_ylabel("patients: median and 90 % band")
        ax.legend(frameon=False)
        return ax


def forecast(
    waited: Sequence[float],
    joining: Joining,
    capacity: Sequence[float],
    *,
    urgent: float = 0.0,
    drop: float = 0.0,
    season: Sequence[float] | None = None,
    standard: int = STANDARD,
    draws: int = 500,
    seed: int = 0,
) -> ListForecast:
    """The list over len(capacity) weeks; `waited`: weeks that each who waits now has waited; season: factors of a_t."""
    weeks = len(capacity)
    ages = np.floor(np.asarray(waited, dtype=float)).astype(int)
    if (ages < 0).any() or not (0 <= urgent <= 1 and 0 <= drop < 1) or min(capacity, default=0) < 0:
        raise InferenceError("weeks waited, shares and capacity cannot be negative", where="waitinglist.forecast")
    most = int(ages.max(initial=0)) + weeks + 2
    rng = generator(seed, "waiting list", weeks)
    count = np.tile(np.bincount(ages, minlength=most), (draws, 1))
    out = np.zeros((3, draws, weeks), dtype=int)
    for t in range(weeks):
        new = joining.draws(rng, (draws,), 1.0 if season is None else float(season[t]))
        first = rng.binomial(new, urgent)
        if drop > 0:
            count = rng.binomial(count, 1.0 - drop)
        room = np.full(draws, int(capacity[t]))
        seen = np.minimum(first, room)
        count[:, 0] += new - seen
        count, others = _treated(count, room - seen)
        out[:, :, t] = count.sum(axis=1), count[:, standard:].sum(axis=1), seen + others
        count = np.concatenate([np.zeros((draws, 1), dtype=int), count[:, :-1]], axis=1)
    return ListForecast(out[0], out[1], out[2], standard)


def _treated(count: np.ndarray, room: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts by weeks waited after the longest waiting were treated, and how many they were."""
    longer = np.cumsum(count[:, ::-1], axis=1)[:, ::-1]  # who waited at least this long
    taken = np.clip(np.minimum(longer, room[:, None]) - (longer - count), 0, count)
    return count - taken, taken.sum(axis=1)
