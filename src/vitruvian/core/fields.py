"""Typed fields with unit and bounds: what actions and subjects are made of.

A class declares its fields with `field_(unit, low, high, meaning=...)`; checking, JSON and JSON schema follow from it.
"""

from __future__ import annotations

import dataclasses
import math
import typing
from typing import Any, Self, get_type_hints

from vitruvian.core.errors import FieldError


@dataclasses.dataclass(frozen=True)
class FieldInfo:
    """What is known of one field: UCUM unit, closed bounds, typical value, meaning, allowed choices."""

    unit: str
    low: float
    high: float
    typical: float | None
    meaning: str
    choices: tuple[str, ...] = ()


def field_(
    unit: str = "1",
    low: float = -math.inf,
    high: float = math.inf,
    *,
    typical: float | None = None,
    meaning: str = "",
    choices: tuple[str, ...] = (),
    default: Any = dataclasses.MISSING,
) -> Any:
    """Declare a dataclass field with its UCUM unit, closed bounds [low, high], a typical value and a meaning."""
    info = FieldInfo(unit, low, high, typical, meaning, choices)
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata={"info": info})
    return dataclasses.field(default=default, metadata={"info": info})


def infos(cls: type) -> dict[str, FieldInfo]:
    """The declared fields of a class by name."""
    return {f.name: f.metadata["info"] for f in dataclasses.fields(cls) if "info" in f.metadata}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Described:
    """Base of actions and subjects: fields are checked when the object is made."""

    def __post_init__(self) -> None:
        hints = _hints(type(self))
        for name, info in infos(type(self)).items():
            _check(type(self).__name__, name, getattr(self, name), info, hints[name])

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, with the type's name under "type"."""
        body = {f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self)}
        return {"type": type(self).__name__, **body}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Back from `to_json`; unknown and missing fields are errors that name them."""
        names = {f.name for f in dataclasses.fields(cls)}
        given = {k: v for k, v in data.items() if k != "type"}
        if extra := sorted(set(given) - names):
            raise FieldError(
                f"unknown field {', '.join(extra)}",
                where=cls.__name__,
                fix=f"use {', '.join(sorted(names))}",
            )
        needed = [
            f.name
            for f in dataclasses.fields(cls)
            if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        ]
        if missing := [n for n in needed if n not in given]:
            raise FieldError(f"missing field {', '.join(missing)}", where=cls.__name__, fix="give a value")
        return cls(**given)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """JSON schema (2020-12) with units, bounds and meanings."""
        hints = _hints(cls)
        known = infos(cls)
        properties: dict[str, Any] = {"type": {"const": cls.__name__}}
        required = ["type"]
        for f in dataclasses.fields(cls):
            properties[f.name] = _schema_of(hints[f.name], known.get(f.name))
            if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
                required.append(f.name)
        return {
            "title": cls.__name__,
            "description": (cls.__doc__ or "").strip(),
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }


def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _allowed(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) or (hint,)


def _check(owner: str, name: str, value: Any, info: FieldInfo, hint: Any) -> None:
    where = f"{owner}.{name}"
    if value is None and type(None) in _allowed(hint):
        return
    if info.choices:
        if value not in info.choices:
            raise FieldError(
                f"must be one of {', '.join(info.choices)} (got {value!r})",
                where=where,
                fix="choose one",
            )
        return
    if bool in _allowed(hint) or str in _allowed(hint):
        if not isinstance(value, tuple(t for t in _allowed(hint) if isinstance(t, type))):
            raise FieldError(f"must be {hint} (got {value!r})", where=where, fix="give that type")
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        raise FieldError(f"must be a number in {info.unit} (got {value!r})", where=where, fix="give a number")
    if not info.low <= value <= info.high:
        raise FieldError(
            f"must be between {info.low:g} and {info.high:g} {info.unit} (got {value:g})",
            where=where,
            fix="check the value and its unit",
        )


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _schema_of(hint: Any, info: FieldInfo | None) -> dict[str, Any]:
    names = {float: "number", int: "integer", bool: "boolean", str: "string", type(None): "null"}
    kinds = [names[t] for t in _allowed(hint) if t in names]
    out: dict[str, Any] = {"type": kinds[0] if len(kinds) == 1 else kinds}
    if info is None:
        return out
    if info.choices:
        out["enum"] = list(info.choices)
    if math.isfinite(info.low):
        out["minimum"] = info.low
    if math.isfinite(info.high):
        out["maximum"] = info.high
    if info.typical is not None:
        out["examples"] = [info.typical]
    return {**out, "description": info.meaning, "x-unit": info.unit}
