"""Calibrate, forecast and compare on the infusion, against exact answers."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.core.errors import BeliefError, CapabilityError, FieldError, InferenceError, KindError
from vitruvian.core.forcing import Forcing
from vitruvian.core.keys import generator
from vitruvian.core.latents import Latents
from vitruvian.core.noise import Discrepancy, Gaussian
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.engines.inference.laplace import gauss_newton
from vitruvian.engines.inference.observing import Observing
from vitruvian.kinds.infusion import KIND, Bolus, Infusion
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.compare import AS_PLANNED, compare
from vitruvian.verbs.fitted import fitted
from vitruvian.verbs.forecast import forecast

HOUR = 3600.0
TRUTH = np.array([[0.7, -0.5]])
EXAMPLE = KIND.example()
TIMES = EXAMPLE.observed["concentration"]


def synthetic(seed: int = 1, kind: Infusion = KIND) -> Twin:
    forcing = kind.compile(EXAMPLE.case, Record.empty(), 0.0, 24 * HOUR, np.inf)
    theta = Latents.of(kind.parameters, forcing).theta(TRUTH)
    out, _ = kind.run(theta, forcing, Request({"concentration": TIMES}), np.zeros(1))
    noise = 0.5 * generator(seed, "test").standard_normal(len(TIMES))
    return Twin(kind, EXAMPLE.case, Record.of("concentration", TIMES, out["concentration"][0] + noise))


@pytest.fixture(scope="module")
def twin() -> Twin:
    return calibrate(synthetic())


def test_gauss_newton_on_a_linear_model_is_the_exact_gaussian_posterior():
    rng = np.random.default_rng(3)
    a, y = rng.standard_normal((12, 4)), rng.standard_normal(12)
    mean, root = rng.standard_normal(4), rng.standard_normal((4, 4))
    prior = root @ root.T + np.eye(4)
    found = gauss_newton(lambda z: (a @ z - y, a), mean, prior)
    covariance = np.linalg.inv(a.T @ a + np.linalg.inv(prior))
    exact = covariance @ (a.T @ y + np.linalg.solve(prior, mean))
    assert found.converged
    assert np.allclose(found.mode, exact, atol=1e-4)
    assert np.allclose(found.covariance, covariance, rtol=1e-8)


def test_the_posterior_is_the_one_a_fine_grid_gives(twin: Twin):
    grid = np.linspace(-2.5, 2.5, 161)
    z = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1).reshape(-1, 2)
    forcing = KIND.compile(twin.case, twin.record, *twin.belief.window, np.inf)
    seen = Observing.of(KIND, forcing, twin.record)
    theta = seen.layout.theta(z)
    out, _ = KIND.run(theta, forcing, seen.request, np.zeros(len(z)))
    logp = -0.5 * (seen.residuals(out, theta) ** 2).sum(axis=1) - 0.5 * (z**2).sum(axis=1)
    w = np.exp(logp - logp.max())
    w /= w.sum()
    mean, var = w @ z, w @ (z - w @ z) ** 2
    b = calibrate(twin, members=4000).belief
    assert np.abs(b.z.mean(axis=0) - mean).max() < 0.15 * np.sqrt(var).max()  # Laplace: the mode, not the mean
    assert np.allclose(b.z.std(axis=0), np.sqrt(var), rtol=0.1)


def test_learned_is_the_share_of_prior_variance_gone(twin: Twin):
    b = twin.believed()
    for k, name in enumerate(b.names):
        assert b.learned()[name] == pytest.approx(1 - b.z[:, k].var(), abs=1e-9)
    assert "Learned from 12 readings" in forecast(twin, Request.of({"concentration": [30 * HOUR]})).basis.sentence()


def test_a_forecast_starts_where_the_belief_stands_and_spreads(twin: Twin):
    at = twin.believed().at
    f = forecast(twin, Request.of({"concentration": at + np.arange(13) * HOUR, "exposure": [(at, at + 12 * HOUR)]}))
    seen = fitted(twin)
    assert np.allclose(f["concentration"].values[:, 0], seen.items["concentration"].values[:, -1], rtol=1e-9)
    hourly = f["concentration"].values
    trapezoid = 0.5 * (hourly[:, 1:] + hourly[:, :-1]).sum(axis=1)
    assert np.allclose(f["exposure"].values[:, 0], trapezoid, rtol=5e-3)
    assert (f["concentration"].quantile(0.95) >= f["concentration"].quantile(0.05)).all()
    assert f.to_xarray()["concentration"].shape == (200, 13)


def test_options_meet_the_same_draws(twin: Twin):
    at = twin.believed().at
    dose = Bolus(at=at + 6 * HOUR, dose=300.0)
    request = Request.of({"concentration": at + np.arange(13) * HOUR})
    c = compare(twin, {"bolus": [dose]}, request)
    difference = c.difference("bolus", "concentration")
    assert np.array_equal(difference.values[:, :6], np.zeros((200, 6)))
    volume = Latents.of(KIND.parameters, Forcing(0, 1)).theta(twin.believed().z)["V"] * 70.0
    assert np.allclose(difference.values[:, 6], 300.0 / volume, rtol=1e-9)
    assert c.against == AS_PLANNED


def test_refusals_say_what_to_do(twin: Twin):
    at = twin.believed().at
    with pytest.raises(FieldError, match="in the past of the belief"):
        compare(twin, {"late": [Bolus(at=at - 1.0, dose=1.0)]}, Request.of({"concentration": [at]}))
    with pytest.raises(KindError, match="before the belief"):
        forecast(twin, Request.of({"concentration": [0.0]}))
    with pytest.raises(BeliefError, match="calibrate it first"):
        forecast(synthetic(), Request.of({"concentration": [at]}))
    with pytest.raises(InferenceError, match="no reading"):
        calibrate(Twin(KIND, EXAMPLE.case))
    with pytest.raises(CapabilityError, match="no exact likelihood"):
        calibrate(synthetic(), method="exact")


def test_outside_the_envelope_is_said(twin: Twin):
    at = twin.believed().at
    c = compare(twin, {"big": [Bolus(at=at, dose=590.0)]}, Request.of({"concentration": [at + HOUR]}))
    assert any("Bolus.dose = 590 mg is outside 0 to 500" in w for w in c.warnings)


def test_only_what_was_known_is_used(twin: Twin):
    late = Record.of("concentration", TIMES[-1:] + 60.0, np.array([99.0]), known_at=np.array([30 * HOUR]))
    spoiled = calibrate(twin.observe(late), known_at=24 * HOUR)
    assert np.array_equal(spoiled.belief.z, calibrate(twin, known_at=24 * HOUR).belief.z)


class Drifting(Infusion):
    """The infusion with a declared discrepancy: the residual's conditional law is exact Gaussian algebra."""

    discrepancies = {"concentration": Discrepancy(1.0, 6 * HOUR)}


