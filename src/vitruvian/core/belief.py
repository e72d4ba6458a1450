"""What a twin believes: an ensemble of latents, the state at a time, and how it came to believe it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vitruvian.core.errors import BeliefError


@dataclass(frozen=True)
class State:
    """Opaque state of every member at time `at` (s): a tree of arrays, member axis first, with the layout's version."""

    at: float
    version: str
    tree: Mapping[str, Any]

    def take(self, index: np.ndarray) -> State:
        """The members at these positions."""
        return State(self.at, self.version, _map(self.tree, lambda a: a[index]))

    @classmethod
    def join(cls, states: Sequence[State]) -> State:
        """All members of several states of one time and layout, in order."""
        first = states[0]
        if {(s.at, s.version) for s in states} != {(first.at, first.version)}:
            raise BeliefError("states of different times or layouts cannot be joined", where="State.join")
        return first if len(states) == 1 else cls(first.at, first.version, _join([s.tree for s in states]))


@dataclass(frozen=True)
class PopulationPrior:
    """An affine map over z for named latents: z ~ N(mean, covariance). Latents it does not name keep N(0, 1)."""

    names: tuple[str, ...] = ()
    mean: np.ndarray = field(default_factory=lambda: np.zeros(0))
    covariance: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    source: str = "the parameters' own priors"

    def moments(self, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Mean (n,) and covariance (n, n) of z for these latents."""
        mean, cov = np.zeros(len(names)), np.eye(len(names))
        where = {name: i for i, name in enumerate(names)}
        pairs = [(k, where[n]) for k, n in enumerate(self.names) if n in where]
        if pairs:
            a, b = (np.array(p) for p in zip(*pairs, strict=True))
            mean[b] = self.mean[a]
            cov[np.ix_(b, b)] = self.covariance[np.ix_(a, a)]
        return mean, cov


@dataclass(frozen=True)
class Belief:
    """z (member, latent) over `names` ("SI", or "delay@28800.0" for a slot), weights (member,), state, at, prior, how.

    residual: per observable with a declared discrepancy, its draw at `at` for every member. learned: per latent,
    1 - var(z) / var(prior z). A mismatch of kind, version or parameters means: recalibrate. start: the belief from
    which filtering began and to which late data rewind (None: this one was calibrated). seen: digest of its data.
    """

    kind: str
    version: str
    names: tuple[str, ...]
    z: np.ndarray
    weights: np.ndarray
    at: float
    known_at: float
    method: str
    seed: int
    state: State | None = None
    residual: Mapping[str, np.ndarray] = field(default_factory=dict)
    prior: PopulationPrior = field(default_factory=PopulationPrior)
    window: tuple[float, float] = (0.0, 0.0)
    rows: int = 0
    artefact: str = ""
    notes: tuple[str, ...] = ()
    diagnostics: Mapping[str, float] = field(default_factory=dict)
    start: Belief | None = None
    seen: str = ""

    def __post_init__(self) -> None:
        if self.z.shape != (len(self.weights), len(self.names)):
            raise BeliefError(f"z has shape {self.z.shape}, expected ({len(self.weights)}, {len(self.names)})")

    @property
    def members(self) -> int:
        """Number of members."""
        return len(self.weights)

    def learned(self) -> dict[str, float]:
        """1 - var(z) / var(prior z) per latent, clipped to [0, 1]."""
        _, cov = self.prior.moments(self.names)
        mean = self.weights @ self.z
        var = self.weights @ (self.z - mean) ** 2
        share = np.clip(1.0 - var / np.maximum(np.diag(cov), 1e-12), 0.0, 1.0)
        return dict(zip(self.names, share.tolist(), strict=True))

    def to_tree(self) -> dict[str, Any]:
        """A tree of plain values and arrays for the store."""
        return {
            "kind": self.kind,
            "version": self.version,
            "names": list(self.names),
            "z": self.z,
            "weights": self.weights,
            "at": self.at,
            "known_at": self.known_at,
            "method": self.method,
            "seed": self.seed,
            "state": None
            if self.state is None
            else {
                "at": self.state.at,
                "version": self.state.version,
                "tree": dict(self.state.tree),
            },
            "residual": dict(self.residual),
            "prior": {
                "names": list(self.prior.names),
                "mean": self.prior.mean,
                "covariance": self.prior.covariance,
                "source": self.prior.source,
            },
            "window": list(self.window),
            "rows": self.rows,
            "artefact": self.artefact,
            "notes": list(self.notes),
            "diagnostics": dict(self.diagnostics),
            "start": None if self.start is None else self.start.to_tree(),
            "seen": self.seen,
        }

    @classmethod
    def from_tree(cls, tree: Mapping[str, Any]) -> Belief:
        """Back from `to_tree`."""
        state, prior = tree["state"], tree["prior"]
        plain = {k: tree[k] for k in ("kind", "version", "z", "weights", "at", "known_at", "method", "seed", "rows")}
        return cls(
            **plain,
            names=tuple(tree["names"]),
            state=None if state is None else State(state["at"], state["version"], state["tree"]),
            residual=tree["residual"],
            prior=PopulationPrior(tuple(prior["names"]), prior["mean"], prior["covariance"], prior["source"]),
            window=(tree["window"][0], tree["window"][1]),
            artefact=tree["artefact"],
            notes=tuple(tree["notes"]),
            diagnostics=tree["diagnostics"],
            start=None if tree.get("start") is None else cls.from_tree(tree["start"]),
            seen=tree.get("seen", ""),
        )


def _map(tree: Any, fn: Any) -> Any:
    if isinstance(tree, Mapping):
        return {k: _map(v, fn) for k, v in tree.items()}
    return fn(tree)


def _join(trees: Sequence[Any]) -> Any:
    if isinstance(trees[0], Mapping):
        return {k: _join([t[k] for t in trees]) for k in trees[0]}
    return np.concatenate(trees, axis=0)
