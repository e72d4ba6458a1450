"""Who it is and what can happen to glucose: meals, insulin, exercise, sleep. Shared by the kinds of glucose."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from vitruvian.core.action import Action
from vitruvian.core.case import Subject
from vitruvian.core.fields import field_


@dataclasses.dataclass(frozen=True, kw_only=True)
class Person(Subject):
    """A person who wears a glucose sensor; what is not known is left out."""

    weight: float = field_("kg", 30, 250, typical=80, meaning="body weight", default=80.0)
    diabetes: str = field_(
        meaning="diagnosis", choices=("none", "prediabetes", "type2", "type1"), typical=None, default="none"
    )
    height: float | None = field_("cm", 100, 230, typical=170, meaning="body height", default=None)
    age: float | None = field_("a", 2, 110, typical=50, meaning="age", default=None)
    fasting_glucose: float | None = field_(
        "mg/dL", 40, 400, typical=100, meaning="fasting plasma glucose", default=None
    )
    fasting_insulin: float | None = field_("u[iU]/mL", 0.2, 300, typical=10, meaning="fasting insulin", default=None)
    hba1c: float | None = field_("%", 3.5, 18, typical=5.7, meaning="glycated haemoglobin (NGSP)", default=None)
    c_peptide: float | None = field_("nmol/L", 0.005, 10, typical=0.6, meaning="fasting C-peptide", default=None)
    total_cholesterol: float | None = field_("mg/dL", 40, 800, typical=190, meaning="total cholesterol", default=None)
    ldl: float | None = field_("mg/dL", 5, 600, typical=115, meaning="LDL cholesterol", default=None)
    hdl: float | None = field_("mg/dL", 5, 200, typical=50, meaning="HDL cholesterol", default=None)
    triglycerides: float | None = field_("mg/dL", 10, 8000, typical=130, meaning="triglycerides", default=None)
    egfr: float | None = field_(
        "mL/min/{1.73_m2}", 1, 200, typical=90, meaning="estimated glomerular filtration rate", default=None
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Meal(Action):
    """Something eaten or drunk; nutrients not given are taken in the usual proportion to its carbohydrate."""

    carbohydrate: float = field_("g", 0, 200, typical=50, meaning="carbohydrate, fibre included")
    protein: float | None = field_("g", 0, 150, typical=20, meaning="protein", default=None)
    fat: float | None = field_("g", 0, 150, typical=20, meaning="fat", default=None)
    fibre: float | None = field_("g", 0, 60, typical=5, meaning="dietary fibre", default=None)


RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
# RxNorm ingredients; which act fast and which are basal: ADA, Standards of Care 2024, Diabetes Care 47(S1):S158
FAST = ("86009", "51428", "400008", "253182")  # lispro, aspart, glulisine, human regular
BASAL = ("274783", "139825", "1670007")  # glargine, detemir, degludec


@dataclasses.dataclass(frozen=True, kw_only=True)
class Insulin(Action):
    """An insulin dose under the skin: rapid-acting or long-acting."""

    codes: ClassVar = {
        **{f"{RXNORM}|{code}": {"formulation": "fast"} for code in FAST},
        **{f"{RXNORM}|{code}": {"formulation": "basal"} for code in BASAL},
    }
    amount: ClassVar = "units"

    units: float = field_("[iU]", 0, 60, typical=4, meaning="dose")
    formulation: str = field_(meaning="rapid- or long-acting", choices=("fast", "basal"), default="fast")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exercise(Action):
    """A bout of exercise of constant intensity; rest is 1 MET, brisk walking 3.5, running 9."""

    mets: float = field_("1", 1, 15, typical=3.5, meaning="intensity in metabolic equivalents")
    duration: float = field_("min", 0, 300, typical=30, meaning="how long")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sleep(Action):
    """A night's sleep from its time on; what it does begins when it ends."""

    hours: float = field_("h", 0, 14, typical=7.5, meaning="time asleep")
