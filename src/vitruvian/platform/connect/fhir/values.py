"""The values of a resource at the path of a search parameter, and times as ranges."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from vitruvian.platform.connect.fhir import definitions
from vitruvian.platform.instant import micros

FIRST, LAST = -(2**62), 2**62  # us: open ends of a period
_WHEN = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)
MINUTE, SECOND = 60_000_000, 1_000_000  # us


def at(resource: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    """(type, value) of everything at "name.family", "effective" (any of its types) or "value:Quantity"."""
    yield from _walk(resource, str(resource["resourceType"]), path.split("."))


def _walk(node: Mapping[str, Any], name: str, steps: list[str]) -> Iterator[tuple[str, Any]]:
    step, _, wanted = steps[0].partition(":")
    elements = definitions.shape(name).elements
    element = elements.get(step)
    keys = [step] if element is not None else [k for k in node if k in elements and elements[k].group == step]
    for key in keys:
        if key not in node or (wanted and elements[key].type != wanted):
            continue
        for value in node[key] if isinstance(node[key], list) else [node[key]]:
            if value is None:
                continue
            if len(steps) == 1:
                yield elements[key].type, value
            elif isinstance(value, dict) and not elements[key].resource:
                yield from _walk(value, elements[key].type, steps[1:])


def span(text: str) -> tuple[int, int] | None:
    """[first, last) in us of a date or time as precise as it is written; None when it is neither. No zone: UTC."""
    found = _WHEN.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        start = datetime(int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), tzinfo=UTC)
    except ValueError:
        return None
    first = micros(start) - _offset(zone)
    if hour is None:
        days = 1 if day else calendar.monthrange(start.year, start.month)[1] if month else _year(start.year)
        return first, first + int(timedelta(days=days) / timedelta(microseconds=1))
    if second is None:
        return first, first + MINUTE
    first += int(second) * SECOND
    if fraction is None:
        return first, first + SECOND
    step = max(1, 10 ** (6 - len(fraction)))
    first += int(fraction[:6].ljust(6, "0"))
    return first, first + step


def _year(year: int) -> int:
    return 366 if calendar.isleap(year) else 365


def _offset(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return (minutes if zone[0] == "+" else -minutes) * MINUTE


def during(kind: str, value: Any) -> tuple[int, int] | None:
    """[first, last) of a date, dateTime, instant, Period or Timing; None where it says none."""
    if isinstance(value, str):
        return span(value)
    if kind == "Period":
        low, high = span(value.get("start", "")), span(value.get("end", ""))
        return None if low is None and high is None else (low[0] if low else FIRST, high[1] if high else LAST)
    if kind == "Timing":
        bounds = value.get("repeat", {}).get("boundsPeriod")
        spans = [s for s in map(span, value.get("event", [])) if s]
        if bounds is not None and (found := during("Period", bounds)):
            spans.append(found)
        return (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None
    return None
