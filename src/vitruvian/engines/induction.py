"""Programmed stimulation: a drive of equal beats, then earlier and earlier extra ones; does activity outlive them?

S1 beats `cycle` apart, then S2, S3, ... each as early as still captures (Josephson, Clinical Cardiac Electrophysiology,
2008, chapter 11). A tissue is inducible by a sequence when some of it is still active `lasting` ms after the last beat.
The answer is that of the tissue, the cell and the places given: a simulation, no patient's risk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.engines.cell import AbstractCell
from vitruvian.engines.monodomain import Stimulus, Tissue, solve
from vitruvian.engines.monodomain.scheme import Scheme

LOOK = 20.0  # ms between two looks at what is active
CAPTURED = 0.3  # share that a beat must activate of the tissue, or of what is near its place


@dataclass(frozen=True)
class Tried:
    """Coupling intervals (ms) after the drive; did the last beat capture; for how long (ms) anything was active."""

    coupling: tuple[float, ...]
    captured: bool
    lasted: float


@dataclass(frozen=True, eq=False)
class Course:
    """What followed the last beat of a sequence: when each node was activated last, and the time before, ms; NaN."""

    tried: Tried
    last: np.ndarray
    before: np.ndarray

    @property
    def period(self) -> float | None:
        """ms from one activation to the next, median over the nodes that were activated twice; None below a tenth."""
        apart = (self.last - self.before)[np.isfinite(self.before)]
        return float(np.median(apart)) if len(apart) > 0.1 * len(self.last) else None


@dataclass(frozen=True)
class Induction:
    """All sequences tried, in order; the first that left lasting activity, if any."""

    tried: tuple[Tried, ...]
    lasting: float

    @property
    def inducing(self) -> Tried | None:
        """The first sequence after which activity lasted."""
        return next((t for t in self.tried if t.captured and t.lasted >= self.lasting), None)

    @property
    def earliest(self) -> float | None:
        """ms: the shortest coupling of a first extra beat that captured; the effective refractory period lies below."""
        return min((t.coupling[0] for t in self.tried if len(t.coupling) == 1 and t.captured), default=None)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        found = self.inducing
        return {
            "inducible": found is not None,
            "coupling_ms": list(found.coupling) if found else None,
            "tried": [vars(t) | {"coupling": list(t.coupling)} for t in self.tried],
        }

    def plot(self, ax: Any = None) -> Any:
        """How long activity lasted after each sequence; hollow where the last beat did not capture."""
        from matplotlib.figure import Figure

        ax = ax or Figure(figsize=(5, 3), layout="constrained").subplots()
        bars = ax.bar(range(len(self.tried)), [t.lasted for t in self.tried], edgecolor="C0")
        for bar, one in zip(bars, self.tried, strict=True):
            bar.set_fill(one.captured)
        ax.set_xticks(
            range(len(self.tried)), [" + ".join(f"{c:g}" for c in t.coupling) for t in self.tried], rotation=90
        )
        ax.axhline(self.lasting, ls="--", lw=1)
        ax.set_ylabel("activity after the last beat, ms")
        return ax


@dataclass(frozen=True, eq=False)
class Stimulation:
    """Drive and up to len(weights) - 1 extra beats; weights: (node,) of the drive's place, then of each extra beat's.

    variant (node,) of the cell. near (node,) bool: what a beat must activate to count as captured; none: the tissue,
    which when large is still being activated by the beat before, and then says nothing of the last. Each extra beat
    comes `step` ms earlier (from `first`) until it no longer captures; then it is held at the earliest that did, and
    the next is added. Ends with the first sequence that induces.
    """

    tissue: Tissue
    cell: AbstractCell
    weights: Sequence[np.ndarray]
    variant: np.ndarray | None = None
    cycle: float = 600.0
    drive: int = 2
    first: float = 400.0
    step: float = 20.0
    lasting: float = 500.0
    dt: float = 0.05
    near: np.ndarray | None = None
    _wakes: dict[tuple[float, ...], dict[float, np.ndarray]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if len(self.weights) < 2 or self.first >= self.cycle:
            raise KindError(
                "give a drive's place and one extra beat's, first < cycle", where="induce", fix="see docstring"
            )
        self._scheme.checked(self.dt)

    @cached_property
    def couplings(self) -> tuple[float, ...]:
        """ms, in the order they are tried: from `first` down, above one step."""
        count = int(np.ceil(self.first / self.step)) - 1
        return tuple(self.first - k * self.step for k in range(count))

    def sequences(
        self, known: Mapping[tuple[float, ...], Tried] | None = None
    ) -> Iterator[tuple[Tried, Course | None]]:
        """Each sequence as it is tried; one that is `known` is not run again, and has no course."""
        kept = known or {}
        held: tuple[float, ...] = ()
        for _ in self.weights[1:]:
            earliest: float | None = None
            for coupling in self.couplings:
                course = None if (*held, coupling) in kept else self.course((*held, coupling))
                one = kept[*held, coupling] if course is None else course.tried
                yield one, course
                if not one.captured:
                    break
                if one.lasted >= self.lasting:
                    return
                earliest = coupling
            if earliest is None:
                return
            held = (*held, earliest)

    def course(self, coupling: tuple[float, ...]) -> Course:
        """One sequence: the last beat, then looks until all is at rest or activity has lasted."""
        states = self._wake(coupling[:-1])[coupling[-1]]
        last = np.full(len(self.tissue.nodes), np.nan)
        before, after = last.copy(), 0.0
        stimuli = [Stimulus(self.weights[len(coupling)])]
        while after < self.lasting:
            wave = self._run(states, stimuli, LOOK)
            states, stimuli = wave.states, []
            again = np.isfinite(wave.activation)
            before[again], last[again] = last[again], after + wave.activation[again]
            if after > 0 and not (states[0] > self.cell.threshold).any():
                break
            after += LOOK
        reached = float(np.isfinite(last if self.near is None else last[self.near]).mean())
        return Course(Tried(coupling, reached >= CAPTURED, after), last, before)

    def _wake(self, held: tuple[float, ...]) -> dict[float, np.ndarray]:
        """States at each coupling after the beat that `held` ends with (none: the last S1): one run serves them all."""
        if held not in self._wakes:
            start = self._wake(held[:-1])[held[-1]] if held else self._driven()
            self._wakes.clear()  # a level's wakes are all that is asked for again
            stimuli, at, out = [Stimulus(self.weights[len(held)])], 0.0, {}
            for coupling in reversed(self.couplings):
                start = self._run(start, stimuli, coupling - at).states
                stimuli, at, out[coupling] = [], coupling, start
            self._wakes[held] = out
        return self._wakes[held]

    def _driven(self) -> np.ndarray:
        """States at the last S1."""
        kind = np.zeros(len(self.tissue.nodes), dtype=np.int64) if self.variant is None else self.variant
        states = self.cell.start(kind)
        for _ in range(self.drive - 1):
            states = self._run(states, [Stimulus(self.weights[0])], self.cycle).states
        return states

    def _run(self, states: np.ndarray, stimuli: Sequence[Stimulus], until: float) -> Any:
        how: dict[str, Any] = {"dt": self.dt, "variant": self.variant, "start": states, "scheme": self._scheme}
        return solve(self.tissue, self.cell, stimuli, until, **how)

    @cached_property
    def _scheme(self) -> Scheme:
        return Scheme.of(self.tissue)


def induce(
    tissue: Tissue,
    cell: AbstractCell,
    weights: Sequence[np.ndarray],
    *,
    cycle: float = 600.0,
    drive: int = 2,
    first: float = 400.0,
    step: float = 20.0,
    lasting: float = 500.0,
    dt: float = 0.05,
) -> Induction:
    """All sequences of a `Stimulation` until one induces. Errors: KindError for unstable steps."""
    how = Stimulation(tissue, cell, weights, None, cycle, drive, first, step, lasting, dt)
    return Induction(tuple(tried for tried, _ in how.sequences()), lasting)
