"""Who it is and what is done over months: medicines (models/glucose_medicines.py), eating, moving.

Every action holds from its time on until the next of its type. What holds when a case is begun has held for long: the
person is in balance with it.
"""

from __future__ import annotations

import dataclasses

from vitruvian.core.case import Subject
from vitruvian.core.fields import field_
from vitruvian.core.held import Held

KNOWN = ("no", "yes", "unknown")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Patient(Subject):
    """A person with type 2 diabetes, or at risk of it; what is not known is left out."""

    weight: float = field_("kg", 35, 300, typical=95, meaning="body weight at the start", default=95.0)
    height: float = field_("cm", 120, 220, typical=170, meaning="body height", default=170.0)
    age: float = field_("a", 18, 95, typical=58, meaning="age", default=58.0)
    sex: str = field_(meaning="sex", choices=("female", "male"), default="male")
    activity: float = field_("1", 1.2, 2.4, typical=1.5, meaning="physical activity level", default=1.5)
    years: float = field_("a", 0, 60, typical=5, meaning="since the diagnosis of diabetes", default=5.0)
    hba1c: float | None = field_("%", 4.0, 18, typical=8.0, meaning="HbA1c (NGSP) at the start", default=None)
    egfr: float | None = field_(
        "mL/min/{1.73_m2}", 5, 150, typical=85, meaning="estimated glomerular filtration rate", default=None
    )
    triglycerides: float | None = field_(
        "mg/dL", 20, 3000, typical=150, meaning="fasting triglycerides at the start", default=None
    )
    pregnant: str = field_(meaning="pregnant, or means to be", choices=KNOWN, default="unknown")
    heart_failure: str = field_(meaning="heart failure", choices=KNOWN, default="unknown")
    thyroid_cancer: str = field_(
        meaning="medullary thyroid cancer or MEN 2, own or in the family", choices=KNOWN, default="unknown"
    )
    hypoglycaemia: str = field_(meaning="severe hypoglycaemia within the last year", choices=KNOWN, default="unknown")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Diet(Held):
    """A change of what is eaten, against what kept the starting weight; 0 kcal/d with control 0 ends it."""

    change: float = field_("kcal/d", -2000, 1000, typical=-500, meaning="change of energy eaten")
    carbohydrate: float = field_("1", 0.05, 0.7, typical=0.5, meaning="share of energy from it", default=0.5)
    control: float = field_(
        "1", 0, 1, typical=0.8, meaning="how far hunger is kept from acting: 1 in a replaced diet", default=0.8
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Move(Held):
    """Brisk walking or the like every day, beside what was usual; 0 ends it."""

    minutes: float = field_("min/d", 0, 180, typical=30, meaning="a day")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Nights(Held):
    """How long nights are from now on; what held before the start is taken as usual."""

    hours: float = field_("h", 3, 10, typical=7.5, meaning="asleep a night")
