"""Is a generator any good? Coverage, PIT, moments, cross-visit correlation, distinguishability, distance to training
rows.

A generator gives draws (patient, draw, window, marker) and how likely each is still seen; truth is (patient,
window, marker) with NaN where a patient was not seen. Twins are masked as their patients are before anything is
compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator
from vitruvian.engines.boosting import Growth, grow
from vitruvian.kinds.progression.population import weighted_quantile


@dataclass(frozen=True)
class Checked:
    """What the checks found, by marker and window where they are so."""

    coverage: np.ndarray  # (level, window, marker) at LEVELS
    seen: np.ndarray  # (window, marker) patients
    pit: tuple[np.ndarray, ...]  # of every window and marker together, one array a marker
    moments: np.ndarray  # (2, window, marker): mean and sd of twins less those of patients, in the patients' sd
    correlation: np.ndarray  # (marker,) largest gap of cross-visit correlations between twins and patients
    auroc: float
    nearest: float  # mean distance of twins to training rows, over that of unseen patients to them

    def to_json(self) -> dict[str, Any]:
        """Plain JSON without the single PIT values."""
        rest = {n: getattr(self, n).tolist() for n in ("coverage", "seen", "moments", "correlation")}
        return {**rest, "levels": list(LEVELS), "auroc": self.auroc, "nearest": self.nearest}

    def plot(self, ax: Any = None) -> Any:
        """Histogram of PIT values of all markers: flat where calibrated (matplotlib axes)."""
        import matplotlib.pyplot as plt

        ax = ax or plt.subplots(layout="constrained")[1]
        ax.hist(np.concatenate(self.pit), bins=20, range=(0, 1), density=True, color="C0")
        ax.axhline(1.0, color="0.5", lw=0.8)
        ax.set_xlabel("probability of what came, by the twins")
        return ax


LEVELS = (0.5, 0.8, 0.9)
REPEATS = 5  # twins a patient over which the AUROC is averaged


def check(
    draws: np.ndarray, staying: np.ndarray, truth: np.ndarray, baseline: np.ndarray, training: np.ndarray, seed: int = 0
) -> Checked:
    """draws (n, draw, window, marker), staying (n, draw, window), truth (n, window, marker), baseline (n, k) as w;

    training (m, window, marker): rows the generator was fitted on.
    """
    n, _, windows, markers = draws.shape
    if truth.shape != (n, windows, markers):
        raise InferenceError(f"truth is {truth.shape}", where="checks", fix=f"expected {(n, windows, markers)}")
    seen = np.isfinite(truth)
    coverage, pit = np.full((len(LEVELS), windows, markers), np.nan), []
    rng = generator(seed, "checks")
    for j in range(markers):
        y, there = draws[..., j], seen[..., j]
        for k, level in enumerate(LEVELS):
            low, high = (weighted_quantile(y, staying, p) for p in ((1 - level) / 2, (1 + level) / 2))
            inside = (truth[..., j] >= low) & (truth[..., j] <= high)
            coverage[k, :, j] = [inside[s, t].mean() if s.any() else np.nan for t, s in enumerate(there.T)]
        below = ((y < truth[:, None, :, j]) * staying).sum(axis=1) / staying.sum(axis=1)
        equal = ((y == truth[:, None, :, j]) * staying).sum(axis=1) / staying.sum(axis=1)
        pit.append((below + rng.random(below.shape) * equal)[there])
    sets = [np.where(seen, _one_each(draws, staying, rng), np.nan) for _ in range(REPEATS)]
    masked = sets[0]
    auroc = float(np.mean([two_sample(truth, m, baseline, seed + k) for k, m in enumerate(sets)]))
    return Checked(
        coverage=coverage,
        seen=seen.sum(axis=0),
        pit=tuple(pit),
        moments=_moments(masked, truth),
        correlation=_correlations(masked, truth),
        auroc=auroc,
        nearest=_nearest(masked, truth, training),
    )


def _one_each(draws: np.ndarray, staying: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One twin a patient, drawn by how likely it is still seen at the last window."""
    weight = np.cumsum(staying[:, :, -1], axis=1)
    pick = (weight < rng.random((len(draws), 1)) * weight[:, -1:]).sum(axis=1)
    return draws[np.arange(len(draws)), pick]


def _moments(twin: np.ndarray, truth: np.ndarray) -> np.ndarray:
    sd = np.nanstd(truth, axis=0)
    mean = (np.nanmean(twin, axis=0) - np.nanmean(truth, axis=0)) / sd
    return np.stack([mean, (np.nanstd(twin, axis=0) - sd) / sd])


def _correlations(twin: np.ndarray, truth: np.ndarray) -> np.ndarray:
    out = []
    for j in range(truth.shape[2]):
        gaps = [0.0]
        for a in range(truth.shape[1]):
            for b in range(a):
                both = np.isfinite(truth[:, a, j]) & np.isfinite(truth[:, b, j])
                if both.sum() >= 30:  # fewer patients say little of a correlation; assumed
                    found = [np.corrcoef(v[both, a, j], v[both, b, j])[0, 1] for v in (twin, truth)]
                    gaps.append(abs(found[0] - found[1]))
        out.append(max(gaps))
    return np.array(out)


def two_sample(truth: np.ndarray, twin: np.ndarray, baseline: np.ndarray, seed: int = 0, folds: int = 5) -> float:
    """AUROC of boosted trees that tell patients from their twins, out of fold; a pair is never split. 0.5: cannot tell.

    Lopez-Paz & Oquab, ICLR 2017 (classifier two-sample test).
    """
    n = len(truth)
    flat = [v.reshape(n, -1) for v in (truth, twin)]
    steps = [np.diff(v, axis=1).reshape(n, -1) for v in (truth, twin)]
    x = np.concatenate([np.concatenate([baseline, f, s], axis=1) for f, s in zip(flat, steps, strict=True)])
    centre = np.nanmean(x, axis=0)
    spread = np.maximum(np.nanstd(x, axis=0), 1e-9)
    x = np.where(np.isfinite(x), (x - centre) / spread, -99.0)  # the marker of what is missing, alike in both
    y = np.repeat([0.0, 1.0], n)
    fold = np.tile(generator(seed, "two sample").permutation(n) % folds, 2)
    names = tuple(f"c{k}" for k in range(x.shape[1]))
    growth = Growth(80, 0.08, 8, max(10, n // 20), 0.6, 0.7, 5.0)
    told = np.empty(2 * n)
    for k in range(folds):
        told[fold == k] = grow(names, x[fold != k], y[fold != k], seed=seed + k, growth=growth).predict(x[fold == k])
    return float((rankdata(told)[y == 1].sum() - n * (n + 1) / 2) / n**2)


def _nearest(twin: np.ndarray, truth: np.ndarray, training: np.ndarray) -> float:
    """Mean over patients of the distance to the nearest training row, twins over unseen patients; far
    below 1: copies.
    """
    scale = np.maximum(np.nanstd(training, axis=0), 1e-9)

    def distance(rows: np.ndarray) -> np.ndarray:
        gap = (rows[:, None] - training[None]) / scale
        both = np.isfinite(gap)
        count = both.sum(axis=(2, 3))
        mean = np.where(both, gap**2, 0.0).sum(axis=(2, 3)) / np.maximum(count, 1)
        return np.sqrt(np.where(count > 0, mean, np.inf).min(axis=1))

    kept = np.isfinite(truth).any(axis=(1, 2))
    real = distance(truth[kept])
    return float(distance(twin[kept]).mean() / max(float(real.mean()), 1e-12))
