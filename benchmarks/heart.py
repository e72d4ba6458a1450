"""Tissue steps a second: TP06 and Mitchell-Schaeffer against finitewave, and on a GPU where one is.

Workload: 64^3 nodes of 0.25 mm, a corner stimulated, steps of 0.02 ms (TP06) or 0.05 ms (Mitchell-Schaeffer); the cost
of set-up cancels in the difference of two run lengths. Rates are per second of processor time, all threads summed.
finitewave (numba, float64 by default) needs numpy < 2: FINITEWAVE_PYTHON names the interpreter of its own environment.
On a GPU the same equations run in JAX: node-steps a second, and the bytes that a step must move (every state read and
written once, float32; where the tissue is masked also the rows) as a share of what a copy of the same memory moves.
Writes benchmarks/results/heart.json.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.engines.cell import AbstractCell
from vitruvian.engines.jaxsetup import jax, jnp
from vitruvian.engines.monodomain import Stimulus, Tissue, solve
from vitruvian.engines.monodomain.scheme import Scheme
from vitruvian.models.cells import MitchellSchaeffer, TenTusscherPanfilov

D = np.diag([0.0953, 0.0126, 0.0126])  # mm2/ms
CELLS: dict[str, tuple[AbstractCell, float]] = {
    "tp06": (TenTusscherPanfilov(), 0.02),
    "mitchell_schaeffer": (MitchellSchaeffer(), 0.05),
}
RESULTS = Path(__file__).parent / "results" / "heart.json"


def rate(name: str, voxels: int = 63, steps: tuple[int, int] = (20, 120)) -> float:
    """Node-steps per second of processor time, best of three differences."""
    cell, dt = CELLS[name]
    tissue = Tissue.slab((voxels * 0.25, voxels * 0.25, voxels * 0.25), 0.25, D)
    scheme = Scheme.of(tissue)
    corner = Stimulus(tissue.share((0, 0, 0), (2.0, 2.0, 2.0)))
    spent = []
    for _ in range(3):
        costs = []
        for count in steps:
            begun = time.process_time()
            solve(tissue, cell, [corner], count * dt, dt=dt, scheme=scheme)
            costs.append(time.process_time() - begun)
        spent.append(costs[1] - costs[0])
    return len(tissue.nodes) * (steps[1] - steps[0]) / min(spent)


def on_gpu(name: str, voxels: int, irregular: bool) -> dict[str, float]:
    """Wall-clock node-steps per second in JAX, and the share of memory bandwidth."""
    cell, dt = CELLS[name]
    box = Tissue.slab((voxels * 0.25, voxels * 0.25, voxels * 0.25), 0.25, D)
    mask = box.voxels.copy()
    if irregular:
        mask[: voxels // 8, : voxels // 8, : voxels // 8] = False
    tissue = Tissue(mask, box.spacing, D)
    scheme, corner = Scheme.of(tissue), Stimulus(np.where(tissue.nodes[:, 0] < 2.0, 1.0, 0.0))
    seconds = []
    for until in (10.0, 40.0):
        for repeat in range(2):  # the first compiles
            begun = time.perf_counter()
            solve(tissue, cell, [corner], until, dt=dt, scheme=scheme, on="jax")
            if repeat:
                seconds.append(time.perf_counter() - begun)
    rate = len(tissue.nodes) * round(30.0 / dt) / (seconds[1] - seconds[0])
    moved = 8 * len(cell.states) + (2 * 27 * 8 if irregular else 0)
    return {"nodes": len(tissue.nodes), "node_steps_per_s": rate, "GB_per_s": rate * moved / 1e9}


def bandwidth() -> float:
    """GB/s of a copy on the device, bytes read and written."""
    x = jnp.arange(2**28, dtype=jnp.float32)
    copy = jax.jit(lambda a: a + 1.0)
    copy(x).block_until_ready()
    begun = time.perf_counter()
    for _ in range(20):
        x = copy(x)
    x.block_until_ready()
    return 20 * 2 * x.nbytes / (time.perf_counter() - begun) / 1e9


def gpu() -> dict[str, Any]:
    """All figures of the device."""
    top = bandwidth()
    out: dict[str, Any] = {"device": str(jax.devices()[0].device_kind), "copy_GB_per_s": top}
    for name in CELLS:
        for irregular, voxels in ((False, 255), (True, 127)):
            found = on_gpu(name, voxels, irregular)
            out[f"{name} {'masked' if irregular else 'box'}"] = {**found, "share_of_copy": found["GB_per_s"] / top}
    return out


def peer() -> dict[str, float] | None:
    """finitewave's rates in its own environment, None without one."""
    python = os.environ.get("FINITEWAVE_PYTHON")
    if not python:
        return None
    script = Path(__file__).parent / "peers" / "finitewave_tissue.py"
    said = subprocess.run([python, str(script)], capture_output=True, text=True, check=True)
    return json.loads(said.stdout.splitlines()[-1])


def main() -> None:
    """All that this machine can measure; what another machine measured stays in the file."""
    out = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if jax.default_backend() == "gpu":
        out["gpu"] = gpu()
    else:
        mine = {name: rate(name) for name in CELLS}
        out["processor"] = {"machine": platform.processor() or platform.machine(), "node_steps_per_cpu_s": mine}
        if theirs := peer():
            ratios = {name: mine[name] / theirs[name] for name in mine}
            out["finitewave"] = {"node_steps_per_cpu_s": theirs, "ratio": ratios}
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS
    target.write_text(json.dumps(out, indent=1) + "\n")
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
