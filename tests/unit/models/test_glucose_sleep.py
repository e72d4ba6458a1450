"""A night's sleep: what hours and timing do to insulin's action, in numbers of the papers, and for how long."""

import numpy as np
import pytest

from vitruvian.core.case import Case
from vitruvian.core.forcing import Schedule
from vitruvian.core.record import Record
from vitruvian.kinds.metabolic import KIND as IDENTIFIED
from vitruvian.kinds.metabolic import Meal, Person, Sleep
from vitruvian.kinds.metabolic.questions import QUESTIONS
from vitruvian.kinds.metabolic.residual.steps import Timeline
from vitruvian.kinds.metabolic_fast import KIND as PHYSIOLOGY
from vitruvian.models.glucose_questions import Night
from vitruvian.models.glucose_sleep import LASTING, action, rested

HOUR = 3600.0
UTC = Schedule(np.zeros(0), np.zeros(0))


def test_enough_sleep_in_time_changes_nothing():
    assert action(Sleep(at=-1 * HOUR, hours=8.0), 0.0) == 1.0
    assert rested([], UTC).at(np.array([0.0, 1e6])).tolist() == [1.0, 1.0]


def test_four_hours_less_is_the_quarter_of_donga():
    assert action(Sleep(at=1 * HOUR, hours=7.5 - 3.8), 0.0) == pytest.approx(0.75)


def test_short_and_8_5_hours_late_is_leproult_s_further_factor():
    in_time, late = (action(Sleep(at=(0.5 + by) * HOUR, hours=5.0), 0.0) for by in (0.0, 8.5 + 1.5))
    assert late / in_time == pytest.approx((1 - 0.58) / (1 - 0.32), abs=0.01)


def test_the_local_clock_counts_and_goes_around():
    assert action(Sleep(at=22 * HOUR, hours=8.0), 0.0) == action(Sleep(at=20 * HOUR, hours=8.0), 2 * HOUR)
    assert action(Sleep(at=15 * HOUR, hours=8.0), 0.0) < action(Sleep(at=18 * HOUR, hours=8.0), 0.0) < 1.0


def test_it_holds_from_the_end_of_a_night_to_the_end_of_the_next():
    nights = [Sleep(at=1 * HOUR, hours=4.0), Sleep(at=23 * HOUR, hours=8.0)]
    told = rested(nights, UTC).at(np.array([4.9, 5.1, 30.9, 31.1]) * HOUR)
    assert told[0] == 1.0
    assert told[1] == told[2] < 0.8
    assert told[3] == 1.0
    alone = rested(nights[:1], UTC)
    assert alone.at(np.array([5 * HOUR + LASTING]))[0] == 1.0


@pytest.mark.parametrize("kind", [IDENTIFIED, PHYSIOLOGY], ids=lambda k: k.name)
def test_both_kinds_take_the_same_factor_from_the_same_action(kind):
    night = Sleep(at=0.5 * HOUR, hours=4.0)
    case = Case(Person(), (night, Meal(at=8 * HOUR, carbohydrate=50.0)))
    forcing = kind.compile(case, Record.empty(), 0.0, 24 * HOUR, np.inf)
    assert forcing.schedules["rested"].at(np.array([12 * HOUR]))[0] == action(night, 0.0)
    assert Sleep in kind.actions
    assert Night in kind.questions


def test_the_filter_sees_the_night_too():
    inputs = Timeline.of(Case(Person(), (Sleep(at=0.5 * HOUR, hours=4.0),))).inputs(
        np.array([2.0, 6.0]) * HOUR, np.ones(2)
    )
    assert inputs["rested"].tolist() == [1.0, action(Sleep(at=0.5 * HOUR, hours=4.0), 0.0)]


def test_the_question_offers_more_less_and_later_sleep():
    choice = Night(at=23 * HOUR, hours=5.0).choice(Case(Person()), 20 * HOUR)
    assert Night in QUESTIONS
    hours = {name: plan[0].hours for name, plan in choice.options.items()}
    assert hours == {"an hour more": 6.0, "two hours more": 7.0, "an hour less": 4.0, "three hours later": 5.0}
    assert choice.options["three hours later"][0].at == 26 * HOUR
