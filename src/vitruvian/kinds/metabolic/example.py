"""The example case: a day of a person with prediabetes, its sensor, and what each action is documented to do."""

from __future__ import annotations

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.kind import Effect, Example
from vitruvian.kinds.metabolic.actions import Exercise, Insulin, Meal, Person, Sleep

HOUR = 3600.0
BREAKFAST = Meal(at=7.5 * HOUR, carbohydrate=45.0, protein=15.0, fat=12.0, fibre=5.0)
LUNCH = Meal(at=12.5 * HOUR, carbohydrate=60.0, protein=25.0, fat=20.0, fibre=7.0)
DINNER = Meal(at=19.0 * HOUR, carbohydrate=70.0, protein=30.0, fat=25.0, fibre=8.0)

# Ranges fixed before any fit, wide enough for people with and without diabetes.
MEALS = "50 g carbohydrate: +30 (healthy) to +100 mg/dL (type 2): Wolever & Jenkins, Am J Clin Nutr 43:167 (1986)"
WALKS = "walk after a meal: -3 to -15 % of glucose over 2 h: Buffey et al., Sports Med 52:1765 (2022)"
NIGHTS = "4 h of sleep: disposal -25 % (Donga et al., JCEM 95:2963, 2010); what three meals make of it: assumed"
DOSES = (
    "1800 rule: 1800 / total daily dose mg/dL per unit (Davidson et al., Endocr Pract 14:1095, 2008), 20 to 100 U/day"
)


def example() -> Example:
    """One day from midnight: three meals, a reading every 5 min."""
    case = Case(Person(weight=80.0, diabetes="prediabetes", age=50.0), (BREAKFAST, LUNCH, DINNER))
    effects = (
        Effect(Meal(at=15.5 * HOUR, carbohydrate=50.0), "peak_glucose", 3 * HOUR, 15.0, 110.0, MEALS),
        Effect(Exercise(at=13.5 * HOUR, mets=3.5, duration=30.0), "mean_glucose", 2 * HOUR, -25.0, -2.0, WALKS),
        Effect(Sleep(at=0.75 * HOUR, hours=4.0), "mean_glucose", 22 * HOUR, 0.5, 20.0, NIGHTS),
        # 2 U x 18..90 mg/dL at most; the mean over 5 h and hepatic response take more than half of it
        Effect(Insulin(at=13.0 * HOUR, units=2.0), "mean_glucose", 5 * HOUR, -60.0, -4.0, DOSES),
    )
    return Example(case, 0.0, 24 * HOUR, {"glucose": np.arange(1.0, 288.0) * 300.0}, effects, sensor="dexcom")
