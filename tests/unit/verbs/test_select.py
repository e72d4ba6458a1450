"""Ranking and selection keeps its promise, and common random numbers make it shorter."""

from collections.abc import Sequence

import numpy as np
import pytest

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator
from vitruvian.verbs.select import Sampler, select

MEANS = {"a": 0.0, "b": 0.6, "c": 1.0, "d": 0.2, "e": -0.5}


def sampler(seed: int, shared: float) -> Sampler:
    """Normal outputs whose correlation between options is `shared`."""

    def sample(names: Sequence[str], start: int, count: int) -> np.ndarray:
        out = np.empty((len(names), count))
        for j in range(count):
            common = generator(seed, "common", start + j).normal()
            for i, n in enumerate(names):
                own = generator(seed, n, start + j).normal()
                out[i, j] = MEANS[n] + np.sqrt(shared) * common + np.sqrt(1 - shared) * own
        return out

    return sample


def test_the_best_is_kept_as_often_as_promised() -> None:
    found = [select(list(MEANS), sampler(s, 0.0), delta=0.4, confidence=0.9) for s in range(25)]
    assert sum(f.best == "c" for f in found) >= 20  # 90 % of 25, less two standard deviations
    assert all(f.decided for f in found)


def test_common_random_numbers_make_it_short() -> None:
    alone, paired = (select(list(MEANS), sampler(3, rho), delta=0.2, most=3000) for rho in (0.0, 0.9))
    assert paired.best == "c"
    assert sum(paired.replications.values()) < 0.5 * sum(alone.replications.values())
    assert paired.to_json()["dropped_after"]["e"] <= 40


def test_what_cannot_be_decided_is_said() -> None:
    same = select(["a", "A"], lambda names, r, n: generator(1, r).normal(size=(2, n)), delta=0.01, most=200)
    assert not same.decided
    with pytest.raises(InferenceError, match="two or more different options"):
        select(["a"], sampler(1, 0.0), delta=1.0)
