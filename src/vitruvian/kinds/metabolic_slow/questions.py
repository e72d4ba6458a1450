"""Ready questions over months: which medicine could go, and which programme does most."""

from __future__ import annotations

import dataclasses
import itertools

from vitruvian.core.action import Action
from vitruvian.core.case import Case
from vitruvian.core.fields import field_
from vitruvian.core.question import Choice, Limit, Question
from vitruvian.kinds.metabolic_slow.actions import Diet, Move, Nights
from vitruvian.models.glucose_medicines import MEDICINES, Metformin, Semaglutide

DAY = 86400.0
STOPPED = "one medicine, or two together, stopped; the fewest under the target: ADA Standards of Care 2024, section 9"
TOGETHER = 70.0  # % in range at which the quantity `target_kept` is meant
PROGRAMMES = "deficit and walking: ADA 2024, section 8; replaced diet: DiRECT, Lean et al., Lancet 391:541 (2018)"


def taken(case: Case, at: float) -> list[Action]:
    """What is taken of each medicine at this time (s): its last action, where its dose is not 0."""
    last = [held[-1] for m in MEDICINES if (held := [a for a in case.actions(m) if a.at <= at])]
    return [a for a in last if getattr(a, "dose", 0.0) > 0]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Deprescribe(Question):
    """Which medicine could go or be halved, with HbA1c and time in range still at their targets?"""

    target: float = field_("%", 5.5, 9, typical=7, meaning="HbA1c that must not be passed", default=7.0)
    months: float = field_("mo", 3, 24, typical=6, meaning="for how long", default=6.0)
    certainty: float = field_("1", 0.5, 0.99, typical=0.8, meaning="how likely it must hold", default=0.8)
    in_range: float = field_(
        "%", 0, 95, typical=70, meaning="time at 70 to 180 mg/dL that must be kept; 0: not asked", default=70.0
    )

    def choice(self, case: Case, now: float) -> Choice:
        """None, each halved, each stopped, each pair stopped. At 70 % in range both targets must hold together."""
        held = taken(case, self.at)
        options: dict[str, tuple[Action, ...]] = {}
        for a in held:
            half = dataclasses.replace(a, at=self.at, known_at=None, dose=0.5 * getattr(a, "dose", 0.0))
            options["half the " + type(a).__name__.lower()] = (half,)
        for count in (1, 2):
            for some in itertools.combinations(held, count):
                name = "without " + " and ".join(type(a).__name__.lower() for a in some)
                options[name] = tuple(dataclasses.replace(a, at=self.at, known_at=None, dose=0.0) for a in some)
        limits = [Limit("highest_hba1c", high=self.target, probability=self.certainty)]
        if self.in_range > 0:
            limits.append(Limit("lowest_time_in_range", low=self.in_range, probability=self.certainty))
        if self.in_range == TOGETHER:
            limits.append(Limit("target_kept", high=self.target, probability=self.certainty))
        horizon = self.at - now + self.months * 30.4 * DAY
        return Choice((), options, horizon, "medicines_over", "min", tuple(limits), (STOPPED,))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Programme(Question):
    """Which programme brings HbA1c down most?"""

    months: float = field_("mo", 3, 24, typical=12, meaning="until when", default=12.0)

    def choice(self, case: Case, now: float) -> Choice:
        """Walking, a deficit, both, less carbohydrate, sleep, a replaced diet and its aftercare, a medicine more."""
        low = Diet(at=self.at, change=-500.0)
        replaced = (
            Diet(at=self.at, change=-1400.0, control=1.0),
            Diet(at=self.at + 12 * 7 * DAY, change=-350.0, control=0.9),
        )
        walk = Move(at=self.at, minutes=30.0)
        options: dict[str, tuple[Action, ...]] = {
            "walk 30 min a day": (walk,),
            "500 kcal a day less": (low,),
            "both": (low, walk),
            "a quarter of energy from carbohydrate": (Diet(at=self.at, change=0.0, carbohydrate=0.25, control=1.0),),
            "nights of 7.5 h": (Nights(at=self.at, hours=7.5),),
            "replaced diet for 12 weeks, then 350 kcal less": replaced,
            "metformin 2000 mg": (Metformin(at=self.at, dose=2000.0),),
            "semaglutide 1 mg a week": (Semaglutide(at=self.at, dose=1.0),),
        }
        return Choice((), options, self.at - now + self.months * 30.4 * DAY, "hba1c_then", "min", (), (PROGRAMMES,))


QUESTIONS = (Deprescribe, Programme)
