"""ES-MDA against the Gaussian posterior, which it must give exactly for a linear model and many members."""

import numpy as np
import pytest

from vitruvian.core.errors import InferenceError
from vitruvian.engines.inference.smoother import ALPHAS, es_mda, prior_ensemble

SEED = 20260101
RNG = np.random.default_rng(SEED)
N, M = 4, 30
G = RNG.standard_normal((M, N)) / np.sqrt(M)
MEAN = np.array([0.5, -1.0, 0.0, 2.0])
ROOT = RNG.standard_normal((N, N)) * 0.4 + np.eye(N)
PRIOR = ROOT @ ROOT.T
TIMES = np.arange(M) / 5.0
R = 0.05 * np.eye(M) + 0.1 * np.exp(-np.abs(TIMES[:, None] - TIMES[None, :]))
Y = G @ (MEAN + ROOT @ RNG.standard_normal(N)) + np.linalg.cholesky(R) @ RNG.standard_normal(M)


def exact() -> tuple[np.ndarray, np.ndarray]:
    precision = G.T @ np.linalg.solve(R, G) + np.linalg.inv(PRIOR)
    cov = np.linalg.inv(precision)
    return cov @ (G.T @ np.linalg.solve(R, Y) + np.linalg.solve(PRIOR, MEAN)), cov


def test_prior_ensemble_has_the_prior_moments_exactly() -> None:
    z = prior_ensemble(MEAN, PRIOR, 50, SEED)
    np.testing.assert_allclose(z.mean(axis=0), MEAN, atol=1e-12)
    np.testing.assert_allclose(np.cov(z, rowvar=False), PRIOR, atol=1e-12)


@pytest.mark.parametrize("alphas", [(1.0,), (4.0,) * 4, ALPHAS])
def test_linear_gaussian_posterior(alphas: tuple[float, ...]) -> None:
    """Replicates of 400 members: their average is the exact mean within 4 standard errors, variance within 5 %."""
    mean, cov = exact()
    runs = [
        es_mda(lambda z: z @ G.T, Y, R, prior_ensemble(MEAN, PRIOR, 400, s), s, alphas=alphas).z
        for s in range(SEED, SEED + 12)
    ]
    means = np.array([z.mean(axis=0) for z in runs])
    error = means.std(axis=0, ddof=1) / np.sqrt(len(runs))
    assert (np.abs(means.mean(axis=0) - mean) < 4 * error + 1e-3 * np.sqrt(np.diag(cov))).all()
    pooled = np.mean([np.cov(z, rowvar=False) for z in runs], axis=0)
    np.testing.assert_allclose(np.diag(pooled) / np.diag(cov), 1.0, atol=0.05)
    # one run alone is within a tenth of a posterior sd
    assert np.abs(means[0] - mean).max() < 0.25 * np.sqrt(np.diag(cov)).max()


def test_more_data_than_members_is_still_the_posterior() -> None:
    """1,500 readings, 100 members: the subspace inverse is exact, nothing of size 1,500 x 1,500 is inverted."""
    g = np.random.default_rng(3).standard_normal((1500, 3)) * 0.05
    y = g @ np.array([1.0, 0.0, -1.0]) + np.random.default_rng(4).standard_normal(1500)
    cov = np.linalg.inv(g.T @ g + np.eye(3))
    z = es_mda(lambda z: z @ g.T, y, np.eye(1500), prior_ensemble(np.zeros(3), np.eye(3), 100, 1), 1).z
    assert np.abs(z.mean(axis=0) - cov @ g.T @ y).max() < 0.35 * np.sqrt(cov[0, 0])
    np.testing.assert_allclose(z.var(axis=0, ddof=1) / np.diag(cov), 1.0, atol=0.45)


def test_localisation_keeps_what_the_data_do_not_see() -> None:
    """A stochastic model of one latent among 20: the other 19 keep their variance only when localised."""

    def simulate(z: np.ndarray) -> np.ndarray:
        return z[:, :1] + np.random.default_rng(7).standard_normal((len(z), 40))

    z0 = prior_ensemble(np.zeros(20), np.eye(20), 100, SEED)
    free = es_mda(simulate, np.full(40, 1.0), np.eye(40), z0, SEED).z
    kept = es_mda(simulate, np.full(40, 1.0), np.eye(40), z0, SEED, localise=True).z
    assert free[:, 1:].var(axis=0).mean() < 0.85
    assert kept[:, 1:].var(axis=0).mean() > 0.97
    assert kept[:, 0].var() < 0.2


def test_a_reading_at_the_limit_pushes_one_way_only() -> None:
    """Below-limit reading: members already below it stay where they are, members above it are pulled down."""
    z0 = prior_ensemble(np.zeros(1), np.eye(1), 400, SEED)
    y, limit = np.array([-1.0]), np.array([-1])
    low = es_mda(lambda z: z, y, np.array([[0.01]]), z0, SEED, limit=limit).z
    assert np.quantile(low, 0.9) < -0.7
    already = es_mda(lambda z: z, y, np.array([[0.01]]), z0 - 8.0, SEED, limit=limit).z
    np.testing.assert_array_equal(already, z0 - 8.0)


def test_same_seed_same_bits() -> None:
    z0 = prior_ensemble(MEAN, PRIOR, 50, SEED)
    a, b = (es_mda(lambda z: z @ G.T, Y, R, z0, SEED) for _ in range(2))
    assert a.z.tobytes() == b.z.tobytes()
    assert a.misfit[-1] < a.misfit[0]


def test_errors_say_what_to_do() -> None:
    z0 = prior_ensemble(MEAN, PRIOR, 50, SEED)
    with pytest.raises(InferenceError, match="sum of 1/alpha"):
        es_mda(lambda z: z @ G.T, Y, R, z0, 0, alphas=(4.0, 4.0))
    with pytest.raises(InferenceError, match="1 of 50 members predict"):
        es_mda(lambda z: np.where(np.arange(50)[:, None] == 3, np.nan, z @ G.T), Y, R, z0, 0)
    with pytest.raises(InferenceError, match="readings given twice"):
        es_mda(lambda z: z @ G.T, Y, np.ones((M, M)), z0, 0)
