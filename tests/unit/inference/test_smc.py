"""Tempered SMC against conjugate posteriors and their evidence in closed form."""

import numpy as np
import pytest
from scipy.special import gammaln
from scipy.stats import gamma, kstest, norm

from vitruvian.core.errors import InferenceError
from vitruvian.core.noise import Count
from vitruvian.core.prior import Gamma
from vitruvian.engines.inference.smc import tempered_smc

SEED = 20260104


def test_gaussian_posterior_and_evidence() -> None:
    """y = G z + e, 8 runs of 1,000: mean and log evidence within 4 standard errors, variances within 8 %."""
    rng = np.random.default_rng(SEED)
    g, m = rng.standard_normal((12, 3)), np.array([1.0, 0.0, -2.0])
    root = np.tril(rng.standard_normal((3, 3))) + 2 * np.eye(3)
    p = root @ root.T
    y = g @ (m + root @ rng.standard_normal(3)) + 0.5 * rng.standard_normal(12)
    cov = np.linalg.inv(g.T @ g / 0.25 + np.linalg.inv(p))
    mean = cov @ (g.T @ y / 0.25 + np.linalg.solve(p, m))
    s = g @ p @ g.T + 0.25 * np.eye(12)
    evidence = -0.5 * ((y - g @ m) @ np.linalg.solve(s, y - g @ m) + np.linalg.slogdet(2 * np.pi * s)[1])

    def log_likelihood(z: np.ndarray) -> np.ndarray:
        return norm.logpdf(y - z @ g.T, scale=0.5).sum(axis=1)

    runs = [tempered_smc(log_likelihood, m, p, members=1000, seed=k) for k in range(8)]
    means = np.array([r.z.mean(axis=0) for r in runs])
    evidences = np.array([r.log_evidence for r in runs])
    print("evidence", evidences.mean(), evidences.std(), "exact", evidence, runs[0].diagnostics)
    assert (np.abs(means.mean(axis=0) - mean) < 4 * means.std(axis=0, ddof=1) / np.sqrt(8)).all()
    assert abs(evidences.mean() - evidence) < 4 * evidences.std(ddof=1) / np.sqrt(8)
    pooled = np.mean([np.cov(r.z, rowvar=False) for r in runs], axis=0)
    np.testing.assert_allclose(np.diag(pooled) / np.diag(cov), 1.0, atol=0.08)


def test_gamma_poisson_through_the_z_map() -> None:
    """rate ~ Gamma(2, 3), y ~ Poisson(rate): posterior Gamma(2 + sum y, 1 / (1/3 + n)), evidence in closed form."""
    prior, y = Gamma(2.0, 3.0), np.array([4.0, 6.0, 9.0, 5.0, 7.0])
    shape, scale = 2.0 + y.sum(), 1.0 / (1.0 / 3.0 + len(y))
    evidence = gammaln(shape) + shape * np.log(scale) - gammaln(2.0) - 2.0 * np.log(3.0) - gammaln(y + 1.0).sum()
    noise = Count("arrivals")

    def log_likelihood(z: np.ndarray) -> np.ndarray:
        rate = prior.value(z[:, 0])
        return noise.log_likelihood(y, np.repeat(rate[:, None], len(y), axis=1), np.arange(5.0), {})

    runs = [tempered_smc(log_likelihood, np.zeros(1), np.eye(1), members=500, seed=k) for k in range(8)]
    evidences = np.array([r.log_evidence for r in runs])
    assert abs(evidences.mean() - evidence) < 4 * evidences.std(ddof=1) / np.sqrt(8)
    rates = np.concatenate([prior.value(r.z[:, 0]) for r in runs])
    # members of one run are not quite independent: a tenth of them stands for their number
    assert kstest(rates[::10], gamma(shape, scale=scale).cdf).pvalue > 0.01


def test_two_modes_are_both_kept() -> None:
    """Likelihood of |z|: mass is half left, half right."""
    z = tempered_smc(
        lambda z: norm.logpdf(np.abs(z[:, 0]), 1.5, 0.2), np.zeros(1), np.eye(1), members=2000, seed=SEED
    ).z
    assert 0.45 < (z > 0).mean() < 0.55


def test_impossible_draws_are_dropped() -> None:
    """Only z > 1 is possible: the evidence is P(z > 1)."""
    with np.errstate(divide="ignore"):
        found = tempered_smc(lambda z: np.log((z[:, 0] > 1.0) * 1.0), np.zeros(1), np.eye(1), members=4000, seed=SEED)
    assert found.z.min() > 1.0
    assert abs(found.log_evidence - norm.logsf(1.0)) < 0.1


def test_same_seed_same_bits_and_errors() -> None:
    a, b = (tempered_smc(lambda z: -(z**2).sum(axis=1), np.zeros(2), np.eye(2), members=64, seed=3) for _ in "ab")
    assert a.z.tobytes() == b.z.tobytes()
    with pytest.raises(InferenceError, match="no draw of the prior"):
        tempered_smc(lambda z: np.full(len(z), -np.inf), np.zeros(1), np.eye(1), members=8, seed=0)
