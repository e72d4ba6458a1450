"""The vitals twin: exact where it says so, calibrated on its own patients, and what it learns is what made the data."""

from dataclasses import replace

import numpy as np
import pytest

from vitruvian.core.case import Case
from vitruvian.core.keys import generator
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.engines.ouchannels import Population, conditioned, predicted, start
from vitruvian.engines.pasts import Readings
from vitruvian.kinds.vitals import KIND, Patient, walk
from vitruvian.kinds.vitals.channels import FOLLOWED, SCALES
from vitruvian.kinds.vitals.given import GiveFluid, SetNoradrenaline, SetOxygen, given, shift
from vitruvian.kinds.vitals.learning import learn_population
from vitruvian.kinds.vitals.tracking import LEVELS
from vitruvian.models.icu.stays import STATIC, Stays
from vitruvian.verbs.assimilate import assimilate
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.forecast import forecast

pytestmark = pytest.mark.science
HOUR = 3600.0


def chart(seed=2, hours=24) -> Record:
    rng = np.random.default_rng(seed)
    t = np.arange(1.0, hours + 1) * HOUR
    rows = [Record.of("heart_rate", t, 95 + 5 * rng.normal(size=hours))]
    rows.append(Record.of("mean_pressure", t, 72 + 5 * rng.normal(size=hours)))
    rows.append(Record.of("creatinine", t[::6], np.linspace(1.0, 1.6, len(t[::6]))))
    return Record.join(rows)


def test_the_track_is_the_dense_system():
    record, at = chart(), 26 * HOUR
    channel = np.array([FOLLOWED.index(n) for n in record.observable.tolist()])
    z = np.array([float(SCALES[i].to(np.array(v))) for i, v in zip(channel, record.value, strict=True)])
    batch = conditioned(KIND.population_, record.valid_time / HOUR, channel, z, at / HOUR)
    stream = KIND.track(record, at).state
    np.testing.assert_allclose(stream.mean, batch.mean, atol=1e-8)
    np.testing.assert_allclose(stream.covariance, batch.covariance, atol=1e-8)


def test_the_members_are_draws_from_the_exact_posterior():
    record, at, n = chart(), 24 * HOUR, 4000
    theta = {"restlessness": np.ones(n)}
    state = KIND.state_from(Case(Patient()), record, at, theta, np.arange(n, dtype=np.uint64))
    x = KIND.to_vector(state)
    exact = KIND.track(record, at).state
    sd = np.sqrt(np.diag(exact.covariance))
    assert np.abs((x.mean(axis=0) - exact.mean) / sd).max() < 4.5 / np.sqrt(n)
    np.testing.assert_allclose(x.std(axis=0) / sd, 1.0, atol=0.06)


def test_a_walk_has_the_exact_law():
    p, n = KIND.population_, 3000
    seeds = np.arange(n, dtype=np.uint64)
    x = walk.beginning(p, seeds, np.ones(n))
    for h in range(3):
        x = walk.step(p, x, seeds, np.ones(n), float(h), h + 1.0)
    still = np.sqrt(np.diag(p.stationary))
    np.testing.assert_allclose(x.std(axis=0) / still, 1.0, atol=0.07)
    found = np.corrcoef(x[:, :9].T)
    level = np.sqrt(np.diag(p.level))[:9]
    np.testing.assert_allclose(found, p.level[:9, :9] / np.outer(level, level), atol=0.09)


def test_the_ensemble_filter_is_near_the_exact_one():
    record = chart()
    twin = calibrate(Twin(KIND, Case(Patient()), record.until(20 * HOUR)), members=400, seed=3)
    twin = assimilate(twin, record.between(20.5 * HOUR, 24 * HOUR))
    told = forecast(twin, Request.of({"heart_rate": [25 * HOUR]}), seed=3)["heart_rate"]
    i = FOLLOWED.index("heart_rate")
    mean, variance = predicted(KIND.population_, KIND.track(record, 24 * HOUR).state, 25.0).moments(KIND.population_, i)
    sd = np.sqrt(variance - KIND.population_.noise[i] ** 2)
    assert abs(told.mean()[0] - mean) < 0.5 * sd


def test_what_is_not_charted_widens_to_the_population():
    record = chart()
    near = KIND.foreseen(record, 24 * HOUR, "heart_rate", [1.0])[0]
    far = KIND.foreseen(record, 24 * HOUR, "heart_rate", [6.0])[0]
    assert far[-2] - far[1] > near[-2] - near[1]
    nothing = start(KIND.population_, 0.0)
    later = predicted(KIND.population_, KIND.track(record, 24 * HOUR).state, 24.0 + 5000.0)
    np.testing.assert_allclose(later.covariance, nothing.covariance, atol=1e-6)


def test_doubted_readings_move_nothing():
    odd = Record.of("heart_rate", np.array([23.5 * HOUR]), np.array([-4.0]))
    both = Record.join([chart(), odd])
    assert KIND.track(both, 24 * HOUR).state.mean.tobytes() == KIND.track(chart(), 24 * HOUR).state.mean.tobytes()
    forcing = KIND.compile(Case(Patient()), both, 0.0, 24 * HOUR, np.inf)
    sd = KIND.trusted(both, forcing).sd[both.observable == "heart_rate"]
    assert np.nanmax(sd) > 1e5
    assert KIND.trusted(chart(), forcing).sd is not None


