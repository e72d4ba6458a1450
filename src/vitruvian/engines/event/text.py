"""Reading and writing a model as YAML or JSON text: every error names the place and its line.

Plain values follow YAML 1.2 (07:30, no and on are text), so a shift or a class named "NA" stays what it is.
A bare number where a law is wanted is a fixed time in minutes.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import re
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from vitruvian.core.errors import KindError, ParseError
from vitruvian.engines.event.checks import check_model
from vitruvian.engines.event.law import Law
from vitruvian.engines.event.model import Model

T = TypeVar("T")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$")
Lines = dict[str, int]


def read_model(text: str, name: str = "model") -> Model:
    """The model in this YAML or JSON text, checked; `name` is what errors call the text (a file's name)."""
    data, lines = parse(text, name)
    model = _value(Model, data, "", lines, name)
    check_model(model, lambda path: _where(name, path, lines))
    return model


def parse(text: str, name: str) -> tuple[Any, Lines]:
    """Plain data and the line of every place in it."""
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as err:
        mark = err.problem_mark
        place = f"{name}, line {mark.line + 1}, column {mark.column + 1}" if mark else name
        raise ParseError(f"cannot be read: {err.problem}", where=place, fix="put the YAML or JSON right") from err
    except yaml.YAMLError as err:
        raise ParseError(f"cannot be read: {err}", where=name, fix="save it as UTF-8 text") from err
    if root is None:
        raise ParseError("is empty", where=name, fix="write a model; the shipped examples are templates")
    lines: Lines = {}
    return _plain(root, "", lines, name), lines


def _plain(node: Any, path: str, lines: Lines, name: str) -> Any:
    lines[path] = node.start_mark.line + 1
    if node.id == "sequence":
        return [_plain(child, f"{path}[{i}]", lines, name) for i, child in enumerate(node.value)]
    if node.id == "mapping":
        out: dict[str, Any] = {}
        for key, child in node.value:
            if key.value in out:
                where = f"{name}, line {key.start_mark.line + 1}"
                raise ParseError(f"'{key.value}' is given twice", where=where, fix="keep one of them")
            out[key.value] = _plain(child, f"{path}.{key.value}" if path else key.value, lines, name)
        return out
    return node.value if node.style in ("'", '"', "|", ">") else _scalar(node.value)


def _scalar(text: str) -> Any:
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "false", "False"):
        return text in ("true", "True")
    if _NUMBER.match(text):
        return float(text) if any(c in text for c in ".eE") else int(text)
    return text


def _where(name: str, path: str, lines: Lines) -> str:
    near = path
    while near and near not in lines:
        near = near.rpartition(".")[0] if near.rfind(".") > near.rfind("[") else near.rpartition("[")[0]
    line = f", line {lines[near]}" if near in lines else ""
    return f"{name}{line}" + (f": {path}" if path else "")


@functools.cache
def hints(cls: type) -> dict[str, Any]:
    """Types of a dataclass's fields."""
    return typing.get_type_hints(cls)


def _value(hint: Any, data: Any, path: str, lines: Lines, name: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        if data is None:
            return None
        return _value(next(a for a in typing.get_args(hint) if a is not type(None)), data, path, lines, name)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _object(hint, data, path, lines, name)
    if origin is tuple:
        item = typing.get_args(hint)[0]
        if not isinstance(data, list):
            raise _wrong("a list", data, path, lines, name)
        return tuple(_value(item, x, f"{path}[{i}]", lines, name) for i, x in enumerate(data))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(data, dict):
            raise _wrong("a mapping", data, path, lines, name)
        item = typing.get_args(hint)[1]
        return {k: _value(item, v, f"{path}.{k}", lines, name) for k, v in data.items()}
    return _atom(hint, data, path, lines, name)


def _atom(hint: Any, data: Any, path: str, lines: Lines, name: str) -> Any:
    if hint is bool and isinstance(data, bool):
        return data
    if hint is int and isinstance(data, int) and not isinstance(data, bool):
        return data
    if hint is float and isinstance(data, int | float) and not isinstance(data, bool) and math.isfinite(data):
        return float(data)
    if hint is str and isinstance(data, str):
        return data
    if hint is str and data is not None and not isinstance(data, dict | list | bool):
        return str(data)
    wanted = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}[hint]
    raise _wrong(wanted, data, path, lines, name)


def _wrong(wanted: str, data: Any, path: str, lines: Lines, name: str) -> KindError:
    return KindError(f"must be {wanted} (got {data!r})", where=_where(name, path, lines), fix=f"give {wanted}")


