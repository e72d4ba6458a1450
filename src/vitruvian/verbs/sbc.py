"""sbc: is the calibration calibrated? Simulation-based calibration of a kind with its own sensors and example case.

A subject z* of the kind's population is drawn, its record simulated and calibrated. If posterior and simulation agree,
the posterior probability below z* is uniform for every latent. Talts et al., arXiv:1804.06788 (2018); the band:
rankband.py.
It checks an algorithm on its own model, and says nothing about whether the model is true.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.belief import Belief
from vitruvian.core.errors import BeliefError, InferenceError, VitruvianError
from vitruvian.core.keys import generator, key
from vitruvian.core.kind import AbstractKind
from vitruvian.core.twin import Twin
from vitruvian.verbs.calibrate import calibrate, default_method
from vitruvian.verbs.rankband import RankBand, rank_band
from vitruvian.verbs.simulate import Simulated, simulate_example

CONFIDENCE = 0.99  # of the whole answer: shared among the latents (Bonferroni)
MEMBERS = 100


@dataclass(frozen=True)
class SbcResult:
    """Ranks in [0, 1] (replication,) of the truth per latent, and the simultaneous band they should stay in."""

    kind: str
    method: str
    seed: int
    members: int
    ranks: dict[str, np.ndarray]
    band: RankBand
    learned: dict[str, float]  # mean share learned per latent: a rank of what is not learned shows nothing
    noted: int  # replications whose belief came with a note (no convergence)

    @property
    def replications(self) -> int:
        """How many subjects were simulated."""
        return self.band.n

    @property
    def excess(self) -> dict[str, float]:
        """Per latent, how far its ranks leave the band (share of replications); <= 0 inside."""
        return {name: self.band.excess(u) for name, u in self.ranks.items()}

    @property
    def inside(self) -> bool:
        """True when every latent's ranks stay in the band."""
        return all(e <= 0.0 for e in self.excess.values())

    def to_json(self) -> dict[str, Any]:
        """Plain JSON without the single ranks."""
        return {
            "kind": self.kind,
            "method": self.method,
            "seed": self.seed,
            "replications": self.replications,
            "members": self.members,
            "inside": self.inside,
            "excess": self.excess,
            "learned": self.learned,
            "noted": self.noted,
        }


def sbc(
    kind: AbstractKind,
    replications: int = 200,
    seed: int = 0,
    method: str | None = None,
    *,
    members: int = MEMBERS,
    progress: Callable[[float], None] | None = None,
) -> SbcResult:
    """Calibrate `replications` simulated subjects of the kind's example case and rank each truth in its posterior.

    method: as in calibrate. The calibration's window starts where the example does. progress is given shares of 1.
    """
    rows: list[dict[str, float]] = []
    learned: list[dict[str, float]] = []
    noted = 0
    for r in range(replications):
        told, belief = _replicate(kind, key(seed, "sbc", r) % 2**31, method, members, r)
        rows.append(_ranks(told, belief, generator(seed, "ties", r)))
        learned.append(belief.learned())
        noted += bool(belief.diagnostics.get("converged", 1.0) == 0.0)
        if progress is not None:
            progress((r + 1) / replications)
    names = tuple(rows[0])
    ranks = {name: np.array([row[name] for row in rows]) for name in names}
    shares = {name: float(np.mean([row[name] for row in learned])) for name in names}
    band = rank_band(replications, 1.0 - (1.0 - CONFIDENCE) / max(len(names), 1))
    return SbcResult(kind.name, method or default_method(kind), seed, members, ranks, band, shares, noted)


def _replicate(
    kind: AbstractKind, seed: int, method: str | None, members: int, replication: int
) -> tuple[Simulated, Belief]:
    example, told = simulate_example(kind, seed=seed)
    window = (example.t0, float(told.record.valid_time.max()))
    try:
        twin = calibrate(
            Twin(kind, example.case, told.record), method=method, window=window, seed=seed, members=members
        )
    except VitruvianError as err:
        raise InferenceError(
            f"replication {replication} (seed {seed}) could not be calibrated: {err.message}",
            where=f"kind '{kind.name}'",
            fix="simulate that seed alone and look at its record",
        ) from err
    return told, twin.believed()


def _ranks(told: Simulated, belief: Belief, rng: np.random.Generator) -> dict[str, float]:
    """Posterior probability below the truth, ties and the rank's own step randomised: exactly uniform for exact draws.

    With L equal weights this is (rank + U) / (L + 1); unequal weights count as their effective number of draws.
    """
    if not told.names:
        raise BeliefError("there is no latent to rank", where=f"kind '{belief.kind}'", fix="give it a parameter")
    where = {name: i for i, name in enumerate(belief.names)}
    draws = 1.0 / float((belief.weights**2).sum())
    out: dict[str, float] = {}
    for name, truth in zip(told.names, told.z, strict=True):
        tie, step = rng.uniform(size=2)
        if name in where:
            z = belief.z[:, where[name]]
            below = float(belief.weights @ (z < truth) + tie * (belief.weights @ (z == truth)))
            out[name] = (draws * below + step) / (draws + 1.0)
    return out
