"""A trial on twins, written in YAML: who, which arms, when, what is judged, and the designs to explore.

studies/in_silico_trial/examples/remission.yaml is one; `vitruvian trial simulate` runs it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vitruvian.core.case import Case, Origin
from vitruvian.core.errors import FieldError, ParseError
from vitruvian.platform import fieldtext, placed, plans, registry
from vitruvian.platform.duration import seconds
from vitruvian.platform.placed import Placed
from vitruvian.studies.in_silico_trial import Course, Design, Explored, courses, explore

NEEDED = ("title", "kind", "patients", "arms", "treated", "control", "endpoint", "window", "visits", "designs")
KNOWN = (*NEEDED, "each", "before", "start", "without", "trials", "seed")
NUMBERS = ("n", "enrichment", "dropout", "noise", "lowest", "highest", "below")
EXAMPLES = Path(__file__).parents[2] / "studies" / "in_silico_trial" / "examples"
ORIGIN = Origin(datetime(2026, 1, 1, tzinfo=UTC))  # virtual patients live by no calendar


@dataclass(frozen=True)
class Simulated:
    """What was asked and found."""

    title: str
    treated: str
    control: str
    course: Course
    found: Explored

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; synthetic, and says so."""
        arms = {"treated": self.treated, "control": self.control}
        course, found = self.course.to_json(), self.found.to_json()
        return {"title": self.title, "synthetic": True, **arms, "course": course, **found}

    def plot(self, ax: Any = None) -> Any:
        """Power by patients."""
        return self.found.plot(ax)


def simulate(path: Path) -> Simulated:
    """Read and run; ParseError and FieldError name line and column."""
    top = placed.load(path).mapping("a trial on twins")
    for name, (key, _) in top.items():
        if name not in KNOWN:
            raise ParseError(f"unknown field '{name}'", where=key.where, fix=f"use {', '.join(KNOWN)}")
    for name in NEEDED:
        if name not in top:
            raise ParseError(f"lacks '{name}'", where=path.name, fix="see examples/remission.yaml of the package")

    def text(name: str, default: str = "") -> str:
        return top[name][1].scalar(name) if name in top else default

    def whole(name: str, default: int) -> int:
        return int(_number(top[name][1], name)) if name in top else default

    kind = registry.get(text("kind"))
    clock = plans.Clock(ORIGIN, 0.0)
    before = plans.actions(top["before"][1], kind, clock) if "before" in top else ()
    cases = [
        Case(
            fieldtext.build(kind.subject, _texts(item), lambda name, item=item: f"{item.where} {name}".strip()), before
        )
        for item in top["patients"][1].listing("patients")
    ]
    arms = {n: plans.actions(plan, kind, clock) for n, (_, plan) in top["arms"][1].mapping("arms").items()}
    for role in ("treated", "control"):
        if text(role) not in arms:
            fix = f"there are {', '.join(arms)}"
            raise FieldError(f"no arm '{text(role)}'", where=top[role][1].where, fix=fix)
    visits = [seconds(v.scalar("a visit"), v.where) for v in top["visits"][1].listing("visits")]
    window = seconds(text("window"), top["window"][1].where)
    times = {"start": seconds(text("start", "0d"), "start"), "visits": visits, "window": window}
    given = {"each": whole("each", 100), "seed": whole("seed", 0), "without": text("without")}
    course = courses(kind, cases, arms, text("endpoint"), **times, **given)
    designs = _designs(top["designs"][1], visits)
    trials = whole("trials", 400)
    found = explore(course, text("treated"), text("control"), designs, trials=trials, seed=whole("seed", 0))
    return Simulated(text("title"), text("treated"), text("control"), course, found)


def _designs(node: Placed, visits: list[float]) -> list[Design]:
    """Every combination of what is listed."""

    def visit(value: Placed) -> int:
        at = seconds(value.scalar("a visit"), value.where)
        if at not in visits:
            raise FieldError(f"no visit at {value.text}", where=value.where, fix="name one of visits")
        return visits.index(at)

    readers: Mapping[str, Callable[[Placed], Any]] = {
        **{n: (lambda value, n=n: _number(value, n)) for n in NUMBERS},
        "n": lambda value: int(_number(value, "n")),
        "visit": visit,
        "estimand": lambda value: value.scalar("estimand"),
    }
    columns: dict[str, list[Any]] = {}
    for name, (key, value) in node.mapping("designs").items():
        if name not in readers:
            raise ParseError(f"unknown field '{name}'", where=key.where, fix=f"use {', '.join(readers)}")
        columns[name] = [readers[name](v) for v in (value.items if value.items is not None else (value,))]
    if "n" not in columns:
        raise ParseError("lacks 'n'", where=node.where, fix="n: [60, 120]")
    return [Design(**dict(zip(columns, row, strict=True))) for row in itertools.product(*columns.values())]


def _number(value: Placed, what: str) -> float:
    text = value.scalar(what)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or abs(number) > 1e9:
        raise FieldError(f"{what} = '{text}' is no number", where=value.where, fix="give a number")
    return number


def _texts(item: Placed) -> dict[str, str]:
    return {name: value.scalar(name) for name, (_, value) in item.mapping("a patient").items()}
