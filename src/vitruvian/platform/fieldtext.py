"""Fields of subjects and actions from text: "82", "82 kg", "type2", "yes", checked and converted by their schema."""

from __future__ import annotations

import dataclasses
import difflib
import re
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from vitruvian.core.errors import FieldError, VitruvianError
from vitruvian.core.fields import Described, FieldInfo, infos
from vitruvian.core.units import convert, spoken

D = TypeVar("D", bound=Described)
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*)")
_BOOLEANS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


def build(cls: type[D], given: Mapping[str, Any], place: Callable[[str], str] = lambda name: name) -> D:
    """An object of `cls` from texts or values by field name; `place` says where a field was given.

    Errors name the field, its unit and bounds; unknown names come with the nearest known one.
    """
    known, hints = infos(cls), typing.get_type_hints(cls)
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in hints:
            raise FieldError(f"{cls.__name__} has no field '{name}'", where=place(name), fix=_choice(name, known))
        info = known.get(name)
        values[name] = value_of(value, info, hints[name], place(name)) if info and isinstance(value, str) else value
    lacking = [f.name for f in dataclasses.fields(cls) if _needed(f) and f.name not in values]
    if lacking:
        fix = "; ".join(describe(name, known[name]) if name in known else name for name in lacking)
        raise FieldError(f"{cls.__name__} needs {', '.join(lacking)}", where=place(""), fix=f"give {fix}")
    try:
        return cls(**values)
    except FieldError as err:  # the class says Type.field; the person wants to know where they wrote it
        raise FieldError(f"{err.where} {err.what}", where=place(err.where.rpartition(".")[2]), fix=err.fix) from err


def value_of(text: str, info: FieldInfo, hint: Any, where: str) -> Any:
    """The value of a field's text in the field's own unit."""
    allowed = typing.get_args(hint) or (hint,)
    bare = text.strip()
    if type(None) in allowed and bare.lower() in ("", "none", "null", "~"):
        return None
    if info.choices:
        return _chosen(bare, info, where)
    if bool in allowed:
        if bare.lower() not in _BOOLEANS:
            raise FieldError(f"must be yes or no (got '{text}')", where=where, fix="write yes or no")
        return _BOOLEANS[bare.lower()]
    if str in allowed:
        return bare
    return _number(bare, info, int in allowed and float not in allowed, where)


def describe(name: str, info: FieldInfo) -> str:
    """A field with its unit, bounds and meaning in one phrase: weight (30 to 200 kg: body weight)."""
    if info.choices:
        return f"{name} ({' or '.join(info.choices)}{f': {info.meaning}' if info.meaning else ''})"
    unit = "" if info.unit == "1" else f" {info.unit}"
    bounds = f"{info.low:g} to {info.high:g}{unit}" if info.high < float("inf") else unit.strip()
    told = ": ".join(part for part in (bounds, info.meaning) if part)
    return f"{name} ({told})" if told else name


def _chosen(text: str, info: FieldInfo, where: str) -> str:
    folded = {choice.lower(): choice for choice in info.choices}
    if text.lower() not in folded:
        raise FieldError(f"must be one of {', '.join(info.choices)} (got '{text}')", where=where, fix="choose one")
    return folded[text.lower()]


def _number(text: str, info: FieldInfo, whole: bool, where: str) -> float | int:
    parts = _NUMBER.fullmatch(text)
    if parts is None:
        unit = "" if info.unit == "1" else f" in {info.unit}"
        raise FieldError(
            f"must be a number{unit} (got '{text}')", where=where, fix="give a number, with or without unit"
        )
    value, unit = float(parts[1]), parts[2].strip()
    if unit and spoken(unit) != info.unit and unit != info.unit:
        try:
            value = float(convert(value, spoken(unit), info.unit))
        except VitruvianError as err:
            raise FieldError(err.what, where=where, fix=f"give it in {info.unit}") from err
    if whole and value != int(value):
        raise FieldError(f"must be a whole number (got {text})", where=where, fix="give a whole number")
    return int(value) if whole else value


def _needed(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _choice(name: str, known: Mapping[str, FieldInfo]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"use {', '.join(describe(n, i) for n, i in known.items())}"
