"""Who has the heart, and what is done to it; every action holds from its time until the next of its type."""

from __future__ import annotations

import dataclasses

from vitruvian.core.action import Action
from vitruvian.core.case import Subject
from vitruvian.core.fields import field_
from vitruvian.core.held import Held

CONDITIONS = ("healthy", "HFrEF", "LBBB", "PAH mild", "PAH moderate", "PAH severe")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Patient(Subject):
    """Whose circulation it is: body surface and what is known to be the matter."""

    bsa: float = field_("m2", 1.2, 2.8, typical=1.9, meaning="body surface area", default=1.9)
    age: float = field_("a", 18, 100, typical=60, meaning="age", default=60.0)
    condition: str = field_(choices=CONDITIONS, meaning="set of parameters that the prior is around", default="healthy")


@dataclasses.dataclass(frozen=True, kw_only=True)
class PDE5Inhibitor(Held):
    """Sildenafil by mouth: dilates the pulmonary bed."""

    amount = "dose"
    dose: float = field_("mg/d", 0, 240, typical=60, meaning="daily dose")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prostacyclin(Held):
    """Epoprostenol into a vein: dilates the pulmonary and, less, the systemic bed."""

    amount = "dose"
    dose: float = field_("ng/kg/min", 0, 40, typical=10, meaning="rate")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Nitrate(Held):
    """Isosorbide mononitrate by mouth: widens veins and, less, arteries."""

    amount = "dose"
    dose: float = field_("mg/d", 0, 120, typical=60, meaning="daily dose")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Diuretic(Held):
    """Furosemide by mouth: less volume."""

    amount = "dose"
    dose: float = field_("mg/d", 0, 160, typical=40, meaning="daily dose")


@dataclasses.dataclass(frozen=True, kw_only=True)
class BetaBlocker(Held):
    """A beta blocker: slower, for days weaker, over months a smaller ventricle where it was large."""

    amount = "target"
    target: float = field_("%", 0, 100, typical=100, meaning="share of the guideline's target dose")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fluid(Action):
    """Crystalloid into a vein."""

    amount = "volume"
    volume: float = field_("mL", 0, 2000, typical=500, meaning="volume given at once")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exercise(Action):
    """A load on a bicycle, for so long."""

    amount = "power"
    power: float = field_("W", 0, 120, typical=40, meaning="load")
    minutes: float = field_("min", 1, 120, typical=10, meaning="for how long", default=10.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pacing(Held):
    """A pacemaker: resynchronises the left ventricle's late wall, and keeps the rate from falling below its own."""

    correction: float = field_("1", 0, 1, typical=0.7, meaning="share of the left wall's delay that is taken away")
    lower_rate: float = field_("/min", 0, 100, typical=0, meaning="lowest rate; 0: none", default=0.0)


ACTIONS = (PDE5Inhibitor, Prostacyclin, Nitrate, Diuretic, BetaBlocker, Fluid, Exercise, Pacing)