def test_the_discrepancy_at_the_end_is_the_gaussian_conditional():
    kind = Drifting()
    drifting = synthetic(kind=kind)
    belief = calibrate(drifting, members=6000, window=(0.0, TIMES[-1])).believed()
    forcing = kind.compile(drifting.case, drifting.record, 0.0, TIMES[-1], np.inf)
    theta = Latents.of(kind.parameters, forcing).theta(belief.z)
    out, _ = kind.run(theta, forcing, Request({"concentration": TIMES}), np.zeros(6000))
    residual = drifting.record.value - out["concentration"]
    k = np.exp(-np.abs(TIMES[:, None] - TIMES) / (6 * HOUR))
    gain = np.linalg.solve(k + 0.25 * np.eye(len(TIMES)), k[-1])
    expected_sd = np.sqrt(1.0 - k[-1] @ gain)
    left = belief.residual["concentration"] - residual @ gain
    assert abs(left.mean()) < 4 * expected_sd / np.sqrt(6000)
    assert left.std() == pytest.approx(expected_sd, rel=0.04)


def test_a_reading_at_the_sensors_limit_says_nothing_against_values_beyond():
    noise = Gaussian("concentration", sd=0.5)
    y, times = np.array([10.0, 10.0]), np.array([0.0, 1.0])
    plain = noise.log_likelihood(y, np.array([[14.0, 10.0]]), times, {})
    at_limit = noise.log_likelihood(y, np.array([[14.0, 10.0]]), times, {}, np.array([1, 0]))
    assert at_limit > plain + 20
