"""Search: a query string as criteria, criteria as SQL on the index. What is not understood is refused, not ignored.

Known: _id, _lastUpdated, _count, _sort, _summary=count, _total, and of each type the parameters of R4 whose expression
is a path (`definitions.parameters`), with :missing, :not, :exact, :contains, :identifier and a type on references.
Values after commas are alternatives, a repeated parameter must hold each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from sqlalchemy import ColumnElement, Connection, and_, exists, func, not_, or_, select

from vitruvian.platform.connect.fhir import definitions, values
from vitruvian.platform.connect.fhir.archive import COLUMNS, H, V, Version
from vitruvian.platform.connect.fhir.definitions import Parameter
from vitruvian.platform.connect.fhir.outcome import Issue, Refusal
from vitruvian.platform.connect.fhir.terms import fold
from vitruvian.platform.store.schema_fhir import fhir_heads, fhir_terms

COUNT, MOST = 50, 1000  # resources on a page: usual, at most
PREFIXES = ("eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap")
FORMAT = (
    "_format",
    "_pretty",
    "_totalMethod",
)  # about the answer's form; the last is fhirpy's, totals are always exact
MODIFIERS = {
    "token": ("missing", "not"),
    "string": ("missing", "exact", "contains"),
    "reference": ("missing", "identifier"),
}
T = fhir_terms.c
Query = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Criteria:
    """A query that was understood: `used` stands in the self link."""

    type: str
    where: tuple[ColumnElement[bool], ...]
    sort: tuple[tuple[str, bool], ...]  # (parameter, descending)
    count: int
    offset: int
    after: int
    only_count: bool
    used: tuple[tuple[str, str], ...]


class Page(NamedTuple):
    """What was found: all in `total`, those of this page, and the query of the next (None on the last)."""

    total: int
    versions: list[Version]
    next: tuple[tuple[str, str], ...] | None


def criteria(kind: str, query: Query, tenant: str, *, lenient: bool = False) -> Criteria:
    """The query of a type; Refusal names the parameter that is not understood (lenient: it is left out)."""
    where: list[ColumnElement[bool]] = [H.tenant == tenant, H.type == kind, H.deleted.is_(False)]
    control: dict[str, str] = {}
    used: list[tuple[str, str]] = []
    for key, value in query:
        if key in FORMAT:
            continue
        try:
            if key in ("_count", "_sort", "_offset", "_after", "_summary", "_total"):
                control[key] = _checked(kind, key, value)
            else:
                where.append(_condition(kind, key, value))
        except Refusal:
            if lenient:
                continue
            raise
        used.append((key, value))
    return Criteria(
        kind,
        tuple(where),
        tuple(_sorting(control.get("_sort", ""))),
        min(int(control.get("_count", COUNT)), MOST),
        int(control.get("_offset", 0)),
        int(control.get("_after", 0)),
        control.get("_summary") == "count" or control.get("_count") == "0",
        tuple(used),
    )


def find(connection: Connection, c: Criteria) -> Page:
    """The page. Without _sort in the order of ingestion, and the next page begins after the last one's sequence."""
    heads = select(func.count()).select_from(fhir_heads).where(*c.where)
    total = connection.execute(heads).scalar_one()
    if c.only_count:
        return Page(total, [], None)
    match = select(*COLUMNS).join(fhir_heads, and_(H.seq == V.seq)).where(*c.where)
    order = [_order(c.type, name, down) for name, down in c.sort]
    match = match.where(H.seq > c.after) if not order else match.offset(c.offset)
    rows = connection.execute(match.order_by(*order, H.seq).limit(c.count + 1)).fetchall()
    found = [Version(*row) for row in rows[: c.count]]
    if len(rows) <= c.count:
        return Page(total, found, None)
    cursor = ("_offset", str(c.offset + c.count)) if order else ("_after", str(found[-1].seq))
    return Page(total, found, (*((k, v) for k, v in c.used if k not in ("_offset", "_after")), cursor))


def matches(connection: Connection, kind: str, query: Query, tenant: str) -> list[Version]:
    """At most two: for conditional requests, which need to know whether it is one."""
    c = criteria(kind, query, tenant)
    match = select(*COLUMNS).join(fhir_heads, H.seq == V.seq).where(*c.where).order_by(H.seq).limit(2)
    return [Version(*row) for row in connection.execute(match)]


