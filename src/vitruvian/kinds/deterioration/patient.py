"""Of whom the risk is told, what is looked at, and which way medicine knows a value to point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitruvian.core.case import Subject
from vitruvian.core.fields import field_
from vitruvian.models.icu.channels import BY_NAME

HOUR = 3600.0
OUTCOMES = ("death", "aki", "sepsis", "circulatory", "respiratory", "icu_transfer")
MEANING = {
    "death": "death in hospital",
    "aki": "onset of acute kidney injury (KDIGO stage 1 or more)",
    "sepsis": "onset of sepsis (Sepsis-3)",
    "circulatory": "onset of circulatory failure (lactate >= 2 mmol/L with MAP <= 65 mmHg or a vasopressor)",
    "respiratory": "onset of respiratory failure (PaO2/FiO2 < 200 mmHg)",
    "icu_transfer": "transfer from a ward to intensive care",
}


@dataclass(frozen=True, kw_only=True)
class Patient(Subject):
    """An adult in intensive care."""

    age: float = field_("a", 15, 110, typical=65, meaning="age", default=65.0)
    male: float | None = field_("1", 0, 1, meaning="1: male, 0: female; empty: not known", default=None)
    height: float | None = field_("cm", 120, 220, typical=170, meaning="height; empty: not known", default=None)
    weight: float | None = field_(
        "kg", 25, 300, typical=80, meaning="weight at admission; empty: not known", default=None
    )
    hours_before: float = field_("h", 0, 8760, meaning="hours in the unit before the case's origin", default=0.0)


def signs(names: tuple[str, ...]) -> dict[str, int]:
    """Columns along which risk cannot fall (+1) or rise (-1): KDIGO, Sepsis-3, SOFA and APACHE count them that way."""
    derived = {
        "age": 1,
        "shock_index": 1,
        "shock_age": 1,
        "coma_age": 1,
        "urea_age": 1,
        "creatinine.rise": 1,
        "urine.rate.6h": -1,
        "urine.rate.24h": -1,
        "pf_ratio": -1,
        "pf_ratio.min.all": -1,
        "pf_ratio.mean.all": -1,
        "pf_ratio.min.24h": -1,
    }
    out = {n: s for n, s in derived.items() if n in names}
    for name in names:
        channel, _, what = name.partition(".")
        if channel in BY_NAME and BY_NAME[channel].more and what.partition(".")[0] in ("last", "min", "max", "mean"):
            out[name] = BY_NAME[channel].more
    return out


def static_of(patient: Patient) -> dict[str, np.ndarray]:
    """What is fixed about the patient, as columns of one stay."""
    fields = ("age", "male", "height", "weight")
    return {f: np.array([np.nan if (v := getattr(patient, f)) is None else float(v)]) for f in fields}
