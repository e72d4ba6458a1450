"""The simultaneous band: its coverage is what it says, by an independent simulation."""

import numpy as np
import pytest

from vitruvian.core.errors import InferenceError
from vitruvian.verbs.rankband import rank_band


@pytest.mark.parametrize(("n", "confidence"), [(40, 0.95), (200, 0.95), (200, 0.99)])
def test_uniform_samples_leave_the_band_as_often_as_it_says(n: int, confidence: float) -> None:
    band = rank_band(n, confidence)
    rng = np.random.default_rng(1)
    inside = np.mean([band.holds(rng.uniform(size=n)) for _ in range(4000)])
    # counts are discrete, so the band may cover a little more; three standard errors below is a wrong band
    error = 3 * np.sqrt(confidence * (1 - confidence) / 4000)
    assert confidence - error < inside < confidence + (1 - confidence) / 2 + error


def test_the_simultaneous_band_is_wider_than_the_pointwise_one() -> None:
    from scipy.stats import binom

    band = rank_band(200, 0.95)
    assert (band.low < binom.ppf(0.025, 200, band.points)).all()
    assert (band.high > binom.ppf(0.975, 200, band.points)).all()


@pytest.mark.parametrize("shape", [(0.6, 0.6), (1.8, 1.8), (1.0, 1.5)], ids=["narrow", "wide", "biased"])
def test_ranks_that_are_not_uniform_leave_the_band(shape: tuple[float, float]) -> None:
    ranks = np.random.default_rng(2).beta(*shape, size=200)
    assert not rank_band(200, 0.99).holds(ranks)


def test_a_band_is_for_its_own_number_of_values() -> None:
    with pytest.raises(InferenceError, match="is for 40 values"):
        rank_band(40, 0.95).holds(np.zeros(41))
