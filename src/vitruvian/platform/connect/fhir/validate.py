"""Is it a valid R4 resource? Elements, cardinality, formats and required codes by the tables; then fhir.resources.

fhir.resources (R4B classes) does not see codes outside required bindings, empty arrays and objects, control characters
or numbers in quotes, so the tables go first. Its classes for types that R4B changed are not asked. One pass, linear in
the size: an entry of a Bundle is looked at once, alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitruvian.platform.connect.fhir import definitions, model
from vitruvian.platform.connect.fhir.definitions import Element, Shape
from vitruvian.platform.connect.fhir.outcome import Issue

MOST = 100  # issues told of one resource
Path = tuple[Any, str, int]  # the path above, the element, its place in a list or -1


def validate(resource: Any) -> tuple[Issue, ...]:
    """Everything wrong with a parsed resource (see `written.loads`); empty when it is valid."""
    issues = structure(resource)
    return issues or model.check(resource)


def structure(resource: Any) -> tuple[Issue, ...]:
    """What the tables say."""
    walk = _Walk()
    walk.resource(resource, None)
    return tuple(walk.issues)


class _Walk:
    def __init__(self) -> None:
        self.issues: list[Issue] = []

    def say(self, path: Path | None, what: str, fix: str = "", code: str = "structure") -> None:
        if len(self.issues) < MOST:
            self.issues.append(Issue(code, what, rendered(path), fix))

    def resource(self, value: Any, path: Path | None) -> None:
        if type(value) is not dict:
            self.say(path, "must be a resource, an object with a resourceType", "send a JSON object")
            return
        name = value.get("resourceType")
        if type(name) is not str or name not in definitions.resource_types():
            said = "has no resourceType" if name is None else f"'{str(name)[:60]}' is not an R4 resource type"
            self.say(path, said, "name the type as R4 does, e.g. Observation", "invalid")
            return
        here = path or (None, name, -1)
        self.members(value, definitions.shape(name), here, True)
        self._contained(value, here)

    def members(self, value: Mapping[str, Any], shape: Shape, path: Path, resource: bool) -> None:
        elements = shape.elements
        for key, inner in value.items():
            element = elements.get(key)
            if element is not None:
                self._element(element, key, inner, value, path)
            elif key[:1] == "_" and (plain := elements.get(key[1:])) is not None and plain.check is not None:
                self._beside(plain, key, inner, value, path)
            elif not (resource and key == "resourceType"):
                self.say((path, key, -1), "is no element of this type in R4", "remove it or correct its name")
        for name in shape.required:
            if name not in value and "_" + name not in value:
                self.say(path, f"lacks the required element '{name}'", f"add {name}", "required")
        if shape.groups:
            self._groups(value, shape, path)
        if not resource and len(value) == 1 and "id" in value:
            self.say(path, "has an id but no content", "give it a value or an extension", "invariant")

    def _groups(self, value: Mapping[str, Any], shape: Shape, path: Path) -> None:
        found: dict[str, str] = {}
        for key in value:
            element = shape.elements.get(key.lstrip("_"))
            if element is None or not element.group:
                continue
            before = found.setdefault(element.group, element.name)
            if before != element.name:
                what = f"has both {before} and {element.name}; only one {element.group}[x] may be given"
                self.say(path, what, "keep one")
        for group in shape.required_groups:
            if group not in found:
                self.say(path, f"lacks the required element '{group}[x]'", f"add one of {group}[x]", "required")

    def _element(self, element: Element, key: str, value: Any, whole: Mapping[str, Any], path: Path) -> None:
        if not element.many:
            if type(value) is list:
                self.say((path, key, -1), "is an array, and may be given once only", "give one value without brackets")
            else:
                self._value(element, value, (path, key, -1))
            return
        if type(value) is not list:
            self.say((path, key, -1), "may repeat, so it is an array even for one value", "put it in brackets")
        elif not value:
            self.say((path, key, -1), "is an empty array", "leave it out")
        else:
            beside = whole.get("_" + key) if element.check is not None else None
            for i, one in enumerate(value):
                if one is None and type(beside) is list and i < len(beside) and beside[i] is not None:
                    continue  # the value is absent, its extension says why
                self._value(element, one, (path, key, i))

    def _value(self, element: Element, value: Any, path: Path) -> None:
        if value is None:
            self.say(path, "is null", "leave it out", "value")
        elif element.check is not None:
            if wrong := element.check(value):
                self.say(path, wrong, "correct the value", "value")
            elif element.codes is not None and value not in element.codes:
                self._wrong_code(element, f"'{value[:60]}'", path)
        elif element.resource:
            self.resource(value, path)
        elif type(value) is not dict:
            self.say(path, f"must be an object ({element.type})", "give it as an object")
        elif not value:
            self.say(path, "is an empty object", "leave it out")
        else:
            self.members(value, definitions.shape(element.type), path, False)
            self._special(element, value, path)

    def _special(self, element: Element, value: Mapping[str, Any], path: Path) -> None:
        if element.type == "Extension":
            values = any(key.lstrip("_").startswith("value") for key in value)
            if values == ("extension" in value):
                what = "has both a value and extensions" if values else "has neither a value nor extensions"
                self.say(path, what, "give one of them", "invariant")
        elif element.codes is not None:
            self._coded(element, value, path)

    def _coded(self, element: Element, value: Mapping[str, Any], path: Path) -> None:
        codings = value.get("coding", []) if element.type == "CodeableConcept" else [value]
        given = [c for c in codings if type(c) is dict] if type(codings) is list else []
        codes = element.codes if isinstance(element.codes, Mapping) else {}
        if not any(c.get("code") in codes.get(str(c.get("system")), ()) for c in given):
            shown = ", ".join(f"{c.get('system')}|{c.get('code')}" for c in given[:3]) or "no code"
            self._wrong_code(element, shown, path)

    def _wrong_code(self, element: Element, said: str, path: Path) -> None:
        codes = element.codes
        names = sorted(codes) if isinstance(codes, frozenset) else [c for s in codes or {} for c in sorted(codes[s])]  # type: ignore[index]
        shown = ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")
        self.say(
            path, f"{said} is not in the required value set {element.binding}", f"use one of {shown}", "code-invalid"
        )

    def _beside(self, plain: Element, key: str, value: Any, whole: Mapping[str, Any], path: Path) -> None:
        """_birthDate: the id and extensions of a primitive."""
        values = value if plain.many and type(value) is list else [value]
        if plain.many != (type(value) is list) or not values:
            shape = "an array beside the array" if plain.many else "an object"
            self.say((path, key, -1), f"must be {shape}", "correct its form")
            return
        held = whole.get(key[1:])
        if plain.many and type(held) is list and len(held) != len(values):
            self.say((path, key, -1), f"has {len(values)} places, {key[1:]} has {len(held)}", "fill up with null")
        for i, one in enumerate(values):
            here = (path, key, i if plain.many else -1)
            if one is None and plain.many:
                continue
            if type(one) is not dict or not one:
                self.say(here, "must be an object with an id or extensions", "correct or remove it")
            else:
                self.members(one, definitions.shape("Element"), here, False)

    def _contained(self, value: Mapping[str, Any], path: Path) -> None:
        """A reference to #x needs a contained x."""
        if "contained" not in value or type(value["contained"]) is not list:
            return
        for i, one in enumerate(value["contained"]):
            if type(one) is dict and "contained" in one:
                self.say(
                    (path, "contained", i), "holds contained resources itself", "put all of them into the outer one"
                )


def rendered(path: Path | None) -> str:
    """Patient.contact[1].name"""
    parts: list[str] = []
    while path is not None:
        above, name, index = path
        parts.append(name if index < 0 else f"{name}[{index}]")
        path = above
    return ".".join(reversed(parts))
