"""A waiting list keeps its books, treats the longest waiting first, and settles where theory says."""

import numpy as np
import pytest

from vitruvian.core.errors import InferenceError
from vitruvian.models.waitinglist import Joining, forecast, learn


def test_nobody_is_lost() -> None:
    answer = forecast([3.0, 1.0, 0.0], Joining(0.0, 1.0, 9), [1, 1, 1], draws=5)
    assert answer.waiting[0].tolist() == [2, 1, 0]
    assert answer.treated[0].tolist() == [1, 1, 1]


def test_the_longest_waiting_come_first() -> None:
    answer = forecast([20.0, 17.0, 16.0, 2.0], Joining(0.0, 1.0, 9), [1, 0, 1, 1], draws=3)
    assert answer.beyond[0].tolist() == [0, 1, 1, 0]  # 20 is treated at once; 17 and 16 come of age one by one


def test_a_list_grows_by_what_comes_and_is_not_treated() -> None:
    answer = forecast([0.0] * 100, Joining(50.0, 3.0, 52), [45] * 20, draws=2000, seed=2)
    grown = answer.waiting[:, -1] - 100
    assert grown.mean() == pytest.approx(100.0, abs=4 * np.sqrt(3.0 * 50.0 * 20 / 2000))
    assert np.var(grown) == pytest.approx(3.0 * 50.0 * 20, rel=0.15)  # dispersion times the mean


def test_urgent_patients_make_the_others_wait() -> None:
    alike, urgent = (forecast([17.0] * 30, Joining(10.0, 1.0, 9), [10] * 6, urgent=u, draws=300) for u in (0.0, 0.8))
    assert urgent.beyond[:, -1].mean() > alike.beyond[:, -1].mean() + 5
    assert urgent.chance_within(0.92)[-1] <= alike.chance_within(0.92)[-1]


def test_what_is_learned_and_refused() -> None:
    rng = np.random.default_rng(3)
    found = learn(rng.negative_binomial(20, 0.4, 3000).astype(float).tolist())
    assert found.mean == pytest.approx(30.0, rel=0.03)
    assert found.dispersion == pytest.approx(2.5, rel=0.1)
    with pytest.raises(InferenceError, match="2 weeks"):
        learn([1.0, 2.0])
    with pytest.raises(InferenceError, match="cannot be negative"):
        forecast([-1.0], found, [5])
