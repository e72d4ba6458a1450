"""From a person's case to arrays: what is known when, slots, lanes, doses before the start, the local clock."""

from datetime import UTC, datetime

import numpy as np
import pytest

from vitruvian.core.case import Case, Origin
from vitruvian.core.errors import FieldError
from vitruvian.core.latents import Latents
from vitruvian.kinds.metabolic import parameters as par
from vitruvian.kinds.metabolic.actions import Exercise, Insulin, Meal, Person
from vitruvian.kinds.metabolic.inputs import LANES, REACH, clock_offset, compiled

HOUR = 3600.0
MEALS = (Meal(at=8 * HOUR, carbohydrate=40.0), Meal(at=13 * HOUR, carbohydrate=60.0, protein=10.0, fat=5.0))


def test_a_meal_is_a_slot_once_it_is_known():
    late = Meal(at=9 * HOUR, known_at=15 * HOUR, carbohydrate=30.0)
    case = Case(Person(), (*MEALS, late))
    assert compiled(case, 0.0, 24 * HOUR, 14 * HOUR).slots["meal"] == (8 * HOUR, 13 * HOUR)
    assert compiled(case, 0.0, 24 * HOUR, 15 * HOUR).slots["meal"] == (8 * HOUR, 9 * HOUR, 13 * HOUR)


def test_a_forecast_holds_only_the_meals_that_are_still_entering():
    """After REACH a meal is in the state, so that a 400-day twin compiles what a 4-day one does."""
    eaten = tuple(Meal(at=day * 86400.0 + h * HOUR, carbohydrate=50.0) for day in range(400) for h in (8, 13, 19))
    at = 399 * 86400.0 + 13 * HOUR + 60.0
    forcing = compiled(Case(Person(), eaten), at, at + 3 * HOUR, at)
    assert forcing.slots["meal"] == (399 * 86400.0 + 13 * HOUR,)
    assert forcing.capacity["meal"] == 8
    gone = compiled(Case(Person(), eaten), at + REACH, at + 5 * HOUR, at)
    assert gone.slots["meal"] == ()


def test_a_slot_keeps_its_name_from_window_to_window():
    case = Case(Person(), MEALS)
    first = Latents.of(par.PARAMETERS, compiled(case, 0.0, 13.5 * HOUR, 24 * HOUR)).names
    then = Latents.of(par.PARAMETERS, compiled(case, 13.5 * HOUR, 20 * HOUR, 24 * HOUR)).names
    assert f"delay@{13 * HOUR!r}" in first
    assert f"delay@{13 * HOUR!r}" in then
    assert f"delay@{8 * HOUR!r}" not in then


def test_nutrients_not_given_follow_the_carbohydrate():
    forcing = compiled(Case(Person(), MEALS), 0.0, 24 * HOUR, 24 * HOUR)
    np.testing.assert_allclose(forcing.arrays["fat"][:2], [40 * par.MIX["fat"], 5.0])
    np.testing.assert_allclose(forcing.arrays["protein"][:2], [40 * par.MIX["protein"], 10.0])


@pytest.mark.parametrize("count", [1, 4, 5, 9])
def test_every_meal_has_a_lane_while_it_may_enter(count):
    """However many meals come at once, each step finds the slots of all of them."""
    eaten = tuple(Meal(at=600.0 * k, carbohydrate=10.0) for k in range(count))
    forcing = compiled(Case(Person(), eaten), 0.0, 24 * HOUR, 24 * HOUR)
    lanes = [s for name, s in forcing.schedules.items() if name.startswith("lane")]
    assert len(lanes) in (LANES, 2 * LANES, 4 * LANES)
    for when in np.arange(0.0, 600.0 * count + REACH + 600.0, 150.0):
        seen = sorted(int(s.at(np.array([when]))[0]) for s in lanes if s.at(np.array([when]))[0] >= 0)
        assert seen == [k for k, m in enumerate(eaten) if m.at <= when < m.at + REACH]


