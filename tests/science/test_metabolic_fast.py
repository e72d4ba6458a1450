"""The fast layer: causes, directions and sizes of what daily life adds to the published model; its step; its inputs."""

import numpy as np
import pytest

from vitruvian.core.case import Case, Series
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.kinds.metabolic_fast import KIND, Exercise, Insulin, Meal, Person, Sleep
from vitruvian.kinds.metabolic_fast.evidence.verification import DIAGNOSES, glucose, response
from vitruvian.kinds.metabolic_fast.inputs import compiled, mets_of
from vitruvian.kinds.metabolic_fast.parameters import set_of
from vitruvian.models.dallaman import basal
from vitruvian.models.glucose_observables import OBSERVABLES

pytestmark = pytest.mark.science
HOUR = 3600.0
TIMES = np.arange(7.0, 15.01, 0.25) * HOUR
CARBS = Meal(at=8 * HOUR, carbohydrate=50.0, protein=0.0, fat=0.0, fibre=0.0)


def curve(person, *actions, times=TIMES, **z):
    return glucose(person, actions, z, times)[0]


def test_both_kinds_of_glucose_share_observables_and_actions():
    from vitruvian.kinds.metabolic import KIND as identified

    assert KIND.observables is identified.observables is OBSERVABLES
    assert set(identified.actions) == set(KIND.actions)


def test_one_minute_steps_are_exact_enough():
    fine = type(KIND)()
    object.__setattr__(fine, "step", 7.5)
    times, meal = np.arange(7.0, 12.01, 0.25) * HOUR, Meal(at=8 * HOUR, carbohydrate=70.0, protein=20.0, fat=20.0)
    forcing = KIND.compile(Case(Person(diabetes="type1"), (meal,)), Record.empty(), times[0], times[-1], times[-1])
    layout = Latents.of(KIND.parameters, forcing)
    theta = layout.theta(layout.pad(np.random.default_rng(1).standard_normal((50, len(layout.names)))))
    request = Request({"blood_glucose": times})
    a, b = (k.run(theta, forcing, request, np.arange(50))[0]["blood_glucose"] for k in (KIND, fine))
    assert np.abs(a - b).max() < 0.1


@pytest.mark.parametrize("diagnosis", DIAGNOSES)
def test_derivatives_are_numbers_in_every_diagnosis(diagnosis):
    case = Case(Person(diabetes=diagnosis), (CARBS,))
    forcing = KIND.compile(case, Record.empty(), TIMES[0], TIMES[-1], TIMES[-1])
    z = Latents.of(KIND.parameters, forcing).pad(np.random.default_rng(1).standard_normal((4, len(KIND.parameters))))
    values, slopes = KIND.sensitivities(z, forcing, Request({"glucose": TIMES}))
    assert np.isfinite(values["glucose"]).all()
    assert np.isfinite(slopes["glucose"]).all()


@pytest.mark.parametrize("diagnosis", DIAGNOSES)
def test_directions_hold_in_every_diagnosis(diagnosis):
    person = Person(diabetes=diagnosis, weight=75.0)
    alone = curve(person, CARBS)
    base, after = alone[0], TIMES > 8 * HOUR
    assert alone.max() > base + 20
    walked = curve(person, CARBS, Exercise(at=8.5 * HOUR, mets=3.5, duration=30.0))
    dosed = curve(person, CARBS, Insulin(at=8 * HOUR, units=4.0))
    short = curve(person, Sleep(at=2 * HOUR, hours=4.0), CARBS, times=np.arange(1.0, 15.01, 0.25) * HOUR)[-len(TIMES) :]
    fatty = curve(person, Meal(at=8 * HOUR, carbohydrate=50.0, protein=0.0, fat=30.0, fibre=0.0))
    assert walked[after].mean() < alone[after].mean()
    assert dosed[after].mean() < alone[after].mean() - 1.0
    if diagnosis != "type1":  # at its basal level insulin has nothing above basal that sleep could weaken
        assert short.max() > alone.max()
    assert fatty.max() < alone.max()
    assert np.argmax(fatty) >= np.argmax(alone)


