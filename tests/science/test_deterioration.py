"""The risk twin: what it rests on is the past, it is calibrated by what it was fitted on, it never sees the future."""

from dataclasses import replace

import numpy as np
import pytest

from vitruvian.core.case import Case
from vitruvian.core.keys import generator
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.engines.crossfit import Recipe, fit
from vitruvian.engines.oddsforest import Growth, OddsForest, grow
from vitruvian.engines.pasts import Landmarks, Readings
from vitruvian.engines.ridgelogistic import fit_ridge
from vitruvian.engines.stagedforest import StagedForest, grow_staged
from vitruvian.kinds.deterioration import KIND, Deterioration, Patient
from vitruvian.kinds.deterioration.evidence import measures
from vitruvian.kinds.deterioration.learning import onset_table
from vitruvian.kinds.deterioration.past import Past
from vitruvian.kinds.deterioration.timing import Ends, Onset
from vitruvian.kinds.deterioration.weights import Weights
from vitruvian.models.icu.channels import CHANNELS
from vitruvian.models.icu.columns import known
from vitruvian.models.icu.stays import Stays
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.forecast import forecast

pytestmark = pytest.mark.science
HOUR = 3600.0


def synthetic(count: int = 240, seed: int = 4) -> Stays:
    """Synthetic stays: a hidden severity moves heart rate, pressure, lactate and creatinine, and kills."""
    rng = generator(seed, "synthetic stays")
    severity = rng.normal(size=count)
    readings = {c.name: Readings(np.zeros(0, int), np.zeros(0), np.zeros(0)) for c in CHANNELS}
    moves = {"heart_rate": (85, 14, 8), "mean_pressure": (80, -9, 6), "lactate": (2.0, 1.0, 0.4)}
    moves |= {"creatinine": (1.2, 0.4, 0.1)}
    for name, (middle, move, sd) in moves.items():
        each = 12 if name in ("heart_rate", "mean_pressure") else 3
        whose = np.repeat(np.arange(count), each)
        value = middle + move * severity[whose] + sd * rng.normal(size=len(whose))
        readings[name] = Readings.of(whose, rng.uniform(0, 48, len(whose)), np.maximum(value, 0.3))
    death = (rng.uniform(size=count) < 1 / (1 + np.exp(2.0 - 1.8 * severity))).astype(float)
    static = {"age": rng.uniform(40, 90, count), "male": np.ones(count), "height": np.full(count, 170.0)}
    static["weight"] = np.full(count, 80.0)
    survival = np.where(death > 0, rng.integers(2, 12, count), -1.0)
    onset = np.where(rng.uniform(size=count) < 1 / (1 + np.exp(1.0 - severity)), rng.uniform(5, 40, count), np.nan)
    outcomes = {
        "death": death,
        "survival": survival,
        "length_of_stay": rng.integers(3, 20, count) * 1.0,
        "onset": onset,
    }
    names, unit = np.arange(count), np.full(count, "synthetic", dtype=object)
    return Stays(names, static, readings, outcomes, np.full(count, 48.0), unit, {})


SMALL = Recipe((Growth(30, 0.1, 6, 10, 0.5), Growth(30, 0.1, 6, 10, 0.5, random=True, monotone=True)), 30.0, folds=3)


def test_the_forest_is_lightgbms_own_with_gaps_and_all():
    lightgbm = pytest.importorskip("lightgbm")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 6)).astype(np.float32).astype(float)
    x[rng.uniform(size=x.shape) < 0.3] = np.nan
    y = (np.nan_to_num(x[:, 0]) - np.isnan(x[:, 1]) + 0.3 * rng.normal(size=400) > 0).astype(float)
    growth = Growth(20, 0.1, 8, 10, 1.0)
    ours = grow(x, y, growth, 3)
    settings = {"objective": "binary", "learning_rate": 0.1, "num_leaves": 8, "min_data_in_leaf": 10, "seed": 3}
    settings |= {"feature_fraction": 1.0, "lambda_l2": 0.0, "max_bin": 63, "num_threads": 1, "verbosity": -1}
    settings |= {"deterministic": True, "force_col_wise": True}
    theirs = lightgbm.train(settings, lightgbm.Dataset(x.astype(np.float32), y), 20).predict(x, raw_score=True)
    np.testing.assert_allclose(ours.predict(x), theirs, atol=1e-5)
    again = OddsForest.from_arrays(ours.to_arrays())
    assert again.digest == ours.digest


