"""Baselines on processes whose best predictor is known."""

import numpy as np
import pytest

from vitruvian.core.keys import generator
from vitruvian.verbs.baselines import History, autoregression, nearest, persistence

STEP = 300.0


def path(phi: float, n: int, seed: int) -> np.ndarray:
    """AR(1) around 100 with unit innovations."""
    e, y = generator(seed, "ar").standard_normal(n), np.zeros(n)
    for i in range(1, n):
        y[i] = phi * y[i - 1] + e[i]
    return 100.0 + y


def test_autoregression_finds_the_decay_and_persistence_its_spread() -> None:
    y, lead = path(0.9, 20_000, 1), 4 * STEP
    history = History.of(np.arange(len(y)) * STEP, y)
    line = autoregression([history], lead)
    assert line.level == pytest.approx(0.9**4, abs=0.03)
    assert line.intercept == pytest.approx(100 * (1 - 0.9**4), abs=3.0)
    variance = (1 - 0.9**8) / (1 - 0.81)
    assert line.sd == pytest.approx(np.sqrt(variance), rel=0.03)
    walk = persistence([history], lead)
    assert walk.ahead(123.0, 9.0) == 123.0
    assert walk.sd == pytest.approx(np.sqrt(2 * (1 - 0.9**4) / (1 - 0.81)), rel=0.03)


def test_a_straight_line_is_continued() -> None:
    t = np.arange(200) * STEP
    line = autoregression([History.of(t, 80.0 + 0.01 * t + 5 * np.sin(t / 4000.0))], STEP)
    last = 80.0 + 0.01 * t[-1] + 5 * np.sin(t[-1] / 4000.0)
    slope = 0.01 + 5 / 4000 * np.cos(t[-1] / 4000.0)
    assert line.ahead(last, slope) == pytest.approx(last + slope * STEP, abs=0.5)


def test_little_past_stays_near_persistence() -> None:
    line = autoregression([History.of(np.arange(4) * STEP, np.array([100.0, 130.0, 90.0, 120.0]))], STEP)
    assert 0.4 < line.level <= 1.0
    assert autoregression([History.of(np.array([0.0]), np.array([5.0]))], STEP).ahead(5.0, 0.0) == 5.0


def test_pairs_and_slopes_do_not_cross_gaps() -> None:
    t = np.array([0.0, 1, 2, 3, 20, 21, 22]) * STEP
    history = History.of(t, np.arange(7.0))
    assert history.slopes()[4] == 0.0
    assert history.slopes()[5] == pytest.approx(1 / STEP)
    i, j = history.pairs(2 * STEP)
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == [(0, 2), (1, 3), (4, 6)]


def test_the_nearest_time_is_found() -> None:
    assert nearest(np.array([0.0, 10.0, 20.0]), np.array([-5.0, 4.0, 6.0, 99.0])).tolist() == [0, 0, 1, 2]
    assert nearest(np.array([7.0]), np.array([0.0, 9.0])).tolist() == [0, 0]
