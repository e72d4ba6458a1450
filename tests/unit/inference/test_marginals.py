"""Skewed marginals put right, against quadrature on a grid: two latents, one of them seen through an exponential."""

import numpy as np
import pytest
from scipy.special import ndtri

from vitruvian.engines.inference.laplace import gauss_newton
from vitruvian.engines.inference.marginals import marginals

pytestmark = pytest.mark.fast
RANKS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
MEAN, COVARIANCE = np.zeros(2), np.array([[1.0, 0.3], [0.3, 1.0]])


def residuals(z):
    """White residuals (k, 2): exp(a) + b/2 read as 1.5 with sd 1, and b read as 0.4 with sd 0.5."""
    a, b = z[..., 0], z[..., 1]
    return np.stack([np.exp(a) + 0.5 * b - 1.5, (b - 0.4) / 0.5], axis=-1)


def linearise(z):
    """Residuals and their slopes (k, 2, 2)."""
    a = z[..., 0]
    slopes = np.zeros((*a.shape, 2, 2))
    slopes[..., 0, 0], slopes[..., 0, 1], slopes[..., 1, 1] = np.exp(a), 0.5, 2.0
    return residuals(z), slopes


def exact(latent):
    """Quantiles at RANKS by quadrature."""
    grid = np.linspace(-6.0, 6.0, 1201)
    z = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1)
    log_p = -0.5 * np.sum(residuals(z) ** 2, axis=-1) - 0.5 * np.einsum(
        "...i,ij,...j->...", z, np.linalg.inv(COVARIANCE), z
    )
    p = np.exp(log_p - log_p.max()).sum(axis=1 - latent)
    total = np.cumsum(p) - 0.5 * p
    return np.interp(RANKS, total / p.sum(), grid)


@pytest.fixture(scope="module")
def found():
    return gauss_newton(lambda z: tuple(part[0] for part in linearise(z[None])), MEAN, COVARIANCE, tolerance=1e-8)


@pytest.fixture(scope="module")
def bent(found):
    return marginals(found, linearise, residuals, np.linalg.inv(COVARIANCE))


def stratified(found, latent, n=4001):
    """Normals (n, 2) that walk one latent of the Laplace posterior through its quantiles."""
    root = np.linalg.cholesky(found.covariance)
    sd = np.sqrt(found.covariance[latent, latent])
    along = ndtri((np.arange(n) + 0.5) / n)[:, None] * found.covariance[latent] / sd
    return np.linalg.solve(root, along.T).T


def test_a_skewed_marginal_has_the_quantiles_of_quadrature(found, bent):
    normals = stratified(found, 0)
    laplace, right = (np.quantile(x.draws(normals)[:, 0], RANKS) for x in (found, bent))
    sd = np.sqrt(found.covariance[0, 0])
    assert np.abs(laplace - exact(0)).max() > 0.3 * sd  # or there is nothing to put right
    assert np.abs(right - exact(0)).max() < 0.12 * sd


def test_a_marginal_that_is_not_skewed_is_left_as_it_is(found, bent):
    assert bent.which.tolist() == [0]
    np.testing.assert_allclose(np.quantile(found.draws(stratified(found, 1))[:, 1], RANKS), exact(1), atol=0.06)
    flat = gauss_newton(lambda z: (np.array([z[0] - 1.0]), np.array([[1.0, 0.0]])), MEAN, COVARIANCE)

    def line(z):
        slopes = np.zeros((len(z), 1, 2))
        slopes[:, 0, 0] = 1.0
        return z[:, :1] - 1.0, slopes

    still = marginals(flat, line, lambda z: line(z)[0], np.linalg.inv(COVARIANCE))
    assert len(still.which) == 0
    normals = np.random.default_rng(3).standard_normal((50, 2))
    np.testing.assert_array_equal(still.draws(normals), flat.draws(normals))


def test_bent_draws_keep_the_order_of_the_gaussian_ones(found, bent):
    normals = np.random.default_rng(5).standard_normal((500, 2))
    before, after = found.draws(normals), bent.draws(normals)
    assert np.array_equal(np.argsort(before[:, 0]), np.argsort(after[:, 0]))
    np.testing.assert_array_equal(before[:, 1], after[:, 1])
