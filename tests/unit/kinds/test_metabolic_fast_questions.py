"""Ready questions of the fast layer: the same food in another order, and nights within what a night can be."""

import pytest

from vitruvian.core.case import Case
from vitruvian.kinds.metabolic_fast import KIND, Insulin, Meal, Person, Sleep
from vitruvian.kinds.metabolic_fast.questions import Night, Order

HOUR = 3600.0
CASE = Case(Person(weight=80.0, diabetes="type2"))
NUTRIENTS = ("carbohydrate", "protein", "fat", "fibre")


def test_every_order_holds_the_same_food() -> None:
    asked = Order(at=HOUR, carbohydrate=60.0, protein=30.0).choice(CASE, 0.0)
    for name, plan in {"all": asked.planned, **asked.options}.items():
        courses = [m for m in plan if isinstance(m, Meal)]
        total = {n: sum(getattr(m, n) for m in courses) for n in NUTRIENTS}
        assert total == pytest.approx({"carbohydrate": 60.0, "protein": 30.0, "fat": 24.0, "fibre": 4.8}), name
        assert courses[0].at == HOUR
    first, last = asked.options["carbohydrate last"]
    assert isinstance(last, Meal)
    assert (first.at, last.carbohydrate) == (HOUR, 60.0)


def test_a_night_stays_within_what_a_night_can_be() -> None:
    asked = Night(at=HOUR, hours=2.0).choice(CASE, 0.0)
    hours = {name: night.hours for name, (night,) in asked.options.items() if isinstance(night, Sleep)}
    assert hours == {"an hour more": 3.0, "two hours more": 4.0, "an hour less": 1.0, "three hours later": 2.0}


def test_the_kind_refuses_doses_without_a_meal() -> None:
    dose = Insulin(at=HOUR, units=4.0)
    assert KIND.refusals(CASE.plus(dose), (dose,))
    assert KIND.question("order") is Order