def test_vegetables_and_protein_first_lower_the_peak():
    """The direction of Shukla et al., Diabetes Care 38:e98 (2015); its size is larger."""
    person = Person(diabetes="type2", weight=90.0)
    rest = {"carbohydrate": 0.0, "protein": 30.0, "fat": 15.0, "fibre": 6.0}
    times = np.arange(7.5, 11.01, 1 / 12) * HOUR
    first = curve(person, Meal(at=7.75 * HOUR, **rest), CARBS, times=times)
    last = curve(person, CARBS, Meal(at=8.25 * HOUR, **rest), times=times)
    assert first.max() < last.max() - 1.0


def test_twice_the_food_is_more_and_a_second_meal_counts_anew():
    one, two = response(0.0, 0.0, 30.0), response(0.0, 0.0, 60.0)
    assert 1.5 * one < two < 3.0 * one
    person = Person(diabetes="none")
    later = curve(person, CARBS, Meal(at=12 * HOUR, carbohydrate=50.0, protein=0.0, fat=0.0, fibre=0.0))
    assert later[TIMES > 12 * HOUR].max() == pytest.approx(curve(person, CARBS).max(), rel=0.1)


def test_long_acting_insulin_taken_daily_does_what_a_pump_does():
    """A pump of nothing and one injection a day that gives as much come to the level that the pump holds."""
    person = Person(diabetes="type1", weight=70.0)
    rate = basal(set_of(person)).ub * 70.0 / 6000.0  # U/min
    doses = tuple(Insulin(at=d * 24 * HOUR, units=float(24 * 60 * rate), formulation="basal") for d in range(-4, 3))
    pump = {"basal_rate": Series(np.array([-1e6]), np.array([0.0]), "[iU]/h")}
    times = np.arange(0.0, 49.0) * HOUR
    case = Case(person, doses, series=pump)
    forcing = KIND.compile(case, Record.empty(), 0.0, times[-1], times[-1])
    assert forcing.arrays["own_pump"] == 0.0
    layout = Latents.of(KIND.parameters, forcing)
    z = KIND.population(case).moments(layout.names)[0]
    theta = layout.theta(layout.pad(z[None, :]))
    found = KIND.run(theta, forcing, Request({"blood_glucose": times}), np.arange(1))[0]["blood_glucose"][0]
    assert found[24:].mean() == pytest.approx(set_of(person).Gb, rel=0.15)


def test_a_pumps_own_rate_holds_the_level():
    person = Person(diabetes="type1", weight=70.0)
    assert np.ptp(curve(person)) < 1e-6


def test_heart_rate_becomes_mets_and_mets_become_uptake():
    person = Person(age=40.0, weight=75.0, diabetes="none")
    mets = mets_of(np.array([50.0, 65.0, 180.0]), 65.0, person)
    assert mets[0] == mets[1] == 0.0
    assert 9.0 < mets[2] + 1.0 < 11.5  # FRIEND, 40 years, 75 kg, halfway between the sexes: 36.5 mL/kg/min
    heart = {"heart_rate": Series(np.arange(8.5, 9.0, 1 / 60) * HOUR, np.full(30, 120.0), "/min")}
    case = Case(person, (CARBS,), series=heart)
    forcing = compiled(case, person, TIMES[0], TIMES[-1], TIMES[-1])
    effort = forcing.schedules["effort"]
    np.testing.assert_allclose(
        effort.at(np.array([8.4, 8.75, 9.5]) * HOUR), [0.0, mets_of(np.array([120.0]), 65.0, person)[0], 0.0]
    )


def test_one_short_night_lasts_until_the_next():
    nights = (Sleep(at=0.0, hours=3.7), Sleep(at=24 * HOUR, hours=8.0))
    rested = compiled(Case(Person(), nights), Person(), 0.0, 60 * HOUR, 60 * HOUR).schedules["rested"]
    np.testing.assert_allclose(rested.at(np.array([1.0, 5.0, 30.0, 33.0]) * HOUR), [1.0, 0.75, 0.75, 1.0])


def test_what_is_known_of_the_person_enters():
    known = KIND.population(Case(Person(diabetes="type2", fasting_glucose=140.0)))
    usual = KIND.population(Case(Person(diabetes="type2")))
    gb = next(p.prior for p in KIND.parameters if p.name == "Gb")
    assert gb.value(known.mean[0]) == pytest.approx(140.0)
    assert gb.value(usual.mean[0]) == pytest.approx(164.0)
    assert known.covariance[0, 0] < usual.covariance[0, 0]
    assert set_of(Person(diabetes="type1", age=8.0)).name.endswith("child")
