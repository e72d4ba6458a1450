"""R4 as tables: the elements of every type, the codes of required bindings, the search parameters of every resource."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from vitruvian.platform.connect.fhir.primitives import CHECKS, Check

VERSION = "4.0.1"


class Element(NamedTuple):
    """An element of a type: what it is, how often, from which codes (a set, or {system: set})."""

    name: str
    type: str
    many: bool
    check: Check | None  # of a primitive
    codes: frozenset[str] | Mapping[str, frozenset[str]] | None
    binding: str
    group: str  # value of valueQuantity: at most one of a group
    resource: bool  # whole resources stand here


@dataclass(frozen=True)
class Shape:
    """The elements of a type, and which must be there (names, or groups of which one must be)."""

    elements: Mapping[str, Element]
    required: tuple[str, ...]
    required_groups: tuple[str, ...]
    groups: bool  # whether it has any


class Parameter(NamedTuple):
    """A search parameter: its kind, where its values stand ("name.family", "value:Quantity"), what it may refer to."""

    name: str
    kind: str
    paths: tuple[str, ...]
    targets: tuple[str, ...]


@cache
def _table() -> dict[str, Any]:
    return json.loads(Path(__file__).with_name("r4.json").read_text("utf-8"))


@cache
def resource_types() -> frozenset[str]:
    """The names of all R4 resources that can be stored."""
    return frozenset(_table()["resources"])


def known(name: str) -> bool:
    """Whether there is a type, or a part of one, of this name."""
    return name in _table()["types"]


@cache
def shape(name: str) -> Shape:
    """Of a type ("Quantity"), a resource ("Patient") or a part of one ("Patient.contact")."""
    rows = _table()["types"][name]
    if name in resource_types():
        rows = rows | {"id": ["id", *rows["id"][1:]]}  # the definitions call it a string and describe an id
    elements = {key: _element(key, row) for key, row in rows.items()}
    least = {key: row[4] for key, row in rows.items() if row[2]}
    single = tuple(key for key, group in least.items() if not group)
    groups = tuple(sorted({group for group in least.values() if group}))
    return Shape(elements, single, groups, any(e.group for e in elements.values()))


def _element(name: str, row: list[Any]) -> Element:
    code, most, _, binding, group = row
    resource = code == "Resource" or code in resource_types()
    return Element(name, code, most != 1, CHECKS.get(code), _codes(binding), binding.partition("|")[0], group, resource)


@cache
def _codes(binding: str) -> frozenset[str] | Mapping[str, frozenset[str]] | None:
    if not binding:
        return None
    held = _table()["sets"][binding]
    return frozenset(held) if isinstance(held, list) else {system: frozenset(codes) for system, codes in held.items()}


@cache
def parameters(resource: str) -> Mapping[str, Parameter]:
    """The search parameters of a resource by name."""
    rows = _table()["search"].get(resource, {})
    return {name: Parameter(name, kind, tuple(paths), tuple(to)) for name, (kind, paths, to) in rows.items()}