def _object(cls: type[T], data: Any, path: str, lines: Lines, name: str) -> T:
    where = _where(name, path, lines)
    if cls is Law and isinstance(data, int | float) and not isinstance(data, bool):
        data = {"law": "fixed", "mean": data}
    if not isinstance(data, dict):
        raise _wrong(f"a {cls.__name__} with its fields", data, path, lines, name)
    fields = {f.name: f for f in dataclasses.fields(typing.cast(Any, cls))}
    if extra := [k for k in data if k not in fields]:
        place = _where(name, f"{path}.{extra[0]}" if path else extra[0], lines)
        raise KindError(f"{cls.__name__} has no field '{extra[0]}'", where=place, fix=f"use {', '.join(fields)}")
    out = {}
    for key, value in data.items():
        inner = f"{path}.{key}" if path else key
        out[key] = _value(hints(cls)[key], value, inner, lines, name)
        _bounded(out[key], fields[key].metadata, _where(name, inner, lines))
    if missing := [n for n, f in fields.items() if n not in out and _needed(f)]:
        raise KindError(f"{cls.__name__} lacks {', '.join(missing)}", where=where, fix="give a value")
    try:
        return cls(**out)
    except KindError as err:
        raise KindError(err.what, where=f"{where}: {err.where}", fix=err.fix) from err


def _needed(field: Any) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _bounded(value: Any, info: Mapping[str, Any], where: str) -> None:
    low, high, choices = info.get("low"), info.get("high"), info.get("choices")
    for x in value if isinstance(value, tuple) else (value,):
        if choices and x is not None and x not in choices:
            raise KindError(f"'{x}' is not among the choices", where=where, fix=f"use {', '.join(choices)}")
        if isinstance(x, int | float) and low is not None and x < low:
            raise KindError(f"must be >= {low:g} (got {x:g})", where=where, fix=f"give {low:g} or more")
        if isinstance(x, int | float) and high is not None and x > high:
            raise KindError(f"must be <= {high:g} (got {x:g})", where=where, fix=f"give {high:g} or less")


def to_plain(value: Any) -> Any:
    """Plain data of a model or a part of it; what has its default value is left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        out = {}
        for f in dataclasses.fields(value):
            x = getattr(value, f.name)
            default = f.default_factory() if f.default_factory is not dataclasses.MISSING else f.default
            if _needed(f) or x != default:
                out[f.name] = to_plain(x)
        return out
    if isinstance(value, Mapping):
        return {k: to_plain(v) for k, v in value.items()}
    return [to_plain(v) for v in value] if isinstance(value, tuple) else value


def write_yaml(model: Model) -> str:
    """YAML text from which `read_model` makes the same model."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    # text that YAML 1.2 or we would take for a number, a truth value or nothing is quoted
    def text(dumper: Any, value: str) -> Any:
        plain = _scalar(value) == value and re.match(r"[A-Za-z0-9_]", value) and not re.search(r"[:#]\s|:$", value)
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')

    Dumper.add_representer(str, text)
    return yaml.dump(
        to_plain(model), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None
    )


def write_json(model: Model) -> str:
    """JSON text from which `read_model` makes the same model."""
    return json.dumps(to_plain(model), indent=1, ensure_ascii=False)


def json_schema() -> dict[str, Any]:
    """JSON schema (2020-12) of a model, with meanings, units and bounds."""
    found: dict[str, Any] = {}
    root = _schema(Model, found)
    return (
        {"$schema": "https://json-schema.org/draft/2020-12/schema", **found.pop("Model"), "$defs": found}
        if root
        else {}
    )


def _schema(hint: Any, found: dict[str, Any]) -> dict[str, Any]:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_schema(a, found) for a in args if a is not type(None)] + [{"type": "null"}]}
    if origin is tuple:
        return {"type": "array", "items": _schema(args[0], found)}
    if origin is not None:
        return {"type": "object", "additionalProperties": _schema(args[1], found)}
    if not dataclasses.is_dataclass(hint):
        return {"type": {bool: "boolean", int: "integer", float: "number", str: "string"}[hint]}
    name = str(getattr(hint, "__name__", ""))
    if name not in found:
        found[name] = {}
        fields = dataclasses.fields(hint)
        found[name] = {
            "title": name,
            "description": (hint.__doc__ or "").strip(),
            "type": "object",
            "properties": {f.name: _property(f, hints(typing.cast(type, hint))[f.name], found) for f in fields},
            "required": [f.name for f in fields if _needed(f)],
            "additionalProperties": False,
        }
    reference = {"$ref": f"#/$defs/{name}"}
    return {"anyOf": [reference, {"type": "number", "minimum": 0}]} if hint is Law else reference


def _property(field: Any, hint: Any, found: dict[str, Any]) -> dict[str, Any]:
    info, out = field.metadata, _schema(hint, found)
    bounds = {"minimum": info.get("low"), "maximum": info.get("high"), "enum": list(info.get("choices") or ()) or None}
    place = out["items"] if out.get("type") == "array" else out
    place = place["anyOf"][0] if "anyOf" in place and info.get("low") is not None else place
    if place.get("type") in ("string", "number", "integer"):
        place.update({k: v for k, v in bounds.items() if v is not None})
    unit = f" ({info['unit']})" if info.get("unit") else ""
    return {**out, "description": info.get("meaning", "") + unit}
