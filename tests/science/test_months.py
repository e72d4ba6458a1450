"""The coupled twin, HbA1c from sensor days, the ladder, cost and cohorts: what must hold whatever sizes are."""

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

from vitruvian.cli.cohort import cohort as cohort_command
from vitruvian.cli.cohort import read
from vitruvian.core.case import Case
from vitruvian.core.errors import FieldError, ParseError
from vitruvian.core.twin import Twin
from vitruvian.kinds.metabolic_slow import KIND, Diet, Nights, Patient, coupled
from vitruvian.kinds.metabolic_slow.cohort import patients, theta_of
from vitruvian.kinds.metabolic_slow.inputs import rested
from vitruvian.kinds.metabolic_slow.questions import Deprescribe, Programme
from vitruvian.models import dayrange, fasting_lipids
from vitruvian.models.glucose_medicines import Empagliflozin, Glimepiride, Metformin, Semaglutide
from vitruvian.models.laboratory_a1c import CGMACROS, Earlier, doubts, estimate
from vitruvian.studies.months import Prices, Strategy, ladder, outlook, programmes, simulate
from vitruvian.verbs.population import believe_prior

DAY = 86400.0


@pytest.fixture(scope="module")
def ada() -> Twin:
    timeline = (Metformin(at=-DAY, dose=2000.0), Glimepiride(at=-DAY, dose=2.0), Empagliflozin(at=-DAY, dose=10.0))
    person = Patient(hba1c=6.0, weight=90.0, egfr=50.0)
    return believe_prior(Twin(KIND, Case(person, timeline)), 10 * DAY, start=0.0, members=40, seed=1)


def test_the_coupled_twin_begins_in_balance_and_averaging_follows_full_resolution() -> None:
    plans = [(), (Metformin(at=2 * DAY, dose=2000.0),), (Semaglutide(at=2 * DAY, dose=1.0),)]
    theta, forcings = theta_of(patients(3, 2), plans, 8, 2)
    daily, full = coupled.averaged(theta, forcings, 8), coupled.resolved(theta, forcings, 8)
    assert daily["mean_glucose"][0] == pytest.approx(theta["glucose"], rel=0.01)
    assert daily["mean_glucose"][:, 0] == pytest.approx(daily["mean_glucose"][0, 0], rel=0.02)
    assert (daily["mean_glucose"][-1, 1:] < daily["mean_glucose"][0, 1:]).all()
    assert (daily["time_in_range"][-1, 1:] >= daily["time_in_range"][0, 1:]).all()
    for name in ("weight", "hba1c", "mean_glucose", "insulin"):
        assert daily[name] == pytest.approx(full[name], rel=0.02)


def test_time_in_range_is_that_of_a_lognormal_day() -> None:
    rng = np.random.default_rng(5)
    for mean, s in ((110.0, 0.2), (160.0, 0.3), (220.0, 0.25)):
        day = np.exp(math.log(mean) - 0.5 * s**2 + s * rng.standard_normal(400_000))
        told = dayrange.shares(np.array([mean]), np.array([s]))
        assert told.inside[0] == pytest.approx(np.mean((day >= 70) & (day < 180)), abs=3e-3)
        assert told.below[0] + told.inside[0] + told.above[0] == pytest.approx(1.0)


def test_triglycerides_fall_with_liver_fat_and_rise_where_insulin_does_less() -> None:
    assert fasting_lipids.triglycerides(150.0, fasting_lipids.secreted(0.5), 1.0) == pytest.approx(112.5)
    assert fasting_lipids.triglycerides(150.0, 1.0, 0.5) == pytest.approx(300.0)
    assert fasting_lipids.fatty_acids(1.0, 0.5) > fasting_lipids.fatty_acids(1.0, 1.0) > 0.2


def test_nights_act_by_their_lack_and_nobody_sleeps_himself_well_beyond_that() -> None:
    assert rested(7.5) == rested(9.0) == 0.0
    assert math.exp(rested(3.5)) == pytest.approx(0.8)


