"""The particle filter's likelihood against the exact one: forward algorithm of an HMM, Kalman filter of an AR(1)."""

from collections.abc import Callable

import numpy as np
import pytest

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator
from vitruvian.engines.inference.particle import Filtered, jittered, particle_filter, systematic, weigh

SEED = 20260103
# three wards' states of an infection (free, colonised, infected), daily; counts of positive cultures
P = np.array([[0.90, 0.08, 0.02], [0.10, 0.80, 0.10], [0.05, 0.15, 0.80]])
START = np.array([0.6, 0.3, 0.1])
RATE = np.array([0.2, 1.5, 4.0])
T = 25


def counts() -> np.ndarray:
    rng, x, y = np.random.default_rng(SEED), 0, []
    for _ in range(T):
        x = rng.choice(3, p=P[x])
        y.append(rng.poisson(RATE[x]))
    return np.array(y)


def log_poisson(y: int) -> np.ndarray:
    return y * np.log(RATE) - RATE - np.log(np.arange(1, y + 1)).sum()


def forward(y: np.ndarray) -> tuple[float, np.ndarray]:
    """log p(y) and p(x_T | y)."""
    alpha, total = START, 0.0
    for value in y:
        alpha = (alpha @ P) * np.exp(log_poisson(int(value)))
        total += np.log(alpha.sum())
        alpha = alpha / alpha.sum()
    return float(total), alpha


def hmm(y: np.ndarray, seed: int, auxiliary: bool, particles: int = 200) -> Filtered:
    cumulated = np.cumsum(P, axis=1)

    def move(t: int, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return (rng.uniform(size=len(x))[:, None] > cumulated[x]).sum(axis=1).clip(max=2)

    def look(t: int, x: np.ndarray) -> np.ndarray:
        return np.log(P @ np.exp(log_poisson(int(y[t]))))[x]

    return particle_filter(
        lambda n, rng: rng.choice(3, size=n, p=START),
        move,
        lambda t, x: log_poisson(int(y[t]))[x],
        len(y),
        particles=particles,
        seed=seed,
        look_ahead=look if auxiliary else None,
    )


def unbiased(run: Callable[[int], float], exact: float, repeats: int = 400) -> None:
    """The likelihood, not its logarithm, is unbiased: mean of exp(estimate - exact) is 1 within 4 standard errors."""
    ratio = np.exp([run(s) - exact for s in range(repeats)])
    error = ratio.std(ddof=1) / np.sqrt(repeats)
    print(f"mean ratio {ratio.mean():.4f} +- {error:.4f}, sd {ratio.std():.3f}")
    assert abs(ratio.mean() - 1.0) < 4 * error
    assert error < 0.06


@pytest.mark.parametrize("auxiliary", [False, True])
def test_likelihood_of_an_hmm_is_unbiased(auxiliary: bool) -> None:
    y = counts()
    unbiased(lambda s: hmm(y, s, auxiliary).log_likelihood, forward(y)[0])


@pytest.mark.parametrize("auxiliary", [False, True])
def test_likelihood_and_state_converge_to_the_forward_algorithm(auxiliary: bool) -> None:
    y = counts()
    exact, state = forward(y)
    found = hmm(y, SEED, auxiliary, particles=100_000)
    # sd of one run: 0.04 at 20,000 particles, hence 0.02 at 100,000
    assert abs(found.log_likelihood - exact) < 4 * 0.02
    shares = np.bincount(found.particles, weights=found.weights, minlength=3)
    np.testing.assert_allclose(shares, state, atol=0.01)


def test_likelihood_of_an_ar1_equals_kalman() -> None:
    phi, q, r = 0.9, 0.5, 0.7
    rng = np.random.default_rng(SEED)
    x, y = 0.0, np.empty(30)
    for t in range(30):
        x = phi * x + q * rng.standard_normal()
        y[t] = x + r * rng.standard_normal()
    m, p, exact = 0.0, 1.0, 0.0
    for value in y:
        m, p = phi * m, phi**2 * p + q**2
        s = p + r**2
        exact += -0.5 * ((value - m) ** 2 / s + np.log(2 * np.pi * s))
        m, p = m + p / s * (value - m), p - p**2 / s

    def run(seed: int) -> float:
        return particle_filter(
            lambda n, g: g.standard_normal(n),
            lambda t, x, g: phi * x + q * g.standard_normal(len(x)),
            lambda t, x: -0.5 * ((y[t] - x) / r) ** 2 - np.log(r) - 0.5 * np.log(2 * np.pi),
            30,
            particles=300,
            seed=seed,
        ).log_likelihood

    unbiased(run, exact)


def test_systematic_resampling_is_fair() -> None:
    """Each ancestor appears floor or ceil of N w times, N w on average."""
    weights = np.array([0.5, 0.26, 0.13, 0.11, 0.0])
    counted = np.array([np.bincount(systematic(weights, generator(s), 10), minlength=5) for s in range(2000)])
    assert (counted >= np.floor(10 * weights - 1e-9)).all()
    assert (counted <= np.ceil(10 * weights + 1e-9)).all()
    np.testing.assert_allclose(counted.mean(axis=0), 10 * weights, atol=4 * 0.5 / np.sqrt(2000))


def test_jitter_keeps_mean_and_covariance() -> None:
    rng = np.random.default_rng(SEED)
    z = rng.standard_normal((50_000, 2)) @ np.array([[1.0, 0.5], [0.0, 1.0]])
    weights = np.exp(0.5 * z[:, 0])
    weights /= weights.sum()
    mean = weights @ z
    cov = ((z - mean) * weights[:, None]).T @ (z - mean)
    new = jittered(z, weights, systematic(weights, rng), rng.standard_normal(z.shape), 0.95)
    np.testing.assert_allclose(new.mean(axis=0), mean, atol=0.02)
    np.testing.assert_allclose(np.cov(new, rowvar=False), cov, atol=0.03)
    assert len(np.unique(new[:, 0])) == len(new)


def test_nothing_explains_the_observation() -> None:
    with pytest.raises(InferenceError, match="no particle explains"):
        weigh(np.full(3, 1 / 3), np.array([-np.inf, np.nan, -np.inf]))
