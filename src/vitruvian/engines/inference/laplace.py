"""Gauss-Newton to the maximum a posteriori, and the Laplace (Gaussian) posterior around it.

Minimises |r(z)|^2 / 2 + (z - m)' P^-1 (z - m) / 2 with Levenberg-Marquardt damping (Nocedal & Wright 2006, ch. 10);
the posterior is N(z_map, (J'J + P^-1)^-1). Holds where the posterior is near Gaussian in z; checked against NUTS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from vitruvian.core.errors import InferenceError

Linearise = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Laplace:
    """Mode (n,), covariance (n, n), and how it went."""

    mode: np.ndarray
    covariance: np.ndarray
    objective: float
    steps: int
    converged: bool

    def draws(self, normals: np.ndarray) -> np.ndarray:
        """Members (member, n) from standard normals (member, n)."""
        return self.mode + normals @ np.linalg.cholesky(self.covariance).T


def gauss_newton(
    linearise: Linearise,
    mean: np.ndarray,
    covariance: np.ndarray,
    start: np.ndarray | None = None,
    *,
    most: int = 40,
    tolerance: float = 1e-4,
) -> Laplace:
    """MAP and Laplace posterior; linearise(z (n,)) gives white residuals (m,) and their Jacobian (m, n).

    Stops when a step promises to lower the objective by less than `tolerance` (in log-posterior units).
    """
    precision = np.linalg.inv(covariance)
    z = np.array(mean if start is None else start, dtype=np.float64)
    r, jac = linearise(z)
    value = _objective(r, z, mean, precision)
    if not np.isfinite(value):
        raise InferenceError("the model is not finite at the start", fix="check the data and the priors")
    damping, steps, converged = 1e-3, 0, False
    while steps < most and not converged:
        steps += 1
        hessian = jac.T @ jac + precision
        gradient = jac.T @ r + precision @ (z - mean)
        step = -cho_solve(cho_factor(hessian + damping * np.diag(np.diag(hessian))), gradient)
        promised = -0.5 * gradient @ step
        if promised < tolerance:
            z, converged = z + step, True  # so small that linearising again would not change it
            break
        tried_r, tried_jac = linearise(z + step)
        tried = _objective(tried_r, z + step, mean, precision)
        if np.isfinite(tried) and tried < value:
            z, r, jac, value = z + step, tried_r, tried_jac, tried
            damping = max(damping / 5.0, 1e-9)
        else:
            damping = min(damping * 8.0, 1e9)
    return Laplace(z, np.linalg.inv(jac.T @ jac + precision), float(value), steps, converged)


def _objective(r: np.ndarray, z: np.ndarray, mean: np.ndarray, precision: np.ndarray) -> float:
    shift = z - mean
    return float(0.5 * r @ r + 0.5 * shift @ precision @ shift)
