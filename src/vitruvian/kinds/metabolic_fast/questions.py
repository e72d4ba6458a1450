"""Ready questions that need physiology: in which order to eat a meal, and what a night's sleep does to the next day.

Every option is weighed under P(glucose < 70 mg/dL) < 1 % over its horizon; each answer names what it comes from.
"""

from __future__ import annotations

import dataclasses

from vitruvian.core.case import Case
from vitruvian.core.fields import field_
from vitruvian.core.question import Choice, Question
from vitruvian.kinds.metabolic_fast.parameters import MIX
from vitruvian.models.glucose_actions import Meal
from vitruvian.models.glucose_questions import SAFE, Night

MINUTE, HOUR = 60.0, 3600.0
APART = 15 * MINUTE  # between courses, as studied
COURSES = "carbohydrate last, 15 min after the rest: Shukla et al., Diabetes Care 38:e98 (2015)"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Order(Question):
    """What of this meal should be eaten first?"""

    carbohydrate: float = field_("g", 1, 200, typical=60, meaning="carbohydrate of the meal, fibre included")
    protein: float | None = field_("g", 0, 150, typical=20, meaning="protein", default=None)
    fat: float | None = field_("g", 0, 150, typical=20, meaning="fat", default=None)
    fibre: float | None = field_("g", 0, 60, typical=5, meaning="dietary fibre", default=None)

    def choice(self, case: Case, now: float) -> Choice:
        """All at once, carbohydrate last, carbohydrate first, or in three parts."""
        rest = {n: MIX[n] * self.carbohydrate if getattr(self, n) is None else getattr(self, n) for n in MIX}
        whole = Meal(at=self.at, carbohydrate=self.carbohydrate, **rest)
        starch = {"carbohydrate": self.carbohydrate} | dict.fromkeys(MIX, 0.0)
        others = {"carbohydrate": 0.0} | rest
        third = {n: v / 3 for n, v in rest.items()} | {"carbohydrate": self.carbohydrate / 3}
        options = {
            "carbohydrate last": (Meal(at=self.at, **others), Meal(at=self.at + APART, **starch)),
            "carbohydrate first": (Meal(at=self.at, **starch), Meal(at=self.at + APART, **others)),
            "slowly, in three parts": tuple(Meal(at=self.at + k * APART, **third) for k in range(3)),
        }
        return Choice((whole,), options, self.at - now + 5 * HOUR, "area_above_140", "min", SAFE, (COURSES,))


QUESTIONS = (Order, Night)