def test_a_monotone_column_is_monotone():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, 3))
    y = (x[:, 0] + rng.normal(size=500) > 0).astype(float)
    forest = grow(x, y, Growth(40, 0.1, 8, 10, 1.0, monotone=True), 1, [1, 0, 0])
    line = np.column_stack([np.linspace(-3, 3, 50), np.zeros(50), np.zeros(50)])
    assert (np.diff(forest.predict(line)) >= -1e-9).all()


def test_the_ridge_finds_a_known_slope():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(4000, 1))
    y = (rng.uniform(size=4000) < 1 / (1 + np.exp(1.0 - 1.5 * x[:, 0]))).astype(float)
    found = fit_ridge(x, y, 1.0).predict(np.array([[-1.0], [0.0], [1.0]]))
    np.testing.assert_allclose(found, [-2.5, -1.0, 0.5], atol=0.25)


def test_stages_are_learned_apart_and_interpolated_between():
    rng = np.random.default_rng(8)
    x = np.column_stack([np.repeat([12.0, 48.0], 600), rng.normal(size=1200)])
    sign = np.where(x[:, 0] == 12.0, 1.0, -1.0)  # what is good early is bad late
    y = (sign * x[:, 1] + 0.3 * rng.normal(size=1200) > 0).astype(float)
    growth = Growth(30, 0.1, 4, 20, 1.0, stages="hours")
    found = grow_staged(x, y, growth, 5, None, 0)
    early, late = found.predict(np.array([[12.0, 1.0], [48.0, 1.0]]))
    assert early > 1.0 > -1.0 > late
    asked = found.predict(np.array([[0.0, 1.0], [30.0, 1.0], [90.0, 1.0]]))
    np.testing.assert_allclose(asked, [early, 0.5 * (early + late), late])
    apart = grow(x[:600], y[:600], growth, 5)
    np.testing.assert_array_equal(found.forests[0].predict(x[:600]), apart.predict(x[:600]))
    again = StagedForest.from_arrays(found.to_arrays())
    assert again.digest == found.digest
    whole = fit(("hours", "a"), x, y, np.arange(1200), Recipe((growth,), folds=2), seed=1, origin="test").ensemble
    back = type(whole).from_arrays(whole.to_arrays())
    np.testing.assert_array_equal(back.risk(x), whole.risk(x))
    assert measures.area(whole.risk(x), y) > 0.9


def test_the_ensemble_survives_storage_and_is_calibrated_on_subjects_it_never_saw():
    rng = np.random.default_rng(3)
    n = 1200
    x = rng.normal(size=(n, 4))
    y = (rng.uniform(size=n) < 1 / (1 + np.exp(1.5 - 1.2 * x[:, 0] - x[:, 1]))).astype(float)
    found = fit(("a", "b", "c", "d"), x[:800], y[:800], np.arange(800), SMALL, seed=1, origin="test").ensemble
    again = type(found).from_arrays(found.to_arrays("e|"), "e|")
    assert again.digest == found.digest
    np.testing.assert_array_equal(again.risk(x), found.risk(x))
    slope, large = measures.slope_intercept(found.risk(x[800:]), y[800:])
    assert 0.7 < slope < 1.5
    assert abs(large) < 0.5
    assert measures.area(found.risk(x[800:]), y[800:]) > 0.75