def link(base: str, kind: str, query: Query) -> str:
    """The address of a search."""
    text = urlencode(list(query), quote_via=quote, safe=",:|/$")
    return f"{base}/{kind}?{text}" if text else f"{base}/{kind}"


def _refuse(key: str, what: str, fix: str, code: str = "not-supported") -> Refusal:
    return Refusal(400, Issue(code, f"search parameter '{key}' {what}", "", fix))


def _checked(kind: str, key: str, value: str) -> str:
    if key in ("_count", "_offset", "_after") and not (value.isascii() and value.isdigit() and len(value) < 16):
        raise _refuse(key, f"needs a whole number, not '{value[:40]}'", "e.g. _count=50", "invalid")
    allowed = {"_summary": ("count", "false"), "_total": ("accurate", "none", "estimate")}
    if key in allowed and value not in allowed[key]:
        raise _refuse(key, f"is not known with '{value[:40]}'", f"use {' or '.join(allowed[key])}")
    if key == "_sort":
        for name, _ in _sorting(value):
            if name not in ("_id", "_lastUpdated") and name not in definitions.parameters(kind):
                raise _refuse(key, f"cannot sort {kind} by '{name[:40]}'", "name a search parameter of the type")
    return value


def _sorting(value: str) -> Iterator[tuple[str, bool]]:
    for part in filter(None, value.split(",")):
        yield part.lstrip("-"), part.startswith("-")


def _order(kind: str, name: str, down: bool) -> Any:
    if name in ("_id", "_lastUpdated"):
        column = H.id if name == "_id" else H.updated_us
        return column.desc() if down else column.asc()
    by_text = definitions.parameters(kind)[name].kind in ("token", "string", "reference", "uri")
    column = T.value if by_text else T.high if down else T.low
    pick = (func.max if down else func.min)(column)
    key = select(pick).where(T.seq == H.seq, T.parameter == name).correlate(fhir_heads).scalar_subquery()
    return key.desc().nulls_last() if down else key.asc().nulls_last()


def _condition(kind: str, key: str, value: str) -> ColumnElement[bool]:
    name, _, modifier = key.partition(":")
    if name == "_id" and not modifier:
        return H.id.in_(value.split(","))
    if name == "_lastUpdated" and not modifier:
        return or_(*[_updated(v) for v in value.split(",")])
    parameter = definitions.parameters(kind).get(name)
    if parameter is None:
        known = ", ".join(sorted(definitions.parameters(kind))[:40])
        raise _refuse(key, f"is not known for {kind}", f"use _id, _lastUpdated, {known}")
    if parameter.kind == "reference" and modifier in definitions.resource_types():
        value = ",".join(v if "/" in v else f"{modifier}/{v}" for v in value.split(","))
    elif modifier and modifier not in MODIFIERS.get(parameter.kind, ("missing",)):
        raise _refuse(key, "has a modifier that is not known here", "leave the modifier out")
    if modifier == "missing":
        if value not in ("true", "false"):
            raise _refuse(key, f"needs true or false, not '{value[:40]}'", "e.g. code:missing=true", "invalid")
        there = _there(name)
        return not_(there) if value == "true" else there
    if not value:
        raise _refuse(key, "has no value", "give one, or leave it out", "invalid")
    of = f"{name}:identifier" if modifier == "identifier" else name
    wanted = or_(*[_wanted(parameter, modifier, key, v) for v in _alternatives(value)])
    found = _there(of, wanted)
    return not_(found) if modifier == "not" else found


def _alternatives(value: str) -> list[str]:
    """Parts between commas; "\\," is a comma."""
    parts = value.replace("\\,", "\0").split(",")
    return [p.replace("\0", ",").replace("\\|", "|").replace("\\$", "$").replace("\\\\", "\\") for p in parts if p]


def _there(name: str, *wanted: ColumnElement[bool]) -> ColumnElement[bool]:
    return (
        exists()
        .where(T.tenant == H.tenant, T.type == H.type, T.parameter == name, T.seq == H.seq, *wanted)
        .correlate(fhir_heads)
    )


def _wanted(parameter: Parameter, modifier: str, key: str, value: str) -> ColumnElement[bool]:
    kind = "token" if modifier == "identifier" else parameter.kind
    if kind == "token":
        return _token(value)
    if kind == "string":
        return _string(value, modifier)
    if kind == "date":
        return _date(key, value)
    if kind in ("quantity", "number"):
        return _quantity(key, value)
    if kind == "reference":
        return _reference(value, parameter)
    return T.value == value


