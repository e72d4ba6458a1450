"""Whose queue it is, and what can be done about it."""

from __future__ import annotations

import dataclasses

from vitruvian.core.action import Action
from vitruvian.core.case import Subject
from vitruvian.core.fields import field_


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clinic(Subject):
    """A walk-in clinic."""

    servers: int = field_("1", 0, 50, typical=3, meaning="clinicians who see patients", default=3)


@dataclasses.dataclass(frozen=True, kw_only=True)
class OpenServers(Action):
    """More (or fewer) servers from now on; who is being served is finished first."""

    servers: int = field_("1", -20, 20, typical=1, meaning="servers added; negative closes")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Surge(Action):
    """Arrivals at another rate for a while."""

    factor: float = field_("1", 0, 5, typical=1.5, meaning="arrivals as a multiple of usual")
    duration: float = field_("h", 0, 72, typical=4, meaning="how long")
