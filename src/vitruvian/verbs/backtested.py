"""What a backtest answers: scores by horizon beside the baselines' on the same origins, and how sure the gain is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.verbs.validate import Scores, Validation

TWIN = "twin"


@dataclass(frozen=True)
class Rows:
    """Forecasts at one horizon, one row a reading that came: origin (n,), its time (n,), and who and when.

    subject (n,): whose. segment (n,): the calibration they rest on. by: "twin" and each baseline -> its Scores.
    """

    origin: np.ndarray
    time: np.ndarray
    subject: np.ndarray
    segment: np.ndarray
    by: Mapping[str, Scores]

    @classmethod
    def join(cls, parts: Iterable[Rows]) -> Rows:
        """All rows; every part must have been scored by the same."""
        rows = list(parts)
        if len({tuple(r.by) for r in rows}) != 1:
            raise InferenceError("backtests with different baselines cannot be joined", where="Backtest.join")
        columns = ("origin", "time", "subject", "segment")
        by = {name: Scores.join(r.by[name] for r in rows) for name in rows[0].by}
        origin, time, subject, segment = (np.concatenate([getattr(r, c) for r in rows]) for c in columns)
        return cls(origin, time, subject, segment, by)

    @property
    def cluster(self) -> np.ndarray:
        """Subjects, or the calibrations of a single one: what hangs together."""
        return self.subject if len(set(self.subject.tolist())) > 1 else self.segment

    def __len__(self) -> int:
        return len(self.origin)


@dataclass(frozen=True)
class Gain:
    """RMSE of the twin and of a baseline on the same rows; low, high: 95 % interval of the difference.

    less: share by which the twin's error is smaller, 1 - rmse / baseline. With one cluster the interval is infinite.
    """

    rmse: float
    baseline: float
    low: float
    high: float

    @property
    def less(self) -> float:
        """1 - rmse / baseline; 0 where neither errs."""
        if self.baseline == 0.0:
            return 0.0 if self.rmse == 0.0 else -np.inf
        return 1.0 - self.rmse / self.baseline


@dataclass(frozen=True)
class Backtest:
    """Answer of `backtest`: rows by horizon (s), and what should be known about them."""

    kind: str
    observable: str
    unit: str
    sensor: str
    plans: str
    rows: Mapping[float, Rows]
    notes: tuple[str, ...] = ()

    @classmethod
    def join(cls, parts: Iterable[Backtest]) -> Backtest:
        """Several subjects' backtests as one: subjects are then the clusters."""
        all_ = list(parts)
        if not all_ or len({(b.kind, b.observable, b.plans, tuple(b.rows)) for b in all_}) != 1:
            raise InferenceError(
                "only backtests of one kind, observable, plan and horizons join", where="Backtest.join"
            )
        rows = {h: Rows.join(b.rows[h] for b in all_) for h in all_[0].rows}
        sensors = ", ".join(sorted({b.sensor for b in all_}))
        notes = tuple(dict.fromkeys(n for b in all_ for n in b.notes))
        return cls(all_[0].kind, all_[0].observable, all_[0].unit, sensors, all_[0].plans, rows, notes)

    @property
    def horizons(self) -> tuple[float, ...]:
        """Those with at least one reading, s."""
        return tuple(h for h, rows in self.rows.items() if len(rows))

    def validation(self, horizon: float, by: str = TWIN) -> Validation:
        """Scores and coverage at this horizon (s), of the twin or of a baseline."""
        if horizon not in self.rows or not len(self.rows[horizon]):
            told = ", ".join(f"{h:g}" for h in self.horizons)
            raise InferenceError(f"no reading {horizon:g} s ahead was scored", where="backtest", fix=f"use {told} s")
        rows = self.rows[horizon]
        scores = rows.by[by]
        return Validation.of(Scores(**{**scores.__dict__, "cluster": rows.cluster}), notes=self.notes)

    def gain(self, horizon: float, baseline: str) -> Gain:
        """Twin against a baseline, paired; the interval by leaving out one cluster at a time (jackknife)."""
        rows = self.rows[horizon]
        mine, other = (_squares(rows.by[name]) for name in (TWIN, baseline))
        _, which = np.unique(rows.cluster.astype(str), return_inverse=True)
        count = int(which.max()) + 1
        sums = np.array([np.bincount(which, weights=x) for x in (mine, other, np.ones(len(mine)))])
        a, b, n = sums.sum(axis=1)
        rmse, base = float(np.sqrt(a / n)), float(np.sqrt(b / n))
        if count < 2:
            return Gain(rmse, base, -np.inf, np.inf)
        left = (sums.sum(axis=1, keepdims=True) - sums) / (n - sums[2])
        differences = np.sqrt(left[0]) - np.sqrt(left[1])
        se = float(np.sqrt((count - 1) / count * np.sum((differences - differences.mean()) ** 2)))
        from scipy.stats import t

        half = float(t.ppf(0.975, count - 1)) * se
        return Gain(rmse, base, rmse - base - half, rmse - base + half)

    def table(self) -> list[dict[str, Any]]:
        """One row a horizon: n, and RMSE, MAE, CRPS and 90 % coverage of the twin and of each baseline."""
        out = []
        for h in self.horizons:
            row: dict[str, Any] = {"horizon": h, "n": len(self.rows[h]), "unit": self.unit}
            for name in self.rows[h].by:
                v = self.validation(h, name)
                row[name] = {"rmse": v.rmse, "mae": v.mae, "bias": v.bias, "crps": v.crps, "cover90": v.coverage[0.9]}
                if name != TWIN:
                    g = self.gain(h, name)
                    known = np.isfinite(g.low)
                    row[name] |= {"less": g.less if np.isfinite(g.less) else None}
                    row[name] |= {"difference": [g.low, g.high] if known else None}
            out.append(row)
        return out

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: the table, and each horizon's validation."""
        plain = ("kind", "observable", "unit", "sensor", "plans")
        return {
            **{k: getattr(self, k) for k in plain},
            "table": self.table(),
            "validation": {f"{h:g}": self.validation(h).to_json() for h in self.horizons},
            "notes": list(self.notes),
        }

    def plot(self, ax: Any = None) -> Any:
        """Error by horizon, of the twin and of each baseline (matplotlib axes)."""
        from vitruvian.verbs.plot_scores import plot_backtest

        return plot_backtest(self, ax)


def _squares(scores: Scores) -> np.ndarray:
    return (scores.point - scores.truth) ** 2
