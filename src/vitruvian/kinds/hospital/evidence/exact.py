"""hosp.exact: the engine against every oracle; each comparison a z-value, and their p-values uniform."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.keys import member_seeds
from vitruvian.core.quantity import Request
from vitruvian.engines.event.checks import check_model
from vitruvian.engines.event.drive import forcing
from vitruvian.engines.event.readings import Level, outputs
from vitruvian.engines.event.simulate import Simulation
from vitruvian.engines.event.tables import Tables
from vitruvian.kinds.hospital.evidence import networks, oracles
from vitruvian.kinds.hospital.evidence.oracles import HOUR, Oracle

Progress = Callable[[float], None]
SEED = 20261126


def all_oracles() -> Iterator[Oracle]:
    """Every oracle, in order."""
    families = (
        oracles.plain, oracles.general, oracles.urgent, oracles.limited, networks.jackson, networks.blocking,
        networks.machines, networks.census, networks.varying, networks.shifts,
    )  # fmt: skip
    return itertools.chain.from_iterable(f() for f in families)


def compared(oracle: Oracle, members: int, seed: int = SEED) -> dict[str, tuple[float, float]]:
    """{comparison: (z, p)} of one oracle: the mean over members against theory, by Student's t."""
    from scipy import stats

    check_model(oracle.model)
    tables = Tables(oracle.model, oracle.spare, layers=1)
    drive = forcing(oracle.model, 0.0, oracle.t1 * HOUR, changes=oracle.changes)
    window, times = np.array([[oracle.warm, oracle.t1]]) * HOUR, np.array(oracle.times) * HOUR
    items = {name: reading for name, (reading, _) in oracle.compared.items()}
    asked = Request({n: times if isinstance(r, Level) else window for n, r in items.items()})
    seeds = member_seeds(seed, members, oracle.name)
    out, _ = outputs(Simulation(tables), items, drive, asked, seeds, None, None)
    found = {}
    for name, (_, known) in oracle.compared.items():
        for k, value in enumerate(np.atleast_1d(known)):
            seen = out[name][:, k]
            z = float((seen.mean() - value) / (seen.std(ddof=1) / math.sqrt(members)))
            found[f"{oracle.name}: {name}{f' {k}' if np.ndim(known) else ''}"] = (
                z,
                float(2 * stats.t.sf(abs(z), members - 1)),
            )
    return found


def measured(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Largest |z| of all comparisons; Kolmogorov-Smirnov's p-value that one p-value a run is uniform."""
    from scipy import stats

    todo = list(all_oracles())
    # independent runs of every oracle until there are 200 comparisons and more
    rounds = [(o, k) for k in range(1 if quick else 2) for o in todo]
    members = 100 if quick else 400
    z: dict[str, float] = {}
    first: list[float] = []
    for n, (oracle, k) in enumerate(rounds):
        found = compared(oracle, members, SEED + k)
        z |= {f"{name} #{k}": value for name, (value, _) in found.items()}
        first.append(next(iter(found.values()))[1])
        progress((n + 1) / len(rounds))
    worst = max(abs(v) for v in z.values())
    uniform = float(stats.kstest(first, "uniform").pvalue)
    return {
        "measured": worst, "met": worst <= 4.0 and uniform > 0.01 and len(z) >= (100 if quick else 200), "n": len(z),
        "baseline": None, "detail": {"uniform_p": uniform, "runs": len(first), "members": members, "z": z},
    }  # fmt: skip
