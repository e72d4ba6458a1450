"""The best of many options by simulation, with a promised probability: fully sequential, common random numbers allowed.

    while more than one is left:  drop i if  sum over r of (X_i(r) - X_l(r)) < -W_il(r)  for some l
    W_il(r) = max(0, (delta / 2) (h^2 S_il^2 / delta^2 - r)),   h^2 = 2 eta (n0 - 1)
    eta = ((2 alpha / (k - 1))^(-2 / (n0 - 1)) - 1) / 2

S_il^2 is the variance of the paired differences over the first n0 replications, so that common random numbers, which
make it small, make the selection short. With probability 1 - alpha the option kept is the best, or within delta of it.

Reference: Kim & Nelson, ACM Trans Model Comput Simul 2001;11:251 (KN), c = 1. Holds for (nearly) normal outputs,
replications independent of each other. Larger is better; give minus a wait to make it short.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitruvian.core.errors import InferenceError

Sampler = Callable[[Sequence[str], int, int], np.ndarray]


@dataclass(frozen=True)
class Selection:
    """The option kept, when each other was dropped (replications), and what was seen of all."""

    best: str
    dropped_after: dict[str, int]
    mean: dict[str, float]
    half_width: dict[str, float]
    replications: dict[str, int]
    delta: float
    confidence: float
    decided: bool
    method: str = "Kim-Nelson"
    sure: float | None = None  # estimated probability that `best` is within delta of the best, where a method has one

    @classmethod
    def of(
        cls,
        best: str,
        dropped: dict[str, int],
        seen: dict[str, np.ndarray],
        delta: float,
        confidence: float,
        decided: bool,
        method: str = "Kim-Nelson",
        sure: float | None = None,
    ) -> Selection:
        """From all that was seen, {option: (replication,)}."""
        return cls(
            best, dropped,
            {n: float(x.mean()) for n, x in seen.items()},
            {n: float(1.96 * x.std(ddof=1) / np.sqrt(len(x))) for n, x in seen.items()},
            {n: len(x) for n, x in seen.items()},
            delta, confidence, decided, method, sure,
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Plain values; half_width is that of a 95 % interval."""
        return dict(vars(self))

    def plot(self, ax: Any = None) -> Any:
        """Means with 95 % intervals, the kept option marked."""
        from vitruvian.verbs.plots import COLOURS, axes

        ax = axes(ax)
        names = sorted(self.mean, key=lambda n: self.mean[n])
        colours = [COLOURS[1] if n == self.best else COLOURS[0] for n in names]
        ax.errorbar(
            [self.mean[n] for n in names], range(len(names)), xerr=[self.half_width[n] for n in names], fmt="none",
            ecolor=colours,
        )  # fmt: skip
        ax.scatter([self.mean[n] for n in names], range(len(names)), color=colours)
        ax.set_yticks(range(len(names)), [f"{n} ({self.replications[n]})" for n in names], fontsize=8)
        ax.set_title(
            f"kept: {self.best}, {'' if self.decided else 'not yet '}{self.confidence:.0%} sure to be within "
            f"{self.delta:g} of the best ({self.method})",
            fontsize=9,
        )
        return ax


def select(
    options: Sequence[str],
    sample: Sampler,
    delta: float,
    *,
    confidence: float = 0.95,
    first: int = 20,
    batch: int = 20,
    most: int = 5000,
) -> Selection:
    """Kim and Nelson's procedure. sample(names, start, count) -> (name, count): outputs of these replications.

    Replication r must be the same random numbers for every option. `most`: replications after which the best mean is
    kept without the promise (decided is then false).
    """
    k = len(options)
    if not delta > 0:
        raise InferenceError(f"needs delta > 0 (got {delta:g})", where="select")
    seen = beginning(options, sample, first, "select")
    eta = 0.5 * ((2.0 * (1.0 - confidence) / (k - 1)) ** (-2.0 / (first - 1)) - 1.0)
    spread = {(a, b): float(np.var(seen[a] - seen[b], ddof=1)) for a in options for b in options if a != b}
    left, dropped, r = list(options), dict[str, int](), first
    while len(left) > 1 and r < most:
        left = _screened(left, seen, spread, r, delta, 2.0 * eta * (first - 1), dropped)
        if len(left) == 1:
            break
        for n, row in zip(left, sample(left, r, batch), strict=True):
            seen[n] = np.concatenate([seen[n], row])
        r += batch
    best = max(left, key=lambda n: float(seen[n].mean()))
    return Selection.of(best, dropped, seen, delta, confidence, len(left) == 1)


def beginning(options: Sequence[str], sample: Sampler, first: int, where: str) -> dict[str, np.ndarray]:
    """The first replications of every option, {option: (replication,)}."""
    if len(options) < 2 or len(set(options)) < len(options):
        raise InferenceError(f"needs two or more different options (got {list(options)})", where=where)
    if first < 3:
        raise InferenceError(f"needs first >= 3 (got {first})", where=where)
    seen = dict(zip(options, sample(options, 0, first), strict=True))
    if not all(np.isfinite(row).all() for row in seen.values()):
        raise InferenceError("an option's output is not a number", where=where, fix="look at that option alone")
    return seen


def _screened(
    left: Sequence[str],
    seen: dict[str, np.ndarray],
    spread: dict[tuple[str, str], float],
    r: int,
    delta: float,
    h2: float,
    dropped: dict[str, int],
) -> list[str]:
    sums = {n: float(seen[n].sum()) for n in left}
    kept = []
    for a in left:
        margins = [max(0.0, 0.5 * delta * (h2 * spread[a, b] / delta**2 - r)) for b in left if b != a]
        behind = [sums[a] - sums[b] for b in left if b != a]
        if any(s < -w for s, w in zip(behind, margins, strict=True)):
            dropped[a] = r
        else:
            kept.append(a)
    return kept or [max(left, key=lambda n: sums[n])]
