"""The exact filter against the dense system, its own limits, and closed forms."""

import numpy as np
import pytest

from vitruvian.engines.ouchannels import Population, ahead_of, conditioned, filtered, predicted, start, updated


def three() -> Population:
    level = np.array([[1.0, 0.5, 0.0], [0.5, 2.0, 0.1], [0.0, 0.1, 0.5]])
    swing = np.array([[0.6, 0.2, 0.1], [0.2, 0.4, 0.0], [0.1, 0.0, 0.9]])
    mean, noise, tau = np.array([1.0, -2.0, 0.0]), np.array([0.3, 0.5, 0.2]), np.array([2.0, 5.0, 1.0])
    return Population(("a", "b", "c"), mean, noise, level, swing, 60.0, tau, "assumed")


def readings(n=60, seed=1):
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 30, n))
    time[5] = time[4]  # two at one moment
    return time, rng.integers(0, 3, n), rng.normal(size=n)


def test_one_by_one_is_all_at_once():
    p = three()
    time, channel, value = readings()
    stream = predicted(p, filtered(p, time, channel, value, start(p, 0.0)), 33.0)
    batch = conditioned(p, time, channel, value, 33.0)
    np.testing.assert_allclose(stream.mean, batch.mean, atol=1e-10)
    np.testing.assert_allclose(stream.covariance, batch.covariance, atol=1e-10)


def test_nothing_read_is_the_population():
    p = three()
    f = predicted(p, start(p, 0.0), 100.0)
    np.testing.assert_allclose(f.covariance, p.stationary)
    mean, variance = f.moments(p, 1)
    assert mean == -2.0
    assert variance == pytest.approx(2.0 + 0.4 + 0.25)


def test_a_reading_fades_at_its_rates():
    p = three()
    f = updated(p, start(p, 0.0), 0, 3.0)
    gain = 2.0 / (1.0 + 0.6 + 0.09)
    assert f.mean[0] == pytest.approx(1.0 * gain)
    assert f.mean[3] == pytest.approx(0.6 * gain)
    later = predicted(p, f, 2.0)
    assert later.mean[3] == pytest.approx(0.6 * gain * np.exp(-1.0))
    assert later.mean[0] == pytest.approx(gain * np.exp(-2.0 / 60.0))
    exactly = -0.5 * (4.0 / 1.69 + np.log(2 * np.pi * 1.69))
    assert f.log_likelihood == pytest.approx(exactly)


def test_a_later_reading_changes_no_earlier_state():
    p = three()
    time, channel, value = readings()
    half = filtered(p, time[:30], channel[:30], value[:30], start(p, 0.0))
    again = filtered(p, time[:30], channel[:30], value[:30] + 0.0, start(p, 0.0))
    assert half.mean.tobytes() == again.mean.tobytes()
    onward = filtered(p, time[30:], channel[30:], value[30:], half)
    np.testing.assert_array_equal(onward.mean, filtered(p, time, channel, value, start(p, 0.0)).mean)


def test_a_channel_ahead_is_the_whole_state_ahead():
    p = three()
    time, channel, value = readings()
    f = filtered(p, time, channel, value, start(p, 0.0))
    hours = np.array([0.0, 0.5, 6.0])
    mean, variance = ahead_of(p, f, 1, hours)
    whole = [predicted(p, f, f.at + h).moments(p, 1) for h in hours]
    np.testing.assert_allclose(np.column_stack([mean, variance]), whole, atol=1e-12)
