"""A protocol as data: which columns are what, the estimand, and the design. Read from a mapping, checked field by
field.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vitruvian.core.errors import ParseError

TYPES = ("continuous", "binary", "count", "time")
MISSING = ("refuse", "complete", "impute", "mmrm")
VARIANCES = ("HC3", "HC2-BM", "HC2", "HC1")
LONGEST = 300  # characters of a title
MULTIPLICITY = ("gatekeeping", "holm", "fixed sequence")


@dataclass(frozen=True)
class Outcome:
    """The primary outcome. event: its column for type "time"; baseline: the column with its value before treatment;
    visits: columns of a repeated outcome in order, `column` the last.
    """

    column: str
    type: str = "continuous"
    unit: str = "1"
    event: str = ""
    baseline: str = ""
    visits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arm:
    """The arm's column in the trial and its levels; others: further treatments, each against the same control."""

    column: str = "arm"
    control: str = "0"
    treated: str = "1"
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Design:
    """effect: on the estimand's scale (a log for ratios is taken here); sd: of the outcome, 0 = the history's.

    dropout: share of those randomised whose outcome will be missing.
    """

    effect: float
    alpha: float = 0.05
    power: float = 0.9
    ratio: float = 1.0
    margin: float = 0.0
    inflation: float = 1.0
    deflation: float = 1.0
    sd: float = 0.0
    dropout: float = 0.0
    looks: tuple[float, ...] = ()
    spending: str = "obrien-fleming"


@dataclass(frozen=True)
class Protocol:
    """What `vitruvian trial` reads. covariates: the score's; adjust: pre-specified beside the score.

    secondary: continuous outcomes in families, one family after the other; subgroups: baseline columns.
    """

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
    interaction: bool = False
    variance: str = "HC3"
    missing: str = "refuse"
    secondary: tuple[tuple[str, ...], ...] = ()
    multiplicity: str = "gatekeeping"
    subgroups: tuple[str, ...] = ()
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
    named = ("covariates", "adjust", "factors", "post_baseline", "subgroups")
    lists = {n: _texts(body[n], f"{source}, {n}") for n in named if n in body}
    interaction = body.get("interaction", False)
    if not isinstance(interaction, bool):
        raise ParseError(f"interaction = {interaction!r:.40}", where=source, fix="write true or false")
    made = Protocol(
        title=str(body["title"]),
        outcome=_part(Outcome, body["outcome"], f"{source}, outcome"),
        design=_part(Design, body["design"], f"{source}, design"),
        arm=_part(Arm, body.get("arm", {}), f"{source}, arm"),
        patient=str(body.get("patient", "")),
        estimand=str(body.get("estimand", "hazard ratio" if _type(body) == "time" else "difference")),
        interaction=interaction,
        variance=str(body.get("variance", "HC3")),
        missing=str(body.get("missing", "refuse")),
        secondary=_families(body.get("secondary", []), f"{source}, secondary"),
        multiplicity=str(body.get("multiplicity", "gatekeeping")),
        seed=_whole(body.get("seed", 0), f"{source}, seed"),
        **lists,
    )
    _check(made, source)
    return made


def _type(body: Mapping[str, Any]) -> str:
    outcome = body["outcome"]
    return str(outcome.get("type", "")) if isinstance(outcome, Mapping) else ""