def _token(value: str) -> ColumnElement[bool]:
    system, bar, code = value.rpartition("|")
    if not bar:
        return T.value == code
    if not code:
        return T.extra == system
    return and_(T.value == code, T.extra == "" if not system else or_(T.extra == system, T.extra.is_(None)))


def _string(value: str, modifier: str) -> ColumnElement[bool]:
    if modifier == "exact":
        return T.extra == value
    folded = fold(value)
    if modifier == "contains":
        return T.value.contains(folded, autoescape=True)
    return and_(T.value >= folded, T.value < folded + "\U0010ffff")


def _reference(value: str, parameter: Parameter) -> ColumnElement[bool]:
    if "/" in value or value.startswith(("urn:", "#")):
        return or_(T.value == value, T.value.endswith("/" + value, autoescape=True))
    named = parameter.targets or tuple(sorted(definitions.resource_types()))
    return T.value.in_([*[f"{target}/{value}" for target in named], value])


def _date(key: str, value: str) -> ColumnElement[bool]:
    prefix, low, high = _dated(key, value)
    return _compare(prefix, float(low), float(high))


def _dated(key: str, value: str) -> tuple[str, int, int]:
    prefix = value[:2] if value[:2] in PREFIXES else "eq"
    found = values.span(value.removeprefix(prefix))
    if found is None:
        raise _refuse(key, f"needs a date, not '{value[:40]}'", "e.g. date=ge2026-03-01", "invalid")
    return prefix, *found


def _updated(value: str) -> ColumnElement[bool]:
    prefix, low, high = _dated("_lastUpdated", value)
    column = H.updated_us
    return {
        "eq": and_(column >= low, column < high),
        "ne": or_(column < low, column >= high),
        "gt": column >= high,
        "sa": column >= high,
        "ge": column >= low,
        "lt": column < low,
        "eb": column < low,
        "le": column < high,
        "ap": and_(column >= low, column < high),
    }[prefix]


def _quantity(key: str, value: str) -> ColumnElement[bool]:
    number, *unit = value.split("|")
    prefix = number[:2] if number[:2] in PREFIXES else "eq"
    text = number.removeprefix(prefix)
    try:
        amount = float(text)
    except ValueError:
        raise _refuse(key, f"needs a number, not '{value[:40]}'", "e.g. value-quantity=gt5.4", "invalid") from None
    mantissa = text.lower().partition("e")[0]
    digits = len(mantissa.partition(".")[2])
    half = 0.5 * 10.0**-digits if "e" not in text.lower() else abs(amount) * 1e-9  # 5.4 is 5.35 to 5.45
    low, high = (amount - half, amount + half) if prefix in ("eq", "ne") else (amount, amount)
    wanted = {
        "eq": and_(T.low >= low, T.low < high),
        "ne": or_(T.low < low, T.low >= high),
        "gt": T.high > amount,
        "sa": T.low > amount,
        "ge": T.high >= amount,
        "lt": T.low < amount,
        "eb": T.high < amount,
        "le": T.low <= amount,
        "ap": T.low.between(amount - 0.1 * abs(amount), amount + 0.1 * abs(amount)),
    }[prefix]
    if len(unit) == 2:
        wanted = and_(wanted, T.value == unit[1], T.extra == unit[0] if unit[0] else T.value == unit[1])
    elif unit:
        raise _refuse(key, "needs number|system|code", "e.g. 5.4|http://unitsofmeasure.org|mg", "invalid")
    return wanted


def _compare(prefix: str, low: float, high: float) -> ColumnElement[bool]:
    """A stored range against the asked one, as R4 3.1.1.4.5 says."""
    return {
        "eq": and_(T.low >= low, T.high <= high),
        "ne": or_(T.low < low, T.high > high),
        "gt": T.high > high,
        "ge": or_(T.high > high, and_(T.low >= low, T.high <= high)),
        "lt": T.low < low,
        "le": or_(T.low < low, and_(T.low >= low, T.high <= high)),
        "sa": T.low >= high,
        "eb": T.high <= low,
        "ap": and_(T.low < high, T.high > low),
    }[prefix]