def test_death_and_leaving_share_one_whole():
    rng = np.random.default_rng(4)
    died = (rng.uniform(size=2000) < 0.2).astype(float)
    day = np.where(died > 0, rng.geometric(0.1, 2000), rng.geometric(0.15, 2000)) - 1.0
    ends = Ends.of(day, died)
    p = np.array([0.05, 0.5])
    death, alive = ends.over(p, 400 * 24.0)
    np.testing.assert_allclose(death, p, atol=1e-4)
    np.testing.assert_allclose(alive, 1 - p, atol=1e-4)
    within = ends.over(p, 5 * 24.0)[0] / p
    np.testing.assert_allclose(within, 1 - 0.9**5, atol=0.05)
    half = ends.over(p, 12.0)[0]
    whole = ends.over(p, 24.0)[0]
    np.testing.assert_allclose(1 - (1 - half / p) ** 2, whole / p)  # hours of a day are alike


def test_an_onset_hazard_expects_as_many_as_came():
    rng = np.random.default_rng(5)
    n, f = 4000, np.full(4000, -3.0)
    lead = np.where(rng.uniform(size=n) < 0.5, rng.exponential(30.0, n), np.nan)
    found = Onset.of(f, lead, np.full(n, 48.0), 24)
    came = float(np.mean(np.nan_to_num(lead, nan=np.inf) <= 12.0))
    assert float(found.over(np.array([-3.0]), 12.0)[0]) == pytest.approx(came, abs=0.02)


def test_what_is_known_now_tells_less_of_later_hours():
    rng = np.random.default_rng(7)
    n = 8000
    f = rng.normal(-3.0, 1.0, n)
    hazard = 1 / (1 + np.exp(-(f - 2.0)))
    later = np.full(n, float(hazard.mean()))  # of whoever is still there, whatever was known
    soon, late = rng.geometric(hazard), 6 + rng.geometric(later)
    lead = np.where(soon <= 6, soon, late).astype(float)
    found = Onset.of(f, lead, np.full(n, 200.0), 24)
    assert found.a[1, 1] == pytest.approx(1.0, abs=0.2)
    assert found.a[12, 1] < 0.25
    for high in (True, False):
        mine = f > -2.0 if high else f < -4.0
        assert found.over(f[mine], 20.0).mean() == pytest.approx(np.mean(lead[mine] <= 20.0), rel=0.12)


def test_who_leaves_has_no_onset_any_more():
    rng = np.random.default_rng(6)
    n = 6000
    onset, leaves = rng.exponential(40.0, n), rng.exponential(10.0, n)
    end = np.minimum(onset, leaves)
    lead, away = np.where(onset < leaves, onset, np.nan), np.where(leaves < onset, leaves, np.nan)
    f = g = np.zeros(n)
    found = Onset.of(f, lead, end, 24, g, away)
    came = float(np.mean(np.nan_to_num(lead, nan=np.inf) <= 24.0))
    one = np.zeros(1)
    risk = float(found.over(one, 24.0, found.leaving(one, 24))[0])
    assert risk == pytest.approx(came, abs=0.02)
    assert float(found.over(one, 24.0)[0]) > came + 0.15, "a hazard under which nobody leaves expects too many"


def test_the_last_hours_of_a_chart_do_not_hold_onsets_alone():
    s = synthetic(200)
    onset = s.outcomes["onset"] + 8.0  # up to the end of the 48 h that are charted
    late = onset_table(replace(s, outcomes={**s.outcomes, "onset": onset}), every=1.0)
    told = late.of(~np.isnan(late.y))
    assert told.at.max() <= 42.0
    assert (told.y[told.at > 38.0] == 0.0).any()


def test_the_risk_of_an_onset_knows_that_patients_die_and_leave(fitted):
    at = 29 * HOUR
    request = Request.of({name: [at, at + 20 * 24 * HOUR] for name in ("aki_risk", "hospital_death", "leaves_alive")})
    twin = calibrate(Twin(fitted, Case(Patient()), record()), members=20)
    risk = {n: float(v.mean()[0]) for n, v in forecast(twin, request).items.items()}
    alone = Deterioration(Weights({"aki": fitted.weights.ensembles["aki"]}, None, fitted.weights.onsets))
    told = Twin(alone, Case(Patient()), record())
    free = forecast(calibrate(told, members=20), Request.of({"aki_risk": [at, at + 20 * 24 * HOUR]}))
    assert risk["aki_risk"] < float(free["aki_risk"].mean()[0]) - 0.01


