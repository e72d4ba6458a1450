"""Ready questions that the kinds of glucose share: what a longer, shorter or later night does to the day after it."""

from __future__ import annotations

import dataclasses

from vitruvian.core.case import Case
from vitruvian.core.fields import field_
from vitruvian.core.question import Choice, Limit, Question
from vitruvian.models.glucose_actions import Sleep

HOUR = 3600.0
# P(glucose < 70 mg/dL) < 1 %: below 70 is level 1 hypoglycaemia (Battelino et al., Diabetes Care 42:1593, 2019)
SAFE = (Limit("lowest_glucose", low=70.0, probability=0.99),)
NIGHTS = (
    "7 h of sleep and more for adults: Watson et al., Sleep 38:843 (2015); less: Donga et al., JCEM 95:2963 (2010); "
    "at another time: Leproult et al., Diabetes 63:1860 (2014)"
)
LONGEST = 14.0  # h, bound of the action


@dataclasses.dataclass(frozen=True, kw_only=True)
class Night(Question):
    """What would a longer, a shorter or a later night do to the day after it?"""

    hours: float = field_("h", 2, 12, typical=6, meaning="sleep as it is meant to be")

    def choice(self, case: Case, now: float) -> Choice:
        """As meant, an hour and two more, an hour less, three hours later; over the night and the day after it."""
        options = {
            name: (Sleep(at=self.at, hours=min(max(self.hours + more, 0.0), LONGEST)),)
            for name, more in (("an hour more", 1.0), ("two hours more", 2.0), ("an hour less", -1.0))
        }
        options["three hours later"] = (Sleep(at=self.at + 3 * HOUR, hours=self.hours),)
        meant = (Sleep(at=self.at, hours=self.hours),)
        return Choice(meant, options, self.at - now + 24 * HOUR, "time_in_range", "max", SAFE, (NIGHTS,))
