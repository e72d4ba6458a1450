"""Laws about what a kind says of itself: units, sources, its example, its folder, the JSON of its types."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import jsonschema

from vitruvian.conformance.law import Law, LawBroken, demand
from vitruvian.conformance.trial import Trial
from vitruvian.core.action import Action
from vitruvian.core.errors import FieldError, KindError, UnitError
from vitruvian.core.fields import Described, infos
from vitruvian.core.kind import Causal, Fittable, check_kind
from vitruvian.core.units import parse
from vitruvian.platform.evidence import claims, folder, package_of


def _contract(trial: Trial) -> None:
    try:
        check_kind(trial.kind)
    except UnitError:
        return  # the law on units says it better
    except KindError as err:
        raise LawBroken(err.what, where=err.where, fix=err.fix) from err


def _units(trial: Trial) -> None:
    kind = trial.kind
    said = [(f"{type(t).__name__} '{t.name}'", t.unit) for t in (*kind.parameters, *kind.observables, *kind.quantities)]
    for described in (*kind.actions, kind.subject):
        said += [(f"{described.__name__}.{name}", info.unit) for name, info in infos(described).items()]
    for what, unit in said:
        try:
            parse(unit)
        except UnitError as err:
            raise LawBroken(f"{what}: {err.what}", where=f"kind '{kind.name}'", fix=err.fix) from err
        demand(bool(unit.strip()), f"{what} has no unit", trial, "'1' is the unit of a pure number")


def _sources(trial: Trial) -> None:
    kind = trial.kind
    said = [(f"parameter '{p.name}'", p.source) for p in kind.parameters]
    said += [(f"the effect of {type(e.action).__name__} on {e.quantity}", e.source) for e in trial.effects()]
    said += [(f"the discrepancy of '{name}'", d.source) for name, d in kind.discrepancies.items()]
    said += [("the envelope", kind.envelope.source)]
    for what, source in said:
        demand(bool(source.strip()), f"{what} has no source", trial, "cite one, or say 'assumed'")
    for p in kind.parameters:
        demand(bool(p.meaning.strip()), f"parameter '{p.name}' has no meaning", trial, "say what it is")
    context = dataclasses.asdict(kind.context_of_use)
    empty = [name for name, text in context.items() if not text.strip()]
    demand(not empty, f"the context of use does not say: {', '.join(empty)}", trial)


def _example(trial: Trial) -> None:
    kind, example = trial.kind, trial.example
    demand(isinstance(example.case.subject, kind.subject), "the example's subject is of another type", trial)
    demand(example.t0 < example.t1, "the example ends before it starts", trial)
    if isinstance(kind, Causal):
        lacking = [c.__name__ for c in kind.actions if not any(type(e.action) is c for e in example.effects)]
        demand(not lacking, f"no documented effect of {', '.join(lacking)}", trial, "add an Effect to the example")
    for e in example.effects:
        kind.quantity(e.quantity)
        what = f"the effect of {type(e.action).__name__} on {e.quantity}"
        demand(e.low < e.high and (e.low > 0) == (e.high > 0), f"{what} has no direction", trial, "exclude zero")
        demand(example.t0 < e.action.at <= example.t1, f"{what} is not inside the example", trial)
    for name, times in example.observed.items():
        kind.noise(kind.observable(name).name, example.sensor)
        inside = len(times) == 0 or (times.min() >= example.t0 and times.max() <= example.t1)
        demand(inside, f"'{name}' is observed outside the example", trial)
    demand(bool(example.observed) or isinstance(kind, Fittable), "the example observes nothing", trial)


def _folder(trial: Trial) -> None:
    name = trial.kind.name
    try:
        readme = folder(name) / "README.md"
        demand(
            readme.is_file() and bool(readme.read_text("utf-8").strip()), "has no README.md", trial, "say what it is"
        )
        demand(bool(claims(name)), "claims nothing", trial, "state at least one verification in evidence/claims.toml")
        for claim in claims(name):
            measure = claim.function(package_of(name))
            demand(callable(measure), f"claim '{claim.id}' has no measure", trial)
    except (KindError, ImportError, AttributeError) as err:
        raise LawBroken(str(err), where=f"kind '{name}'", fix="see docs/how-to/add-a-kind.md") from err


def _json(trial: Trial) -> None:
    for cls in trial.kind.actions:
        demand(issubclass(cls, Action), f"{cls.__name__} is no Action", trial)
        for name, info in infos(cls).items():
            closed = info.choices or (math.isfinite(info.low) and math.isfinite(info.high)) or _not_a_number(cls, name)
            demand(bool(closed), f"{cls.__name__}.{name} has no bounds", trial, "give low and high")
        for end, action in trial.at_bounds(cls, trial.middle()):
            _round_trip(trial, action, end)
        _refuses(trial, trial.at_bounds(cls, trial.middle())[0][1])
    _round_trip(trial, trial.example.case.subject, "example")
    _refuses(trial, trial.example.case.subject)


def _round_trip(trial: Trial, thing: Described, which: str) -> None:
    """The JSON of a thing is valid by its schema and comes back as the same thing."""
    schema, what = type(thing).json_schema(), f"{type(thing).__name__} ({which})"
    jsonschema.Draft202012Validator.check_schema(schema)
    body = json.loads(json.dumps(thing.to_json()))
    errors = [e.message for e in jsonschema.Draft202012Validator(schema).iter_errors(body)]
    demand(not errors, f"{what} is not valid by its own schema: {'; '.join(errors[:3])}", trial)
    demand(type(thing).from_json(body) == thing, f"{what} comes back from JSON as another", trial)


def _refuses(trial: Trial, thing: Described) -> None:
    """A value beyond a bound is refused by the schema and by the type."""
    cls, body = type(thing), thing.to_json()
    validator = jsonschema.Draft202012Validator(cls.json_schema())
    for name, info in infos(cls).items():
        for beyond in _beyond(info.low, info.high):
            wrong = {**body, name: beyond}
            demand(not validator.is_valid(wrong), f"the schema of {cls.__name__} lets {name} = {beyond:g} pass", trial)
            try:
                cls.from_json(wrong)
            except FieldError:
                continue
            demand(False, f"{cls.__name__} takes {name} = {beyond:g}, out of bounds", trial)


def _beyond(low: float, high: float) -> list[float]:
    room = 1.0 + abs(low if math.isfinite(low) else 0.0) + abs(high if math.isfinite(high) else 0.0)
    return [v for v, end in ((low - room, low), (high + room, high)) if math.isfinite(end)]


def _not_a_number(cls: type[Any], name: str) -> bool:
    from typing import get_args, get_type_hints

    hint = get_type_hints(cls)[name]
    return bool({bool, str} & set(get_args(hint) or (hint,)))


DECLARED = (
    Law("contract", "Everything a kind must declare is there, and no name is used twice.", _contract),
    Law("units", "Every unit is UCUM.", _units),
    Law("sources", "Every parameter, effect, discrepancy and envelope has a source; 'assumed' is one.", _sources),
    Law("example", "The example case fits the kind and documents an effect of every action type.", _example),
    Law("folder", "README and claims are there, and every claim can be measured.", _folder),
    Law("json", "Actions and subject survive JSON, by their schema; values out of bounds are refused.", _json),
)