def test_what_was_learned_from_simulated_stays_says_so_everywhere():
    named = {o.name: o.meaning for o in (*KIND.observables, *KIND.quantities, *KIND.parameters)}
    for outcome in ("circulatory", "respiratory", "icu_transfer"):
        for name in (outcome, f"{outcome}_risk", f"open_{outcome}"):
            assert "learned from simulated stays alone" in named[name]
    assert not any("simulated" in named[n] for n in ("death", "aki", "death_risk", "aki_risk", "open_death"))
    assert "simulated: ward, 2000 stays" in KIND.weights.origin


def test_two_patients_on_one_monitor_are_believed_until_it_is_known(fitted):
    moment = np.array([20.5 * HOUR])
    other = {"heart_rate": 150.0, "mean_pressure": 140.0, "respiratory_rate": 40.0}
    steady = Record.of("respiratory_rate", np.arange(1.0, 30.0) * HOUR, np.full(29, 16.0))
    whole = Record.join([record(False), steady, *(Record.of(n, moment, np.array([v])) for n, v in other.items())])
    told = Past.of(Case(Patient()), whole, np.inf)
    assert told.known(np.array([20.6 * HOUR]))["heart_rate.last"][0] == 150.0
    assert told.known(np.array([21.5 * HOUR]))["heart_rate.max.24h"][0] == 85.0
    for hour in (20.6, 21.5, 28.0):
        cut = Past.of(Case(Patient()), whole.until(hour * HOUR), hour * HOUR).known(np.array([hour * HOUR]))
        assert cut.x.tobytes() == told.known(np.array([hour * HOUR])).x.tobytes()


def test_the_table_of_onsets_is_of_those_still_at_risk():
    s = synthetic(30)
    table = onset_table(s, every=1.0)
    onset = s.outcomes["onset"][table.whose]
    assert (np.isnan(onset) | (table.at < onset)).all()
    assert (table.also["soon"] == (onset - table.at <= 12.0)).all()
    near = onset - table.at <= 6.0
    assert (table.y[near] == 1.0).all()
    assert np.isnan(table.y[np.isnan(onset) & (table.at > 42.0)]).all()


@pytest.fixture(scope="module")
def fitted() -> Deterioration:
    from vitruvian.kinds.deterioration import learning

    s = synthetic()
    death = learning.learn_death(s, 1, SMALL).ensemble
    kidney = learning.learn_onset(s, 1, SMALL)
    both = {"death": death, "aki": kidney.fitted.ensemble}
    return Deterioration(Weights(both, learning.ends_of(s), {"aki": kidney.onset}))


def record(ill: bool = True) -> Record:
    t = np.arange(1.0, 30.0) * HOUR
    worse = 1.0 + 0.02 * np.arange(29) if ill else np.ones(29)
    rows = [Record.of("heart_rate", t, 85 * worse), Record.of("mean_pressure", t, 80 / worse)]
    rows.append(Record.of("lactate", t[::8], np.array([2.0, 3.0, 5.0, 7.0]) if ill else np.full(4, 1.5)))
    rows.append(Record.of("po2", t[3::9], np.array([95.0, 90.0, 92.0])))
    rows.append(Record.of("fio2", t[6::11], np.array([40.0, 50.0, 45.0])))
    return Record.join(rows)


