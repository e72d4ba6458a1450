"""Forecasts of many monthly series that share seasons and shocks: providers of a health service, wards of a hospital.

    y_i(t) = a + c(t) + u_i(t)
    Cov c(t), c(t') = level^2 min(t, t') + season^2 [same month of the year] + slow^2 phi^|t - t'| + odd^2 [t = t']
    u_i | v_i        the same form with its own scales, times v_i;  1 / v_i ~ Gamma(nu / 2, nu / 2), wide around 0

c is what all series do together (winter, a mild year), u_i what one does alone; v_i lets one series be rougher than
another, so that u_i is a multivariate t. Scales, phi and nu are learned from the months given: those of c by a Markov
chain, since one course of two years says little of them, those of u_i by their mode over all series.

Reference: Harvey, Forecasting, Structural Time Series Models and the Kalman Filter, 1989, chapters 2 and 8, written as
Gaussian processes (Rasmussen & Williams 2006, section 5.4). Holds for log counts and logits of shares, 12 months and
more, series that lack no month. Leaves out: holidays, merged series (their jump is met by the t's tails only).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator

YEAR = 12
WIDE = 3.0  # sd of a constant level on a log or logit scale: a factor of 20; assumed, weak
# Medians of the scales a priori, per month: a few per cent each, with a factor e either way; assumed, weak.
MEDIAN = np.log([0.02, 0.05, 0.03, 0.05])  # level, season, slow, odd
BOUNDS = (-8.0, 1.0)  # of the logarithms of the scales: 0.03 % to a factor of 15
NU, NU_SPREAD = 6.0, 0.7  # degrees of freedom of v_i a priori: median, and sd of the logarithm; assumed
STEPS = 4000  # of the chain, half of them to find its step


@dataclass(frozen=True)
class PanelFit:
    """What was learned: log scales and logit phi of every series (5 + log nu), and a chain (n, 5) for the shared."""

    own: np.ndarray
    shared: np.ndarray


def forecast(y: np.ndarray, first: int, ahead: int, draws: int, seed: int) -> np.ndarray:
    """Joint draws (draws, series, ahead) of the months that follow y (series, months); `first`: month of the year.

    The shared course is the same in every series of a draw, so that sums over series have honest bands.
    """
    series, seen = y.shape
    if seen < YEAR:
        raise InferenceError(
            f"{seen} months are too few for a season", where="panel.forecast", fix="give 12 or more months"
        )
    if not np.isfinite(y).all():
        raise InferenceError("a month is missing", where="panel.forecast", fix="keep to series that lack no month")
    rng = generator(seed, "panel", series, seen)
    course = _trimmed_mean(y - np.median(y, axis=1, keepdims=True))
    rest = y - course
    centre, course_mean = float(rest.mean()), float(course.mean())
    fitted = fit(rest - centre, course - course_mean, first, rng)
    shared = _shared_draws(course - course_mean, first, ahead, fitted.shared, draws, rng)
    own = _own_draws(rest - centre, first, ahead, fitted.own, draws, rng)
    return shared[:, None, :] + own + (course_mean + centre)


def fit(rest: np.ndarray, course: np.ndarray, first: int, rng: np.random.Generator) -> PanelFit:
    """The scales of the series (series, months) around the shared course (months,), and of that course itself."""
    from scipy.optimize import minimize

    start = np.array([*MEDIAN, 0.0, np.log(NU)])
    limits = [BOUNDS] * 4 + [(-3.0, 4.0), (0.2, 4.0)]
    own = minimize(_cost, start, args=(rest, first), method="L-BFGS-B", bounds=limits).x
    return PanelFit(own, _chain(course[None, :], first, rng))


def covariance(x: np.ndarray, first: int, months: int) -> np.ndarray:
    """Covariance (months, months) for log scales (level, season, slow, odd) and logit phi, constant level included."""
    level, season, slow, odd = np.exp(x[:4])
    phi = 1.0 / (1.0 + np.exp(-x[4]))
    t = np.arange(months)
    apart = np.abs(t[:, None] - t[None, :])
    month = (first + t) % YEAR
    return (
        WIDE**2
        + level**2 * np.minimum(t[:, None], t[None, :])
        + season**2 * (month[:, None] == month[None, :])
        + slow**2 * phi**apart
        + odd**2 * np.eye(months)
    )


def _cost(x: np.ndarray, z: np.ndarray, first: int) -> float:
    """Minus log posterior of the scales given the rows of z; with a sixth entry, log nu, each row has its own v."""
    from scipy.special import gammaln

    months = z.shape[1]
    root = np.linalg.cholesky(covariance(x, first, months))
    squares = (np.linalg.solve(root, z.T) ** 2).sum(axis=0)
    determinant = 2.0 * np.log(np.diag(root)).sum()
    prior = -0.5 * np.sum((x[:4] - MEDIAN) ** 2) - 0.5 * x[4] ** 2
    if len(x) == 5:
        return float(0.5 * (squares + determinant).sum() - prior)
    nu = np.exp(x[5])
    constant = gammaln(0.5 * (nu + months)) - gammaln(0.5 * nu) - 0.5 * months * np.log(nu)
    each = constant - 0.5 * determinant - 0.5 * (nu + months) * np.log1p(squares / nu)
    prior -= 0.5 * ((x[5] - np.log(NU)) / NU_SPREAD) ** 2
    return float(-each.sum() - prior)


def _chain(z: np.ndarray, first: int, rng: np.random.Generator) -> np.ndarray:
    """Adaptive Metropolis (Haario, Saksman & Tamminen 2001) over the five scales; its second half."""
    size = 5
    x = np.array([*MEDIAN, 0.0])
    cost, root, kept = _cost(x, z, first), 0.3 * np.eye(size), []
    for i in range(STEPS):
        if i in (STEPS // 8, STEPS // 4, STEPS // 2):
            seen = np.cov(np.array(kept[i // 2 :]).T) * 2.38**2 / size
            root = np.linalg.cholesky(seen + 1e-4 * np.eye(size))
        proposed = x + root @ rng.normal(size=size)
        inside = np.all((proposed[:4] > BOUNDS[0]) & (proposed[:4] < BOUNDS[1]))
        new = _cost(proposed, z, first) if inside else np.inf
        if np.log(rng.random()) < cost - new:
            x, cost = proposed, new
        kept.append(x)
    return np.array(kept[STEPS // 2 :])


def _conditional(cov: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean (series, ahead) and root of the covariance of what follows the rows of z, and their squared distances."""
    seen = z.shape[1]
    solved = np.linalg.solve(cov[:seen, :seen], np.concatenate([cov[:seen, seen:], z.T], axis=1))
    weights, rows = solved[:, : len(cov) - seen], solved[:, len(cov) - seen :]
    left = cov[seen:, seen:] - cov[seen:, :seen] @ weights
    root = np.linalg.cholesky(left + 1e-12 * np.eye(len(left)))
    return z @ weights, root, np.sum(z.T * rows, axis=0)


