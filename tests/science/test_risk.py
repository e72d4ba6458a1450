"""The risk: its fit finds known weights, its weights are those shipped, and its answers use what was known."""

import json

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import chi2

from vitruvian.core.case import Case
from vitruvian.core.errors import BeliefError, CapabilityError, InferenceError
from vitruvian.core.kind import Causal
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.engines.logistic import Weights, fit_logistic
from vitruvian.engines.table import HOUR, Table
from vitruvian.kinds.risk import KIND, DeteriorationRisk, Patient
from vitruvian.kinds.risk.evidence import verification
from vitruvian.kinds.risk.generator import ward
from vitruvian.kinds.risk.patient import EVENT
from vitruvian.kinds.risk.shipped import PATIENTS, SEED, shipped_weights, synthetic_table
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.compare import compare
from vitruvian.verbs.forecast import forecast
from vitruvian.verbs.sbc import sbc

NONE = {p.name: np.zeros(1) for p in KIND.parameters}  # the posterior mean


def table(x: np.ndarray, y: np.ndarray) -> Table:
    names = tuple(f"x{k}" for k in range(x.shape[1]))
    return Table(names, x, y, np.arange(len(y)).astype(str).astype(object), np.zeros(len(y)), "drawn")


def test_known_weights_are_found() -> None:
    """20,000 landmarks with known weights: the squared Mahalanobis distance is chi-squared."""
    rng = np.random.default_rng(5)
    x, truth = rng.normal([10.0, -3.0, 0.0], [2.0, 0.5, 1.0], (20_000, 3)), np.array([-2.5, 0.8, -0.5, 0.0])
    eta = truth[0] + ((x - x.mean(0)) / x.std(0)) @ truth[1:]
    fit = fit_logistic(
        table(x, (rng.uniform(size=len(x)) < expit(eta)).astype(float)), np.zeros(4), np.full(4, 10.0), "drawn"
    )
    gap = fit.mean - truth
    assert gap @ np.linalg.solve(fit.covariance, gap) < chi2.ppf(0.999, 4)
    assert np.sqrt(np.diag(fit.covariance)).max() < 0.04


def test_the_posterior_mean_of_few_events_is_that_of_quadrature() -> None:
    """Three events in 40, intercept only: the corrected mean beats the mode several times over."""
    y = np.r_[np.ones(3), np.zeros(37)]
    m0, s0 = -2.0, 1.5

    def density(w: float) -> float:
        return float(np.exp(3 * w - 40 * np.logaddexp(0, w) - 0.5 * ((w - m0) / s0) ** 2 + 12.0))

    total = quad(density, -9, 4)[0]
    exact = quad(lambda w: w * density(w), -9, 4)[0] / total
    fit = fit_logistic(table(np.zeros((40, 1)), y), np.array([m0, 0.0]), np.array([s0, 1.0]), "")
    grid = np.linspace(-9, 4, 200_001)
    mode = grid[np.argmax([3 * grid - 40 * np.logaddexp(0, grid) - 0.5 * ((grid - m0) / s0) ** 2])]
    assert abs(fit.mean[0] - exact) < 0.25 * abs(mode - exact)


def test_separated_outcomes_do_not_run_away() -> None:
    x = np.linspace(-1, 1, 30)[:, None]
    fit = fit_logistic(table(x, (x[:, 0] > 0).astype(float)), np.zeros(2), np.ones(2), "")
    assert 0.5 < fit.mean[1] < 6.0
    with pytest.raises(InferenceError, match="neither 0 nor 1"):
        fit_logistic(table(x, np.full(30, np.nan)), np.zeros(2), np.ones(2), "")


@pytest.fixture(scope="module")
def fitted() -> DeteriorationRisk:
    return DeteriorationRisk().fit(synthetic_table(PATIENTS, SEED), seed=0)


def test_the_shipped_weights_are_those_of_the_fit(fitted: DeteriorationRisk) -> None:
    shipped = shipped_weights()
    assert "synthetic" in shipped.origin
    assert fitted.weights.origin == shipped.origin
    for name in ("centre", "scale", "mean", "covariance"):
        np.testing.assert_allclose(getattr(fitted.weights, name), getattr(shipped, name), rtol=1e-6, atol=1e-9)


def test_the_artefact_is_the_content(fitted: DeteriorationRisk) -> None:
    assert KIND.artefact == shipped_weights().digest
    assert DeteriorationRisk().artefact == ""
    again = Weights.from_json(json.loads(json.dumps(fitted.weights.to_json())))
    assert again.digest == fitted.artefact
    other = fitted.weights.to_json()
    other["mean"] = [other["mean"][0] * (1 + 1e-8), *other["mean"][1:]]
    assert Weights.from_json(other).digest != fitted.artefact


