"""What a law works with: a kind, its example, draws from its prior, and runs of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.belief import State
from vitruvian.core.case import Case
from vitruvian.core.fields import infos
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.kind import AbstractKind, Effect, Example, Outputs
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.verbs.simulate import simulate


@dataclass(frozen=True)
class Size:
    """How much is run: prior draws for the limits, pairs of seeds, replications of the calibration laws."""

    draws: int = 1000
    pairs: int = 400
    replications: int = 200
    reference: int = 5  # subjects on whom NUTS is asked too


FULL = Size()
QUICK = Size(draws=1000, pairs=200, replications=30, reference=0)


@dataclass(frozen=True)
class Trial:
    """A kind on trial."""

    kind: AbstractKind
    size: Size = QUICK
    seed: int = 20260101

    @cached_property
    def example(self) -> Example:
        """The kind's example."""
        return self.kind.example()

    @cached_property
    def record(self) -> Record:
        """Simulated readings of everything that the example's sensor sees, at twelve times."""
        kind, example = self.kind, self.example
        seen = {n.observable for n in kind.noises if n.sensor in (example.sensor, "")}
        times = np.linspace(example.t0, example.t1, 14)[1:-1]
        observed = {o.name: times for o in kind.observables if o.name in seen and o.axis == "grid"}
        if not observed:
            return Record.empty()
        return simulate(kind, example.case, observed, example.t0, seed=self.seed, sensor=example.sensor).record

    def compile(
        self,
        case: Case | None = None,
        t0: float | None = None,
        t1: float | None = None,
        known_at: float = np.inf,
        record: Record | None = None,
    ) -> Forcing:
        """The example's forcing, or that of another case, span or knowledge."""
        return self.kind.compile(
            self.example.case if case is None else case,
            Record.empty() if record is None else record,
            self.example.t0 if t0 is None else t0,
            self.example.t1 if t1 is None else t1,
            known_at,
        )

    def z(self, forcing: Forcing, members: int) -> np.ndarray:
        """Prior draws of the padded latents (member, width), keyed by latent: one more slot changes no other column."""
        layout = Latents.of(self.kind.parameters, forcing)
        columns = [generator(self.seed, "z", name).standard_normal(members) for name in layout.names]
        return layout.pad(np.stack(columns, axis=1) if columns else np.zeros((members, 0)))

    def theta(self, forcing: Forcing, members: int) -> dict[str, np.ndarray]:
        """Prior draws of the parameters, {name: (member,) or (member, slot)}."""
        return Latents.of(self.kind.parameters, forcing).theta(self.z(forcing, members))

    def run(
        self,
        forcing: Forcing | Batch,
        request: Request,
        theta: Mapping[str, np.ndarray],
        seeds: np.ndarray | None = None,
        start: State | None = None,
    ) -> tuple[Outputs, State | None]:
        """The kind's run; the seeds are the trial's own unless given."""
        count = len(next(iter(theta.values()))) if theta else len(seeds if seeds is not None else [0])
        return self.kind.run(theta, forcing, request, self.seeds(count) if seeds is None else seeds, start)

    def seeds(self, members: int, purpose: str = "member") -> np.ndarray:
        """Seeds of the members."""
        return member_seeds(self.seed, members, purpose)

    def pair(self, members: int) -> np.ndarray:
        """The same seeds for two options."""
        return np.tile(self.seeds(members), 2)

    def everything(self, t0: float | None = None, t1: float | None = None, points: int = 9) -> Request:
        """All observables at evenly spaced times and all quantities over the two halves of a span."""
        a = self.example.t0 if t0 is None else t0
        b = self.example.t1 if t1 is None else t1
        middle = 0.5 * (a + b)
        items: dict[str, np.ndarray] = {}
        for o in self.kind.observables:
            items[o.name] = np.array([middle, b]) if o.axis == "none" else np.linspace(a, b, points)
        for q in self.kind.quantities:
            items[q.name] = np.array([[a, middle], [middle, b]])
        return Request(items)

    def observables(self, times: np.ndarray) -> Request:
        """All observables that have a time axis, at these times."""
        return Request({o.name: times for o in self.kind.observables if o.axis == "grid"})

    def effects(self) -> tuple[Effect, ...]:
        """The documented effects."""
        return self.example.effects

    def middle(self) -> float:
        """The middle of the example."""
        return 0.5 * (self.example.t0 + self.example.t1)

    def at_bounds(self, cls: type[Action], at: float) -> list[tuple[str, Action]]:
        """The action with every field at its low bound, and at its high one."""
        out = []
        for end in ("low", "high"):
            values = {}
            for name, info in infos(cls).items():
                if info.choices:
                    values[name] = info.choices[0 if end == "low" else -1]
                elif _is_flag(cls, name):
                    values[name] = end == "high"
                else:
                    values[name] = getattr(info, end)
            out.append((end, cls(at=at, known_at=self.example.t0, **values)))
        return out

    def typical(self, cls: type[Action]) -> Action:
        """The action of the first documented effect of this type, known from the start."""
        found = next(e.action for e in self.example.effects if isinstance(e.action, cls))
        return dataclasses.replace(found, known_at=self.example.t0)


def _is_flag(cls: type[Action], name: str) -> bool:
    from typing import get_type_hints

    return get_type_hints(cls)[name] is bool


def same_bits(a: Outputs, b: Outputs) -> str:
    """The name of the first output that differs in any bit, or ""."""
    for name in sorted(set(a) | set(b)):
        if name not in a or name not in b:
            return name
        x, y = np.asarray(a[name]), np.asarray(b[name])
        if x.shape != y.shape or x.dtype != y.dtype or x.tobytes() != y.tobytes():
            return name
    return ""


def tolerance(values: np.ndarray) -> float:
    """Relative difference that another order of the same sums may make in this precision."""
    return 1e-4 if np.asarray(values).dtype == np.float32 else 1e-9


def largest(a: np.ndarray, b: np.ndarray) -> float:
    """Largest absolute difference, 0 where there is nothing to differ, NaN for other shapes."""
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if x.shape != y.shape:
        return float("nan")
    return float(np.nanmax(np.abs(x - y))) if x.size else 0.0


def leaves(tree: object) -> list[object]:
    """All arrays of a tree as bytes with their shapes, in a fixed order."""
    if isinstance(tree, Mapping):
        return [x for k in sorted(tree) for x in (k, *leaves(tree[k]))]
    if isinstance(tree, (tuple, list)):
        return [x for v in tree for x in leaves(v)]
    if dataclasses.is_dataclass(tree):
        return [x for f in dataclasses.fields(tree) for x in leaves(getattr(tree, f.name))]
    array = np.asarray(tree)
    return [array.shape, array.tobytes()]
