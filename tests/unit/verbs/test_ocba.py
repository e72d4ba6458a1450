"""Optimal budget allocation against its formula, the exact chance of equal allocation, and its own bound."""

from collections.abc import Sequence

import numpy as np
import pytest
from scipy import integrate, stats

from vitruvian.core.errors import InferenceError
from vitruvian.verbs.ocba import ocba, shares, surely
from vitruvian.verbs.select import Sampler

# Chen, Lin, Yücesan & Chick 2000, experiment 1: ten designs, normal with means 0 to 9 and standard deviation 6
MEANS, SPREAD = -np.arange(10.0), 6.0
NAMES = [f"d{k}" for k in range(10)]


def sampler(seed: int) -> Sampler:
    """Independent normal outputs; replication r of a design is the same whenever it is asked for."""
    seen = MEANS[:, None] + SPREAD * np.random.default_rng(seed).standard_normal((10, 4000))

    def sample(names: Sequence[str], start: int, count: int) -> np.ndarray:
        return seen[[NAMES.index(n) for n in names], start : start + count]

    return sample


def chance_of_equal(n: float) -> float:
    """Exact probability that the best of the ten has the largest mean of n replications each."""
    error = SPREAD / np.sqrt(n)

    def density(x: float) -> float:
        return stats.norm.pdf(x, 0.0, error) * float(np.prod(stats.norm.cdf(x, MEANS[1:], error)))

    return integrate.quad(density, -6 * error, 6 * error)[0]


def test_the_shares_are_those_of_the_formula() -> None:
    mean, spread = np.array([1.0, 3.0, 2.0, -1.0]), np.array([1.0, 2.0, 0.5, 3.0])
    got = shares(mean, spread)
    ratio = (spread / (3.0 - np.where(mean == 3.0, 0.0, mean))) ** 2
    assert got[0] / got[2] == pytest.approx(ratio[0] / ratio[2])
    assert got[3] / got[2] == pytest.approx(ratio[3] / ratio[2])
    others = [0, 2, 3]
    assert got[1] == pytest.approx(spread[1] * np.sqrt(np.sum((got[others] / spread[others]) ** 2)))
    assert got.sum() == pytest.approx(1.0)


def test_it_selects_correctly_more_often_than_equal_allocation() -> None:
    """With the same replications, its errors are fewer than equal allocation's by a clear margin."""
    runs, total = 400, 400
    right = np.mean(
        [ocba(NAMES, sampler(s), confidence=1.0, first=10, batch=2, most=total).best == "d0" for s in range(runs)]
    )
    equal = chance_of_equal(total / 10)
    print(f"{total} replications: OCBA {right:.3f}, equal {equal:.3f}")
    assert stats.binom.sf(round(right * runs) - 1, runs, equal) < 1e-3


def test_the_exact_chance_is_that_of_equal_allocation() -> None:
    wins = np.mean([np.argmax(sampler(s)(NAMES, 0, 40).mean(axis=1)) == 0 for s in range(2000)])
    assert wins == pytest.approx(chance_of_equal(40), abs=4 * 0.5 / np.sqrt(2000))


def test_where_it_stops_it_is_right_as_often_as_it_says() -> None:
    found = [ocba(NAMES, sampler(s), delta=0.5, confidence=0.9, first=20, batch=5) for s in range(200)]
    assert all(f.decided and f.sure is not None and f.sure >= 0.9 for f in found)
    assert sum(f.best == "d0" for f in found) >= 180 - 2 * np.sqrt(200 * 0.9 * 0.1)
    spent = np.mean([sum(f.replications.values()) for f in found])
    assert chance_of_equal(spent / 10) < 0.9
    assert found[0].to_json()["method"] == "OCBA"


def test_the_bound_is_below_the_truth_and_ties_are_no_trouble() -> None:
    counts = np.full(10, 100)
    assert surely(MEANS, np.full(10, SPREAD), counts) <= chance_of_equal(100)
    assert np.isfinite(shares(np.zeros(3), np.zeros(3))).all()
    same = ocba(["a", "b"], lambda names, start, count: np.ones((len(names), count)), delta=0.1)
    assert same.decided


def test_a_budget_that_is_spent_says_so() -> None:
    found = ocba(NAMES, sampler(1), confidence=0.9999, most=300)
    assert not found.decided
    assert sum(found.replications.values()) == 300
    with pytest.raises(InferenceError, match="two or more different options"):
        ocba(["a", "a"], sampler(1))
