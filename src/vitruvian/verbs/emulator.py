"""Gaussian processes on principal components: outputs y (point, output) as functions of coordinates x in [0, 1]^d.

    y(x) = mean + sum_k g_k(x) b_k + e,   g_k ~ GP(0, a_k^2 exp(-|x - x'|^2 / 2 l_k^2) + s_k^2),   e: what is cut off

Higdon et al., J Am Stat Assoc 2008;103:570. The kernels' numbers are fitted by scikit-learn (extra `fit`); predicting
needs numpy alone. Their standard deviations are widened by what leaving one run out shows (Rasmussen & Williams 2006,
equations 5.10 to 5.12), never narrowed.
"""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import CapabilityError

KEPT = 1e-8  # share of variance that may be cut off
MOST = 12  # components


@dataclass(frozen=True)
class Process:
    """One component's process: x (point, d), lengths (d,), amplitude and noise variances, K^-1 y, K^-1, widening."""

    x: np.ndarray
    lengths: np.ndarray
    amplitude: float
    noise: float
    alpha: np.ndarray
    inverse: np.ndarray
    widening: float

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, lengths: np.ndarray, amplitude: float, noise: float) -> Process:
        """With these kernel numbers, given y (point,)."""
        k = amplitude * _kernel(x, x, lengths) + noise * np.eye(len(x))
        inverse = np.linalg.inv(k)
        alpha = inverse @ y
        missed = alpha / np.sqrt(np.diag(inverse))  # standardised error of each run, left out
        return cls(x, lengths, amplitude, noise, alpha, inverse, max(1.0, float(np.sqrt(np.mean(missed**2)))))

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation (m,) at x (m, d)."""
        k = self.amplitude * _kernel(x, self.x, self.lengths)
        variance = self.amplitude + self.noise - np.sum((k @ self.inverse) * k, axis=1)
        return k @ self.alpha, self.widening * np.sqrt(np.maximum(variance, self.noise))

    def left_out(self) -> tuple[np.ndarray, np.ndarray]:
        """Error and standard deviation (point,) of each run predicted from the others."""
        diagonal = np.diag(self.inverse)
        return -self.alpha / diagonal, self.widening / np.sqrt(diagonal)


@dataclass(frozen=True)
class Emulator:
    """Mean (output,), components (k, output) with their processes, and the sd (output,) of what is cut off."""

    mean: np.ndarray
    components: np.ndarray
    processes: tuple[Process, ...]
    cut: np.ndarray

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means and standard deviations of the components' scores, each (m, k)."""
        told = [p.predict(x) for p in self.processes]
        return np.stack([m for m, _ in told], axis=1), np.stack([s for _, s in told], axis=1)

    def draw(self, x: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """Outputs (m, output) at x (m, d) with the emulator's error; normals (m, k + output)."""
        scores, sd = self.predict(x)
        k = len(self.processes)
        return self.mean + (scores + sd * normals[:, :k]) @ self.components + self.cut * normals[:, k:]

    def left_out(self) -> tuple[np.ndarray, np.ndarray]:
        """Error and standard deviation (point, output) of each run predicted from the others."""
        told = [p.left_out() for p in self.processes]
        error = np.stack([e for e, _ in told], axis=1) @ self.components
        variance = np.stack([s for _, s in told], axis=1) ** 2 @ self.components**2
        return error, np.sqrt(variance + self.cut**2)

    @property
    def digest(self) -> str:
        """Content hash."""
        told = hashlib.sha256(self.mean.tobytes() + self.components.tobytes() + self.cut.tobytes())
        for p in self.processes:
            told.update(p.x.tobytes() + p.lengths.tobytes() + p.alpha.tobytes())
        return told.hexdigest()


def fit_emulator(x: np.ndarray, y: np.ndarray, seed: int) -> Emulator:
    """From runs y (point, output) at x (point, d) in [0, 1]; CapabilityError without scikit-learn."""
    mean = y.mean(axis=0)
    scale = np.maximum(y.std(axis=0), 1e-12 * np.maximum(np.abs(mean), 1.0))  # every output counts alike
    u, s, vt = np.linalg.svd((y - mean) / scale, full_matrices=False)
    share = np.cumsum(s**2) / max(float(np.sum(s**2)), 1e-300)
    count = min(int(np.searchsorted(share, 1.0 - KEPT)) + 1, MOST, len(s))
    components = (s[:count, None] / np.sqrt(len(x))) * vt[:count] * scale
    scores = u[:, :count] * np.sqrt(len(x))  # unit variance
    rest = y - mean - scores @ components
    processes = tuple(_fitted(x, scores[:, k], seed) for k in range(count))
    return Emulator(mean, components, processes, rest.std(axis=0))


def _fitted(x: np.ndarray, y: np.ndarray, seed: int) -> Process:
    """Kernel numbers by maximum marginal likelihood."""
    gp = _sklearn()
    kernels = gp.kernels
    kernel = kernels.ConstantKernel(1.0, (1e-2, 1e4)) * kernels.RBF(np.full(x.shape[1], 0.5), (0.05, 50.0))
    kernel = kernel + kernels.WhiteKernel(1e-6, (1e-10, 1.0))
    model = gp.GaussianProcessRegressor(kernel, n_restarts_optimizer=1, random_state=seed % 2**31)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a number at its bound is told by the runs left out
        model.fit(x, y)
    smooth, noise = model.kernel_.k1, float(model.kernel_.k2.noise_level)
    lengths = np.broadcast_to(smooth.k2.length_scale, x.shape[1]).astype(np.float64)
    return Process.of(x, y, lengths, float(smooth.k1.constant_value), noise)


def _sklearn() -> Any:
    try:
        from sklearn import gaussian_process
    except ImportError as err:
        raise CapabilityError("a surrogate needs scikit-learn", fix="pip install 'vitruvian[fit]'") from err
    return gaussian_process


def _kernel(a: np.ndarray, b: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    square = np.zeros((len(a), len(b)))
    for column, length in enumerate(lengths):
        square += np.subtract.outer(a[:, column] / length, b[:, column] / length) ** 2
    return np.exp(-0.5 * square)