def test_a_belief_of_other_weights_asks_for_recalibration(fitted: DeteriorationRisk) -> None:
    patient = ward(1, 9).patients[0]
    twin = calibrate(Twin(KIND, patient.case, patient.record), members=50)
    assert twin.believed().artefact == KIND.artefact
    with pytest.raises(BeliefError, match="recalibrate"):
        Twin(DeteriorationRisk(), patient.case, patient.record, twin.belief).believed()


@pytest.mark.parametrize("measure", [verification.calibrated_fit, verification.slope, verification.auc])
def test_claims_at_reduced_size(measure: object) -> None:
    found = measure("", None, None, True, lambda share: None)  # type: ignore[operator]
    assert found["met"], json.dumps(found, default=float)


def test_risk_over_a_window_is_that_of_its_hours() -> None:
    """Without any reading the hazard is constant once the windows have run dry: 1 - (1 - h)^n."""
    forcing = KIND.compile(Case(Patient(age=70.0)), Record.empty(), 0.0, 48 * HOUR, 0.0)
    request = Request.of({EVENT: [HOUR, 25 * HOUR], "risk": [[0, 6 * HOUR], [0, 0], [24 * HOUR, 24.5 * HOUR]]})
    out, _ = KIND.run(NONE, forcing, request, np.arange(1))
    h = out[EVENT][0]
    assert h[0] == h[1]
    np.testing.assert_allclose(out["risk"][0], [1 - (1 - h[0]) ** 6, 0.0, 1 - (1 - h[0]) ** 0.5], rtol=1e-12)


def test_worse_signs_raise_the_risk_from_when_they_are_known() -> None:
    """A bad reading at 5 h that becomes known at 8 h moves the hour that starts at 8 h, not the one at 7.9 h."""
    calm = Record.of("respiratory_rate", np.array([1.0, 3.0]) * HOUR, np.array([16.0, 17.0]))
    bad = Record.of("respiratory_rate", np.array([5.0]) * HOUR, np.array([34.0]), known_at=np.array([8.0]) * HOUR)
    at = np.array([8.9, 9.0]) * HOUR
    answers = []
    for record in (calm, Record.join([calm, bad])):
        forcing = KIND.compile(Case(Patient()), record, 0.0, 12 * HOUR, 12 * HOUR)
        answers.append(KIND.run(NONE, forcing, Request.of({EVENT: at}), np.arange(1))[0][EVENT][0])
    assert answers[1][0] == answers[0][0]
    assert answers[1][1] > 3 * answers[0][1]


def test_the_likelihood_is_that_of_the_outcomes() -> None:
    record = Record.of(EVENT, np.array([1.0, 2.0, 3.0]) * HOUR, np.array([0.0, 0.0, 1.0]))
    theta = {p.name: np.array([0.0, 1.0]) for p in KIND.parameters}
    found = KIND.log_likelihood(theta, Case(Patient()), record, 0.0, 3 * HOUR)
    forcing = KIND.compile(Case(Patient()), record, 0.0, 3 * HOUR, 3 * HOUR)
    h = KIND.run(theta, forcing, Request.of({EVENT: [HOUR, 2 * HOUR, 3 * HOUR]}), np.arange(2))[0][EVENT]
    np.testing.assert_allclose(found, np.log1p(-h[:, 0]) + np.log1p(-h[:, 1]) + np.log(h[:, 2]), rtol=1e-12)


def test_updating_by_the_own_outcomes_is_calibrated() -> None:
    found = sbc(DeteriorationRisk(), 60, seed=4, method="exact", members=200)
    assert found.inside, found.to_json()


def test_forecast_bands_hold_and_what_if_is_refused() -> None:
    patient = ward(3, 12).patients[2]
    twin = calibrate(Twin(KIND, patient.case, patient.record.until(24 * HOUR)), members=400)
    told = forecast(twin, Request.of({"risk": [24 * HOUR, 48 * HOUR], "heart_rate": [25 * HOUR]}))
    low, middle, high = (told["risk"].quantile(q)[0] for q in (0.05, 0.5, 0.95))
    assert 0.0 < low < middle < high < 1.0
    assert "Nothing in this answer was learned" in told.basis.sentence()
    pulse = patient.record.until(24 * HOUR).only("heart_rate")
    assert (told["heart_rate"].values == pulse.value[np.argmax(pulse.valid_time)]).all()
    assert not isinstance(KIND, Causal)
    with pytest.raises(CapabilityError):
        compare(twin, {"as is": ()}, Request.of({"risk": [24 * HOUR, 48 * HOUR]}))