def test_who_worsens_is_at_more_risk_and_the_reasons_name_it(fitted):
    at = 29 * HOUR
    request = Request.of({"hospital_death": [at, at + 24 * HOUR]})
    risk = {}
    for ill in (True, False):
        twin = calibrate(Twin(fitted, Case(Patient()), record(ill)), members=50)
        risk[ill] = forecast(twin, request)["hospital_death"]
    assert risk[True].mean()[0] > 2 * risk[False].mean()[0]
    assert risk[True].quantile(0.95)[0] > risk[True].quantile(0.05)[0]
    told = fitted.reasons(Case(Patient()), record(), at)
    assert {v.of for v in told.values} & {"lactate", "heart_rate", "mean_pressure"}
    assert told.trends
    assert told.wrong_if
    assert any("ago" in line for line in told.changed)


def test_no_column_sees_the_future(fitted):
    whole = record()
    for hour in (5.0, 12.0, 24.0):
        at = np.array([hour * HOUR])
        a = Past.of(Case(Patient()), whole, np.inf).known(at)
        b = Past.of(Case(Patient()), whole.until(hour * HOUR), hour * HOUR).known(at)
        assert a.x.tobytes() == b.x.tobytes()


def test_a_late_reading_counts_from_when_it_was_known():
    late = Record.of("lactate", np.array([2 * HOUR]), np.array([9.0]), known_at=np.array([8 * HOUR]))
    past = Past.of(Case(Patient()), Record.join([record(), late]), np.inf)
    assert past.known(np.array([3 * HOUR]))["lactate.last"][0] == 2.0
    assert past.known(np.array([8.5 * HOUR]))["lactate.max.24h"][0] == 9.0


def test_an_impossible_value_is_kept_and_moves_nothing(fitted):
    odd = Record.of("mean_pressure", np.array([28.5 * HOUR]), np.array([-40.0]))
    at = np.array([29 * HOUR])
    a = Past.of(Case(Patient()), record(), np.inf).known(at)
    b = Past.of(Case(Patient()), Record.join([record(), odd]), np.inf).known(at)
    np.testing.assert_array_equal(a.x, b.x)


def test_one_patient_has_the_columns_of_the_cohort():
    s = synthetic(5)
    marks = Landmarks(np.array([2]), np.array([40.0]))
    cohort = known(s.readings, s.static, marks)
    rows = []
    for name, r in s.readings.items():
        mine = r.whose == 2
        rows.append(Record.of(name, r.time[mine] * HOUR, r.value[mine]))
    who = Patient(age=float(s.static["age"][2]), male=1.0, height=170.0, weight=80.0)
    alone = Past.of(Case(who), Record.join(rows), np.inf).known(np.array([40.0 * HOUR]))
    np.testing.assert_allclose(alone.x, cohort.x, rtol=1e-9)


def test_the_shipped_weights_are_of_the_named_stays():
    assert KIND.outcomes == ("death", "aki", "circulatory", "respiratory", "icu_transfer")
    assert "3996 stays, 554 deaths" in KIND.weights.origin
    back = Weights.from_bytes(KIND.weights.to_bytes(), "test")
    assert back.digest == KIND.artefact


def test_the_challenges_two_scores():
    y = np.array([1, 1, 0, 0, 0, 0], dtype=float)
    assert measures.event1(np.array([True, False, True, False, False, False]), y) == 0.5
    risk = np.array([0.9, 0.7, 0.6, 0.2, 0.1, 0.05])
    assert 0.6 < measures.best_cut(risk, y) < 0.7
    p = np.repeat(np.linspace(0.05, 0.95, 10), 100)
    told = np.concatenate([np.repeat([1.0, 0.0], [round(100 * q), 100 - round(100 * q)]) for q in p[::100]])
    assert measures.hosmer_lemeshow(p, told) < 0.1
    assert measures.hosmer_lemeshow(p, 1 - told) > 1000


def test_a_bootstrap_takes_whole_patients():
    whose = np.repeat(np.arange(5), [1, 2, 3, 4, 5])
    for rows in measures.resampled(whose, 5, 1):
        for w in np.unique(whose[rows]):
            assert (whose[rows] == w).sum() % (w + 1) == 0
