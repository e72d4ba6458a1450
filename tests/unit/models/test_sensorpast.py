"""Columns of a sensor's past: right on a known curve, blind to the future, and quiet about what is missing."""

import numpy as np
import pytest

from vitruvian.models import sensorpast as sp

HOUR = 3600.0
TIMES = np.arange(0.0, 72 * HOUR, 300.0) + 137.0  # off the clock's grid, as sensors are


def curve(t):
    return 120.0 + 30.0 * np.sin(2 * np.pi * t / (5 * HOUR)) + 10.0 * np.cos(2 * np.pi * t / (1.3 * HOUR))


TRACE = sp.Trace(TIMES, curve(TIMES))
MEALS = sp.Events(
    np.array([8.0, 13.0, 32.0, 37.0, 56.0]) * HOUR,
    {"carb": np.array([40.0, 60.0, 50.0, 70.0, 45.0]), "fat": np.array([10.0, np.nan, 20.0, 15.0, 12.0])},
)


def columns(trace, meals, origins, lead=HOUR):
    parts = [sp.past(trace, origins), sp.clock(origins), sp.eaten(meals, origins, lead)]
    return sp.table([*parts, sp.own(trace, meals, origins, lead)])


def test_lags_slopes_and_spread_are_those_of_the_curve():
    at = TIMES[[300, 500, 700]]
    told = sp.past(TRACE, at)
    np.testing.assert_allclose(told["now"], curve(at))
    np.testing.assert_allclose(told["change_30"], curve(at) - curve(at - 1800))
    line = sp.past(sp.Trace(TIMES, 2.0 * TIMES / 60), at)
    for length in sp.FITTED:
        np.testing.assert_allclose(line[f"slope_{length:g}"], 2.0, rtol=1e-9)
    window = TIMES[np.searchsorted(TIMES, at[0] - 2 * HOUR, side="right") : np.searchsorted(TIMES, at[0]) + 1]
    assert told["sd_2"][0] == pytest.approx(np.std(curve(window)))
    assert told["over_low_2"][0] == pytest.approx(curve(at[0]) - curve(window).min())


def test_targets_are_readings_at_their_own_instants():
    at = TIMES[:-30:7]
    np.testing.assert_allclose(TRACE.target(at, HOUR), curve(at + HOUR))
    holed = sp.Trace(np.delete(TIMES, np.arange(400, 420)), curve(np.delete(TIMES, np.arange(400, 420))))
    assert np.isnan(holed.target(TIMES[[400]] - HOUR, HOUR)).all()
    assert np.isnan(sp.past(holed, TIMES[[421]])["change_30"]).all()


def test_a_meal_is_counted_by_its_age_and_enters_in_full():
    at = np.array([13.25 * HOUR])
    told = sp.eaten(MEALS, at, HOUR)
    assert told["carb_0.5_0"] == 60.0
    assert told["carb_to_come"] == 0.0
    assert (told["since_meal"][0], told["last_carb"][0], told["last_fat"][0]) == (15.0, 60.0, 0.0)
    ahead = sp.eaten(MEALS, np.array([12.5 * HOUR]), HOUR)
    assert (ahead["carb_to_come"][0], ahead["until_meal"][0]) == (60.0, 30.0)
    alone = sp.Events(np.array([8 * HOUR]), {"carb": np.array([40.0])})
    steps = np.arange(6 * HOUR, 20 * HOUR, HOUR)
    assert sp.eaten(alone, steps, HOUR)["carb_entering_30"].sum() == pytest.approx(40.0, rel=1e-3)


def test_no_column_sees_the_future():
    """Law: with every later reading and every meal beyond the target taken away, nothing changes."""
    lead = 2 * HOUR
    for at in TIMES[[350, 520, 800]]:
        keep = slice(0, int(np.searchsorted(TIMES, at)) + 1)
        near = slice(0, int(np.searchsorted(MEALS.times, at + lead)))
        origins = TIMES[keep][-40:]
        names, whole = columns(TRACE, MEALS, origins, lead)
        cut = sp.Events(MEALS.times[near], {k: v[near] for k, v in MEALS.amounts.items()})
        again, cut_off = columns(sp.Trace(TIMES[keep], curve(TIMES[keep])), cut, origins, lead)
        assert names == again
        np.testing.assert_allclose(cut_off[-1], whole[-1], rtol=1e-9, atol=1e-9)


def test_an_own_line_learns_how_this_person_moves():
    rng = np.random.default_rng(3)
    level = np.zeros(2000)
    for k in range(1, 2000):
        level[k] = 0.97 * level[k - 1] + rng.normal(0, 4.0)
    times = np.arange(2000) * 300.0
    trace = sp.Trace(times, 120.0 + level)
    none = sp.Events(np.zeros(0), {"carb": np.zeros(0)})
    origins = times[1500:-24]
    change = trace.target(origins, HOUR) - trace.last(origins)
    told = sp.own(trace, none, origins, HOUR)["own_line"]
    assert np.std(change - told) < 0.95 * np.std(change)


def test_without_meals_or_a_past_the_table_is_finite_and_says_missing():
    none = sp.Events(np.zeros(0), {"carb": np.zeros(0), "fat": np.zeros(0)})
    names, x = columns(TRACE, none, TIMES[:3])
    assert np.isfinite(x).all()
    assert x[0, names.index("since_meal")] == sp.MISSING
    assert x[0, names.index("change_60")] == sp.MISSING
