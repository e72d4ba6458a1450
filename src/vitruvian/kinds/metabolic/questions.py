"""What a person with diabetes and the care team ask every day, as ready questions.

Every option is weighed under P(glucose < 70 mg/dL) < 1 % over its horizon; doses stay within labels
(`models/insulin_labels`). What is proposed, and when, comes from the sources named in each answer.
"""

from __future__ import annotations

import dataclasses

from vitruvian.core.case import Case
from vitruvian.core.errors import FieldError
from vitruvian.core.fields import field_
from vitruvian.core.question import Choice, Question
from vitruvian.kinds.metabolic import parameters as par
from vitruvian.kinds.metabolic.actions import Exercise, Insulin, Meal
from vitruvian.models.glucose_questions import SAFE, Night
from vitruvian.models.insulin_labels import DEEPEST_CUT, RISE, usual_basal

MINUTE, HOUR = 60.0, 3600.0
BRISK = 3.5  # METs, walking at 5 km/h: Ainsworth et al., Med Sci Sports Exerc 43:1575 (2011), code 17190
WALKS = "walks of 15 min after meals: DiPietro et al., Diabetes Care 36:3262 (2013)"
TIMING = "rapid insulin within 15 min before a meal or immediately after it: Humalog prescribing information 2.2"
TITRATION = "basal insulin raised by 2 units or lowered by 10 to 20 %: ADA Standards of Care 2024, figure 9.4"
MEALS = "smaller, later, or with protein in place of carbohydrate: ADA Standards of Care 2024, section 5"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Eat(Question):
    """What would less of this meal do, or protein in place of some of it, or eating it later?"""

    carbohydrate: float = field_("g", 1, 200, typical=60, meaning="carbohydrate of the meal, fibre included")
    protein: float | None = field_("g", 0, 150, typical=20, meaning="protein", default=None)
    fat: float | None = field_("g", 0, 150, typical=20, meaning="fat", default=None)
    fibre: float | None = field_("g", 0, 60, typical=5, meaning="dietary fibre", default=None)

    def choice(self, case: Case, now: float) -> Choice:
        """The meal as it is, three quarters and half of it, a third as protein, an hour later."""
        whole = self.meal()
        protein = par.MIX["protein"] * whole.carbohydrate if whole.protein is None else whole.protein
        third = whole.carbohydrate / 3
        options = {
            "three quarters of it": (_share(whole, 0.75),),
            "half of it": (_share(whole, 0.5),),
            "a third as protein": (
                dataclasses.replace(whole, carbohydrate=2 * third, protein=min(protein + third, 150.0)),
            ),
            "an hour later": (dataclasses.replace(whole, at=whole.at + HOUR),),
        }
        return Choice((whole,), options, self.at - now + 5 * HOUR, "area_above_140", "min", SAFE, (MEALS,))

    def meal(self) -> Meal:
        """The meal that is asked about."""
        return Meal(at=self.at, carbohydrate=self.carbohydrate, protein=self.protein, fat=self.fat, fibre=self.fibre)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Walk(Question):
    """Would a walk after this meal help, and when?"""

    carbohydrate: float = field_("g", 1, 200, typical=60, meaning="carbohydrate of the meal, fibre included")
    minutes: float = field_("min", 5, 60, typical=15, meaning="how long the walk would be", default=15.0)

    def choice(self, case: Case, now: float) -> Choice:
        """No walk, or one that starts 15, 30, 60 or 90 min after the meal."""
        meal = Meal(at=self.at, carbohydrate=self.carbohydrate)
        options = {
            f"walk {after} min after": (
                meal,
                Exercise(at=self.at + after * MINUTE, mets=BRISK, duration=self.minutes),
            )
            for after in (15, 30, 60, 90)
        }
        return Choice((meal,), options, self.at - now + 4 * HOUR, "area_above_140", "min", SAFE, (WALKS,))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bolus(Question):
    """When should the rapid insulin for this meal be taken: before it, with it, or after?"""

    carbohydrate: float = field_("g", 1, 200, typical=60, meaning="carbohydrate of the meal, fibre included")
    units: float = field_("[iU]", 0.5, 60, typical=4, meaning="rapid insulin, as prescribed")

    def choice(self, case: Case, now: float) -> Choice:
        """The prescribed dose 15, 10 or 5 min before the meal, with it, or 20 min after its start."""
        meal = Meal(at=self.at, carbohydrate=self.carbohydrate)

        def dose(minutes: float) -> tuple[Meal, Insulin]:
            return meal, Insulin(at=self.at + minutes * MINUTE, units=self.units)

        named = {f"{m} min before": dose(-m) for m in (15, 10, 5) if self.at - m * MINUTE >= now}
        options = {**named, "20 min after": dose(20.0)}
        return Choice(dose(0.0), options, self.at - now + 5 * HOUR, "time_in_range", "max", SAFE, (TIMING,))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Basal(Question):
    """Should the next dose of basal insulin be the usual one, a little more, or less?"""

    units: float | None = field_(
        "[iU]", 1, 60, typical=20, meaning="usual dose, if it is not in the record", default=None
    )

    def choice(self, case: Case, now: float) -> Choice:
        """The usual dose (mean of the last three), 2 units more, 10 and 20 % less; over the day after it."""
        usual = self.units if self.units is not None else usual_basal(case, (), self.at)
        if usual is None:
            raise FieldError("no basal dose is known", where="Basal.units", fix="give the usual dose: units=20")

        def dose(units: float) -> tuple[Insulin]:
            return (Insulin(at=self.at, units=round(2 * units) / 2, formulation="basal"),)  # pens give half units

        options = {
            f"{RISE:g} units more": dose(min(usual + RISE, 60.0)),
            "10 % less": dose(0.9 * usual),
            "20 % less": dose((1 - DEEPEST_CUT) * usual),
        }
        return Choice(dose(usual), options, self.at - now + 24 * HOUR, "time_in_range", "max", SAFE, (TITRATION,))


QUESTIONS = (Eat, Walk, Bolus, Basal, Night)


def _share(meal: Meal, share: float) -> Meal:
    given = {n: getattr(meal, n) for n in ("carbohydrate", "protein", "fat", "fibre")}
    return dataclasses.replace(meal, **{n: None if v is None else share * v for n, v in given.items()})
