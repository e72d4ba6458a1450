"""Compiles what the demonstration's twins run, in a process of its own: the first time that takes a minute, and a
compiler would hold up every answer of the server. What is compiled is kept on disk, and found there from then on.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import numpy as np

CALL = f"import sys; from {__name__} import main; main(sys.argv[1])"


async def warmed(kind: str) -> None:
    """At once where it was done before for these sources; else until it is done, and killed with the server."""
    stamp = await asyncio.to_thread(_stamp, kind)
    if stamp.exists():
        return
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", CALL, kind)
    try:
        await child.wait()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def _stamp(kind: str) -> Path:
    from vitruvian.engines.jaxsetup import cache_dir

    return cache_dir() / f"demonstration-{kind}.warm"


def main(name: str) -> None:
    """The kind's example simulated, calibrated, followed by one more reading, and forecast."""
    from vitruvian.core.twin import Twin
    from vitruvian.platform import asking, registry
    from vitruvian.verbs.assimilate import assimilate
    from vitruvian.verbs.calibrate import calibrate
    from vitruvian.verbs.forecast import forecast
    from vitruvian.verbs.simulate import simulate

    kind = registry.get(name)
    example = kind.example()
    seen = next(o.name for o in kind.observables if any(n.observable == o.name for n in kind.noises))
    times = np.linspace(example.t0, example.t1, 50)[1:]
    record = simulate(kind, example.case, {seen: times}, example.t0, seed=0, sensor=example.sensor).record
    known = float(times[-2])
    twin = calibrate(Twin(kind, example.case, record.until(known)), known_at=known)
    twin = assimilate(twin, record.where(record.valid_time > known))
    forecast(twin, asking.ahead(kind, twin.believed().at, 3.0), noise=True, sensor=example.sensor, seed=0)
    stamp = _stamp(name)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.touch()
