"""Generator (b): any type of marker, visit after visit, by conditional quantiles and a Gaussian copula; and who leaves.

At window k: a number less its linear prediction, F_jk(y | baseline, markers at k - 1) by a quantile regression
forest (its leaves hold training outcomes; Meinshausen, J Mach Learn Res 7:983, 2006); y_jk = F^-1(Phi(z_jk)), z ~
N(0, R) across markers, R the correlation of training scores, whose ties are broken at random (distributional
transform; Rueschendorf, J Stat Plan Inference 139:3921, 2009). Numbers are drawn between neighbouring quantiles, so
no training value need come back; beyond the outer ones as far as held-out patients lay beyond them, since a leaf's few
outcomes have no tail; counts and 0/1 only where they stand. Leaving between windows: a probability
forest of the same inputs. Follows synthesis by sequential trees (Reiter, J Off Stat 21:441, 2005).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator

TREES, LEAST, FEWEST = 100, 12, 36  # trees; patients a leaf, and at a window; assumed
FOLDS = 4  # of the held-out probabilities
GRID = np.concatenate([[0.005, 0.025], np.arange(0.05, 0.96, 0.05), [0.975, 0.995]])


@dataclass(frozen=True)
class Step:
    """One window: forests by marker with the outcomes of their leaves, scores' correlation, and the forest
    of leaving.
    """

    forests: tuple[tuple[Any, np.ndarray, np.ndarray], ...]  # (forest, leaves of training rows (m, tree), outcomes)
    straight: np.ndarray  # (marker, 1 + input): the linear part of a number; the forest is of what it leaves
    honest: np.ndarray  # (marker, GRID): quantiles of held-out probabilities; GRID itself where they are uniform
    excess: tuple[tuple[np.ndarray, np.ndarray], ...]  # by marker: how far held-out patients lay below, above the grid
    correlation: np.ndarray
    leaving: Any  # None where nobody left


@dataclass(frozen=True)
class Copula:
    """Windows in order. discrete (marker,): drawn only where training values stand."""

    steps: tuple[Step, ...]
    discrete: np.ndarray
    patients: int

    def draws(self, baseline: np.ndarray, first: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """baseline (n, k), markers at baseline (n, d) -> values (n, count, window, d), staying (n, count, window)."""
        rng = generator(seed, "copula.draws")
        n, d = first.shape
        base, last = np.repeat(baseline, count, axis=0), np.repeat(first, count, axis=0)
        values, staying = np.empty((n * count, len(self.steps), d)), np.empty((n * count, len(self.steps)))
        alive = np.ones(n * count)
        for k, step in enumerate(self.steps):
            x = np.concatenate([base, last], axis=1)
            if step.leaving is not None:
                alive = alive * (1 - np.clip(step.leaving.predict(x), 0.0, 0.95))
            z = rng.standard_normal((n * count, d)) @ np.linalg.cholesky(step.correlation).T
            u = [np.interp(ndtr(z[:, j]), GRID, step.honest[j]) for j in range(d)]
            left = [self._drawn(step.forests[j], x, u[j], bool(self.discrete[j]), step.excess[j]) for j in range(d)]
            last = np.stack(left, axis=1) + step.straight[:, 0] + x @ step.straight[:, 1:].T
            values[:, k], staying[:, k] = last, alive
        return values.reshape(n, count, len(self.steps), d), staying.reshape(n, count, len(self.steps))

    @staticmethod
    def _drawn(
        forest: tuple[Any, np.ndarray, np.ndarray],
        x: np.ndarray,
        u: np.ndarray,
        discrete: bool,
        excess: tuple[np.ndarray, np.ndarray],
    ) -> np.ndarray:
        levels = quantiles(forest, x, discrete)
        if discrete:
            index = np.minimum((GRID[None] < u[:, None]).sum(axis=1), len(GRID) - 1)
            return levels[np.arange(len(x)), index]
        k = np.clip(np.searchsorted(GRID, u) - 1, 0, len(GRID) - 2)
        share = (u - GRID[k]) / (GRID[k + 1] - GRID[k])
        rows = np.arange(len(x))
        inner = levels[rows, k] + np.clip(share, 0.0, 1.0) * (levels[rows, k + 1] - levels[rows, k])
        below, above = (GRID[0] - u) / GRID[0], (u - GRID[-1]) / (1 - GRID[-1])
        return inner - _beyond(below, excess[0]) + _beyond(above, excess[1])


def _beyond(share: np.ndarray, excess: np.ndarray) -> np.ndarray:
    """How far out of the grid: the excess of held-out patients at this share of them; 0 inside (share <= 0)."""
    if not len(excess):
        return np.zeros_like(share)
    return np.where(share > 0, np.interp(share, np.linspace(0.0, 1.0, len(excess)), excess), 0.0)


def quantiles(forest: tuple[Any, np.ndarray, np.ndarray], x: np.ndarray, discrete: bool) -> np.ndarray:
    """Conditional quantiles (n, GRID) by the weights of shared leaves."""
    model, leaves, y = forest
    order = np.argsort(y, kind="stable")
    ordered, out = y[order], np.empty((len(x), len(GRID)))
    apart = [leaves[order, t][None] for t in range(leaves.shape[1])]
    for begin in range(0, len(x), 512):
        mine = model.apply(x[begin : begin + 512])
        weight = np.zeros((len(mine), len(y)))
        for t, row in enumerate(apart):
            same = mine[:, t, None] == row
            weight += same / np.maximum(same.sum(axis=1, keepdims=True), 1)
        total = np.cumsum(weight, axis=1) / weight.sum(axis=1, keepdims=True)
        for q, level in enumerate(GRID):
            index = np.minimum((total < level - 1e-12).sum(axis=1), len(y) - 1)
            if discrete or q in (0, len(GRID) - 1):
                out[begin : begin + 512, q] = ordered[index]
                continue
            before = np.where(index > 0, np.take_along_axis(total, np.maximum(index - 1, 0)[:, None], 1)[:, 0], 0.0)
            here = np.take_along_axis(total, index[:, None], 1)[:, 0]
            share = (level - before) / np.maximum(here - before, 1e-12)
            low = ordered[np.maximum(index - 1, 0)]
            out[begin : begin + 512, q] = low + share * (ordered[index] - low)
    return out


def fit_copula(
    baseline: np.ndarray, first: np.ndarray, values: np.ndarray, gone: np.ndarray, discrete: np.ndarray, seed: int
) -> Copula:
    """baseline (n, k), markers at baseline (n, d), values (n, window, d) with NaN, gone (n, window): left before it."""
    try:
        from sklearn.ensemble import RandomForestRegressor
    except ImportError as err:
        fix = "pip install 'vitruvian[fit]'"
        raise InferenceError("scikit-learn is not installed", where="progression", fix=fix) from err
    rng, last, steps = generator(seed, "copula.fit"), first, []
    there = np.ones(len(first), dtype=bool)
    for k in range(values.shape[1]):
        x = np.concatenate([baseline, last], axis=1)

        def forest(rows: np.ndarray, y: np.ndarray, which: int, x: np.ndarray = x, k: int = k) -> Any:
            model = RandomForestRegressor(
                TREES, min_samples_leaf=LEAST, max_features=0.5, random_state=(seed * 31 + k * 7 + which) % 2**31
            )
            return model.fit(x[rows], y)

        left = there & (gone[:, k] == 1)
        leaving = forest(there, left[there].astype(float), 99) if left.sum() >= 3 else None
        there = there & ~left
        forests, straight, excess, scores = [], [], [], np.full(first.shape, np.nan)
        for j in range(first.shape[1]):
            rows = np.isfinite(values[:, k, j]) & there
            if rows.sum() < FEWEST:
                raise InferenceError(f"{rows.sum()} patients at window {k}", where="copula", fix="use fewer windows")
            beta = np.zeros(x.shape[1] + 1) if discrete[j] else _straight(x[rows], values[rows, k, j])
            straight.append(beta)
            y = values[:, k, j] - beta[0] - x @ beta[1:]
            fold, outside = rng.integers(FOLDS, size=len(y)), ([], [])
            for f in range(FOLDS):  # where each patient lies among what others said: what a new patient may do
                rest, held = rows & (fold != f), rows & (fold == f)
                line = np.zeros_like(beta) if discrete[j] else _straight(x[rest], values[rest, k, j])
                left_over = values[:, k, j] - line[0] - x @ line[1:]
                other = forest(rest, left_over[rest], j)
                levels = quantiles((other, other.apply(x[rest]), left_over[rest]), x[held], True)
                scores[held, j] = _placed(left_over[held], levels, rng)
                outside[0].append(levels[:, 0] - left_over[held])
                outside[1].append(left_over[held] - levels[:, -1])
            excess.append((_tail(outside[0]), _tail(outside[1])))
            model = forest(rows, y[rows], j)
            forests.append((model, model.apply(x[rows]), y[rows]))
        honest = np.nanquantile(scores, GRID, axis=0).T
        steps.append(
            Step(
                tuple(forests),
                np.array(straight),
                honest,
                tuple(excess),
                _correlation(ndtri(np.clip(scores, 0.002, 0.998))),
                leaving,
            )
        )
        last = np.where(np.isfinite(values[:, k]), values[:, k], last)
    return Copula(tuple(steps), np.asarray(discrete, bool), len(first))


def _tail(gaps: list[np.ndarray]) -> np.ndarray:
    """Those of the gaps that are positive, from 0 upwards: 0 first, so that the tail joins the grid."""
    found = np.concatenate(gaps)
    found = np.sort(found[found > 0])
    return np.concatenate([[0.0], found]) if len(found) else found


def _straight(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Intercept and slopes, with a ridge of one standardised patient."""
    centre, scale = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-9)
    z = (x - centre) / scale
    b = np.linalg.solve(z.T @ z + np.eye(z.shape[1]), z.T @ (y - y.mean())) / scale
    return np.append(y.mean() - centre @ b, b)


def _placed(y: np.ndarray, levels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Probability below y (n,) by quantiles (n, GRID), at random within its step."""
    edges = np.concatenate([[0.0], GRID, [1.0]])
    low, high = edges[(levels < y[:, None]).sum(axis=1)], edges[(levels <= y[:, None]).sum(axis=1) + 1]
    return low + rng.random(len(y)) * (high - low)


def _correlation(scores: np.ndarray) -> np.ndarray:
    d = scores.shape[1]
    whole = scores[np.isfinite(scores).all(axis=1)]
    if d == 1 or len(whole) < 10 * d:
        return np.eye(d)
    return 0.95 * np.corrcoef(whole, rowvar=False) + 0.05 * np.eye(d)