def test_hba1c_from_sensor_days_has_a_band_that_knowledge_narrows_and_own_values_move() -> None:
    bare = estimate(CGMACROS, {"sensor": 160.0}, days=6.0)
    more = estimate(CGMACROS, {"sensor": 160.0, "fasting_glucose": 140.0, "age": 60.0})
    own = estimate(CGMACROS, {"sensor": 160.0}, earlier=(Earlier(8.0, {"sensor": 160.0}),))
    assert more.sd < bare.sd
    assert bare.value < own.value < 8.0
    assert own.sd < bare.sd
    assert any("sensor days" in n for n in bare.notes)
    assert json.loads(json.dumps(bare.to_json()))["gmi"] == pytest.approx(3.31 + 0.02392 * 160)
    assert doubts(egfr=20.0, conditions="iron deficiency anaemia")
    with pytest.raises(FieldError, match="is not used"):
        estimate(CGMACROS, {"shoe size": 43.0})
    with pytest.raises(FieldError, match="nothing is known"):
        estimate(CGMACROS, {})


def test_a_ladder_ends_before_the_first_rung_that_does_not_hold(ada: Twin) -> None:
    easy = ladder(ada, Deprescribe(at=11 * DAY, target=9.0, months=3.0, certainty=0.5, in_range=20.0), confirm=False)
    assert set(easy.may_go) == {"metformin", "glimepiride"}
    assert set(easy.kept) == {"empagliflozin"}  # an eGFR of 50: kidneys
    assert [len(r.stopped) for r in easy.rungs] == [1, 2]
    hard = ladder(ada, Deprescribe(at=11 * DAY, target=5.6, months=3.0, certainty=0.9), confirm=True)
    assert hard.may_go == ()
    assert len(hard.rungs) == 1
    assert hard.rungs[0].confirmed is not None
    for rung in (*easy.rungs, *hard.rungs):
        assert rung.both_kept <= min(rung.hba1c_kept, rung.range_kept)
        assert rung.watch
    assert json.loads(json.dumps(hard.to_json()))["as_planned"]["stops"] == ""


def test_programmes_cost_what_the_user_says(ada: Twin) -> None:
    prices = Prices.read("item,month\nsemaglutide,90\nmetformin,3\n", "EUR")
    found = programmes(ada, Programme(at=10.5 * DAY, months=12.0), prices)
    cost = {r.name: r.cost for r in found.rows}
    assert cost["as planned"] == pytest.approx(36.0, rel=0.01)
    assert cost["semaglutide 1 mg a week"] == pytest.approx(36.0 + 1080.0, rel=0.01)
    assert any("no price" in n and "glimepiride" in n for n in found.notes)
    months = outlook(ada)
    assert set(months.values["hba1c"]) == {3.0, 6.0, 12.0}
    for bad, said in (
        ("item,month\nx,1\n", "has no price"),
        ("item,month\nmetformin,dear\n", "no number"),
        ("", "no price"),
    ):
        with pytest.raises(ParseError, match=said):
            Prices.read(bad)


def test_pregnancy_forbids_a_deficit() -> None:
    case = Case(Patient(pregnant="yes"))
    assert KIND.refusals(case, (Diet(at=0.0, change=-500.0),))
    assert not KIND.refusals(case, (Nights(at=0.0, hours=8.0),))


def test_in_the_real_world_less_comes_of_it_and_the_same_strategy_differs_by_nothing() -> None:
    plan = Strategy("sema", (Semaglutide(at=DAY, dose=1.0),))
    real = simulate([plan, plan], 60, 6.0, seed=3)
    best = simulate([plan], 60, 6.0, real_world=False, seed=3)
    assert real.difference("hba1c") == (0.0, 0.0, 0.0)
    assert best.arms[0].told()["hba1c"]["change"] < real.arms[0].told()["hba1c"]["change"] < 0.0
    assert real.arms[0].kept.mean() < 1.0


def test_the_command_reads_strategies_and_says_what_is_wrong() -> None:
    assert [type(a).__name__ for a in read("metformin=2000+diet=-1400/84,-350", 0.0)] == ["Metformin", "Diet", "Diet"]
    done = CliRunner().invoke(cohort_command, ["metformin=1000", "--people", "20", "--months", "3", "--json"])
    assert json.loads(done.output)["people"] == 20
    with pytest.raises(FieldError, match="there is no 'aspirin'"):
        read("aspirin=100", 0.0)
