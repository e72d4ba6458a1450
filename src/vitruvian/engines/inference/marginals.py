"""Marginals of a Laplace posterior put right for skewness, joined by the copula of its Gaussian.

Along the conditional mean of latent i, z(t) = mode + t S_i / s_i (S the Laplace covariance, s_i its sd),

    log p_i(t) = log p(z(t), y) - log det H_-i(z(t)) / 2 + const,        H = J'J + P^-1

(Tierney & Kadane, J Am Stat Assoc 81:82, 1986; Rue, Martino & Chopin, J R Stat Soc B 71:319, 2009). A draw of the
Gaussian moves along each of its coordinates to the same quantile of that marginal (Ferkingstad & Rue, Electron J Stat
9:2706, 2015). Only the latents that need it are bent: those along whose paths the residuals curve most.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vitruvian.engines.inference.laplace import Laplace, Linearise

AT = np.array([-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0])  # sd at which log p(z(t), y) is computed; held beyond
DET = 1.5  # sd at which log det H is: it is smooth, a parabola through it and the mode, held beyond 2 sd
MOST = 10  # latents that are bent: each costs about two Gauss-Newton steps
BEND = 0.15  # |r(1) - 2 r(0) + r(-1)| of white residuals below which a marginal is left Gaussian
GRID = np.linspace(-6.0, 6.0, 481)

Residuals = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Marginals:
    """Bent latents `which` (k,), and the distribution function of each on GRID, (k, g)."""

    found: Laplace
    which: np.ndarray
    cdf: np.ndarray

    def draws(self, normals: np.ndarray) -> np.ndarray:
        """Members (member, n) from standard normals (member, n)."""
        from scipy.special import ndtr

        z = self.found.draws(normals)
        sd = np.sqrt(np.diag(self.found.covariance))
        for i, cdf in zip(self.which, self.cdf, strict=True):
            rank = ndtr((z[:, i] - self.found.mode[i]) / sd[i])
            z[:, i] = self.found.mode[i] + sd[i] * np.interp(rank, cdf, GRID)
        return z


def marginals(found: Laplace, linearise: Linearise, residuals: Residuals, precision: np.ndarray) -> Marginals:
    """linearise and residuals (white, (k, rows)) take many z (k, n); precision: of the prior, (n, n)."""
    n = len(found.mode)
    paths = (found.covariance / np.sqrt(np.diag(found.covariance))).T  # (latent, n)
    probed = residuals(found.mode + np.concatenate([np.zeros((1, n)), -paths, paths]))
    curve = np.linalg.norm(probed[1 : n + 1] - 2 * probed[0] + probed[n + 1 :], axis=1)
    order = np.argsort(-np.where(np.isfinite(curve), curve, 0.0), kind="stable")[:MOST]
    which = np.sort(order[curve[order] > BEND])
    if len(which) == 0:
        return Marginals(found, which, np.empty((0, len(GRID))))
    along = found.mode + AT[None, :, None] * paths[which][:, None, :]
    joint = _joint(residuals(along.reshape(-1, n)), along.reshape(-1, n) - found.mean, precision).reshape(-1, len(AT))
    padded = np.resize(which, MOST)  # one size, so that one program serves
    sides = np.concatenate([np.zeros((1, n)), -DET * paths[padded], DET * paths[padded]])
    _, slopes = linearise(found.mode + sides)
    hessian = np.einsum("kri,krj->kij", slopes, slopes) + precision
    log_det, variance = np.linalg.slogdet(hessian)[1], np.einsum("kii->ki", np.linalg.inv(hessian))
    cdf = []
    for k, i in enumerate(which):
        rows = [1 + k, 0, 1 + MOST + k]
        parted = -0.5 * (log_det[rows] + np.log(variance[rows, i]))  # det H_-i = det H (H^-1)_ii
        parabola = np.polynomial.Polynomial.fit([-DET, 0.0, DET], parted - parted[1], 2)
        cdf.append(_cdf(joint[k] - joint[k, len(AT) // 2] + 0.5 * AT**2 + parabola(np.clip(AT, -2.0, 2.0))))
    return Marginals(found, which, np.stack(cdf))


def _joint(residual: np.ndarray, shift: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """log p(z, y) up to a constant, (k,): residual (k, rows), shift of z from the prior's mean (k, n)."""
    return -0.5 * np.sum(residual**2, axis=1) - 0.5 * np.einsum("ki,ij,kj->k", shift, precision, shift)


def _cdf(correction: np.ndarray) -> np.ndarray:
    """Distribution function on GRID of exp(-t^2 / 2 + correction(t)), the correction given at AT."""
    from scipy.interpolate import PchipInterpolator

    known = correction if np.isfinite(correction).all() else np.zeros_like(correction)
    log_p = PchipInterpolator(AT, known)(np.clip(GRID, AT[0], AT[-1])) - 0.5 * GRID**2
    p = np.exp(log_p - log_p.max())
    total = np.concatenate([[0.0], np.cumsum(0.5 * (p[1:] + p[:-1]))])
    return total / total[-1]
