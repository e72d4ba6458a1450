"""Ensemble smoother with multiple data assimilation (ES-MDA): parameters from a window of data, no derivatives.

With prior z ~ N(mean, C) and y = g(z) + e, e ~ N(0, R), R = L L', each of the steps a = a_1, ..., a_K (sum 1/a_k = 1)
does

    z_j <- z_j + C_zd (C_dd + a R)^-1 (y + sqrt(a) L eps_j - g(z_j))            eps_j ~ N(0, I)

Emerick & Reynolds, Computers & Geosciences 2013;55:3. The inverse is exact and never formed: with the whitened
anomalies D = L^-1 (g(z_j) - mean) / sqrt(N-1) = U S V' the gain is Z V S (S^2 + a)^-1 U' (subspace inversion:
Evensen, Data Assimilation, 2nd ed. 2009, ch. 14), so m data cost one Cholesky and N^2 m a step. Adaptive
localisation: a latent whose sample correlation with a data mode is within sqrt(2 ln p / N), p modes, is not moved by
it (Luo & Bhakta, Journal of Petroleum Science and Engineering 2020;184:106559, on the modes instead of single data).

Holds exactly for linear g and N -> infinity. Curvature within the ensemble acts as noise: a latent that the data pin
down through a curved map (a meal's delay) stays too wide, up to 2.6 times in tests/science/test_inference_agreement.py.
Leaves out non-Gaussian noise and posteriors of several modes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cholesky, solve_triangular

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator
from vitruvian.core.noise import clip_residual

Simulate = Callable[[np.ndarray], np.ndarray]


def geometric(steps: int, ratio: float) -> tuple[float, ...]:
    """alphas falling by `ratio` from step to step, sum of 1/alpha = 1: small steps while the misfit is large.

    Rafiee & Reynolds, Inverse Problems 2017;33:115003. On a day of sensor glucose (24 latents, 287
    readings) four equal steps left the level 0.6 posterior sd from NUTS, five of ratio 3 left 0.1.
    """
    return tuple(sum(ratio**k for k in range(steps)) / ratio**k for k in range(steps))


ALPHAS = geometric(5, 3.0)


@dataclass(frozen=True)
class Smoothed:
    """Posterior ensemble z (member, n) and, for each step and for the posterior, the mean squared whitened misfit."""

    z: np.ndarray
    misfit: tuple[float, ...]
    modes: int

    @property
    def diagnostics(self) -> dict[str, float]:
        """Misfit before and after (about 1 when model and noise fit), and the number of data modes used last."""
        return {"misfit_prior": self.misfit[0], "misfit": self.misfit[-1], "modes": float(self.modes)}


def prior_ensemble(mean: np.ndarray, covariance: np.ndarray, members: int, seed: int) -> np.ndarray:
    """z (member, n) ~ N(mean, covariance); with members > n + 1 its sample moments are those, exactly.

    Second-order exact sampling (Pham, Monthly Weather Review 2001;129:1194): less sampling error from the same members.
    """
    n = len(mean)
    x = generator(seed, "prior ensemble").standard_normal((members, n))
    if members > n + 1:
        x -= x.mean(axis=0)
        chol = cholesky(x.T @ x / (members - 1), lower=True)
        x = solve_triangular(chol, x.T, lower=True).T
    return mean + x @ _root(covariance).T


def es_mda(
    simulate: Simulate,
    y: np.ndarray,
    covariance: np.ndarray,
    z0: np.ndarray,
    seed: int,
    *,
    alphas: Sequence[float] = ALPHAS,
    limit: np.ndarray | None = None,
    localise: bool = False,
) -> Smoothed:
    """Condition z0 (member, n) on y (m,) with error covariance (m, m); simulate: (member, n) -> (member, m).

    y and the simulations are in the space where errors are Gaussian. limit (m,) in {-1, 0, 1} marks readings at a
    sensor's limit. localise: protect latents that the data do not see; for stochastic models and many latents.
    """
    if abs(sum(1.0 / a for a in alphas) - 1.0) > 1e-9:
        raise InferenceError(f"sum of 1/alpha must be 1 (got {sum(1.0 / a for a in alphas):.4g})", where="es_mda")
    if len(z0) < 2:
        raise InferenceError(f"needs at least 2 members (got {len(z0)})", where="es_mda", fix="200 is a good number")
    try:
        chol = cholesky(covariance, lower=True)
    except LinAlgError as err:
        raise InferenceError(
            "the errors' covariance is not positive definite", where="es_mda", fix="look for readings given twice"
        ) from err
    z, misfit, modes = np.array(z0, dtype=np.float64), [], 0
    for k, alpha in enumerate((*alphas, None)):
        predicted = _checked(simulate(z), len(z), len(y))
        misfit.append(_misfit(chol, clip_residual(y - predicted, limit)))
        if alpha is None:
            break
        eps = generator(seed, "es-mda", k).standard_normal(predicted.shape)
        innovation = clip_residual(y + np.sqrt(alpha) * (eps - eps.mean(axis=0)) @ chol.T - predicted, limit)
        step, modes = _step(z, _white(chol, predicted), _white(chol, innovation), alpha, localise)
        z = z + step
    return Smoothed(z, tuple(misfit), modes)


def _step(
    z: np.ndarray, predicted: np.ndarray, innovation: np.ndarray, alpha: float, localise: bool
) -> tuple[np.ndarray, int]:
    """Increment of z for whitened predictions and innovations (member, m), and the number of modes used."""
    count = len(z)
    scale = np.sqrt(count - 1)
    anomalies = (predicted - predicted.mean(axis=0)) / scale
    # left: modes over members; right: modes over data
    left, s, right = np.linalg.svd(anomalies, full_matrices=False)
    keep = s > s[0] * 1e-10 if len(s) and s[0] > 0 else np.zeros(len(s), dtype=bool)
    left, s, right = left[:, keep], s[keep], right[keep]
    centred = (z - z.mean(axis=0)) / scale
    cross = centred.T @ left
    if localise:
        spread = np.maximum(np.sqrt((centred**2).sum(axis=0)), 1e-300)
        threshold = np.sqrt(2.0 * np.log(max(len(s), 2)) / count)
        cross = np.where(np.abs(cross / spread[:, None]) > threshold, cross, 0.0)
    return innovation @ right.T * (s / (s**2 + alpha)) @ cross.T, len(s)


def _white(chol: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return solve_triangular(chol, rows.T, lower=True).T


def _misfit(chol: np.ndarray, residual: np.ndarray) -> float:
    return float(np.mean(_white(chol, residual) ** 2))


def _checked(predicted: np.ndarray, members: int, data: int) -> np.ndarray:
    predicted = np.asarray(predicted, dtype=np.float64)
    if predicted.shape != (members, data):
        raise InferenceError(f"simulate gave {predicted.shape}, expected {(members, data)}", where="es_mda")
    if bad := int((~np.isfinite(predicted)).any(axis=1).sum()):
        raise InferenceError(
            f"{bad} of {members} members predict values that are not finite",
            where="es_mda",
            fix="narrow the priors or mend the model where they lead it",
        )
    return predicted


def _root(covariance: np.ndarray) -> np.ndarray:
    """A square root; singular covariances (a fixed latent) are welcome."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))
