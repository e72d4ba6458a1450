"""Which actions of the past still act at a later time: those with a duration until it is over, held ones for good."""

from __future__ import annotations

import dataclasses
import math

from vitruvian.core import units
from vitruvian.core.action import Action
from vitruvian.core.case import Case
from vitruvian.core.fields import infos
from vitruvian.core.held import Held
from vitruvian.core.kind import AbstractKind

LASTS = "duration"  # the field in which an action says how long it lasts


def reach(kind: AbstractKind) -> float:
    """s after its time in which an action may still act, the kind's warm-up aside; inf where one is held."""
    longest = 0.0
    for action in kind.actions:
        info = infos(action).get(LASTS)
        longest = max(longest, math.inf if issubclass(action, Held) else 0.0)
        longest = max(longest, units.convert(info.high, info.unit, "s") if info else 0.0)
    return longest


def acting(case: Case, since: float) -> Case:
    """The case with the actions at `since` (s) or later, and the earlier ones that still act then."""
    return dataclasses.replace(case, timeline=tuple(a for a in case.timeline if _until(a) >= since))


def _until(action: Action) -> float:
    if isinstance(action, Held):
        return math.inf
    info = infos(type(action)).get(LASTS)
    return action.at + (units.convert(getattr(action, LASTS), info.unit, "s") if info else 0.0)