def test_a_lane_is_reused_and_four_are_enough_for_an_ordinary_day():
    eaten = tuple(Meal(at=h * HOUR, carbohydrate=30.0) for h in (7, 7.5, 10, 12.5, 16, 19, 19.5, 21))
    forcing = compiled(Case(Person(), eaten), 0.0, 24 * HOUR, 24 * HOUR)
    assert sum(name.startswith("lane") for name in forcing.schedules) == LANES


def test_doses_before_the_start_are_in_the_depots():
    """One unit of rapid insulin: what is left in the first depot decays with kd, and nothing exceeds the dose."""
    for minutes in (1.0, 60.0, 300.0):
        dose = Insulin(at=-60.0 * minutes, units=1.0)
        arrays = compiled(Case(Person(), (dose,)), 0.0, HOUR, 0.0).arrays
        assert float(arrays["f1"]) == pytest.approx(np.exp(-par.KD * minutes), rel=1e-9)
        assert 0.0 < sum(float(arrays[n]) for n in ("f1", "f2", "p")) <= 1.0
    basal = compiled(Case(Person(), (Insulin(at=-13 * HOUR, units=10.0, formulation="basal"),)), 0.0, HOUR, 0.0)
    assert float(basal.arrays["b"]) == pytest.approx(5.0, rel=0.01)  # half-life 13 h


def test_doses_at_the_start_are_impulses_and_not_in_the_depots():
    forcing = compiled(Case(Person(), (Insulin(at=0.0, units=3.0),)), 0.0, HOUR, 0.0)
    assert float(forcing.arrays["f1"]) == 0.0
    assert forcing.impulses["fast"][1].tolist() == [3.0]


def test_bouts_that_overlap_add_up_above_rest():
    bouts = (Exercise(at=0.0, mets=3.0, duration=60.0), Exercise(at=1800.0, mets=2.0, duration=60.0))
    effort = compiled(Case(Person(), bouts), 0.0, 4 * HOUR, 4 * HOUR).schedules["mets"]
    assert effort.at(np.array([0.0, 1800.0, 3600.0, 5400.0])).tolist() == [2.0, 3.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("zone", "day", "before", "after"),
    [
        ("America/Chicago", datetime(2026, 3, 8, 6, 0, tzinfo=UTC), 1.99, 3.01),  # 02:00 becomes 03:00
        ("America/Chicago", datetime(2026, 11, 1, 5, 0, tzinfo=UTC), 1.99, 1.01),  # 02:00 becomes 01:00
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 13, 0, tzinfo=UTC), 1.99, 1.51),  # by half an hour
    ],
)
def test_the_local_clock_follows_daylight_saving(zone, day, before, after):
    origin = Origin(day, zone)
    offset = clock_offset(origin, 0.0, 86400.0)
    assert len(offset.times) == 1
    change = float(offset.times[0])
    for t, expected in ((change - 36.0, before), (change + 36.0, after)):
        local = ((t + float(offset.at(np.array([t]))[0])) % 86400.0) / HOUR
        assert local == pytest.approx(expected, abs=0.02)
        assert local == pytest.approx(origin.clock(t) / HOUR, abs=1e-6)


def test_the_clock_is_right_at_any_time_of_two_years():
    origin = Origin(datetime(2025, 6, 15, 9, 30, tzinfo=UTC), "Europe/Berlin")
    offset = clock_offset(origin, -100 * 86400.0, 700 * 86400.0)
    times = np.linspace(-100 * 86400.0, 700 * 86400.0, 997)
    local = (times + offset.at(times)) % 86400.0
    expected = np.array([origin.clock(t) for t in times])
    np.testing.assert_allclose(np.abs(local - expected) % 86400.0, 0.0, atol=1e-4)


def test_a_bound_is_refused_with_its_unit():
    with pytest.raises(FieldError, match=r"carbohydrate.*200 g"):
        Meal(at=0.0, carbohydrate=400.0)