def test_the_population_that_made_the_data_is_learned():
    """Synthetic stays from a known population: noise, level, swing and tau come back."""
    c = len(FOLLOWED)
    truth = KIND.population_
    rng = generator(9, "synthetic charts")
    count, hours = 400, np.arange(0.0, 48.0)
    made: dict[str, list[np.ndarray]] = {n: [] for n in FOLLOWED}
    roots = walk.root(truth.level), walk.root(truth.swing)
    level = rng.normal(size=(count, c)) @ roots[0].T
    swing = rng.normal(size=(count, c)) @ roots[1].T
    phi = np.exp(-1.0 / truth.tau)
    step = walk.root((1 - np.outer(phi, phi)) * truth.swing)
    values = np.empty((len(hours), count, c))
    for k in range(len(hours)):
        values[k] = truth.mean + level + swing + truth.noise * rng.normal(size=(count, c))
        swing = phi * swing + rng.normal(size=(count, c)) @ step.T
    readings = {}
    for i, name in enumerate(FOLLOWED):
        whose = np.tile(np.arange(count), len(hours))
        readings[name] = Readings.of(whose, np.repeat(hours, count), SCALES[i].back(values[:, :, i].ravel()))
    assert made.keys() == readings.keys()
    static = {n: np.full(count, np.nan) for n in STATIC}
    unit = np.full(count, "synthetic", dtype=object)
    stays = Stays(np.arange(count), static, readings, {}, np.full(count, 47.0), unit, {})
    found: Population = learn_population(stays, "synthetic")
    for name in ("heart_rate", "mean_pressure", "temperature"):
        i = FOLLOWED.index(name)
        whole = truth.level[i, i] + truth.swing[i, i] + truth.noise[i] ** 2
        again = found.level[i, i] + found.swing[i, i] + found.noise[i] ** 2
        assert again == pytest.approx(whole, rel=0.25), name
        assert found.noise[i] ** 2 / again == pytest.approx(truth.noise[i] ** 2 / whole, abs=0.15), name


def test_quantiles_are_in_order_and_inside_limits():
    for name in ("spo2", "gcs", "urine", "creatinine"):
        q = KIND.foreseen(chart(), 24 * HOUR, name, [1.0, 6.0])
        assert q.shape == (2, len(LEVELS))
        assert (np.diff(q, axis=1) >= 0).all()
        assert q.min() >= SCALES[FOLLOWED.index(name)].channel.low
        assert q.max() <= SCALES[FOLLOWED.index(name)].channel.high


def test_a_report_shows_what_is_missing():
    sections = KIND.sections(Case(Patient()), chart())
    charted = {row[0]: row for row in sections[0].rows}
    assert charted["heart rate"][5] == "24"
    assert charted["lactate"][2] == "never"
    assert KIND.sections(Case(Patient()), Record.empty()) == ()


def test_what_is_given_moves_the_forecast_from_then_on_and_not_the_patient():
    record, at = chart(), 24 * HOUR
    plain = calibrate(Twin(KIND, Case(Patient()), record), seed=1)
    ahead = {"mean_pressure": at + np.array([0.0, 1.0, 6.0]) * HOUR, "spo2": at + np.array([1.0]) * HOUR}
    planned = Case(Patient(), (SetNoradrenaline(at=at + 0.5 * HOUR, rate=0.2, known_at=at),
                               SetOxygen(at=at, fraction=40.0, known_at=at)))  # fmt: skip
    told = [forecast(replace(plain, case=c), Request.of(ahead), seed=1) for c in (plain.case, planned)]
    pressure = [f["mean_pressure"].mean() for f in told]
    assert pressure[1][0] == pressure[0][0], "not before it is given"
    np.testing.assert_allclose(pressure[1][2] - pressure[0][2], 40.0 * 0.2 / 0.55, atol=0.2)
    assert 0.5 < told[1]["spo2"].mean()[0] - told[0]["spo2"].mean()[0] < 4.0


def test_a_pressure_held_up_by_a_drug_is_not_taken_for_the_patients_own():
    t = np.arange(1.0, 25.0) * HOUR
    record = Record.of("mean_pressure", t, np.full(24, 75.0))
    drug = Case(Patient(), (SetNoradrenaline(at=0.0, rate=0.2),))
    i = FOLLOWED.index("mean_pressure")
    own = [KIND.track(record, 24 * HOUR, case=c).state.moments(KIND.population_, i)[0] for c in (Case(Patient()), drug)]
    assert own[0] - own[1] > 10.0
    stopped = Case(Patient(), (*drug.timeline, SetNoradrenaline(at=24.0 * HOUR, rate=0.0, known_at=20 * HOUR)))
    ahead = Request.of({"mean_pressure": np.array([26.0]) * HOUR})
    kept, without = (
        forecast(calibrate(Twin(KIND, c, record), seed=1), ahead, seed=1)["mean_pressure"].mean()[0]
        for c in (drug, stopped)
    )
    assert kept - without == pytest.approx(40.0 * 0.2 / 0.55, abs=1.5)


def test_a_bolus_passes():
    f = given(Case(Patient(), (GiveFluid(at=0.0, volume=500.0),)), 0.0, HOUR, 0.0)
    told = [shift(f, "mean_pressure", h * HOUR) for h in (-0.1, 0.0, 1.5, 12.0)]
    np.testing.assert_allclose(told, [0.0, 6.0, 6.0 / np.e, 0.0], atol=0.01)
    assert shift(f, "temperature", 0.0) == 0.0
