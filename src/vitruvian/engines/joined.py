"""Parts under one roof: names get their part's prefix ("queue.arrivals"), and lose it again on the way in."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar, get_type_hints

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.case import Case, Subject
from vitruvian.core.errors import KindError
from vitruvian.core.forcing import Batch, Forcing, bucket, padded
from vitruvian.core.keys import key
from vitruvian.core.kind import AbstractKind, Effect, Envelope, Example
from vitruvian.core.noise import AbstractGaussianNoise, AbstractNoise
from vitruvian.core.parameter import Parameter
from vitruvian.core.quantity import Quantity
from vitruvian.core.record import Record

T = TypeVar("T")
Parts = Mapping[str, AbstractKind]


def prefixed(part: str, names: Mapping[str, T]) -> dict[str, T]:
    """{"part.name": value}."""
    return {f"{part}.{name}": value for name, value in names.items()}


def own(part: str, names: Mapping[str, T]) -> dict[str, T]:
    """The part's own entries of a joined mapping, without the prefix."""
    return {name[len(part) + 1 :]: value for name, value in names.items() if name.startswith(f"{part}.")}


def part_seeds(seeds: np.ndarray, part: str) -> np.ndarray:
    """Seeds of a part: hashed with its name, so that no two parts share a stream."""
    return np.array([key(int(s), "part", part) & (2**63 - 1) for s in seeds], dtype=np.uint64)


def joined_parameters(parts: Parts) -> tuple[Parameter, ...]:
    """All parameters by prefixed name; slots keep to their part."""
    return tuple(
        dataclasses.replace(p, name=f"{part}.{p.name}", dims=tuple(f"{part}.{d}" for d in p.dims))
        for part, kind in parts.items()
        for p in kind.parameters
    )


def joined_quantity(part: str, quantity: Quantity) -> Quantity:
    """Prefixed, and so is what it is of."""
    of = f"{part}.{quantity.of}" if quantity.of else ""
    return dataclasses.replace(quantity, name=f"{part}.{quantity.name}", of=of)


def joined_noise(part: str, noise: AbstractNoise) -> AbstractNoise:
    """Prefixed, and so is the parameter of its bias."""
    noise = dataclasses.replace(noise, observable=f"{part}.{noise.observable}")
    if isinstance(noise, AbstractGaussianNoise) and noise.bias:
        return dataclasses.replace(noise, bias=f"{part}.{noise.bias}")
    return noise


def joined_subject(name: str, parts: Parts) -> type[Subject]:
    """One subject with the fields of all: "<part>_<field>", their units, bounds and defaults kept."""
    fields: list[Any] = []
    for part, kind in parts.items():
        hints = get_type_hints(kind.subject)
        for f in dataclasses.fields(kind.subject):
            kept = dataclasses.field(default=f.default, default_factory=f.default_factory, metadata=f.metadata)
            fields.append((f"{part}_{f.name}", hints[f.name], kept))
    title = "".join(word.capitalize() for word in name.split("_")) + "Subject"
    made = dataclasses.make_dataclass(title, fields, bases=(Subject,), frozen=True, kw_only=True)
    made.__doc__ = "Of " + ", ".join(f"{part}: {kind.subject.__name__}" for part, kind in parts.items()) + "."
    return made


def joined_envelope(subject: type[Subject], parts: Parts) -> Envelope:
    """Where the evidence of every part holds."""
    ranges = {}
    for part, kind in parts.items():
        mine = f"{kind.subject.__name__}."
        for name, span in kind.envelope.ranges.items():
            ranges[f"{subject.__name__}.{part}_{name[len(mine) :]}" if name.startswith(mine) else name] = span
    return Envelope(ranges, "; ".join(f"{part}: {kind.envelope.source}" for part, kind in parts.items()))


def joined_example(subject: type[Subject], parts: Parts, effects: tuple[Effect, ...]) -> Example:
    """The parts' examples at once, where they overlap, and effects of one part on another."""
    examples = {part: kind.example() for part, kind in parts.items()}
    t0, t1 = max(e.t0 for e in examples.values()), min(e.t1 for e in examples.values())
    if t0 >= t1 or len({e.sensor for e in examples.values()}) > 1:
        raise KindError("the parts' examples do not overlap or name other sensors", where="couple", fix="align them")
    fields: dict[str, Any] = {}
    observed: dict[str, np.ndarray] = {}
    for part, e in examples.items():
        fields |= {f"{part}_{f.name}": getattr(e.case.subject, f.name) for f in dataclasses.fields(e.case.subject)}
        observed |= prefixed(part, {n: t[(t >= t0) & (t <= t1)] for n, t in e.observed.items()})
    timeline = tuple(a for e in examples.values() for a in e.case.timeline)
    case = Case(subject(**fields), timeline, origin=next(iter(examples.values())).case.origin)
    own_effects = tuple(
        dataclasses.replace(f, quantity=f"{part}.{f.quantity}") for part, e in examples.items() for f in e.effects
    )
    return Example(case, t0, t1, observed, (*own_effects, *effects), next(iter(examples.values())).sensor)


def part_case(part: str, kind: AbstractKind, case: Case) -> Case:
    """The part's subject, actions and series."""
    fields = {f.name: getattr(case.subject, f"{part}_{f.name}") for f in dataclasses.fields(kind.subject)}
    return Case(
        kind.subject(**fields), case.actions(*kind.actions) if kind.actions else (), own(part, case.series), case.origin
    )


def part_record(part: str, record: Record) -> Record:
    """The rows of the part's observables, by its own names."""
    rows = record.where(np.array([str(o).startswith(f"{part}.") for o in record.observable], dtype=bool))
    names = np.array([str(o)[len(part) + 1 :] for o in rows.observable], dtype=object)
    return dataclasses.replace(rows, observable=names)


_MAPS = ("arrays", "impulses", "schedules", "slots", "capacity")


def joined_forcing(t0: float, t1: float, forcings: Mapping[str, Forcing]) -> Forcing:
    """All parts' forcings in one; each part's breaks stay its own, as an array "breaks:part" padded with inf."""
    whole: dict[str, dict[str, Any]] = {n: {} for n in _MAPS}
    for part, forcing in forcings.items():
        for name, held in whole.items():
            held |= prefixed(part, getattr(forcing, name))
        whole["arrays"][f"breaks:{part}"] = padded(forcing.breaks, bucket(len(forcing.breaks)), np.inf)
    arrays, impulses, schedules, slots, capacity = (whole[n] for n in _MAPS)
    return Forcing(t0, t1, arrays, impulses, schedules, slots, capacity)


def part_forcing(part: str, forcing: Forcing) -> Forcing:
    """The part's own forcing again."""
    breaks = forcing.arrays[f"breaks:{part}"]
    kept: dict[str, Any] = {n: own(part, getattr(forcing, n)) for n in _MAPS}
    return dataclasses.replace(forcing, **kept, breaks=tuple(breaks[np.isfinite(breaks)].tolist()))


def part_batch(part: str, batch: Batch) -> Batch:
    """The part's forcings of a batch."""
    return Batch(tuple(part_forcing(part, f) for f in batch.forcings), batch.index)


def part_state(part: str, version: str, state: State) -> State:
    """The part's state of a couple's."""
    return State(state.at, version, state.tree["parts"][part])