def _check(p: Protocol, source: str) -> None:
    o = p.outcome
    for field_, word, value, allowed in (
        ("outcome.type", "type", o.type, TYPES),
        ("missing", "rule", p.missing, MISSING),
        ("variance", "variance", p.variance, VARIANCES),
        ("multiplicity", "rule", p.multiplicity, MULTIPLICITY),
    ):
        if value not in allowed:
            raise ParseError(f"no {word} '{value:.40}'", where=f"{source}, {field_}", fix=f"use {', '.join(allowed)}")
    if (o.type == "time") != bool(o.event):
        raise ParseError(
            "a time to event has an event column, and only it", where=f"{source}, outcome.event", fix="name it"
        )
    if (o.type == "time") != (p.estimand == "hazard ratio"):
        fix = "hazard ratio is of type time, and its only estimand"
        raise ParseError(f"'{p.estimand:.40}' of a {o.type} outcome", where=f"{source}, estimand", fix=fix)
    if not p.covariates:
        raise ParseError("names no column", where=f"{source}, covariates", fix="name the score's baseline columns")
    if o.visits and (o.visits[-1] != o.column or o.type != "continuous" or len(set(o.visits)) < len(o.visits)):
        fix = "visits are of a continuous outcome, each once, in order; the last is outcome.column"
        raise ParseError("no visits of this outcome", where=f"{source}, outcome.visits", fix=fix)
    if p.missing == "mmrm" and len(o.visits) < 2:
        raise ParseError("mmrm needs visits", where=f"{source}, outcome.visits", fix="name two columns or more")
    if len({p.arm.control, p.arm.treated, *p.arm.others}) < 2 + len(p.arm.others):
        raise ParseError("a level twice", where=f"{source}, arm", fix="give every arm its own level")
    if len(p.title) > LONGEST:
        raise ParseError(f"is longer than {LONGEST} characters", where=f"{source}, title", fix="shorten it")
    check_design(p, f"{source}, design")
    later = {name for family in p.secondary for name in family}
    late = {o.column, o.event, *o.visits, p.arm.column, *p.post_baseline, *later} - {""}
    if leaked := sorted(late & {*p.covariates, *p.beside, *p.subgroups}):
        told = f"'{leaked[0]}' is an outcome, the arm, or measured after baseline"
        raise ParseError(told, where=f"{source}, covariates", fix="take it out: a score may see the baseline only")


def check_design(p: Protocol, where: str) -> None:
    """ParseError for a design that cannot be."""
    d = p.design
    ratios = p.estimand != "difference"
    for name, ok, fix in (
        ("effect", math.isfinite(d.effect) and (d.effect > 0 or not ratios), "give a finite effect; a ratio is > 0"),
        ("alpha", 0 < d.alpha < 1, "give a share inside (0, 1), usually 0.05"),
        ("power", 0 < d.power < 1, "give a share inside (0, 1), usually 0.9"),
        ("ratio", 0.05 <= d.ratio <= 20, "give treated per control, 0.05 to 20"),
        ("margin", math.isfinite(d.margin), "give a finite margin, 0 for superiority"),
        ("inflation", 1 <= d.inflation <= 10, "give a factor of 1 to 10"),
        ("deflation", 0 < d.deflation <= 1, "give a factor in (0, 1]"),
        ("sd", 0 <= d.sd < math.inf, "give a positive sd, or leave it out for the history's"),
        ("dropout", 0 <= d.dropout < 0.9, "give a share in [0, 0.9)"),
    ):
        if not ok:
            raise ParseError(f"{name} = {getattr(d, name):g}", where=f"{where}.{name}", fix=fix)


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
            out[name] = _number(value)
        elif f.type == "str":
            out[name] = str(value)
        elif f.type == "tuple[str, ...]":
            out[name] = _texts(value, f"{where}.{name}")
        else:
            if not isinstance(value, (list, tuple)) or any(
                isinstance(v, bool) or not isinstance(v, (int, float)) for v in value
            ):
                raise ParseError(f"{name} is no list of numbers", where=where, fix="write [0.5, 1.0]")
            out[name] = tuple(_number(v) for v in value)
    return cls(**out)


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**62:
        raise ParseError(f"{value!r:.40} is no whole number", where=where, fix="give a whole number below 2^62")
    return value


def _mapping(data: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise ParseError(f"is a {type(data).__name__}, not fields with values", where=where, fix="write 'name: value'")
    return data


def _unknown(body: Mapping[str, Any], known: set[str], where: str) -> None:
    if extra := sorted(set(map(str, body)) - known):
        raise ParseError(f"unknown field '{extra[0]}'", where=where, fix=f"use {', '.join(sorted(known))}")


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or any(isinstance(v, (list, tuple, Mapping)) for v in value):
        raise ParseError("is not a list of names", where=where, fix="write [a, b, c]")
    return tuple(str(v) for v in value)


def _families(value: Any, where: str) -> tuple[tuple[str, ...], ...]:
    """[a, b] is one family, [[a, b], [c]] are two."""
    if not isinstance(value, (list, tuple)):
        raise ParseError("is not a list", where=where, fix="write [[a, b], [c]]")
    if any(isinstance(v, (list, tuple)) for v in value):
        return tuple(_texts(v, where) for v in value)
    return (_texts(value, where),) if value else ()
