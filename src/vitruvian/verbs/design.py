"""What a surrogate may be asked: a base case, the fields and parameters that may vary in it, and by how much."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.case import Case
from vitruvian.core.errors import KindError
from vitruvian.core.fields import infos
from vitruvian.core.kind import AbstractKind
from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import AbstractPrior

_FIELD = re.compile(r"(\w+)(?:\[(\d+)\])?\.(\w+)")


@dataclass(frozen=True)
class Design:
    """Runs from t0 (s) of `case`, varied in `fields` and `parameters` {name: (low, high)}, at `n` points.

    A field is "Person.weight" or "Bolus.dose", of the second action of its type "Bolus[1].dose"; `at` (s) may vary too.
    Parameters are in their own units; those not named stay at their median. Everything else stays as in the case.
    """

    case: Case
    t0: float
    fields: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    parameters: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    n: int = 64

    @property
    def names(self) -> tuple[str, ...]:
        """Coordinates in order: fields, then parameters."""
        return (*self.fields, *self.parameters)

    def checked(self, kind: AbstractKind) -> Design:
        """Itself; KindError if it names what is not there, or a range that is none."""
        for name, (low, high) in {**self.fields, **self.parameters}.items():
            if not (math.isfinite(low) and math.isfinite(high) and low < high):
                raise KindError(f"range {low:g} to {high:g} is empty", where=f"design.{name}", fix="give (low, high)")
        for name in self.fields:
            value = self.value(self.case, name)
            if not isinstance(value, (int, float)) or isinstance(value, bool):
                raise KindError(f"is no number (it is {value!r})", where=f"design.{name}", fix="vary numbers")
        for name in self.parameters:
            _parameter(kind, name)
        if not self.names:
            raise KindError("nothing may vary", where="design", fix="name a field or a parameter")
        if self.n < 8 * len(self.names):
            need = 8 * len(self.names)
            raise KindError(
                f"{self.n} runs are too few for {len(self.names)} coordinates", where="design", fix=f"{need}"
            )
        return self

    def value(self, case: Case, name: str) -> Any:
        """The field's value in this case."""
        thing, attribute = self._find(case, name)
        return getattr(thing, attribute)

    def at(self, values: Mapping[str, float]) -> Case:
        """The base case with these field values."""
        subject, timeline = self.case.subject, list(self.case.timeline)
        for name, value in values.items():
            thing, attribute = self._find(self.case, name)
            if thing is self.case.subject:
                subject = dataclasses.replace(subject, **{attribute: value})
            else:
                k = next(i for i, a in enumerate(self.case.timeline) if a is thing)
                timeline[k] = dataclasses.replace(timeline[k], **{attribute: value})
        return dataclasses.replace(self.case, subject=subject, timeline=tuple(timeline))

    def coordinates(self, case: Case) -> np.ndarray:
        """Field coordinates (field,) in [0, 1] of a case; KindError where it leaves the design."""
        given = {name: self.value(case, name) for name in self.fields}
        self._same_otherwise(case, given)
        out = [(v - low) / (high - low) for v, (low, high) in zip(given.values(), self.fields.values(), strict=True)]
        for name, x in zip(self.fields, out, strict=True):
            inside(name, x, self.fields[name])
        return np.clip(np.array(out), 0.0, 1.0)

    def _same_otherwise(self, case: Case, given: Mapping[str, float]) -> None:
        if [type(a) for a in case.timeline] != [type(a) for a in self.case.timeline]:
            mine, theirs = (", ".join(type(a).__name__ for a in c.timeline) or "none" for c in (self.case, case))
            raise KindError(
                f"its design holds the actions: {mine}; this case: {theirs}",
                where="surrogate",
                fix="plan the same actions (known_at included), or make a surrogate of this case",
            )
        expected = self.at(given)
        for mine, theirs in zip((expected.subject, *expected.timeline), (case.subject, *case.timeline), strict=True):
            for name in _fields(mine):
                if getattr(mine, name) != getattr(theirs, name):
                    raise KindError(
                        f"{type(mine).__name__}.{name} is {getattr(theirs, name)!r}, fixed at {getattr(mine, name)!r}",
                        where="surrogate",
                        fix="make a surrogate that varies it",
                    )
        if set(case.series) != set(self.case.series):
            raise KindError("its design holds other series", where="surrogate", fix="make a surrogate of this case")

    def _find(self, case: Case, name: str) -> tuple[Any, str]:
        parts = _FIELD.fullmatch(name)
        if parts is None:
            raise KindError("is no field", where=f"design.{name}", fix="write Type.field or Type[1].field")
        things = [t for t in (case.subject, *case.timeline) if type(t).__name__ == parts[1]]
        k = int(parts[2] or 0)
        if k >= len(things) or parts[3] not in _fields(things[k]):
            raise KindError("is not in the case", where=f"design.{name}", fix="name a field of its subject or actions")
        return things[k], parts[3]


@dataclass(frozen=True)
class Truncated(AbstractPrior):
    """A prior cut to [low, high], its mass there scaled up to 1."""

    base: AbstractPrior
    low: float
    high: float

    def value(self, z: Any) -> Any:
        from scipy.special import ndtr, ndtri

        a, b = ndtr(self.base.z(self.low)), ndtr(self.base.z(self.high))
        return np.clip(self.base.value(ndtri(a + (b - a) * ndtr(z))), self.low, self.high)

    def z(self, value: float) -> float:
        from scipy.special import ndtr, ndtri

        a, b, u = (ndtr(self.base.z(v)) for v in (self.low, self.high, value))
        return float(ndtri((u - a) / (b - a)))


def inside(name: str, x: float, limits: tuple[float, float]) -> None:
    """KindError when the coordinate x of `name` leaves [0, 1]."""
    if not -1e-9 <= x <= 1.0 + 1e-9:
        low, high = limits
        value = low + x * (high - low)
        raise KindError(
            f"{name} = {value:g} is outside {low:g} to {high:g}, where the surrogate was made",
            where="surrogate",
            fix="ask inside, or make a surrogate with a wider design",
        )


def _fields(thing: Any) -> tuple[str, ...]:
    return (*infos(type(thing)), "at") if isinstance(thing, Action) else tuple(infos(type(thing)))


def _parameter(kind: AbstractKind, name: str) -> Parameter:
    for p in kind.parameters:
        if p.name == name and not p.dims:
            return p
    names = ", ".join(p.name for p in kind.parameters if not p.dims)
    raise KindError(f"is no parameter of '{kind.name}' that can vary", where=f"design.{name}", fix=f"use {names}")
