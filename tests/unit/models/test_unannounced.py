"""Unannounced meals: what the columns may see, what is told and when, what a log explains, what learning finds."""

import dataclasses

import numpy as np
import pytest

from vitruvian.kinds.metabolic.evidence import unannounced as measured
from vitruvian.models.glycaemia import Trace, likely_meals
from vitruvian.models.glycaemia.mealweights import SHIPPED
from vitruvian.models.glycaemia.unannounced import NAMES, columns, lowest, risen

DAY, HOUR = 86400.0, 3600.0


def simulated(seed, days=4, hours=(7.5, 13.0, 19.0), height=70.0, step=300.0):
    """Quiet glucose that wanders, and meals: up within 40 min, back with 70 min; their times, s."""
    rng = np.random.default_rng(seed)
    t = np.arange(0.0, days * DAY, step)
    values = 115 + 1.5 * np.cumsum(rng.normal(0, 1, len(t))) * 0
    drift = np.zeros(len(t))
    for k in range(1, len(t)):
        drift[k] = 0.97 * drift[k - 1] + rng.normal(0, 1.5)
    meals = np.array([d * DAY + h * HOUR + rng.normal(0, 900) for d in range(days) for h in hours])
    for at in meals:
        since = (t - at) / 60
        values = values + np.where(
            since > 0, height * np.clip(since / 40, 0, 1) * np.exp(-np.maximum(since - 40, 0) / 70), 0
        )
    return Trace.of(t, np.round(values + drift + rng.normal(0, 1.5, len(t)))), meals


def test_every_meal_of_a_simulated_day_is_told_within_the_hour_and_little_else():
    trace, meals = simulated(1)
    found = likely_meals(trace).found
    starts = np.array([m.at for m in found])
    near = [np.abs(starts - at).min() for at in meals]
    assert np.mean(np.array(near) < 25 * 60) >= 0.9
    assert len(found) <= len(meals) + 2
    late = [m.told_at - meals[np.argmin(np.abs(meals - m.at))] for m in found]
    assert np.median(late) < 45 * 60


def test_without_meals_nothing_is_told():
    trace, _ = simulated(2, hours=())
    assert likely_meals(trace).found == ()


def test_what_is_told_rests_on_readings_up_to_then():
    trace, _ = simulated(3)
    cut = 400
    early = Trace.of(trace.times[:cut], trace.values[:cut])
    np.testing.assert_allclose(columns(early), columns(trace)[:cut], rtol=1e-12, atol=1e-9)
    last = trace.times[cut - 1]
    told = [(m.at, m.told_at) for m in likely_meals(trace).found if m.told_at <= last]
    assert [(m.at, m.told_at) for m in likely_meals(early).found] == told


def test_a_logged_meal_is_not_told_and_others_are():
    trace, meals = simulated(4)
    every, rest = likely_meals(trace).found, likely_meals(trace, meals[::3] + 300.0).found
    assert len(rest) < len(every)
    assert all(not -45 * 60 <= m.at - (at + 300.0) <= 120 * 60 for m in rest for at in meals[::3])


def test_a_larger_rise_is_a_larger_meal_with_an_honest_range():
    small, large = (likely_meals(simulated(5, height=h)[0]).found for h in (50.0, 120.0))
    assert np.median([m.grams for m in small]) < np.median([m.grams for m in large])
    assert all(m.low < m.grams < m.high and m.at_sd > 0 for m in (*small, *large))


def test_a_gap_and_a_slow_sensor():
    trace, _ = simulated(6, step=900.0)
    assert len(likely_meals(trace).found) >= 6
    whole, _ = simulated(6)
    keep = np.ones(len(whole.times), dtype=bool)
    keep[300:330] = False
    gap = Trace.of(whole.times[keep], whole.values[keep])
    assert np.isnan(columns(gap)[300, 0])
    assert SHIPPED.probability(gap)[300] == 0.0


def test_the_rise_begins_at_its_last_lowest_reading():
    trace = Trace.of(np.arange(12) * 300.0, np.array([120, 100, 100, 99, 99, 104, 112, 125, 140, 150, 155, 150.0]))
    assert lowest(trace, 8) == 4
    assert risen(trace, 4) == 56.0


def test_what_is_learned_from_simulated_people_finds_their_meals():
    """The learner's own weights, on people it has not seen, at the false detections it was asked for."""

    def eater(seed):
        trace, meals = simulated(seed)
        rows = np.column_stack([meals, np.full(len(meals), 60.0)])
        return measured.Eater(str(seed), trace, rows, rows[rows[:, 0] < trace.times[-1] - 2 * HOUR])

    learned = measured.learn([eater(s) for s in range(10, 16)], "simulated")
    assert len(learned.weights) == len(NAMES) + 1
    scores = [
        measured._scored(eater(s), lambda e: [(m.told_at, m.at) for m in learned.find(e.trace).found]) for s in (20, 21)
    ]
    both = measured.Score.join(scores)
    assert both.sensitivity > 0.9
    assert both.per_day < 1.0


def test_a_picture_and_json():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    found = likely_meals(simulated(7)[0])
    assert found.plot().get_ylabel() == "glucose, mg/dL"
    assert found.to_json()["meals"][0].keys() == {f.name for f in dataclasses.fields(found.found[0])}
    import matplotlib.pyplot as plt

    plt.close("all")
