"""Whose flow it is, and what can be done about it: action types with the model's own names as choices."""

from __future__ import annotations

import dataclasses
from typing import Any

from vitruvian.core.action import Action
from vitruvian.core.case import Subject
from vitruvian.core.fields import field_
from vitruvian.engines.event.model import Model

SPARE = {"bed": 30, "staff": 10, "room": 5, "equipment": 3, "other": 5}  # units an action may add to a pool
HOURS = 168.0  # longest duration of an action, h


@dataclasses.dataclass(frozen=True, kw_only=True)
class Site(Subject):
    """A hospital, or a part of one."""

    model: str = field_(choices=("emergency", "general_hospital", "radiology", "intensive_care", "own"),
                        meaning="which model describes it", default="emergency")  # fmt: skip


def _made(name: str, meaning: str, fields: list[tuple[str, type, Any]]) -> type[Action]:
    return dataclasses.make_dataclass(
        name, fields, bases=(Action,), frozen=True, kw_only=True, namespace={"__doc__": meaning, "__module__": __name__}
    )


def _duration(typical: float, default: float = 8.0) -> tuple[str, type, Any]:
    return ("duration", float, field_("h", 0, HOURS, typical=typical, meaning="how long", default=default))


def _pools(model: Model, *kinds: str) -> tuple[str, ...]:
    return tuple(p.name for p in model.pools if p.kind in kinds and any(g.count for g in p.parts))


def actions_of(model: Model) -> tuple[type[Action], ...]:
    """The action types that make sense for a model."""
    out = []
    if beds := _pools(model, "bed"):
        out.append(_made("OpenBeds", "More (or fewer) beds from now on; who is in one stays.", [
            ("pool", str, field_(choices=beds, meaning="which beds", default=beds[0])),
            ("beds", int, field_("1", -30, SPARE["bed"], typical=5, meaning="beds added; negative closes")),
        ]))  # fmt: skip
    if staff := _pools(model, "staff"):
        out.append(_made("ChangeStaff", "More (or fewer) staff for a while; at the end the pool's policy holds.", [
            ("pool", str, field_(choices=staff, meaning="whom", default=staff[0])),
            ("staff", int, field_("1", -10, SPARE["staff"], typical=1, meaning="people added; negative takes away")),
            _duration(8.0),
        ]))  # fmt: skip
    if machines := _pools(model, "equipment", "room"):
        out.append(_made("ChangeEquipment", "A scanner or a theatre added, or down, for a while.", [
            ("pool", str, field_(choices=machines, meaning="which", default=machines[0])),
            ("units", int, field_("1", -3, SPARE["equipment"], typical=1, meaning="units added; negative: down")),
            _duration(8.0),
        ]))  # fmt: skip
    if model.modes:
        out.append(_made("Rule", "A rule is on for a while: a triage rule, a fast track, other appointments.", [
            ("mode", str, field_(choices=model.modes, meaning="which", default=model.modes[0])),
            _duration(8.0),
        ]))  # fmt: skip
    if any(a.elective for a in model.arrivals):
        out.append(_made("CancelElectives", "A share of those booked is cancelled for a while.", [
            ("share", float, field_("1", 0, 1, typical=0.5, meaning="share cancelled")),
            _duration(24.0, 24.0),
        ]))  # fmt: skip
    if any(not a.appointments for a in model.arrivals):
        out.append(_made("Surge", "Unplanned arrivals at another rate for a while: an outbreak, a closed neighbour.", [
            ("factor", float, field_("1", 0, 5, typical=1.5, meaning="arrivals as a multiple of usual")),
            _duration(8.0),
        ]))  # fmt: skip
    if bays := tuple(p.name for p in model.pools if p.kind == "bed" and len(p.parts) > 1):
        out.append(_made("Cohort", "Beds of the first bay serve as beds of the last (isolation) from now on.", [
            ("pool", str, field_(choices=bays, meaning="which beds", default=bays[0])),
            ("beds", int, field_("1", 0, 20, typical=4, meaning="beds that change over")),
        ]))  # fmt: skip
    if team := tuple(p.name for p in model.pools if p.kind == "staff" and p.roster is not None):
        out.append(_made("StartEarlier", "A team starts and ends its day earlier from now on: discharge before noon.", [
            ("pool", str, field_(choices=team, meaning="whom", default=team[0])),
            ("hours", float, field_("h", 0, 4, typical=2, meaning="how much earlier")),
        ]))  # fmt: skip
    return tuple(out)
