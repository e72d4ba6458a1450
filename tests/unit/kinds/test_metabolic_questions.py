"""Ready questions: whole plans in place of what is planned, and doses that no label covers are refused."""

import pytest

from vitruvian.core.case import Case
from vitruvian.core.errors import FieldError
from vitruvian.kinds.metabolic import KIND, Exercise, Insulin, Meal, Person
from vitruvian.kinds.metabolic.questions import Basal, Bolus, Eat, Walk
from vitruvian.models.glucose_questions import Night
from vitruvian.models.insulin_labels import refusals

HOUR = 3600.0
T2D = Case(Person(weight=80.0, diabetes="type2"))


def titrated(units: float, at: float = 72 * HOUR) -> tuple[str, ...]:
    nights = tuple(Insulin(at=d * 24 * HOUR, units=20.0, formulation="basal") for d in range(3))
    dose = Insulin(at=at, units=units, formulation="basal")
    return refusals(Case(T2D.subject, (*nights, dose)), (dose,))


def test_every_option_of_a_meal_is_a_whole_plan_that_differs_from_the_meal() -> None:
    asked = Eat(at=HOUR, carbohydrate=60.0, protein=20.0).choice(T2D, 0.0)
    [meal] = asked.planned
    assert meal == Meal(at=HOUR, carbohydrate=60.0, protein=20.0)
    plans = {name: plan[0] for name, plan in asked.options.items()}
    assert plans["half of it"] == Meal(at=HOUR, carbohydrate=30.0, protein=10.0)
    assert plans["a third as protein"] == Meal(at=HOUR, carbohydrate=40.0, protein=40.0)
    assert plans["an hour later"].at == 2 * HOUR
    assert asked.horizon == 6 * HOUR


def test_a_walk_starts_after_the_meal_and_the_meal_stays() -> None:
    asked = Walk(at=HOUR, carbohydrate=60.0).choice(T2D, 0.0)
    for meal, walk in asked.options.values():
        assert meal == asked.planned[0]
        assert isinstance(walk, Exercise)
        assert walk.at > meal.at
        assert walk.duration == 15.0


def test_a_bolus_is_never_proposed_in_the_past_or_outside_its_label() -> None:
    soon = Bolus(at=6 * 60.0, carbohydrate=60.0, units=6.0).choice(T2D, 0.0)
    assert set(soon.options) == {"5 min before", "20 min after"}
    later = Bolus(at=HOUR, carbohydrate=60.0, units=6.0).choice(T2D, 0.0)
    for plan in (later.planned, *later.options.values()):
        assert refusals(T2D.plus(*plan), plan) == ()


def test_basal_is_titrated_around_the_usual_dose() -> None:
    nights = tuple(Insulin(at=d * 24 * HOUR, units=u, formulation="basal") for d, u in enumerate((16, 20, 20, 20)))
    case = Case(T2D.subject, nights)
    asked = Basal(at=96 * HOUR).choice(case, 95 * HOUR)
    assert [d.units for d in asked.planned] == [20.0]
    assert {n: p[0].units for n, p in asked.options.items()} == {
        "2 units more": 22.0,
        "10 % less": 18.0,
        "20 % less": 16.0,
    }
    for plan in asked.options.values():
        assert refusals(case.plus(*plan), plan) == ()
    with pytest.raises(FieldError, match="no basal dose is known"):
        Basal(at=HOUR).choice(T2D, 0.0)


@pytest.mark.parametrize(
    ("units", "said"), [(20.0, ""), (22.0, ""), (23.0, "more than 2 above"), (16.0, ""), (15.0, "more than 20 % below")]
)
def test_a_step_of_basal_insulin_stays_small(units: float, said: str) -> None:
    found = titrated(units)
    assert (found == ()) == (said == "")
    assert said in "".join(found)


def test_insulin_without_a_meal_a_first_dose_too_large_and_a_person_without_diabetes_are_refused() -> None:
    alone = Insulin(at=HOUR, units=4.0)
    assert "without a meal" in refusals(T2D.plus(alone), (alone,))[0]
    first = Insulin(at=HOUR, units=20.0, formulation="basal")
    assert "16 at most" in refusals(T2D.plus(first), (first,))[0]  # 0.2 units/kg x 80 kg
    healthy = Case(Person(), (Meal(at=HOUR, carbohydrate=60.0), alone))
    assert "people with diabetes" in refusals(healthy, (alone,))[0]


def test_a_kind_names_its_questions() -> None:
    assert KIND.question("walk") is Walk
    assert KIND.questions == (Eat, Walk, Bolus, Basal, Night)
