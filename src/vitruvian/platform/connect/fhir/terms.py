"""What a resource is found by: the values of its search parameters as rows of the index."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from vitruvian.platform.connect.fhir import definitions, values

# The parts of a name and an address that a string parameter looks into (R4, 3.1.1.4.8)
PARTS = {
    "HumanName": ("family", "given", "prefix", "suffix", "text"),
    "Address": ("line", "city", "district", "state", "postalCode", "country", "text"),
}
LONGEST = 500  # characters of an indexed text


class Term(NamedTuple):
    """A row of the index; which fields are used depends on the parameter's kind."""

    parameter: str
    value: str | None = None
    extra: str | None = None
    low: float | None = None
    high: float | None = None


def terms(resource: Mapping[str, Any]) -> list[Term]:
    """All of a resource, without doubles."""
    found: dict[Term, None] = {}
    for keys, parameter, path in _plan(str(resource["resourceType"])):
        if keys.isdisjoint(resource):
            continue
        make = _MAKERS[parameter.kind]
        for kind, value in values.at(resource, path):
            for term in make(parameter.name, kind, value):
                if parameter.kind != "reference" or fits(parameter.targets, term):
                    found[term] = None
    return list(found)


@cache
def _plan(kind: str) -> tuple[tuple[frozenset[str], definitions.Parameter, str], ...]:
    """Each path with the elements that it may begin with: most resources have few of them."""
    elements = definitions.shape(kind).elements
    out = []
    for parameter in definitions.parameters(kind).values():
        for path in parameter.paths:
            step = path.partition(".")[0].partition(":")[0]
            keys = {step} if step in elements else {key for key, e in elements.items() if e.group == step}
            out.append((frozenset(keys), parameter, path))
    return tuple(out)


def fits(targets: tuple[str, ...], term: Term) -> bool:
    """Whether a reference may be to one of these types: patient= looks at those to a Patient only."""
    name = (term.value or "").rpartition("/")[0].rpartition("/")[2]
    return not targets or name in targets or name not in definitions.resource_types()


def fold(text: str) -> str:
    """Without case and accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))[:LONGEST]


def _token(name: str, kind: str, value: Any) -> Iterator[Term]:
    if kind == "CodeableConcept":
        for coding in value.get("coding", ()):
            yield from _token(name, "Coding", coding)
    elif kind == "Coding":
        if "code" in value:
            yield Term(name, value["code"], value.get("system", ""))
    elif kind == "Identifier":
        if "value" in value:
            yield Term(name, value["value"][:LONGEST], value.get("system", ""))
    elif kind == "ContactPoint":
        if "value" in value:
            yield Term(name, value["value"][:LONGEST], "")
    elif isinstance(value, bool):
        yield Term(name, "true" if value else "false")
    elif isinstance(value, str):
        yield Term(name, value[:LONGEST])  # a code whose system is its value set's


def _date(name: str, kind: str, value: Any) -> Iterator[Term]:
    found = values.during(kind, value)
    if found is not None:
        yield Term(name, None, None, float(found[0]), float(found[1]))


def _reference(name: str, kind: str, value: Any) -> Iterator[Term]:
    if isinstance(value, str):
        yield Term(name, value[:LONGEST])
    elif kind == "Reference":
        if "reference" in value:
            yield Term(name, value["reference"].partition("/_history/")[0][:LONGEST])
        if isinstance(value.get("identifier"), dict):
            yield from _token(f"{name}:identifier", "Identifier", value["identifier"])


def _string(name: str, kind: str, value: Any) -> Iterator[Term]:
    if isinstance(value, str):
        yield Term(name, fold(value), value[:LONGEST])
    else:
        for part in PARTS.get(kind, ()):
            inner = value.get(part, ())
            for text in [inner] if isinstance(inner, str) else inner:
                if text is not None:
                    yield Term(name, fold(text), text[:LONGEST])


def _quantity(name: str, kind: str, value: Any) -> Iterator[Term]:
    if kind == "Range":
        ends = [value[end] for end in ("low", "high") if "value" in value.get(end, {})]
        numbers = [float(end["value"]) for end in ends]
        low = numbers[0] if "low" in value else -math.inf
        high = numbers[-1] if "high" in value else math.inf
        for end in ends[:1]:
            yield Term(name, end.get("code") or end.get("unit") or "", end.get("system", ""), low, high)
    elif isinstance(value, dict) and "value" in value:
        unit = value.get("code") or value.get("currency") or value.get("unit") or ""
        number = float(value["value"])
        yield Term(name, unit, value.get("system", ""), number, number)


def _uri(name: str, kind: str, value: Any) -> Iterator[Term]:
    if isinstance(value, str):
        yield Term(name, value[:LONGEST])


def _number(name: str, kind: str, value: Any) -> Iterator[Term]:
    if not isinstance(value, dict | str | bool):
        yield Term(name, None, None, float(value), float(value))


_MAKERS = {
    "token": _token,
    "date": _date,
    "reference": _reference,
    "string": _string,
    "quantity": _quantity,
    "uri": _uri,
    "number": _number,
}
