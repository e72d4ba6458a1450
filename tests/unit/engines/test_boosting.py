"""Boosted trees: they learn a known function, both walks agree, arrays round-trip, and bad input is refused."""

import numpy as np
import pytest

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator
from vitruvian.engines.boosting import FEW, Forest, Growth, grow

pytest.importorskip("lightgbm", reason="growing trees needs the extra `fit`")
NAMES = ("a", "b", "noise")
SMALL = Growth(trees=80, rate=0.1, leaves=15, least=20, columns=1.0, rows=1.0, ridge=1.0)


def data(n, seed):
    rng = generator(seed, "boosting")
    x = rng.standard_normal((n, 3))
    return x, 2.0 * x[:, 0] + np.abs(x[:, 1]) + 0.2 * rng.standard_normal(n)


@pytest.fixture(scope="module")
def forest():
    return grow(NAMES, *data(4000, 1), seed=7, growth=SMALL)


def test_it_learns_a_function_to_near_its_noise(forest):
    x, y = data(2000, 2)
    assert np.std(y - forest.predict(x)) < 0.3  # noise 0.2, sd of y 2.1
    assert forest.gain["noise"] < 0.01


def test_the_compiled_walk_and_the_plain_one_give_the_same_bits(forest):
    x, _ = data(FEW + 40, 3)
    few = np.concatenate([forest.predict(x[:FEW]), forest.predict(x[FEW:])])
    np.testing.assert_array_equal(forest.predict(x), few)


def test_a_quantile_is_exceeded_as_often_as_it_says():
    x, y = data(4000, 4)
    high = grow(NAMES, x, y, seed=1, growth=Growth(trees=80, rate=0.1, leaves=15, quantile=0.9))
    fresh, truth = data(4000, 5)
    assert np.mean(truth <= high.predict(fresh)) == pytest.approx(0.9, abs=0.03)


def test_arrays_round_trip_and_the_hash_knows_every_number(forest, tmp_path):
    np.savez_compressed(tmp_path / "forest.npz", **forest.to_arrays("f_"))
    with np.load(tmp_path / "forest.npz") as stored:
        back = Forest.from_arrays(stored, "f_")
    x, _ = data(50, 6)
    np.testing.assert_array_equal(back.predict(x), forest.predict(x))
    assert back.digest == forest.digest
    changed = back.leaf.copy()
    changed[3, 0] += 1e-3
    assert Forest(NAMES, back.feature, back.threshold, back.left, back.right, changed).digest != forest.digest


def test_a_constant_target_gives_trees_of_one_leaf():
    x, _ = data(200, 7)
    flat = grow(NAMES, x, np.full(200, 3.5), seed=1, growth=Growth(trees=5))
    np.testing.assert_allclose(flat.predict(x), 3.5)


def test_a_missing_cell_and_a_wrong_width_are_refused(forest):
    x, y = data(100, 8)
    with pytest.raises(InferenceError, match="expected"):
        forest.predict(x[:, :2])
    x[3, 1] = np.nan
    with pytest.raises(InferenceError, match="not finite"):
        grow(NAMES, x, y, seed=1)
