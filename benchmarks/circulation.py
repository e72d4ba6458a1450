"""100,000 virtual circulations x 20 beats on this machine's two cores, and svZeroDSolver's closed loop on some beats.

Workload: persons drawn from all six sets of the kind circulation, each the whole loop (models/circulation/loop.py: four
chambers, septum, pericardium, valves, two beds) at 200 RK4 steps a beat in float64, twice or four times as many where
the loop needs them to be stable, from its own first guess. Two threads take blocks of hearts. Beside it: drift of blood
over the 20 beats, the error against 16 times as many steps, and the JAX form of the same loop on a subsample.
svZeroDSolver (C++, implicit) has another loop: its own case closedLoopHeart_singleVessel of the data set `heart`
(fewer elements: no septum, no pericardium, elastic atria) at its 100 points a beat, one heart at a time. SVZEROD_PYTHON
names the interpreter of an environment that has svzerod. Writes benchmarks/results/circulation.json.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.engines.jaxsetup import jax
from vitruvian.kinds.circulation.actions import CONDITIONS
from vitruvian.kinds.circulation.beat import hearts
from vitruvian.kinds.circulation.evidence.drawn import KIND, persons
from vitruvian.models.circulation import loop, march
from vitruvian.platform.evidence import data_root

HEARTS, BEATS, THREADS, BLOCK = 100_000, 20, 2, 2048
TARGET = 600.0  # s
RESULTS = Path(__file__).parent / "results" / "circulation.json"


def drawn(count: int) -> loop.Heart:
    """Hearts of persons drawn evenly from all sets, at rest."""
    each, rows = -(-count // len(CONDITIONS)), []
    for condition in CONDITIONS:
        forcing, theta = persons(condition, each, 11)
        u = {"size": np.ones(each)} | {n: np.full(each, s.before) for n, s in forcing.schedules.items()}
        values = KIND.inputs(tuple(np.zeros(each) for _ in KIND.states), theta, u)
        rows.append(np.stack(hearts(values)))
    return loop.Heart(*np.concatenate(rows, axis=1)[:, :count])


def run(h: loop.Heart) -> tuple[np.ndarray, np.ndarray]:
    """Volumes (8, heart) after BEATS from the first guess, and those at the start."""
    begin, end = march.start(h), np.empty((8, len(h.rate)))
    needed = march.steps_needed(h)
    parts = []
    doubled = np.ceil(np.log2(np.maximum(needed / march.STEPS, 1.0))).astype(int)
    for times in np.unique(doubled).tolist():
        index, steps = np.flatnonzero(doubled == times), march.STEPS * 2**times
        parts += [(index[k : k + BLOCK], steps) for k in range(0, len(index), BLOCK)]

    def one(part: tuple[np.ndarray, int]) -> None:
        index, steps = part
        mine = loop.Heart(*(v[index] for v in h))
        end[:, index] = march.march(mine, begin[:, index], BEATS, steps)[0]

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, parts))
    return end, begin


def accuracy(h: loop.Heart) -> float:
    """Largest difference of a volume, mL, against 16 times the steps, over a subsample."""
    some = loop.Heart(*(v[:: len(h.rate) // 512] for v in h))
    steps = max(march.STEPS, int(march.steps_needed(some).max()))
    begin = march.start(some)
    coarse, fine = (march.march(some, begin, BEATS, k * steps)[0] for k in (1, 16))
    return float(np.abs(coarse - fine).max())


def in_jax(h: loop.Heart, count: int = 512) -> float:
    """Processor seconds a heart and beat of the same loop in JAX, vectorised over `count` hearts."""
    some = loop.Heart(*(v[:: len(h.rate) // count][:count] for v in h))
    beats = jax.jit(lambda h, x: loop.beats(h, x, BEATS, march.STEPS))
    x = tuple(march.start(some))
    jax.block_until_ready(beats(some, x))
    begun = time.process_time()
    jax.block_until_ready(beats(some, x))
    return (time.process_time() - begun) / count / BEATS


def peer() -> dict[str, float] | None:
    """svZeroDSolver's processor seconds a beat in its own environment; None without one."""
    python, data = os.environ.get("SVZEROD_PYTHON"), data_root()
    if not python or data is None:
        return None
    case = data / "heart" / "svzerod" / "closedLoopHeart_singleVessel.json"
    script = Path(__file__).parent / "peers" / "svzerod_loop.py"
    said = subprocess.run([python, str(script), str(case)], capture_output=True, text=True, check=True)
    return json.loads(said.stdout.splitlines()[-1])


def main() -> None:
    """Measure and write."""
    h = drawn(HEARTS)
    run(loop.Heart(*(v[:64] for v in h)))  # compiled code is loaded
    load, wall, cpu = os.getloadavg()[0], time.perf_counter(), time.process_time()
    end, begin = run(h)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    drift = float(np.abs(end.sum(axis=0) / begin.sum(axis=0) - 1.0).max())
    mine = cpu / HEARTS / BEATS
    out: dict[str, Any] = {
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "load_before": load,
        "hearts": HEARTS,
        "beats": BEATS,
        "threads": THREADS,
        "wall_s": wall,
        "cpu_s": cpu,
        "two_cores_s": cpu / THREADS,
        "target_s": TARGET,
        "met": wall < TARGET,
        "volume_drift": drift,
        "error_mL": accuracy(h),
        "cpu_us_a_beat": 1e6 * mine,
        "jax_cpu_us_a_beat": 1e6 * in_jax(h),
    }
    if theirs := peer():
        out["svzerod"] = {**theirs, "ratio": theirs["cpu_us_a_beat"] / out["cpu_us_a_beat"]}
    RESULTS.write_text(json.dumps(out, indent=1) + "\n")
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
