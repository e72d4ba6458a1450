"""Simulation-based calibration: exact posteriors pass, posteriors that are too sure fail; simulated readings."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from vitruvian.core.belief import Belief
from vitruvian.core.errors import KindError
from vitruvian.core.keys import generator
from vitruvian.core.noise import Discrepancy, Gaussian
from vitruvian.core.record import Record
from vitruvian.kinds.infusion import KIND, Infusion
from vitruvian.verbs.rankband import rank_band
from vitruvian.verbs.sbc import _ranks, sbc
from vitruvian.verbs.simulate import Simulated, simulate, simulate_example


def test_the_default_method_of_the_infusion_is_calibrated() -> None:
    done: list[float] = []
    found = sbc(KIND, 60, seed=3, progress=done.append)
    assert found.inside, found.to_json()
    assert found.method == "laplace"
    assert min(found.learned.values()) > 0.9
    assert done[-1] == 1.0
    assert len(done) == 60


def test_a_sensor_that_is_worse_than_declared_is_found() -> None:
    found = sbc(_Noisier(), 60, seed=3)
    assert not found.inside


class _Worse(Gaussian):
    """Samples with twice the sd that its likelihood believes in."""

    def sample(
        self, rng: np.random.Generator, mean: np.ndarray, times: np.ndarray, theta: Mapping[str, Any]
    ) -> np.ndarray:
        return mean + 2.0 * self.sd * rng.standard_normal(np.shape(mean))


class _Noisier(Infusion):
    noises = (_Worse("concentration", sd=0.5),)


@pytest.mark.parametrize("weighted", [False, True])
def test_ranks_of_exact_posterior_draws_are_uniform(weighted: bool) -> None:
    rng = np.random.default_rng(4)
    values = []
    for r in range(400):
        truth = rng.standard_normal()
        z = rng.standard_normal((50, 1))
        weights = np.full(50, 0.02)
        if weighted:  # importance weights from a proposal N(0.5, 1)
            z = z + 0.5
            weights = np.exp(-0.5 * z[:, 0] ** 2 + 0.5 * (z[:, 0] - 0.5) ** 2)
            weights /= weights.sum()
        belief = Belief("k", "1", ("a",), z, weights, 0.0, 0.0, "exact", 0)
        told = Simulated(Record.empty(), ("a",), np.array([truth]))
        values.append(_ranks(told, belief, generator(5, r))["a"])
    assert rank_band(400, 0.99).holds(np.array(values))


def test_ties_are_broken_at_random() -> None:
    belief = Belief("k", "1", ("a",), np.zeros((50, 1)), np.full(50, 0.02), 0.0, 0.0, "exact", 0)
    told = Simulated(Record.empty(), ("a",), np.zeros(1))
    values = np.array([_ranks(told, belief, generator(6, r))["a"] for r in range(400)])
    assert rank_band(400, 0.99).holds(values)


def test_simulated_readings_have_the_declared_noise() -> None:
    example = KIND.example()
    z = np.zeros(2)
    quiet = np.arange(1.0, 25.0) * 3600
    errors = []
    for seed in range(200):
        told = simulate(KIND, example.case, {"concentration": quiet}, 0.0, seed=seed, z=z)
        errors.append(told.record.value)
    spread = np.std(np.array(errors), axis=0)
    # sd 0.5 from 200 draws: relative standard error 1/sqrt(400)
    assert np.abs(spread / 0.5 - 1).max() < 4 / np.sqrt(400)


def test_the_discrepancy_of_a_kind_is_in_its_simulated_readings() -> None:
    kind = _Wandering()
    when = np.array([3600.0, 7200.0])
    z = np.zeros(2)
    rows = np.array(
        [
            simulate(kind, kind.example().case, {"concentration": when}, 0.0, seed=s, z=z).record.value
            for s in range(800)
        ]
    )
    covariance = np.cov(rows.T)
    expected = Discrepancy(2.0, 3600.0).covariance(when, when) + 0.25 * np.eye(2)
    # standard error of a covariance of 4 from 800 draws: about 0.2
    assert np.abs(covariance - expected).max() < 0.8


class _Wandering(Infusion):
    discrepancies = {"concentration": Discrepancy(2.0, 3600.0)}


def test_nothing_observed_is_refused() -> None:
    example = dataclasses.replace(KIND.example(), observed={})
    with pytest.raises(KindError, match="nothing is observed"):
        simulate(KIND, example.case, example.observed, 0.0, seed=1)


def test_the_same_seed_simulates_the_same_record() -> None:
    assert simulate_example(KIND, seed=7)[1].record.digest() == simulate_example(KIND, seed=7)[1].record.digest()
    assert simulate_example(KIND, seed=7)[1].record.digest() != simulate_example(KIND, seed=8)[1].record.digest()
