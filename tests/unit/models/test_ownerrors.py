"""A forecaster's errors on one person become a correction, and no later error is used."""

import numpy as np
import pytest

from vitruvian.models.ownerrors import PULL, correction

HOUR = 3600.0
AT = np.arange(0.0, 72 * HOUR, 900.0)
LEVEL, SLOPE, NONE = np.full(len(AT), 120.0), np.zeros(len(AT)), np.zeros(0)


def test_a_steady_error_is_learned_and_nothing_is_corrected_before_the_first_target():
    found = correction(AT, HOUR, np.full(len(AT), 10.0), LEVEL, SLOPE, NONE)
    assert (found[AT < HOUR] == 0.0).all()
    assert found[-1] == pytest.approx(10.0, abs=1.0)
    first = np.flatnonzero(AT >= HOUR + 450)[0]  # one error has come, from an hour before: weight w of PULL + w
    assert 0.0 < found[first] < 10.0 / (1 + PULL)


def test_an_error_after_meals_is_corrected_after_meals():
    meals = np.arange(3) * 24 * HOUR + 12 * HOUR
    after = (AT[:, None] >= meals) & (AT[:, None] < meals + 2 * HOUR)
    error = np.where(after.any(axis=1), 20.0, 0.0)
    found = correction(AT, HOUR, error, LEVEL, SLOPE, meals)
    third = AT >= 48 * HOUR
    assert found[third & (error > 0)].mean() > 3 * found[third & (error == 0)].mean()


def test_later_errors_change_nothing():
    rng = np.random.default_rng(1)
    error, cut = rng.standard_normal(len(AT)), 150
    whole = correction(AT, HOUR, error, LEVEL, SLOPE, NONE)[:cut]
    part = correction(AT[:cut], HOUR, error[:cut], LEVEL[:cut], SLOPE[:cut], NONE)
    np.testing.assert_allclose(part, whole, rtol=0, atol=1e-12)
