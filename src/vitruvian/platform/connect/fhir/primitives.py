"""The formats of FHIR's primitive types (R4, section 2.24.0.1). A check returns what is wrong, or nothing.

Beyond the specification's patterns: days that a calendar has, text without control characters.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

Check = Callable[[Any], str | None]

LONGEST = 1 << 20  # characters; "strings SHALL NOT exceed 1MB in size"
INT = 2**31  # integers are 32 bits, signed
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_YEAR = r"(?P<y>(?!0000)\d{4})"
_DAY = rf"{_YEAR}(?:-(?P<m>0[1-9]|1[0-2])(?:-(?P<d>0[1-9]|[12]\d|3[01])"
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?"
_ZONE = r"(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))"
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_UNSAFE = re.compile(r"<\s*(?:script|iframe|object|embed|form|link|base|meta|style|svg)\b|<[^>]*\son\w+\s*=", re.I)


def _text(value: Any) -> str | None:
    if type(value) is not str:
        return f"must be text, not {_said(value)}"
    if not value:
        return "is empty; leave it out instead"
    if len(value) > LONGEST:
        return f"is longer than {LONGEST} characters"
    found = _CONTROL.search(value)
    return None if found is None else f"holds the control character U+{ord(found[0]):04X}"


def _said(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | Decimal):
        return f"the number {getattr(value, 'text', value)}"
    return {str: "text", list: "an array", dict: "an object"}.get(type(value), type(value).__name__)


def _pattern(pattern: str, like: str) -> Check:
    compiled = re.compile(pattern, re.ASCII)

    def check(value: Any) -> str | None:
        if type(value) is not str:
            return f"must be text, not {_said(value)}"
        return None if compiled.fullmatch(value) else f"'{value[:60]}' is not written {like}"

    return check


def _dated(pattern: str, like: str) -> Check:
    compiled = re.compile(pattern, re.ASCII)

    def check(value: Any) -> str | None:
        if type(value) is not str:
            return f"must be text, not {_said(value)}"
        found = compiled.fullmatch(value)
        if found is None:
            return f"'{value[:60]}' is not written {like}"
        day = found["d"]
        if day is not None and day > "28" and int(day) > calendar.monthrange(int(found["y"]), int(found["m"]))[1]:
            return f"'{value}' is a day that no calendar has"
        return None

    return check


def _whole(low: int) -> Check:
    def check(value: Any) -> str | None:
        if type(value) is not int:
            return f"must be a whole number without quotes or point, not {_said(value)}"
        return None if low <= value < INT else f"{value} is not between {low} and {INT - 1}"

    return check


def _boolean(value: Any) -> str | None:
    return None if type(value) is bool else f"must be true or false without quotes, not {_said(value)}"


def _decimal(value: Any) -> str | None:
    if type(value) is int or isinstance(value, Decimal):
        return None
    return f"must be a number without quotes, not {_said(value)}"


def _base64(value: Any) -> str | None:
    if type(value) is not str or not value:
        return _text(value)
    return None if _BASE64.fullmatch("".join(value.split())) else "is not base64"


def _uri(value: Any) -> str | None:
    if type(value) is str and value and not re.search(r"\s", value):
        return _text(value)
    return _text(value) or f"'{value[:60]}' has white space in it; an address has none"


def _xhtml(value: Any) -> str | None:
    if said := _text(value):
        return said
    text = value.strip()
    if not (text.startswith("<div") and text.endswith(("</div>", "/>"))):
        return "must be one XHTML <div>"
    return "holds scripts or active content" if _UNSAFE.search(text) else None


CHECKS: dict[str, Check] = {
    "base64Binary": _base64,
    "boolean": _boolean,
    "canonical": _uri,
    "code": _pattern(r"[^\s\x00-\x1f]+(?: [^\s\x00-\x1f]+)*", "as a code: no spaces at its ends, none doubled"),
    "date": _dated(rf"{_DAY})?)?", "YYYY, YYYY-MM or YYYY-MM-DD"),
    "dateTime": _dated(rf"{_DAY}(?:T{_TIME}{_ZONE})?)?)?", "YYYY-MM-DDThh:mm:ss+zz:zz (with a zone), or a date"),
    "decimal": _decimal,
    "id": _pattern(r"[A-Za-z0-9\-.]{1,64}", "as an id: 1 to 64 letters, digits, '-' and '.'"),
    "instant": _dated(rf"{_DAY}T{_TIME}{_ZONE}))", "YYYY-MM-DDThh:mm:ss+zz:zz"),
    "integer": _whole(-INT),
    "markdown": _text,
    "oid": _pattern(r"urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+", "urn:oid:1.2.3"),
    "positiveInt": _whole(1),
    "string": _text,
    "time": _pattern(_TIME, "hh:mm:ss"),
    "unsignedInt": _whole(0),
    "uri": _uri,
    "url": _uri,
    "uuid": _pattern(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "urn:uuid:..."),
    "xhtml": _xhtml,
}


def check(kind: str, value: Any) -> str | None:
    """What is wrong with a value of this primitive type; None for a right one and for no value (null)."""
    return None if value is None else CHECKS[kind](value)
