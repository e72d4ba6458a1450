"""The ensemble Kalman filter against the Kalman filter."""

import numpy as np
import pytest

from vitruvian.engines.inference.enkf import perturbations, square_root, stochastic

SEED = 20260102
RNG = np.random.default_rng(SEED)
H = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, -0.3]])
R = np.array([[0.3, 0.1], [0.1, 0.5]])
Y = np.array([1.0, -0.5])


def kalman(m: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    s = H @ p @ H.T + R
    gain = p @ H.T @ np.linalg.inv(s)
    e = Y - H @ m
    loglik = -0.5 * (e @ np.linalg.solve(s, e) + np.linalg.slogdet(2 * np.pi * s)[1])
    return m + gain @ e, p - gain @ H @ p, float(loglik)


def test_square_root_is_the_kalman_filter_for_the_sample_moments() -> None:
    x = RNG.standard_normal((25, 3)) @ np.array([[1.0, 0.4, 0.0], [0.0, 1.0, 0.2], [0.0, 0.0, 1.0]])
    for _ in range(5):  # and goes on being it over cycles of a linear model
        mean, cov, loglik = kalman(x.mean(axis=0), np.cov(x, rowvar=False))
        new = square_root(x, x @ H.T, Y, R)
        np.testing.assert_allclose(new.x.mean(axis=0), mean, atol=1e-12)
        np.testing.assert_allclose(np.cov(new.x, rowvar=False), cov, atol=1e-12)
        np.testing.assert_allclose(new.log_likelihood, loglik, atol=1e-12)
        x = new.x @ np.array([[0.9, 0.1, 0.0], [0.0, 0.8, 0.1], [0.2, 0.0, 1.1]]).T


def test_stochastic_is_the_kalman_filter_on_average() -> None:
    """300 repetitions with 100 members: mean and covariance within 4 standard errors of the exact update."""
    m, p = np.array([0.3, -0.2, 1.0]), np.array([[1.0, 0.3, 0.2], [0.3, 0.8, 0.0], [0.2, 0.0, 0.6]])
    mean, cov, _ = kalman(m, p)
    chol = np.linalg.cholesky(p)
    means, covs = [], []
    for k in range(300):
        x = m + np.random.default_rng((SEED, k)).standard_normal((100, 3)) @ chol.T
        new = stochastic(x, x @ H.T, Y, R, perturbations(k, ["a", "b"], 100)).x
        means.append(new.mean(axis=0))
        covs.append(np.cov(new, rowvar=False))
    for found, truth in ((np.array(means), mean), (np.array(covs), cov)):
        error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
        # the gain's own error is of order 1/N and biases both a little
        assert (np.abs(found.mean(axis=0) - truth) < 4 * error + 0.01).all()


def test_perturbations_know_their_observation_not_their_order() -> None:
    ab, ba = perturbations(5, ["a", "b"], 10), perturbations(5, ["b", "a"], 10)
    np.testing.assert_array_equal(ab, ba[:, ::-1])
    assert not np.array_equal(ab, perturbations(6, ["a", "b"], 10))


@pytest.mark.parametrize("method", ["square_root", "stochastic"])
def test_a_reading_at_the_limit_that_agrees_says_nothing(method: str) -> None:
    x = RNG.standard_normal((50, 3)) - 20.0
    y, limit = np.array([-1.0, -1.0]), np.array([-1, -1])
    if method == "square_root":
        new = square_root(x, x @ H.T, y, R, limit=limit).x
    else:
        new = stochastic(x, x @ H.T, y, R, perturbations(1, ["a", "b"], 50), limit=limit).x
    np.testing.assert_array_equal(new, x)


def exact_tracking(y: np.ndarray, phi: float, q: float, r: float) -> tuple[np.ndarray, np.ndarray]:
    m, p = np.zeros(3), np.eye(3)
    f, h = np.array([[phi, 1 - phi, 0], [0, 1, 0], [0, 0, 1.0]]), np.array([1.0, 0, 0])
    for value in y:
        m, p = f @ m, f @ p @ f.T
        p[0, 0] += q * q
        gain = p @ h / (h @ p @ h + r * r)
        m, p = m + gain * (value - h @ m), p - np.outer(gain, h @ p)
    return m, p


@pytest.mark.slow
@pytest.mark.parametrize("method", ["square_root", "stochastic"])
def test_parameters_stay_honest_over_many_readings(method: str) -> None:
    """AR(1) state, its level unknown, and a parameter nothing depends on; 300 readings, 200 members, 40 repetitions.

    spread must cover the distance from the exact posterior: sqrt(1 + rms^2) over the spread, both in exact sds, is the
    factor of overconfidence; `spent` is 0.6 here. Uncorrected, the parameter that no reading shows is the worst.
    """
    phi, q, r, count = 0.98, 0.05, 0.1, 300
    flags = np.array([False, True, True])
    most = {"square_root": 1.15, "stochastic": 1.35}[method]
    worst = {}
    for correct in (True, False):
        off, spread = [], []
        for k in range(40):
            rng = np.random.default_rng((SEED, k))
            level, x, y = rng.standard_normal(), rng.standard_normal(), np.empty(count)
            for t in range(count):
                x = phi * x + (1 - phi) * level + q * rng.standard_normal()
                y[t] = x + r * rng.standard_normal()
            m, p = exact_tracking(y, phi, q, r)
            z = rng.standard_normal((200, 3))
            for t in range(count):
                z[:, 0] = phi * z[:, 0] + (1 - phi) * z[:, 1] + q * rng.standard_normal(200)
                args = (z, z[:, :1], y[t : t + 1], np.array([[r * r]]))
                given = flags if correct else None
                if method == "square_root":
                    z = square_root(*args, parameters=given).x
                else:
                    z = stochastic(*args, rng.standard_normal((200, 1)), parameters=given).x
            off.append((z.mean(axis=0) - m) / np.sqrt(np.diag(p)))
            spread.append(z.var(axis=0, ddof=1) / np.diag(p))
        over = np.sqrt(1 + np.mean(np.square(off), axis=0)) / np.sqrt(np.mean(spread, axis=0))
        print(method, "corrected" if correct else "plain", "overconfidence (state, level, unseen):", over.round(2))
        worst[correct] = over[2]
        assert 0.9 < over[0] < 1.1
        if correct:
            assert (over[1:] > 0.85).all()
            assert (over[1:] < most).all()
    assert worst[False] > 1.15 * worst[True]
