"""Who gets what: permuted blocks within strata, from a seed, so that the list can be made again and checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vitruvian.core.errors import InferenceError
from vitruvian.core.keys import generator


def blocked(
    strata: Sequence[str], seed: int, *, allocation: tuple[int, int] = (1, 1), multiples: tuple[int, ...] = (2, 3)
) -> np.ndarray:
    """Arm (n,) of patients in order of arrival with their stratum; blocks are of random multiples of the allocation.

    allocation (control, treated). A stratum's list depends on seed and stratum alone, never on the other strata.
    """
    if min(allocation) < 1 or min(multiples) < 1:
        raise InferenceError("a block without one arm", where="randomisation", fix="give whole numbers >= 1")
    lists: dict[str, np.ndarray] = {}
    arm, used = np.empty(len(strata), dtype=int), dict.fromkeys(strata, 0)
    for i, name in enumerate(strata):
        if name not in lists:
            lists[name] = _list(
                strata.count(name) if isinstance(strata, list) else sum(s == name for s in strata),
                generator(seed, "randomisation", name),
                allocation,
                multiples,
            )
        arm[i] = lists[name][used[name]]
        used[name] += 1
    return arm


def _list(count: int, rng: np.random.Generator, allocation: tuple[int, int], multiples: tuple[int, ...]) -> np.ndarray:
    out: list[int] = []
    while len(out) < count:
        k = int(rng.choice(multiples))
        out += rng.permutation([0] * (k * allocation[0]) + [1] * (k * allocation[1])).tolist()
    return np.array(out[:count])


def permuted(arm: np.ndarray, count: int, seed: int, strata: np.ndarray | None = None) -> np.ndarray:
    """`count` re-randomisations (count, n) of these arms, within strata."""
    rng = generator(seed, "permuted arms")
    groups = np.zeros(len(arm)) if strata is None else strata
    out = np.empty((count, len(arm)))
    for g in np.unique(groups):
        here = np.flatnonzero(groups == g)
        out[:, here] = rng.permuted(np.tile(arm[here].astype(np.float64), (count, 1)), axis=1)
    return out
