"""The belief's members run again with other latents, or without some actions: what an explanation asks.

Everything else stays: the members' random streams, the discrepancy drawn given the readings, its further path. That is
the counterfactual: this subject, as far as it is known, had one thing been different (Pearl, Causality, 2009, ch. 7).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.belief import Belief
from vitruvian.core.case import Case
from vitruvian.core.keys import member_seeds
from vitruvian.core.kind import Reconstructible, Resumable
from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin
from vitruvian.verbs.forecast import DENSE, discrepancy_path, fold
from vitruvian.verbs.together import run_together


@dataclass(frozen=True)
class Replay:
    """A quantity over a window (start, end; s), of a belief's members."""

    twin: Twin
    belief: Belief
    quantity: str
    window: tuple[float, float]
    seed: int

    @property
    def t0(self) -> float:
        """From where the members run again: the belief's window, or its own time where its state is not a run of z."""
        return self.belief.at if self.from_state else self.belief.window[0]

    @property
    def from_state(self) -> bool:
        """True when the state was seen or filtered, and so cannot be run again from the past."""
        kind = self.twin.kind
        seen = isinstance(kind, Reconstructible) or not isinstance(kind, Resumable) or self.belief.start is not None
        return seen and self.belief.state is not None

    @property
    def observable(self) -> str:
        """The observable whose discrepancy the answer holds; "" if none."""
        of = self.twin.kind.quantity(self.quantity).of
        return of if of in self.twin.kind.discrepancies else ""

    def values(self, runs: Sequence[tuple[Case, np.ndarray, np.ndarray]]) -> np.ndarray:
        """The quantity (run, member) for each (case, z (member, latent), share of the residual kept (member,))."""
        kind, belief, t1 = self.twin.kind, self.belief, self.window[1]
        record = self.twin.record.until(belief.known_at)
        forcings = {}
        for case, _, _ in runs:
            if id(case) not in forcings:
                forcings[id(case)] = kind.compile(case, record, self.t0, t1, belief.known_at)
        told = run_together(
            kind,
            [(forcings[id(case)], belief.names, z) for case, z, _ in runs],
            self._request(),
            member_seeds(belief.seed, belief.members),
            belief.state if self.from_state else None,
            self.seed,
        )
        if not self.observable:
            return np.stack([np.asarray(outputs[self.quantity])[:, 0] for _, outputs in told])
        drift = [self._path(kept) for _, _, kept in runs]
        return np.stack(
            [self._folded(np.asarray(o[self.observable]) + d) for (_, o), d in zip(told, drift, strict=True)]
        )

    def _request(self) -> Request:
        if not self.observable:
            return Request({self.quantity: np.array([self.window])})
        return Request({self.observable: self._times()})

    def _times(self) -> np.ndarray:
        a, b = self.window
        return np.linspace(a, b, max(2, int(np.ceil((b - a) / DENSE)) + 1))

    def _folded(self, path: np.ndarray) -> np.ndarray:
        q = self.twin.kind.quantity(self.quantity)
        assert q.reducer is not None
        return fold(q.reducer, self._times(), path) * q.scale

    def _path(self, kept: np.ndarray) -> np.ndarray:
        """The discrepancy's path with this share of what the readings say of it now, (member, n)."""
        belief, name = self.belief, self.observable
        now = belief.residual.get(name, np.zeros(belief.members)) * kept
        return discrepancy_path(
            self.twin.kind,
            dataclasses.replace(belief, residual={name: now}),
            name,
            self._times(),
            belief.at,
            self.seed,
        )


def thinned(belief: Belief, members: int) -> Belief:
    """The first so many members (draws are exchangeable); weights add up to 1 again."""
    if belief.members <= members:
        return belief
    index = np.arange(members)
    state = None if belief.state is None else belief.state.take(index)
    residual = {n: r[index] for n, r in belief.residual.items()}
    weights = belief.weights[index] / belief.weights[index].sum()
    return dataclasses.replace(belief, z=belief.z[index], weights=weights, state=state, residual=residual)
