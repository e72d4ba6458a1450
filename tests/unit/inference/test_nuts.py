"""NUTS against closed forms: a Gaussian posterior, and a curved one by quadrature."""

import sys

import numpy as np
import pytest

from vitruvian.core.errors import InferenceError
from vitruvian.engines.inference.nuts import Sampled, nuts

pytestmark = pytest.mark.slow
SEED = 20260105


def errors(found: Sampled) -> np.ndarray:
    """Monte Carlo standard error of the mean, by the effective sample size."""
    return found.z.std(axis=0) / np.sqrt(found.ess)


def test_gaussian_posterior() -> None:
    g = np.array([[1.0, 0.5], [0.0, 2.0], [1.0, 1.0]])
    y, m = np.array([1.0, 2.0, -1.0]), np.array([0.5, -0.5])
    p = np.array([[1.0, 0.6], [0.6, 2.0]])
    cov = np.linalg.inv(g.T @ g + np.linalg.inv(p))
    mean = cov @ (g.T @ y + np.linalg.solve(p, m))
    found = nuts(lambda z: (z @ g.T - y, np.broadcast_to(g, (len(z), 3, 2))), m, p, seed=SEED, draws=500)
    print(found.diagnostics)
    assert (np.abs(found.z.mean(axis=0) - mean) < 4 * errors(found)).all()
    np.testing.assert_allclose(np.cov(found.z, rowvar=False), cov, atol=0.1 * cov.max())
    assert found.rhat.max() < 1.02
    assert found.divergences == 0
    assert found.members(37).shape == (37, 2)


def test_curved_posterior_and_start_from_its_mode() -> None:
    """y = z1 + z2^2 + e: a banana; moments by quadrature on a grid. Measured around a Gaussian, as after Laplace."""

    def linearise(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        r = (z[:, 0] + z[:, 1] ** 2 - 1.0) / 0.6
        return r[:, None], np.stack([np.ones(len(z)), 2 * z[:, 1]], axis=1)[:, None, :] / 0.6

    x = np.linspace(-6, 6, 1201)
    a, b = np.meshgrid(x, x, indexing="ij")
    w = np.exp(-0.5 * ((a + b**2 - 1.0) / 0.6) ** 2 - 0.5 * (a**2 + b**2))
    w /= w.sum()
    mean = np.array([(w * a).sum(), (w * b).sum()])
    var = np.array([(w * a**2).sum(), (w * b**2).sum()]) - mean**2
    found = nuts(
        linearise, np.zeros(2), np.eye(2), seed=SEED, draws=500, around=(np.array([0.5, 0.0]), 0.5 * np.eye(2))
    )
    print(found.diagnostics)
    assert (np.abs(found.z.mean(axis=0) - mean) < 4 * errors(found)).all()
    np.testing.assert_allclose(found.z.var(axis=0) / var, 1.0, atol=0.2)


def test_without_blackjax_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "blackjax", None)
    with pytest.raises(InferenceError, match=r"pip install vitruvian\[sample\]"):
        nuts(lambda z: (z, z[:, :, None]), np.zeros(1), np.eye(1), seed=0)
