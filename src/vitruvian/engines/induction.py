"""Programmed stimulation: a drive of equal beats, then earlier and earlier extra ones; does activity outlive them?

S1 beats `cycle` apart, then S2, S3, ... each as early as still captures (Josephson, Clinical Cardiac Electrophysiology,
2008, chapter 11). A tissue is inducible by a sequence when some of it is still active `lasting` ms after the last beat.
The answer is that of the tissue, the cell and the places given: a simulation, no patient's risk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import KindError
from vitruvian.engines.cell import AbstractCell
from vitruvian.engines.monodomain import Stimulus, Tissue, solve
from vitruvian.engines.monodomain.scheme import Scheme

LOOK = 20.0  # ms between two looks at what is active
CAPTURED = 0.3  # share of the tissue that a beat must activate


@dataclass(frozen=True)
class Tried:
    """Coupling intervals (ms) after the drive; did the last beat capture; for how long (ms) anything was active."""

    coupling: tuple[float, ...]
    captured: bool
    lasted: float


@dataclass(frozen=True)
class Induction:
    """All sequences tried, in order; the first that left lasting activity, if any."""

    tried: tuple[Tried, ...]
    lasting: float

    @property
    def inducing(self) -> Tried | None:
        """The first sequence after which activity lasted."""
        return next((t for t in self.tried if t.captured and t.lasted >= self.lasting), None)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        found = self.inducing
        return {
            "inducible": found is not None,
            "coupling_ms": list(found.coupling) if found else None,
            "tried": [vars(t) | {"coupling": list(t.coupling)} for t in self.tried],
        }

    def plot(self, ax: Any = None) -> Any:
        """How long activity lasted after each sequence."""
        from matplotlib.figure import Figure

        ax = ax or Figure(figsize=(5, 3), layout="constrained").subplots()
        ax.bar(range(len(self.tried)), [t.lasted for t in self.tried])
        ax.set_xticks(
            range(len(self.tried)), [" + ".join(f"{c:g}" for c in t.coupling) for t in self.tried], rotation=90
        )
        ax.axhline(self.lasting, ls="--", lw=1)
        ax.set_ylabel("activity after the last beat, ms")
        return ax


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
    """Drive and up to len(weights) - 1 extra beats; weights: (node,) of the drive's place, then of each extra beat's.

    Each extra beat comes `step` ms earlier (from `first`) until it no longer captures; then it is held at the earliest
    that did, and the next is added. Ends with the first sequence that induces. Errors: KindError for unstable steps.
    """
    if len(weights) < 2 or first >= cycle:
        raise KindError("give a drive's place and one extra beat's, first < cycle", where="induce", fix="see docstring")
    scheme = Scheme.of(tissue)
    begin = _after_drive(tissue, cell, weights[0], cycle, drive, dt, scheme)
    tried: list[Tried] = []
    held: tuple[float, ...] = ()
    for _ in weights[1:]:
        earliest: float | None = None
        coupling = first
        while coupling > step:
            one = _one(tissue, cell, weights, (*held, coupling), begin, lasting, dt, scheme)
            tried.append(one)
            if not one.captured:
                break
            if one.lasted >= lasting:
                return Induction(tuple(tried), lasting)
            earliest, coupling = coupling, coupling - step
        if earliest is None:
            break
        held = (*held, earliest)
    return Induction(tuple(tried), lasting)


def _after_drive(
    tissue: Tissue, cell: AbstractCell, weight: np.ndarray, cycle: float, drive: int, dt: float, scheme: Scheme
) -> np.ndarray:
    """States at the last S1."""
    states = cell.start(np.zeros(len(tissue.nodes), dtype=np.int64))
    for _ in range(drive - 1):
        states = solve(tissue, cell, [Stimulus(weight)], cycle, dt=dt, start=states, scheme=scheme).states
    return states


def _one(
    tissue: Tissue,
    cell: AbstractCell,
    weights: Sequence[np.ndarray],
    coupling: tuple[float, ...],
    states: np.ndarray,
    lasting: float,
    dt: float,
    scheme: Scheme,
) -> Tried:
    """From the last S1 on: a segment a beat, then looks until all is at rest or activity has lasted."""
    gaps = (*coupling, LOOK)
    active = np.zeros(len(tissue.nodes), dtype=bool)
    for weight, gap in zip(weights, gaps, strict=False):
        wave = solve(tissue, cell, [Stimulus(weight)], gap, dt=dt, start=states, scheme=scheme)
        states, active = wave.states, np.isfinite(wave.activation)
    seen, after = active.copy(), LOOK
    while after < lasting:
        wave = solve(tissue, cell, [], LOOK, dt=dt, start=states, scheme=scheme)
        states = wave.states
        seen |= np.isfinite(wave.activation)
        if not (states[0] > cell.threshold).any():
            break
        after += LOOK
    reached = float(seen.mean())
    return Tried(coupling, reached >= CAPTURED, after)
