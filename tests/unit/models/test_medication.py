"""Doses, tablets and earlier meals as columns: amounts add up, and nothing later changes them."""

import numpy as np
import pytest

from vitruvian.models import medication
from vitruvian.models.mealresponse import filled, meal_response
from vitruvian.models.sensorpast import Events, Trace

HOUR = 3600.0
AT = np.arange(0.0, 48 * HOUR, 900.0)


@pytest.mark.parametrize("acts", medication.ACTS)
def test_a_dose_acts_once(acts):
    """What acts in consecutive hours adds up to the dose; nothing acts before it is given."""
    origins = np.arange(-10 * HOUR, 400 * HOUR, HOUR)
    out = medication.insulin([(0.0, acts, 8.0)], origins, HOUR)
    assert out[f"{acts}_acting"].sum() == pytest.approx(8.0, abs=1e-6)
    assert (out[f"{acts}_acting"][origins <= -HOUR] == 0.0).all()
    other = [n for n in out if not n.startswith(acts)]
    assert all((out[n] == 0.0).all() for n in other)


def test_rapid_insulin_is_done_before_intermediate_and_long():
    left = [float(medication.acted(np.array([6 * HOUR]), a)[0]) for a in medication.ACTS]
    assert left[0] > 0.95 > left[1] > left[2]


def test_drugs_fall_into_their_groups_and_wane_by_half_lives():
    given = [(0.0, "metformin", 1000.0), (0.0, "sitagliptinphosphate/metforminhydrochloride tablets", 850.0)]
    out = medication.by_mouth(given, np.array([-2 * HOUR, 24 * HOUR, 36 * HOUR]), HOUR)
    assert out["biguanide_level"][0] == 0.0
    assert out["biguanide_level"][2] / out["biguanide_level"][1] == pytest.approx(
        0.25, rel=1e-6
    )  # 12 h, two half-lives
    assert out["dpp4_level"][2] / out["dpp4_level"][1] == pytest.approx(0.5, rel=1e-6)
    assert (out["sglt2_level"] == 0.0).all()


def test_a_pump_is_unknown_before_it_runs():
    found = medication.pump([(HOUR, 0.5), (3 * HOUR, 0.0)], np.array([0.0, HOUR, 2 * HOUR, 4 * HOUR]))["pump"]
    assert np.isnan(found[0])
    assert found[1:].tolist() == [0.5, 0.5, 0.0]


def test_a_meal_without_content_is_the_usual_one_so_far():
    amounts = {"carb": np.array([np.nan, 45.0, np.nan, 100.0])}
    found = filled(np.arange(4.0), amounts).amounts["carb"]
    assert found.tolist() == [35.0, 45.0, 40.0, 100.0]


def test_own_meals_are_learned_and_the_future_changes_nothing():
    """A person who rises by 40 mg/dL after each meal is expected to; later readings change nothing."""
    meals = Events(np.arange(2) * 24 * HOUR + 12 * HOUR, {"carb": np.full(2, 50.0)})
    rise = 40.0 * np.clip((AT[:, None] - meals.times) / HOUR, 0.0, 1.0).sum(axis=1)
    trace = Trace(AT, 100.0 + rise, 900.0)
    found = meal_response(trace, meals, AT, HOUR)["own_meal_clock"]
    second = np.flatnonzero(meals.times[1] == AT)[0]
    assert 15.0 < found[second] < 40.0
    assert abs(found[second - 16]) < 5.0
    early = Trace(AT[:150], trace.values[:150], 900.0)
    cut = meal_response(early, meals, AT[:150], HOUR)
    whole = meal_response(trace, meals, AT[:150], HOUR)
    assert all(np.allclose(cut[n], whole[n], rtol=0, atol=1e-12) for n in cut)
