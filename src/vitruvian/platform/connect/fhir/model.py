"""fhir.resources as the model layer: its R4B classes, where R4B has the type as R4 has it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from vitruvian.platform.connect.fhir import definitions
from vitruvian.platform.connect.fhir.outcome import Issue

PACKAGE = "fhir.resources.R4B"


def check(resource: Mapping[str, Any]) -> tuple[Issue, ...]:
    """What the class of this resource finds wrong; nothing where there is no such class."""
    from pydantic import ValidationError

    name = resource["resourceType"]
    if name == "Bundle":
        return _bundle(resource)
    found = model(name)
    if found is None:
        return ()
    try:
        found.model_validate(dict(resource))
    except ValidationError as err:
        return tuple(_issue(name, problem) for problem in err.errors(include_url=False, include_input=False))
    return ()


def _bundle(bundle: Mapping[str, Any]) -> tuple[Issue, ...]:
    """Each entry's resource by its own class."""
    out: list[Issue] = []
    for i, entry in enumerate(bundle.get("entry", [])):
        if "resource" in entry:
            inner = check(entry["resource"])
            out += [
                n._replace(expression=f"Bundle.entry[{i}].resource.{n.expression.partition('.')[2]}") for n in inner
            ]
    return tuple(out)


@cache
def model(name: str) -> Any:
    """The R4B class of a resource type; None when R4B has none, or one with other elements than R4."""
    try:
        module = importlib.import_module(f"{PACKAGE}.{name.lower()}")
    except ModuleNotFoundError as err:
        if err.name != f"{PACKAGE}.{name.lower()}":
            raise  # the package itself is not there, or broken
        return None
    found = getattr(module, name)
    known = {field.alias or key for key, field in found.model_fields.items()}
    shape = definitions.shape(name)
    return found if set(shape.elements) <= known else None


def _issue(name: str, problem: Mapping[str, Any]) -> Issue:
    path = name
    for step in problem["loc"]:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return Issue("invalid", str(problem["msg"]), path, "correct it as R4 describes the element")
