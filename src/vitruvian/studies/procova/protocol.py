"""A protocol as data: which columns are what, the estimand, and the design. Read from a mapping, checked field by
field.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vitruvian.core.errors import ParseError

TYPES = ("continuous", "binary", "count", "time")
MISSING = ("refuse", "complete", "impute")


@dataclass(frozen=True)
class Outcome:
    """The primary outcome. event: its column for type "time"; baseline: the column with its value before treatment."""

    column: str
    type: str = "continuous"
    unit: str = "1"
    event: str = ""
    baseline: str = ""


@dataclass(frozen=True)
class Arm:
    """The arm's column in the trial and its two levels."""

    column: str = "arm"
    control: str = "0"
    treated: str = "1"


@dataclass(frozen=True)
class Design:
    """effect: on the estimand's scale (a log for ratios is taken here); sd: of the outcome, 0 = the history's."""

    effect: float
    alpha: float = 0.05
    power: float = 0.9
    ratio: float = 1.0
    margin: float = 0.0
    inflation: float = 1.0
    deflation: float = 1.0
    sd: float = 0.0
    looks: tuple[float, ...] = ()
    spending: str = "obrien-fleming"


@dataclass(frozen=True)
class Protocol:
    """What `vitruvian trial` reads. covariates: the score's; adjust: pre-specified beside the score."""

    title: str
    outcome: Outcome
    design: Design
    covariates: tuple[str, ...]
    arm: Arm = field(default_factory=Arm)
    patient: str = ""
    adjust: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    post_baseline: tuple[str, ...] = ()
    estimand: str = "difference"
    missing: str = "refuse"
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return dataclasses.asdict(self)

    @property
    def beside(self) -> tuple[str, ...]:
        """Covariates of the analysis beside the score: the outcome's baseline value first."""
        base = (self.outcome.baseline,) if self.outcome.baseline else ()
        return tuple(dict.fromkeys((*base, *self.adjust)))


def protocol_of(data: Any, source: str) -> Protocol:
    """From parsed YAML or JSON. ParseError names the field and says what is allowed."""
    body = _mapping(data, source)
    known = {f.name for f in dataclasses.fields(Protocol)}
    _unknown(body, known, source)
    for need in ("title", "outcome", "design", "covariates"):
        if need not in body:
            raise ParseError(f"lacks '{need}'", where=source, fix="see docs/how-to/plan-a-trial.md")
    lists = {
        n: _texts(body[n], f"{source}, {n}") for n in ("covariates", "adjust", "factors", "post_baseline") if n in body
    }
    made = Protocol(
        title=str(body["title"]),
        outcome=_part(Outcome, body["outcome"], f"{source}, outcome"),
        design=_part(Design, body["design"], f"{source}, design"),
        arm=_part(Arm, body.get("arm", {}), f"{source}, arm"),
        patient=str(body.get("patient", "")),
        estimand=str(body.get("estimand", "hazard ratio" if _type(body) == "time" else "difference")),
        missing=str(body.get("missing", "refuse")),
        seed=int(body.get("seed", 0)),
        **lists,
    )
    _check(made, source)
    return made


def _type(body: Mapping[str, Any]) -> str:
    outcome = body["outcome"]
    return str(outcome.get("type", "")) if isinstance(outcome, Mapping) else ""


def _check(p: Protocol, source: str) -> None:
    if p.outcome.type not in TYPES:
        raise ParseError(f"no type '{p.outcome.type}'", where=f"{source}, outcome.type", fix=f"use {', '.join(TYPES)}")
    if (p.outcome.type == "time") != bool(p.outcome.event):
        raise ParseError(
            "a time to event has an event column, and only it", where=f"{source}, outcome.event", fix="name it"
        )
    if p.missing not in MISSING:
        raise ParseError(f"no rule '{p.missing}'", where=f"{source}, missing", fix=f"use {', '.join(MISSING)}")
    if not p.covariates:
        raise ParseError("names no column", where=f"{source}, covariates", fix="name the score's baseline columns")
    late = {p.outcome.column, p.outcome.event, p.arm.column, *p.post_baseline} - {""}
    if leaked := sorted(late & {*p.covariates, *p.beside}):
        told = f"'{leaked[0]}' is an outcome, the arm, or measured after baseline"
        raise ParseError(told, where=f"{source}, covariates", fix="take it out: a score may see the baseline only")


def _part(cls: type[Any], data: Any, where: str) -> Any:
    body = _mapping(data, where)
    fields = {f.name: f for f in dataclasses.fields(cls)}
    _unknown(body, set(fields), where)
    out: dict[str, Any] = {}
    for name, f in fields.items():
        if name not in body:
            if f.default is dataclasses.MISSING:
                raise ParseError(f"lacks '{name}'", where=where, fix="give it")
            continue
        value = body[name]
        if f.type == "float":
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ParseError(f"{name} = {value!r} is no number", where=where, fix="give a number")
            out[name] = float(value)
        elif f.type == "str":
            out[name] = str(value)
        else:
            out[name] = tuple(float(v) for v in value)
    return cls(**out)


def _mapping(data: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise ParseError(f"is a {type(data).__name__}, not fields with values", where=where, fix="write 'name: value'")
    return data


def _unknown(body: Mapping[str, Any], known: set[str], where: str) -> None:
    if extra := sorted(set(map(str, body)) - known):
        raise ParseError(f"unknown field '{extra[0]}'", where=where, fix=f"use {', '.join(sorted(known))}")


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ParseError("is not a list", where=where, fix="write [a, b, c]")
    return tuple(str(v) for v in value)
