"""Ready questions of a heart that may be paced: from where, and which ventricle first."""

from __future__ import annotations

import dataclasses

from vitruvian.core.case import Case
from vitruvian.core.fields import field_
from vitruvian.core.question import Choice, Question
from vitruvian.kinds.electrophysiology.actions import Pacing
from vitruvian.models.ecg.sites import LEADS_LV

HOUR = 3600.0
SOONEST = "least left ventricular activation time, an electrical end: no outcome data stand behind it"
SCAR = "patients with scar there respond less: Adelstein & Saba, Am Heart J 2007;153:105"


@dataclasses.dataclass(frozen=True, kw_only=True)
class BestLead(Question):
    """From which place on the left ventricle would it be activated soonest?"""

    av_delay: float = field_("ms", 50, 300, typical=120, meaning="atrium to first paced ventricle", default=120.0)

    def choice(self, case: Case, now: float) -> Choice:
        """Both ventricles from every segment that a lead can reach, and the right apex alone."""
        plans = {name: (Pacing(at=self.at, left=name, av_delay=self.av_delay),) for name in LEADS_LV}
        plans["right apex alone"] = (Pacing(at=self.at, left="none", av_delay=self.av_delay),)
        horizon = self.at - now + HOUR
        return Choice(
            (),
            plans,
            horizon,
            "lv_activation_mean",
            "min",
            (),
            (SOONEST, f"a lead over dense scar is not recommended: {SCAR}"),
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class BestDelay(Question):
    """With this lead, which ventricle first, and by how much?"""

    left: str = field_(choices=tuple(LEADS_LV), meaning="segment of the left lead", default="mid inferolateral")

    def choice(self, case: Case, now: float) -> Choice:
        """VV delays 20 ms apart."""
        delays = range(-60, 61, 20)
        plans = {f"{vv:+d} ms": (Pacing(at=self.at, left=self.left, vv_delay=float(vv)),) for vv in delays}
        horizon = self.at - now + HOUR
        return Choice((), plans, horizon, "lv_activation_mean", "min", (), (SOONEST,))


QUESTIONS = (BestLead, BestDelay)
