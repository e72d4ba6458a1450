"""The example case: a short night, breakfast and lunch of a person with prediabetes, and what each action does."""

from __future__ import annotations

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.kind import Effect, Example
from vitruvian.models.glucose_actions import Exercise, Insulin, Meal, Person, Sleep

HOUR = 3600.0
BREAKFAST = Meal(at=6 * HOUR, carbohydrate=45.0, protein=15.0, fat=12.0, fibre=5.0)
LUNCH = Meal(at=11 * HOUR, carbohydrate=60.0, protein=25.0, fat=20.0, fibre=7.0)

# Ranges fixed before any fit; the first three are those of the kind `metabolic`.
MEALS = "50 g carbohydrate: +30 (healthy) to +100 mg/dL (type 2): Wolever & Jenkins, Am J Clin Nutr 43:167 (1986)"
WALKS = "walk after a meal: -3 to -15 % of glucose over 2 h: Buffey et al., Sports Med 52:1765 (2022)"
# most of a dose is answered by less secretion of one's own
DOSES = "1800 rule: 1800 / total daily dose mg/dL per unit (Davidson, Endocr Pract 14:1095, 2008), 20 to 100 U/day"
NIGHTS = "4 h of sleep: disposal -25 % (Donga et al., JCEM 95:2963, 2010); what two meals make of it: assumed"


def example() -> Example:
    """Twelve hours from three in the morning, a reading every 15 min."""
    case = Case(Person(weight=80.0, diabetes="prediabetes", age=50.0), (BREAKFAST, LUNCH))
    effects = (
        Effect(Meal(at=8.5 * HOUR, carbohydrate=50.0), "peak_glucose", 2.5 * HOUR, 10.0, 110.0, MEALS),
        Effect(Exercise(at=6.75 * HOUR, mets=3.5, duration=30.0), "mean_glucose", 2 * HOUR, -25.0, -2.0, WALKS),
        Effect(Insulin(at=6.5 * HOUR, units=4.0), "mean_glucose", 5 * HOUR, -60.0, -4.0, DOSES),
        Effect(Sleep(at=3.25 * HOUR, hours=2.5), "mean_glucose", 11 * HOUR, 1.0, 20.0, NIGHTS),
    )
    return Example(case, 3 * HOUR, 15 * HOUR, {"glucose": np.arange(3.25, 15.0, 0.25) * HOUR}, effects, "dexcom")
