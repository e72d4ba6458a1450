"""agreement: do the default method and NUTS find the same posterior? Asked on simulated subjects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vitruvian.core.belief import Belief
from vitruvian.core.kind import AbstractKind
from vitruvian.core.twin import Twin
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.simulate import simulate_example

DRAWS = 400  # of either posterior: Monte Carlo error of a mean about 0.06 posterior sd with NUTS's correlation
MEANS, SPREADS = 0.25, 1.25  # four of those errors; ratio of sds: assumed tolerable for a Gaussian approximation


@dataclass(frozen=True)
class Agreement:
    """One latent of one subject: distance of the means in sds of the reference, and the sds' ratio."""

    subject: int
    latent: str
    method: str
    shift: float
    ratio: float

    @property
    def holds(self) -> bool:
        """Whether the two posteriors are the same for practical purposes."""
        return self.shift <= MEANS and 1 / SPREADS <= self.ratio <= SPREADS

    @property
    def strain(self) -> float:
        """How much of the tolerance is used up: above 1 they disagree."""
        return max(self.shift / MEANS, abs(np.log(self.ratio)) / np.log(SPREADS))


def agreement(
    kind: AbstractKind, subjects: int, seed: int = 0, *, progress: Callable[[float], None] | None = None
) -> tuple[Agreement, ...]:
    """The default method against method="nuts" for every latent of `subjects` simulated ones, worst first."""
    found: list[Agreement] = []
    for k in range(subjects):
        example, told = simulate_example(kind, seed=seed + k)
        twin = Twin(kind, example.case, told.record)
        window = (example.t0, float(told.record.valid_time.max()))
        fast, slow = (
            calibrate(twin, method=m, window=window, members=DRAWS, seed=k).believed() for m in (None, "nuts")
        )
        (mean, sd), (other, width) = _moments(fast), _moments(slow)
        rows = zip(fast.names, np.abs(mean - other) / width, sd / width, strict=True)
        found += [Agreement(seed + k, name, fast.method, float(s), float(r)) for name, s, r in rows]
        if progress is not None:
            progress((k + 1) / subjects)
    return tuple(sorted(found, key=lambda a: -a.strain))


def _moments(belief: Belief) -> tuple[np.ndarray, np.ndarray]:
    mean = belief.weights @ belief.z
    return mean, np.sqrt(belief.weights @ (belief.z - mean) ** 2)