def _shared_draws(
    course: np.ndarray, first: int, ahead: int, chain: np.ndarray, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """(draws, ahead): every tenth draw takes other scales from the chain."""
    out = np.empty((draws, ahead))
    for k in range(0, draws, 10):
        x = chain[rng.integers(len(chain))]
        mean, root, _ = _conditional(covariance(x, first, len(course) + ahead), course[None, :])
        some = min(10, draws - k)
        out[k : k + some] = mean[0] + rng.normal(size=(some, ahead)) @ root.T
    return out


def _own_draws(
    rest: np.ndarray, first: int, ahead: int, x: np.ndarray, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """(draws, series, ahead) of multivariate t with nu + months degrees of freedom."""
    series, seen = rest.shape
    mean, root, squares = _conditional(covariance(x, first, seen + ahead), rest)
    nu = np.exp(x[5])
    freedom = nu + seen
    scale = (nu + squares) / freedom
    chance = rng.chisquare(freedom, size=(draws, series)) / freedom
    noise = rng.normal(size=(draws, series, ahead)) @ root.T
    return mean + noise * np.sqrt(scale / chance)[..., None]


def _trimmed_mean(values: np.ndarray, share: float = 0.1) -> np.ndarray:
    """Mean over the rows without the lowest and highest tenth: a merged provider does not move the nation."""
    cut = int(share * len(values))
    return np.sort(values, axis=0)[cut : len(values) - cut].mean(axis=0)
