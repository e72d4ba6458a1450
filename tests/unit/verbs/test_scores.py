"""Scores against closed forms: Gaussian CRPS, expected interval score, uniform PIT, binomial bands."""

import numpy as np
import pytest
from scipy.stats import norm

from vitruvian.core.keys import generator
from vitruvian.verbs.rankband import rank_band
from vitruvian.verbs.scores import central, coverage_band, crps, crps_gaussian, effective_size, pit, winkler


def equal(members: int) -> np.ndarray:
    return np.full(members, 1.0 / members)


@pytest.mark.parametrize("members", [2, 5, 50])
def test_fair_crps_is_unbiased_for_the_gaussian_closed_form(members: int) -> None:
    truth = np.full(40_000, 0.7)
    values = 0.3 + 1.2 * generator(1, "crps", members).standard_normal((members, len(truth)))
    scores = crps(values, equal(members), truth)
    exact = crps_gaussian(np.array(0.3), np.array(1.2), np.array(0.7))
    assert abs(scores.mean() - exact) < 4 * scores.std() / np.sqrt(len(truth))
    # the plain estimator, with pairs of a member and itself, is biased by E|X - X'| / (2 M) = sd / (M sqrt(pi))
    plain = (
        np.abs(values - truth).mean(axis=0) - np.abs(values[:, None] - values[None]).mean(axis=(0, 1))[None] / 2
        if members == 5
        else None
    )
    if plain is not None:
        assert plain.mean() - exact == pytest.approx(1.2 / (5 * np.sqrt(np.pi)), rel=0.1)


def test_crps_of_a_weighted_ensemble_is_that_of_the_distribution_it_stands_for() -> None:
    rng = generator(2, "weighted")
    values = 3.0 * rng.standard_normal((60_000, 1))  # drawn from N(0, 9), weighted to N(1, 1)
    weights = np.exp(norm.logpdf(values[:, 0], 1.0, 1.0) - norm.logpdf(values[:, 0], 0.0, 3.0))
    weights /= weights.sum()
    for truth in (-1.0, 0.5, 3.0):
        exact = float(crps_gaussian(np.array(1.0), np.array(1.0), np.array(truth)))
        assert crps(values, weights, np.array([truth]))[0] == pytest.approx(exact, abs=0.02)


def test_crps_of_one_member_is_its_absolute_error() -> None:
    assert crps(np.array([[2.0, 5.0]]), np.ones(1), np.array([3.0, 1.0])).tolist() == [1.0, 4.0]


def test_the_truth_scores_better_than_a_forecast_that_is_off_or_too_sure() -> None:
    truth = generator(3, "truth").standard_normal(20_000)
    at = {
        name: crps_gaussian(np.full(len(truth), m), np.full(len(truth), s), truth).mean()
        for name, m, s in (("true", 0.0, 1.0), ("off", 0.3, 1.0), ("sure", 0.0, 0.6), ("vague", 0.0, 1.7))
    }
    assert min(at, key=at.__getitem__) == "true"
    assert at["true"] == pytest.approx(1 / np.sqrt(np.pi), rel=0.02)  # E CRPS of the true Gaussian


def test_interval_score_has_the_expectation_of_its_closed_form() -> None:
    z = norm.ppf(0.95)
    truth = generator(4, "winkler").standard_normal(200_000)
    exact = 2 * z + (2 / 0.1) * 2 * (norm.pdf(z) - z * norm.sf(z))
    assert winkler(np.full(len(truth), -z), np.full(len(truth), z), truth, 0.9).mean() == pytest.approx(exact, rel=0.01)


@pytest.mark.parametrize("members", [3, 20])
def test_randomised_pit_of_counts_is_uniform(members: int) -> None:
    rng = generator(5, "counts", members)
    n = 1000
    values, truth = rng.poisson(2.0, (members, n)).astype(float), rng.poisson(2.0, n).astype(float)
    u = pit(values, equal(members), truth, rng.uniform(size=n))
    assert rank_band(n).holds(u)
    assert not rank_band(n).holds(pit(values, equal(members), truth + 0.5, rng.uniform(size=n)))


def test_coverage_band_holds_a_calibrated_forecast_as_often_as_it_says() -> None:
    levels, n, trials = (0.5, 0.8, 0.9, 0.95), 300, 20_000
    low, high = coverage_band(n, levels)
    u = generator(6, "band").uniform(size=(trials, n))
    share = np.stack([(central(u) <= level).mean(axis=1) for level in levels], axis=1)
    inside = ((share >= low) & (share <= high)).all(axis=1).mean()
    assert 0.988 <= inside <= 0.996  # simultaneous 99 %, discrete counts make it a little more
    assert low[2] < 0.9 < high[2]


def test_levels_of_the_band_may_stand_in_any_order() -> None:
    forth, back = coverage_band(100, (0.5, 0.9)), coverage_band(100, (0.9, 0.5))
    assert forth[0].tolist() == back[0][::-1].tolist()


def test_readings_that_repeat_within_a_subject_count_once() -> None:
    rng, levels = generator(7, "clusters"), np.array([0.5, 0.9])
    once = rng.uniform(size=400)[:, None] <= levels
    copies, subject = np.repeat(once, 5, axis=0), np.repeat(np.arange(400), 5)
    assert effective_size(copies, levels, subject) == pytest.approx(400, rel=0.15)
    assert effective_size(once, levels, np.arange(400) // 5) == pytest.approx(400, rel=0.25)
    assert effective_size(once, levels, np.zeros(400)) == 400.0
