"""Laboratory values and weights of one subject, from CSV or FHIR R4.

CSV, a value a row:   date,test,value,unit          2026-02-03,HbA1c,48,mmol/mol   (test: a name or a LOINC code)
CSV, a test a column: date,HbA1c (%),Fasting glucose (mmol/L)    2026-02-03,6.5,5.6
FHIR: a Bundle, an Observation, or one resource a line. Observations count whose status is final, amended or corrected,
by LOINC code and UCUM unit; of a Patient the date of birth is not kept. A date without a time is the end of that day.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from vitruvian.core.errors import ParseError
from vitruvian.platform.aside import Aside
from vitruvian.platform.connect import clock
from vitruvian.platform.connect.analytes import Analyte, named, ucum
from vitruvian.platform.connect.items import RAW, How
from vitruvian.platform.connect.lines import Lines
from vitruvian.platform.connect.number import number
from vitruvian.platform.connect.table import Row, Table, find, plain
from vitruvian.platform.connect.zones import local_offset

LARGEST = 1 << 28  # bytes of a JSON document
DATE = ("date", "time", "datetime", "date time", "collected", "collection date", "sample date", "drawn", "measured at")
DATE += ("result date", "timestamp", "collection time", "taken")
TEST, VALUE = ("test", "analyte", "name", "code", "loinc", "observable", "lab", "parameter"), ("value", "result")
UNIT, KNOWN = ("unit", "units", "ucum"), ("known at", "reported", "reported at", "issued")
FINAL = ("final", "amended", "corrected")
_LOINC = "http://loinc.org"
_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Lab:
    """One value as the file gives it, in UCUM. `known_us`: when it was reported, where the file says so."""

    analyte: Analyte
    value: float
    unit: str
    utc_us: int
    known_us: int | None
    line: int
    raw: str


@dataclass(frozen=True)
class Labs:
    """What a file holds: values, rows kept aside, and how many of what were passed over."""

    file: str
    format: str
    found: tuple[Lab, ...]
    kept_aside: tuple[Aside, ...]
    passed_over: Mapping[str, int]


def read_labs(path: str | Path, how: How) -> Labs:
    """All values of a file; ParseError when it holds none that is known."""
    lines = Lines(Path(path))
    start = lines.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in (b"{", b"["):
        found, form = _fhir(Path(path), how), "FHIR R4"
    else:
        found, form = _csv(lines, how), "laboratory CSV"
    values: list[Lab] = []
    asides: list[Aside] = []
    other: Counter[str] = Counter()
    for item in found:
        if isinstance(item, Lab):
            values.append(item)
        elif isinstance(item, Aside):
            asides.append(item)
        else:
            other[item] += 1
    if not values and not asides:
        said = ", ".join(other) or "nothing"
        raise ParseError(
            f"has no value that is read ({said})", where=lines.name, fix="see `vitruvian twin labs --help`"
        )
    return Labs(lines.name, form, tuple(values), tuple(asides), dict(other))


# CSV


def _csv(lines: Lines, how: How) -> Iterator[Lab | Aside | str]:
    table = find(lines, lambda fields: _is_long(fields) or _is_wide(fields))
    if table is None:
        raise ParseError(
            "is no table of laboratory values",
            where=lines.name,
            fix="head it date,test,value,unit, or date and columns such as HbA1c (%)",
        )
    order = how.dates or _order(row.get(_date(table)) for row in table.rows() if isinstance(row, Row))
    reader = _long if _is_long(table.header) else _wide
    for row in table.rows():
        if isinstance(row, Aside):
            yield row
        elif isinstance(row, Row):
            yield from reader(table, row, how, order)


def _long(table: Table, row: Row, how: How, order: str) -> Iterator[Lab | Aside | str]:
    test, value, unit = (row.get(table.column(*names)) for names in (TEST, VALUE, UNIT))
    analyte = named(test)
    if analyte is None:
        yield f"'{test[:40]}'"
    elif value:
        yield _lab(table, row, analyte, value, unit, how, order)


def _wide(table: Table, row: Row, how: How, order: str) -> Iterator[Lab | Aside | str]:
    for column, header in enumerate(table.header):
        analyte = named(re.sub(r"[(\[].*[)\]]", "", header))
        text = row.get(column)
        if analyte is None or text in ("", "/", "NA", "na", "-"):
            continue
        unit = re.search(r"[(\[]([^()\[\]]*(?:\([^)]*\))?[^()\[\]]*)[)\]]\s*$", header)
        yield _lab(table, row, analyte, text, unit[1] if unit else "", how, order)


def _lab(table: Table, row: Row, analyte: Analyte, value: str, unit: str, how: How, order: str) -> Lab | Aside:
    try:
        if not unit:
            raise ParseError(f"{analyte.name} without its unit", fix="name the unit, e.g. HbA1c (%) or a column unit")
        at = _instant(row.get(_date(table)), how, order)
        known = table.column(*KNOWN)
        later = _instant(row.get(known), how, order) if known is not None and row.get(known) else None
        return Lab(analyte, number(value), ucum(unit), at, later, row.line, row.raw)
    except ParseError as err:
        return table.aside(row, None, err.what, err.fix)


def _is_long(fields: Sequence[str]) -> bool:
    names = {plain(f) for f in fields}
    return bool(names & set(TEST)) and bool(names & set(VALUE)) and bool(names & set(DATE))


def _is_wide(fields: Sequence[str]) -> bool:
    known = sum(named(re.sub(r"[(\[].*[)\]]", "", f)) is not None for f in fields)
    return known > 0 and any(plain(f) in DATE for f in fields)


def _date(table: Table) -> int | None:
    return table.column(*DATE)


def _instant(text: str, how: How, order: str) -> int:
    """UTC us of a time, or of the end of a day that is told without one."""
    day = _day(text, order)
    wall, offset = ((day + 1) * _DAY_US - 60_000_000, None) if day is not None else clock.read(text, order)
    if offset is None:
        offset = local_offset(wall, how.zone, 0) if how.zone is not None else 0
    at = wall - (offset or 0) * 1_000_000
    if at > how.now_us and day is None:
        raise ParseError(f"'{text}' is in the future", fix="check the date")
    if at - _DAY_US > how.now_us:
        raise ParseError(f"'{text}' is in the future", fix="check the date")
    return min(at, how.now_us)


def _order(texts: Iterable[str]) -> str:
    """ "dmy" or "mdy" from the first date that can be read in one way only, with a time of day or without."""
    return clock.order_of(text if ":" in text else f"{text} 00:00" for text in texts)


def _day(text: str, order: str) -> int | None:
    """Days since 1970 of a date without a time of day; None when there is one."""
    match = re.fullmatch(r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})", text.strip())
    if match is None:
        return None
    a, b, c = (int(g) for g in match.groups())
    year, month, one = (a, b, c) if len(match[1]) == 4 else (c, b, a) if order == "dmy" else (c, a, b)
    if len(match[1]) != 4 and order not in clock.ORDERS:
        raise ParseError(f"'{text}' may be day-month or month-day", fix="say --dates dmy or mdy")
    try:
        return (date(year, month, one) - date(1970, 1, 1)).days
    except ValueError:
        raise ParseError(f"'{text}' is not a date", fix="write it as 2026-03-01") from None


# FHIR


def _fhir(path: Path, how: How) -> Iterator[Lab | Aside | str]:
    who = ""
    for line, resource in _resources(path):
        kind = str(resource.get("resourceType") or "")
        if kind != "Observation":
            yield f"{kind or 'nameless'} resources"
            continue
        raw = json.dumps(resource)[:RAW]
        subject = str((resource.get("subject") or {}).get("reference") or "")
        if subject and who and subject != who:
            raise ParseError(
                f"holds several patients: {who} and {subject}", where=path.name, fix="give one patient's bundle"
            )
        who = who or subject
        try:
            yield _observation(resource, how, line, raw)
        except ParseError as err:
            yield Aside(path.name, line, "", raw, err.what, err.fix)


def _resources(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if path.stat().st_size > LARGEST:
        raise ParseError("is larger than 256 MiB", where=path.name, fix="export Observations only")
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as first:
        for number_, line in enumerate(text.splitlines(), 1):  # one resource a line
            if line.strip():
                try:
                    yield number_, json.loads(line)
                except json.JSONDecodeError:
                    where = f"{path.name}, line {first.lineno if number_ == 1 else number_}"
                    raise ParseError(f"is not JSON ({first.msg})", where=where, fix="export it again") from None
        return
    for resource in whole if isinstance(whole, list) else [whole]:
        entries = resource.get("entry") if resource.get("resourceType") == "Bundle" else None
        for inner in entries if entries is not None else [{"resource": resource}]:
            if isinstance(inner, dict) and isinstance(inner.get("resource"), dict):
                yield 1, inner["resource"]


def _observation(resource: Mapping[str, Any], how: How, line: int, raw: str) -> Lab | str:
    coding = [c for c in (resource.get("code") or {}).get("coding") or [] if c.get("system") == _LOINC]
    found = [a for c in coding if (a := named(str(c.get("code") or ""))) is not None]
    if not found:
        return f"LOINC {coding[0].get('code')}" if coding else "observations without a LOINC code"
    status = str(resource.get("status") or "")
    if status not in FINAL:
        raise ParseError(
            f"{found[0].name} with status '{status}'", fix="only final, amended and corrected values count"
        )
    quantity = resource.get("valueQuantity") or {}
    if "value" not in quantity:
        raise ParseError(f"{found[0].name} without a number", fix="give valueQuantity")
    if quantity.get("comparator"):
        raise ParseError(f"{found[0].name} {quantity['comparator']} {quantity['value']}", fix="a bound is not a value")
    unit = str(quantity.get("code") or quantity.get("unit") or "")
    if not unit:
        raise ParseError(f"{found[0].name} without its unit", fix="give valueQuantity.code (UCUM)")
    period = resource.get("effectivePeriod") or {}
    when = str(resource.get("effectiveDateTime") or resource.get("effectiveInstant") or period.get("end") or "")
    if not when:
        raise ParseError(f"{found[0].name} without a time", fix="give effectiveDateTime")
    at = _instant(when, how, "")
    issued = resource.get("issued")
    known = max(at, _instant(str(issued), how, "")) if issued else None
    return Lab(found[0], float(quantity["value"]), ucum(unit), at, known, line, raw)
