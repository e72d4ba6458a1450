"""The heated rod's subject and what is done to it."""

from __future__ import annotations

import dataclasses

from vitruvian.core.action import Action
from vitruvian.core.case import Subject
from vitruvian.core.fields import field_


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rod(Subject):
    """The column of tissue and where its thermocouple sits."""

    length: float = field_("cm", 2, 20, typical=6, meaning="length", default=6.0)
    area: float = field_("cm2", 1, 25, typical=4, meaning="cross-section", default=4.0)
    thermocouple: float = field_(
        "1", 0, 1, typical=0.4, meaning="place of the thermocouple, share of length", default=0.4
    )
    ends: str = field_(choices=("body", "insulated"), meaning="held at blood temperature, or insulated", default="body")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Heat(Action):
    """The probe delivers constant power for a while."""

    power: float = field_("W", 0, 1.5, typical=0.6, meaning="power of the probe")
    duration: float = field_("min", 0, 60, typical=20, meaning="how long")
    position: float = field_("1", 0, 1, typical=0.5, meaning="place of the probe, share of length")
