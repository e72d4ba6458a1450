"""Whose heart it is, and what is done or happens to it; every action holds from its time until the next of its type."""

from __future__ import annotations

import dataclasses

from vitruvian.core.case import Subject
from vitruvian.core.fields import field_
from vitruvian.core.held import Held
from vitruvian.models.ecg.sites import LEADS_LV, SEGMENTS

NONE = "none"
CONDUCTION = ("normal", "LBBB", "RBBB", "LAFB", "LPFB")
LEFT_LEADS = (NONE, *LEADS_LV)
WALLS = (NONE, *SEGMENTS[1:])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Heart(Subject):
    """Size and place of the two ventricles at the end of filling, which bundles conduct, and an old scar."""

    lv_volume: float = field_("mL", 80, 450, typical=166, meaning="left ventricle, end of filling", default=166.0)
    rv_volume: float = field_("mL", 80, 400, typical=182, meaning="right ventricle, end of filling", default=182.0)
    long_axis: float = field_("mm", 75, 125, typical=92, meaning="left ventricle, apex to base, inside", default=92.0)
    lv_wall: float = field_("mm", 5, 15, typical=8, meaning="wall of the left ventricle", default=8.0)
    rv_wall: float = field_("mm", 4, 9, typical=4, meaning="wall of the right ventricle", default=4.0)
    azimuth: float = field_("deg", 20, 75, typical=48, meaning="long axis, from the left to the front", default=48.0)
    dip: float = field_("deg", 5, 60, typical=30, meaning="long axis, below the horizontal", default=30.0)
    conduction: str = field_(choices=CONDUCTION, meaning="which bundle or fascicle is blocked", default="normal")
    scar: str = field_(choices=WALLS, meaning="segment of an old infarct", default=NONE)
    transmurality: float = field_("1", 0, 1, typical=0.7, meaning="share of the wall that is scar", default=0.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pacing(Held):
    """A pacemaker in the ventricles after every atrial beat; where conduction is faster, both fuse."""

    right: str = field_(choices=(NONE, "apex"), meaning="lead in the right ventricle", default="apex")
    left: str = field_(
        choices=LEFT_LEADS, meaning="lead on the left ventricle, by segment", default="mid inferolateral"
    )
    av_delay: float = field_("ms", 50, 300, typical=120, meaning="atrium to first paced ventricle", default=120.0)
    vv_delay: float = field_("ms", -60, 60, typical=0, meaning="left after right; below 0: left first", default=0.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Infarct(Held):
    """Muscle dies: from now on a segment is scar to this share of the wall, beside what the subject has."""

    segment: str = field_(choices=WALLS, meaning="which segment", default="mid inferolateral")
    transmurality: float = field_("1", 0, 1, typical=0.7, meaning="share of the wall that is scar", default=0.7)


ACTIONS = (Pacing, Infarct)
