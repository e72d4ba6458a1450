"""Many runs of the same members in few calls: other forcings, other latents, one compiled shape."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from vitruvian.core.belief import State
from vitruvian.core.forcing import Batch, Forcing
from vitruvian.core.kind import AbstractKind, Theta
from vitruvian.core.latents import Latents, stack_theta
from vitruvian.core.quantity import Request

TOGETHER = 8  # runs in one call: few member counts, so that few are compiled


def run_together(
    kind: AbstractKind,
    runs: Sequence[tuple[Forcing, tuple[str, ...], np.ndarray]],
    request: Request,
    seeds: np.ndarray,
    state: State | None,
    seed: int,
) -> list[tuple[Theta, dict[str, np.ndarray]]]:
    """Theta and outputs (member, ...) of each run: a forcing, and z (member, latent) over its names.

    seeds (member,) and state serve every run; slots that z does not know are drawn from their prior by (seed, name).
    Forcings must share t0 and t1. Runs are taken by 1, 2, 4 or 8.
    """
    count, out = len(seeds), []
    for first in range(0, len(runs), TOGETHER):
        some = list(runs[first : first + TOGETHER])
        size = bucket_of(len(some))
        padded = some + [some[-1]] * (size - len(some))
        thetas = []
        for forcing, names, z in padded:
            layout = Latents.of(kind.parameters, forcing)
            thetas.append(layout.theta(layout.carry(names, z, seed)))
        start = None if state is None else state.take(np.tile(np.arange(count), size))
        driving = padded[0][0] if size == 1 else Batch.each([f for f, _, _ in padded], count)
        outputs, _ = kind.run(stack_theta(thetas), driving, request, np.tile(seeds, size), start)
        for k in range(len(some)):
            rows = slice(k * count, (k + 1) * count)
            out.append((thetas[k], {n: np.asarray(v)[rows] for n, v in outputs.items()}))
    return out


def bucket_of(count: int) -> int:
    """1, 2, 4 or TOGETHER: the smallest that holds `count` runs."""
    return next(s for s in (1, 2, 4, TOGETHER) if s >= count)


def digest_of(forcing: Forcing) -> str:
    """Equal forcings have equal digests."""
    told = hashlib.sha256(repr((forcing.slots, forcing.capacity, forcing.breaks)).encode())
    for name, a in sorted(forcing.arrays.items()):
        told.update(name.encode() + np.ascontiguousarray(a).tobytes())
    for name, (times, amounts) in sorted(forcing.impulses.items()):
        told.update(name.encode() + times.tobytes() + amounts.tobytes())
    for name, s in sorted(forcing.schedules.items()):
        told.update(name.encode() + s.times.tobytes() + s.values.tobytes() + repr(s.before).encode())
    return told.hexdigest()
