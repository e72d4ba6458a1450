"""Plans: lists of actions written in YAML, as they are compared and recommended.

    - Meal: {at: "+30min", carbohydrate: 45 g}
    - Walk: {at: 2026-03-01T13:15, duration: 30 min}

Times are local to the subject, carry an offset, or count from the belief's time; units are checked and converted.
"""

from __future__ import annotations

import dataclasses
import difflib

from vitruvian.core.action import Action
from vitruvian.core.case import Origin
from vitruvian.core.errors import FieldError, ParseError
from vitruvian.core.fields import infos
from vitruvian.core.kind import AbstractKind
from vitruvian.platform import fieldtext, placed, when
from vitruvian.platform.placed import Placed


@dataclasses.dataclass(frozen=True)
class Clock:
    """What times in a plan mean: the case's origin and zone, and the moment (s) from which +30min counts."""

    origin: Origin
    now: float


def parse(text: str, name: str, kind: AbstractKind, clock: Clock) -> tuple[Action, ...]:
    """The actions of a plan; errors name the file (`name`), line, column, and what may stand there."""
    return actions(placed.read(text, name), kind, clock)


def actions(plan: Placed, kind: AbstractKind, clock: Clock) -> tuple[Action, ...]:
    """The actions of a list already read."""
    return tuple(_action(item, kind, clock) for item in plan.listing("a plan"))


def _action(item: Placed, kind: AbstractKind, clock: Clock) -> Action:
    entries = item.mapping("an action")
    if len(entries) != 1:
        raise ParseError("each item is one action", where=item.where, fix="write - Name: {at: +30min, field: value}")
    [(key, body)] = entries.values()
    cls = _type(kind, key)
    fields = body.mapping(cls.__name__)
    places = {name: value.where for name, (_, value) in fields.items()}
    known = (*infos(cls), "at", "known_at")
    for name, (place, _) in fields.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            allowed = ", ".join(("at", *(fieldtext.describe(n, i) for n, i in infos(cls).items())))
            fix = f"did you mean {near[0]}?" if near else f"use {allowed}"
            raise FieldError(f"{cls.__name__} has no field '{name}'", where=place.where, fix=fix)
    if "at" not in fields:
        raise FieldError(f"{cls.__name__} has no time", where=key.where, fix='give at, e.g. at: "+30min"')
    given: dict[str, object] = {name: value.scalar(name) for name, (_, value) in fields.items()}
    for name in ("at", "known_at"):
        if name in given:
            given[name] = when.at(str(given[name]), clock.origin, clock.now, places[name])
    return fieldtext.build(cls, given, lambda name: places.get(name, body.where))


def _type(kind: AbstractKind, key: Placed) -> type[Action]:
    types = {cls.__name__: cls for cls in kind.actions}
    if key.text in types:
        return types[key.text]
    near = difflib.get_close_matches(key.text, types, n=1)
    fix = f"did you mean {near[0]}?" if near else f"use {', '.join(types) or 'another kind: this one has no actions'}"
    raise FieldError(f"'{key.text}' is no action of kind '{kind.name}'", where=key.where, fix=fix)
