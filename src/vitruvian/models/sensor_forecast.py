"""Where a glucose sensor goes in the next hour, from the sensor alone: a robust line, trees on what it leaves, bands.

    y(t + k) = y(t) + B_k' [1, y(t), y(t - j) - y(t)] + sum_i V_ik f_i(shape of the last readings, the person's usual)

for k = 1..ahead. Both parts minimise sum log(m + mse) over windows, mse being a window's mean squared error over its
steps and m the median of it: quiet hours are forecast as they mostly go, not hedged against rare excursions. B by
iterated reweighting (Holland & Welsch, Commun Stat A6:813, 1977), f by gradient boosting (Friedman, Ann Stat 29:1189,
2001) of the residual's first principal components V. Bands: a scale linear in the log of how rough the last hours were,
times quantiles of the scaled error on readings not fitted on (split conformal; Lei et al., JASA 113:1094, 2018).
Holds for the sensor, step and people it was fitted on; knows nothing of meals or doses, so it can answer no what-if.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import InferenceError

LAGS = 48  # readings seen, 4 h at 5 min: assumed
RIDGE = 1.0  # on differences in units of 20 mg/dL
# of the trees; rounds and least rows a leaf chosen on the validation parts of GlucoBench's tuning seed (colas, hall)
ROUNDS, RATE, LEAVES, LEAST = 120, 0.1, 15, 100
PARTS = 3  # principal components boosted
ROWS = 40_000  # windows fitted on; of more, every n-th
REWEIGHTINGS = 8  # of the line: assumed enough
LOOKS = (1, 2, 3, 4, 6, 9, 12, 18, 24, 36, 47)  # readings back, whose differences the trees see
SPANS = (6, 12, 24, 48)  # readings over which they see spread, mean, extremes


@dataclass(frozen=True, eq=False)
class Stretch:
    """A person's regular readings without a gap, (n,) mg/dL."""

    person: str
    value: np.ndarray


@dataclass(frozen=True)
class Forecasts:
    """mg/dL for each window and step, (n, ahead): the forecast and the ends of its band."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def to_json(self) -> dict[str, Any]:
        """Plain lists, window by window."""
        return {name: getattr(self, name).tolist() for name in ("value", "low", "high")}

    def plot(self, ax: Any = None, window: int = 0) -> Any:
        """One window's forecast and band over its steps (matplotlib axes)."""
        import matplotlib.pyplot as plt

        ax = plt.subplots(figsize=(5, 3), layout="constrained")[1] if ax is None else ax
        step = np.arange(1, self.value.shape[1] + 1)
        ax.fill_between(step, self.low[window], self.high[window], alpha=0.3)
        ax.plot(step, self.value[window])
        ax.set_xlabel("step")
        ax.set_ylabel("glucose, mg/dL")
        return ax


@dataclass(frozen=True, eq=False)
class SensorForecaster:
    """Fitted: line (1 + lags, ahead), trees of `parts` (part, ahead), scale (3, ahead), quantiles (2, ahead), and the
    mean and spread of each known person's readings; "" stands for everybody and serves people not known."""

    line: np.ndarray
    trees: tuple[Any, ...]
    parts: np.ndarray
    scale: np.ndarray
    quantiles: np.ndarray
    usual: Mapping[str, tuple[float, float]]

    def point(self, history: np.ndarray, person: Sequence[str]) -> np.ndarray:
        """Forecast, (n, ahead), from the last LAGS readings, oldest first, (n, LAGS), of these people (n,)."""
        shape = _shape(history, person, self.usual)
        found = history[:, -1:] + _design(history) @ self.line
        return found + np.column_stack([t.predict(shape, num_threads=1) for t in self.trees]) @ self.parts

    def forecast(self, history: np.ndarray, person: Sequence[str]) -> Forecasts:
        """Forecast and band from the last LAGS readings, oldest first, (n, LAGS), of these people (n,)."""
        value, width = self.point(history, person), np.exp(_rough(history) @ self.scale)
        return Forecasts(value, value + self.quantiles[0] * width, value + self.quantiles[1] * width)


