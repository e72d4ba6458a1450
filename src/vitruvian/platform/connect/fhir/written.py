"""JSON as FHIR means it: decimals keep their digits ("72.10" stays), and what is not plain JSON is refused.

Refused: a key given twice (which one counts?), NaN and infinities, numbers no double can hold, text that is not UTF-8,
nesting and sizes beyond the limits.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from vitruvian.core.errors import ParseError

LARGEST = 64 << 20  # bytes of one document
DEEPEST = 100  # levels of arrays and objects; the official examples have 14
EXPONENT = 308  # of the largest double
_LONG = 18  # digits that always fit 64 bits


class Number(Decimal):
    """A decimal that remembers how it was written."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Number:
        made = super().__new__(cls, text)
        made.text = text
        return made


def loads(data: bytes | str, where: str = "body") -> Any:
    """The value; ParseError says what is wrong and where."""
    if len(data) > LARGEST:
        raise ParseError(f"is larger than {LARGEST >> 20} MB", where=where, fix="send it in parts, or as bulk import")
    text = data if isinstance(data, str) else _decoded(data, where)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as err:
        place = f"{where}, line {err.lineno}, column {err.colno}"
        raise ParseError(f"is not JSON: {err.msg}", where=place, fix="send one complete JSON document") from None
    except RecursionError:
        raise _deep(where) from None
    except (ValueError, InvalidOperation) as err:
        said = str(err) if isinstance(err, _Refused) else "it holds a number that no double can hold"
        raise ParseError(
            f"is not JSON that FHIR allows: {said}", where=where, fix="correct it and send again"
        ) from None
    if text.count("{") + text.count("[") > DEEPEST and depth(value) > DEEPEST:
        raise _deep(where)
    return value


def dumps(value: Any, *, pretty: bool = False) -> bytes:
    """UTF-8 JSON in which every number stands as it was written."""
    return orjson.dumps(value, default=_fragment, option=orjson.OPT_INDENT_2 if pretty else None)


def depth(value: Any) -> int:
    """Levels of nesting, without recursion."""
    deepest, todo = 0, [(value, 1)]
    while todo:
        one, level = todo.pop()
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else None
        if inner is not None:
            deepest = max(deepest, level)
            todo += [(v, level + 1) for v in inner if isinstance(v, dict | list)]
    return deepest


class _Refused(ValueError):
    """What the hooks below find; its text is for the sender."""


def _decoded(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise ParseError(f"is not UTF-8 at byte {err.start}", where=where, fix="send UTF-8") from None


def _deep(where: str) -> ParseError:
    return ParseError(f"is nested deeper than {DEEPEST} levels", where=where, fix="send a flatter document")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(k for k, _ in pairs if k in seen or seen.add(k))
        raise _Refused(f"the key '{twice}' is given twice")
    return made


_EXPONENT = re.compile(r"[eE]([+-]?\d+)$")


def _number(text: str) -> Number:
    found = _EXPONENT.search(text)
    if len(text) > EXPONENT or (found and (len(found[1]) > 5 or abs(int(found[1])) > EXPONENT)):
        raise _Refused(f"the number {text[:40]} has more digits than a double can hold")
    return Number(text)


def _integer(text: str) -> int | Number:
    return _number(text) if len(text) > _LONG or text == "-0" else int(text)


def _constant(name: str) -> Any:
    raise _Refused(f"{name} is no JSON number")


def _fragment(value: Any) -> orjson.Fragment:
    if isinstance(value, Number):
        return orjson.Fragment(value.text)
    raise TypeError(f"{type(value).__name__} is not JSON")


_DECODER = json.JSONDecoder(
    parse_float=_number, parse_int=_integer, parse_constant=_constant, object_pairs_hook=_object, strict=True
)
