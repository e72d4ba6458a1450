"""virtual: a cohort of synthetic persons (organs, wards) drawn from a kind's own populations, with what each shows.

Nothing here was measured on anybody. The same seed gives the same persons, bit for bit, whatever their number: person k
of a set is keyed by (seed, set, k).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.errors import FieldError
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.kind import AbstractKind
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Observable, Request
from vitruvian.core.record import Record

MOST = 2048  # persons in one run: bounds the memory, not the answer
LABEL = "synthetic: drawn from the model's own population; no person was measured"


@dataclass(frozen=True, eq=False)
class Column:
    """A number of every person: its unit, what it is, and where a parameter's prior comes from."""

    name: str
    role: str  # parameter or shown
    unit: str
    meaning: str
    values: np.ndarray
    source: str = ""


@dataclass(frozen=True, eq=False)
class Virtual:
    """A cohort: columns (person,), each person's set and number in it. at: s after the start at which they are seen."""

    kind: str
    version: str
    at: float
    seed: int
    sets: Mapping[str, Mapping[str, Any]]  # set -> subject's fields
    which: np.ndarray  # (person,) name of the set
    number: np.ndarray  # (person,)
    columns: tuple[Column, ...]
    sources: Mapping[str, str] = field(default_factory=dict)  # set -> where its population comes from
    label: str = LABEL

    def __len__(self) -> int:
        return len(self.which)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise FieldError(f"there is no column '{name}'", where="virtual", fix=f"use {', '.join(self.names)}")

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns."""
        return tuple(c.name for c in self.columns)

    def summary(self) -> list[tuple[str, str, float, float, float]]:
        """(set, column, 5 %, median, 95 %) of what is shown, set by set."""
        out = []
        for name in self.sets:
            for c in (c for c in self.columns if c.role == "shown"):
                low, middle, high = np.quantile(c.values[self.which == name], (0.05, 0.5, 0.95)).tolist()
                out.append((name, c.name, low, middle, high))
        return out

    def provenance(self) -> dict[str, Any]:
        """What they were made from; a program that exports adds its own version and the sources' hash."""
        return {
            "synthetic": True,
            "label": self.label,
            "kind": self.kind,
            "version": self.version,
            "seed": self.seed,
            "seen_at_s": self.at,
            "persons": len(self),
            "sets": {n: {**f, "population": self.sources.get(n, "")} for n, f in self.sets.items()},
            "columns": [
                {"name": c.name, "role": c.role, "unit": c.unit, "meaning": c.meaning, "source": c.source}
                for c in self.columns
            ],
        }

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: provenance, and the table by columns."""
        table: dict[str, Any] = {"set": self.which.tolist(), "person": self.number.tolist()}
        return {**self.provenance(), "table": table | {c.name: c.values.tolist() for c in self.columns}}

    def plot(self, name: str | None = None, ax: Any = None) -> Any:
        """How one column is spread in every set (matplotlib axes)."""
        from vitruvian.verbs.plots import axes

        ax = axes(ax)
        column = self[name] if name else next((c for c in self.columns if c.role == "shown"), self.columns[0])
        groups = [column.values[self.which == n] for n in self.sets]
        ax.boxplot(groups, whis=(5, 95), showfliers=False)
        ax.set_xticks(range(1, len(groups) + 1), list(self.sets))
        ax.set_ylabel(f"{column.meaning.partition(':')[0]} [{column.unit}]")
        ax.set_title(f"{self.kind}: {len(self)} synthetic persons; box: half of them, whiskers: 90 %", fontsize=9)
        return ax


def virtual(
    kind: AbstractKind,
    cases: Mapping[str, Case],
    people: int,
    *,
    of: Sequence[str] = (),
    at: float = 86400.0,
    seed: int = 0,
    progress: Callable[[float], None] = lambda share: None,
) -> Virtual:
    """`people` persons of every set (name -> case), their parameters, and what they show `at` s after the start.

    of: names of observables (default: all that are one number at any time). Errors: FieldError for no set, no people, a
    name that is no such observable, or persons whose numbers are not finite.
    """
    shown = observables(kind, of)
    if not cases or people < 1:
        raise FieldError(f"{len(cases)} sets of {people} persons", where="virtual", fix="give at least one of each")
    if not (math.isfinite(at) and at > 0):
        raise FieldError(f"{at:g} s", where="virtual.at", fix="give a time after the start")
    drawn: list[tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]]] = []
    sources = {}
    for k, (name, case) in enumerate(cases.items()):
        sources[name] = kind.population(case).source
        drawn += [_some(kind, name, case, part, shown, at, seed) for part in _parts(people)]
        progress((k + 1) / len(cases))
    columns = _columns(kind, drawn, shown)
    for c in columns:
        if not np.isfinite(c.values).all():
            k = int(np.argmax(~np.isfinite(c.values)))
            raise FieldError(
                f"'{c.name}' of person {k} is not finite", where="virtual", fix="report this: a kind's fault"
            )
    fields = {
        n: {f: v for f, v in case.subject.to_json().items() if f != "type" and v is not None}
        for n, case in cases.items()
    }
    which = np.repeat(np.array(list(cases), dtype=object), people)
    number = np.tile(np.arange(people), len(cases))
    return Virtual(kind.name, kind.version, at, seed, fields, which, number, columns, sources)


def observables(kind: AbstractKind, of: Sequence[str] = ()) -> tuple[Observable, ...]:
    """Those that are one number at any time, or the named ones of them."""
    fit = tuple(o for o in kind.observables if o.axis == "grid" and not o.dims)
    known = {o.name: o for o in fit}
    for name in of:
        if name not in known:
            raise FieldError(
                f"'{name}' is no number at a time", where=f"kind '{kind.name}'", fix=f"use {', '.join(known)}"
            )
    return tuple(known[n] for n in of) or fit


def _parts(people: int) -> list[range]:
    return [range(k, min(k + MOST, people)) for k in range(0, people, MOST)]


def _some(
    kind: AbstractKind, name: str, case: Case, part: range, shown: Sequence[Observable], at: float, seed: int
) -> tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]]:
    """Parameters and what is shown (person,) of the persons `part` of a set."""
    forcing = kind.compile(case, Record.empty(), 0.0, at, at)
    layout = Latents.of(kind.parameters, forcing)
    mean, covariance = kind.population(case).moments(layout.names)
    root = np.linalg.cholesky(covariance)
    normals = np.stack([generator(seed, "virtual", name, k).standard_normal(len(mean)) for k in part])
    theta = layout.theta(layout.pad(mean + normals @ root.T))
    seeds = member_seeds(seed, part.stop, f"virtual {name}")[part.start :]
    outputs, _ = kind.run(theta, forcing, Request({o.name: np.array([at]) for o in shown}), seeds)
    parameters = {p.name: np.asarray(theta[p.name]) for p in kind.parameters if not p.dims}
    return parameters, {o.name: np.asarray(outputs[o.name])[:, 0] for o in shown}


def _columns(kind: AbstractKind, drawn: Sequence[Any], shown: Sequence[Observable]) -> tuple[Column, ...]:
    def joined(which: int, name: str) -> np.ndarray:
        return np.concatenate([part[which][name] for part in drawn])

    out = [
        Column(p.name, "parameter", p.unit, p.meaning, joined(0, p.name), p.source)
        for p in kind.parameters
        if not p.dims
    ]
    return (*out, *(Column(o.name, "shown", o.unit, o.meaning, joined(1, o.name)) for o in shown))