def windows(stretches: Sequence[Stretch], ahead: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Every history (n, LAGS), what followed it (n, ahead), and whose it is."""
    length = LAGS + ahead
    long = [t for t in stretches if len(t.value) >= length]
    views = [np.lib.stride_tricks.sliding_window_view(t.value, length) for t in long]
    rows = np.concatenate(views) if views else np.zeros((0, length))
    whose = [t.person for t, view in zip(long, views, strict=True) for _ in view]
    return rows[:, :LAGS], rows[:, LAGS:], whose


def fit(
    stretches: Sequence[Stretch], held: Sequence[Stretch], *, ahead: int = 12, level: float = 0.9, seed: int = 0
) -> SensorForecaster:
    """Fit on stretches; bands of `level` from the `held` ones, which nothing else is fitted on."""
    history, future, whose = windows(stretches, ahead)
    if len(history) == 0:
        raise InferenceError(f"no stretch has {LAGS + ahead} readings", where="sensor forecast", fix="give longer ones")
    every = -(-len(history) // ROWS)
    history, future, whose = history[::every], future[::every], whose[::every]
    usual = _usual(stretches)
    rise = future - history[:, -1:]
    design = _design(history)
    line = _robust(design, rise)
    trees, parts = _boosted(_shape(history, whose, usual), rise - design @ line, seed)
    point = SensorForecaster(line, trees, parts, np.zeros((3, ahead)), np.zeros((2, ahead)), usual)
    return _banded(point, *windows(held, ahead), level)


def _usual(stretches: Sequence[Stretch]) -> dict[str, tuple[float, float]]:
    """Mean and spread of each person's readings, and their means over people."""
    values: dict[str, list[np.ndarray]] = {}
    for stretch in stretches:
        values.setdefault(stretch.person, []).append(stretch.value)
    joined = {person: np.concatenate(v) for person, v in values.items()}
    out = {person: (float(v.mean()), float(v.std())) for person, v in joined.items()}
    return out | {"": (float(np.mean([m for m, _ in out.values()])), float(np.mean([d for _, d in out.values()])))}


def _design(history: np.ndarray) -> np.ndarray:
    """1, level, differences to the last reading; all of order 1."""
    last = history[:, -1:]
    return np.column_stack([np.ones(len(last)), (last - 140.0) / 50.0, (history[:, :-1] - last) / 20.0])


def _robust(design: np.ndarray, rise: np.ndarray) -> np.ndarray:
    """Ridge whose windows are reweighted by 1 / (m + mse)."""
    penalty = RIDGE * np.eye(design.shape[1])
    penalty[0, 0] = 0.0
    weight = np.ones(len(design))
    line = np.zeros((design.shape[1], rise.shape[1]))
    for _ in range(REWEIGHTINGS + 1):
        weighted = design * weight[:, None]
        line = np.linalg.solve(weighted.T @ design + penalty, weighted.T @ rise)
        weight = _weight(rise - design @ line)
    return line


def _weight(error: np.ndarray, middle: float | None = None) -> np.ndarray:
    """Slope of log(m + mse), mean 1, (n,)."""
    mse = np.mean(error**2, axis=1)
    weight = 1.0 / (mse + (np.median(mse) if middle is None else middle) + 1e-9)
    return weight / weight.mean()


def _boosted(shape: np.ndarray, residual: np.ndarray, seed: int) -> tuple[tuple[Any, ...], np.ndarray]:
    """Trees of the residual's principal components, grown in turns so that all see the error of the whole."""
    try:
        import lightgbm as lgb
    except ImportError as err:
        fix = "pip install 'vitruvian[fit]'"
        raise InferenceError("LightGBM is not installed", where="sensor forecast", fix=fix) from err

    middle = float(np.median(np.mean(residual**2, axis=1)))
    weighted = residual * np.sqrt(_weight(residual, middle))[:, None]
    parts = np.linalg.eigh(weighted.T @ weighted)[1][:, ::-1][:, :PARTS].T
    settings = {
        "objective": "none",
        "num_leaves": LEAVES,
        "min_data_in_leaf": LEAST,
        "learning_rate": RATE,
        "lambda_l2": 10.0,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.5,
        "bagging_freq": 1,
        "max_bin": 63,
        "num_threads": 1,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }
    data = lgb.Dataset(shape, label=np.zeros(len(shape)), params=settings)
    trees = tuple(lgb.Booster(settings, data) for _ in parts)
    found = np.zeros((len(shape), PARTS))

    def slope(i: int, now: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found[:, i] = now
        error = residual - found @ parts
        weight = _weight(error, middle)
        return -(error @ parts[i]) * weight, weight

    for _ in range(ROUNDS):
        for i, tree in enumerate(trees):
            tree.update(fobj=lambda now, _, i=i: slope(i, now))
    return trees, parts


def _shape(history: np.ndarray, person: Sequence[str], usual: Mapping[str, tuple[float, float]]) -> np.ndarray:
    """What the trees see: level, differences, spreads, means, extremes, roughness of the last readings; the usual."""
    last, steps = history[:, -1], np.diff(history, axis=1)
    columns = [last, *(last - history[:, -1 - k] for k in LOOKS)]
    for k in SPANS:
        recent = history[:, -k:]
        columns += [recent.std(1), recent.mean(1) - last, recent.max(1) - last, recent.min(1) - last]
    columns += [steps[:, -3:].std(1), steps[:, -12:].std(1), steps[:, -1] - steps[:, -2], steps[:, -1] - steps[:, -4]]
    return np.column_stack([*columns, np.array([usual.get(p, usual[""]) for p in person])])


def _rough(history: np.ndarray) -> np.ndarray:
    """What the width depends on: 1, log spread of the last hour's steps, log spread of all readings, (n, 3)."""
    recent = np.diff(history[:, -13:], axis=1).std(1)
    return np.column_stack([np.ones(len(history)), np.log(recent + 0.5), np.log(history.std(1) + 2.0)])


def _banded(
    point: SensorForecaster, history: np.ndarray, future: np.ndarray, whose: Sequence[str], level: float
) -> SensorForecaster:
    """With the scale and the quantiles of the error on these windows."""
    if len(history) == 0:
        fix = f"hold back stretches of {LAGS + future.shape[1]} readings or more"
        raise InferenceError("bands cannot be calibrated", where="sensor forecast", fix=fix)
    error = future - point.point(history, whose)
    rough = _rough(history)
    scale = np.linalg.lstsq(rough, np.log(np.abs(error) + 1.0), rcond=None)[0]
    ends = np.quantile(error / np.exp(rough @ scale), [(1 - level) / 2, (1 + level) / 2], axis=0)
    return dataclasses.replace(point, scale=scale, quantiles=ends)
