"""validate: how good were the forecasts? Proper scores against readings that came, with bands for their coverage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator
from vitruvian.core.record import Record
from vitruvian.verbs.result import Forecast, weighted_quantile
from vitruvian.verbs.scores import central, coverage_band, crps, crps_gaussian, effective_size, pit, winkler

LEVELS = (0.5, 0.8, 0.9, 0.95)
INTERVAL = 0.9  # the level of the interval that is drawn, and scored by Winkler
CONFIDENCE = 0.99  # of all levels' bands at once


@dataclass(frozen=True)
class Scores:
    """Readings and what was said of them, one row a reading: all arrays (n,), in `unit`.

    point: the forecast's mean. low, high: its central 90 % interval. cluster: rows of one cluster (a subject, a day)
    hang together.
    """

    name: str
    unit: str
    truth: np.ndarray
    point: np.ndarray
    crps: np.ndarray
    pit: np.ndarray
    low: np.ndarray
    high: np.ndarray
    cluster: np.ndarray

    @classmethod
    def of(
        cls,
        name: str,
        unit: str,
        values: np.ndarray,
        weights: np.ndarray,
        truth: np.ndarray,
        *,
        uniforms: np.ndarray,
        cluster: str | np.ndarray = "",
        point: np.ndarray | None = None,
        limit: np.ndarray | None = None,
    ) -> Scores:
        """Score ensembles values (member, n) against truth (n,); uniforms (n,) randomise the PIT.

        point: the forecast's mean where it is known better than from noisy members. limit (n,) in {-1, 0, 1}: where the
        sensor shows its limit, what is forecast beyond it would have been shown as the limit too.
        """
        clusters = np.full(len(truth), cluster, dtype=object) if isinstance(cluster, str) else np.asarray(cluster)
        point = weights @ values if point is None else point
        if limit is not None and np.any(limit):
            values, point = _shown(values, truth, limit), _shown(point, truth, limit)
        return cls(
            name,
            unit,
            truth,
            point,
            crps(values, weights, truth),
            pit(values, weights, truth, uniforms),
            weighted_quantile(values, weights, 0.5 - INTERVAL / 2),
            weighted_quantile(values, weights, 0.5 + INTERVAL / 2),
            clusters,
        )

    @classmethod
    def gaussian(
        cls, name: str, unit: str, mean: np.ndarray, sd: np.ndarray, truth: np.ndarray, cluster: np.ndarray
    ) -> Scores:
        """Score N(mean, sd^2), all (n,), against truth."""
        from scipy.stats import norm

        half = norm.ppf(0.5 + INTERVAL / 2) * sd
        u = norm.cdf((truth - mean) / sd)
        return cls(name, unit, truth, mean, crps_gaussian(mean, sd, truth), u, mean - half, mean + half, cluster)

    @classmethod
    def join(cls, parts: Iterable[Scores]) -> Scores:
        """All rows of several, of one observable."""
        rows = list(parts)
        if len({(p.name, p.unit) for p in rows}) != 1:
            raise InferenceError("scores of one observable in one unit can be joined, no others", where="Scores.join")
        columns = ("truth", "point", "crps", "pit", "low", "high", "cluster")
        return cls(rows[0].name, rows[0].unit, *(np.concatenate([getattr(p, c) for p in rows]) for c in columns))

    def where(self, keep: np.ndarray) -> Scores:
        """The rows where `keep` (n,) is true."""
        columns = (self.truth, self.point, self.crps, self.pit, self.low, self.high, self.cluster)
        return Scores(self.name, self.unit, *(c[keep] for c in columns))

    def __len__(self) -> int:
        return len(self.truth)


@dataclass(frozen=True)
class Validation:
    """Answer of `validate`: scores in the observable's unit, coverage by level, and the band in which it may lie.

    band: level -> lowest and highest share that a calibrated forecast would show in 99 % of repetitions, all levels at
    once, for `effective` independent readings (clusters taken into account).
    """

    name: str
    unit: str
    n: int
    clusters: int
    effective: float
    crps: float
    mae: float
    rmse: float
    bias: float
    interval_score: float
    width: float
    coverage: Mapping[float, float]
    band: Mapping[float, tuple[float, float]]
    pit: np.ndarray
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, scores: Scores, *, levels: tuple[float, ...] = LEVELS, notes: tuple[str, ...] = ()) -> Validation:
        """Summary of rows; InferenceError if there are none."""
        if len(scores) == 0:
            raise InferenceError("no reading to compare with", where="validate", fix="ask at times of readings")
        held = central(scores.pit)[:, None] <= np.array(levels)
        effective = effective_size(held, np.array(levels), scores.cluster)
        low, high = coverage_band(effective, levels, CONFIDENCE)
        error = scores.point - scores.truth
        return cls(
            scores.name,
            scores.unit,
            len(scores),
            len(set(scores.cluster.tolist())),
            effective,
            float(scores.crps.mean()),
            float(np.abs(error).mean()),
            float(np.sqrt((error**2).mean())),
            float(error.mean()),
            float(winkler(scores.low, scores.high, scores.truth, INTERVAL).mean()),
            float((scores.high - scores.low).mean()),
            dict(zip(levels, held.mean(axis=0).tolist(), strict=True)),
            {level: (float(a), float(b)) for level, a, b in zip(levels, low, high, strict=True)},
            scores.pit,
            notes,
        )

    @property
    def calibrated(self) -> bool:
        """True when the coverage of every level lies in its band."""
        return all(self.band[level][0] <= share <= self.band[level][1] for level, share in self.coverage.items())

    def table(self) -> list[dict[str, Any]]:
        """One row a level: level, coverage, low and high end of the band, inside."""
        rows = []
        for level, share in self.coverage.items():
            low, high = self.band[level]
            rows.append({"level": level, "coverage": share, "low": low, "high": high, "inside": low <= share <= high})
        return rows

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; the PIT as counts in ten bins."""
        plain = ("name", "unit", "n", "clusters", "effective", "crps", "mae", "rmse", "bias", "interval_score", "width")
        return {
            **{k: getattr(self, k) for k in plain},
            "coverage": self.table(),
            "calibrated": self.calibrated,
            "pit": np.histogram(self.pit, bins=10, range=(0.0, 1.0))[0].tolist(),
            "notes": list(self.notes),
        }

    def plot(self, ax: Any = None) -> Any:
        """Distribution of the PIT against the uniform, with its simultaneous 99 % band (matplotlib axes)."""
        from vitruvian.verbs.plot_scores import plot_validation

        return plot_validation(self, ax)


