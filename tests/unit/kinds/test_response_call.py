"""The call of a simulated response: linear and Gaussian inference in closed form, depth between the grid's, chances."""

import numpy as np
import pytest

from vitruvian.kinds.electrophysiology.evidence.response import Call, Known, area, believed, slope, updated
from vitruvian.kinds.electrophysiology.seen import NOISES

RNG = np.random.default_rng(4)
READINGS = len(NOISES)
Z = RNG.standard_normal((4000, 3))
SEES, GAINS = 10.0 * RNG.normal(size=(3, READINGS)), RNG.normal(size=(3, 2))


def members(depth: float) -> Known:
    return Known(depth, Z @ SEES + 20.0 * depth, Z @ GAINS + 5.0 * depth)


def test_gains_of_a_linear_heart_are_those_of_bayes():
    R = np.diag([float(n.covariance(np.zeros(1))[0, 0]) for n in NOISES])
    y = np.array([0.7, -0.4, 1.1]) @ SEES
    K = GAINS.T @ SEES @ np.linalg.inv(SEES.T @ SEES + R)
    sd = np.sqrt(np.diag(GAINS.T @ GAINS - K @ SEES.T @ GAINS))
    found = updated(members(0.0), y, seed=1)
    np.testing.assert_allclose(found.mean(axis=0), K @ y, atol=0.1 * sd.min() + 0.02)
    np.testing.assert_allclose(found.std(axis=0), sd, rtol=0.1)


def test_a_depth_between_two_is_told_in_proportion_and_one_outside_is_the_nearest():
    kept, y = [members(d) for d in (0.3, 0.5, 0.9)], np.zeros(READINGS)
    each = [updated(one, y, 2) for one in kept]
    np.testing.assert_allclose(believed(kept, 0.6, y, 2), 0.75 * each[1] + 0.25 * each[2])
    for depth, expected in ((0.1, each[0]), (0.3, each[0]), (0.5, each[1]), (0.9, each[2]), (1.0, each[2])):
        np.testing.assert_allclose(believed(kept, depth, y, 2), expected)
    np.testing.assert_array_equal(believed(kept[:1], 0.8, y, 2), each[0])


def test_chances_are_those_that_generated_and_a_dead_feature_weighs_nothing():
    x = RNG.normal(3.0, 2.0, (20000, 1, 2)) * [1.0, 0.0] + [0.0, 7.0]
    responds = RNG.random(len(x)) < 1.0 / (1.0 + np.exp(-(x[:, 0, 0] - 3.0)))
    call = Call.learned(x, responds)
    assert call.weights[2] == pytest.approx(0.0, abs=1e-9)
    assert call(np.array([[[3.0, 7.0]]]))[0] == pytest.approx(0.5, abs=0.02)
    assert call(np.array([[[5.0, 7.0]]]))[0] == pytest.approx(1.0 / (1.0 + np.exp(-2.0)), abs=0.02)
    assert slope(call(x), responds) == pytest.approx([0.0, 1.0], abs=0.02)
    both = call(np.array([[[1.0, 7.0], [7.0, 7.0]]]))[0]
    assert both == pytest.approx(np.mean(1.0 / (1.0 + np.exp([2.0, -4.0]))), abs=0.02)


def test_the_area_is_the_share_of_pairs_in_order():
    score, truth = np.array([0.1, 0.4, 0.4, 0.8, 0.3]), np.array([False, True, False, True, False])
    assert area(score, truth) == pytest.approx(5.5 / 6.0)