def validate(
    forecasts: Mapping[str, Iterable[Forecast]],
    truth: Mapping[str, Record],
    name: str,
    *,
    sensor: str | None = None,
    levels: tuple[float, ...] = LEVELS,
    seed: int = 0,
) -> Validation:
    """Forecasts of observable `name` by subject, scored against each subject's readings at exactly the asked times.

    Nothing is interpolated: an asked time without a reading is not scored. Subjects are the clusters. Forecast with
    `noise=True` to compare with readings: without it the bands are for the true value, and a note says so.
    """
    parts: list[Scores] = []
    noisy = True
    for subject, several in forecasts.items():
        if subject not in truth:
            raise InferenceError(f"no record of '{subject}'", where="validate", fix="give the truth of every subject")
        rows = truth[subject].until(np.inf).only(name, sensor)
        for k, f in enumerate(several):
            rng = generator(seed, "validate", subject, k)
            parts.append(_against(f, rows, name, subject, rng))
            noisy &= f.noise
    if not parts:
        raise InferenceError("no forecast to validate", where="validate", fix="give at least one")
    notes = () if noisy else ("the forecasts hold no sensor noise: their bands are for the true value, not a reading",)
    return Validation.of(Scores.join(parts), levels=levels, notes=notes)


def _shown(value: np.ndarray, truth: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """What a sensor with these limits would have shown: value (..., n)."""
    low, high = np.where(limit < 0, truth, -np.inf), np.where(limit > 0, truth, np.inf)
    return np.clip(value, low, high)


def _against(forecast: Forecast, rows: Record, name: str, subject: str, rng: np.random.Generator) -> Scores:
    e = forecast[name]
    if e.is_window or e.values.ndim != 2:
        raise InferenceError(f"'{name}' is no series over time", where="validate", fix="name an observable over time")
    kept = rows.where(np.isin(rows.valid_time, e.times) & (rows.valid_time > forecast.at))
    order = np.argsort(e.times)
    values = e.values[:, order[np.searchsorted(e.times, kept.valid_time, sorter=order)]]
    uniforms = rng.uniform(size=len(kept))
    return Scores.of(name, e.unit, values, e.weights, kept.value, uniforms=uniforms, cluster=subject, limit=kept.limit)
