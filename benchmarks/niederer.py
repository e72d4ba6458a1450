"""The slab of Niederer et al. 2011 (Phil Trans R Soc A 369:4331): activation times as the grid is refined.

Without arguments: 0.5, 0.2 and 0.1 mm on the processor beside the limits of two schemes and published codes; `--limit`
refines both schemes to 0.025 mm (27 million nodes: on a GPU) and writes what claim ep.niederer compares with.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np

from vitruvian.engines.jaxsetup import jax
from vitruvian.kinds.electrophysiology.evidence.slab import LIMITS, PUBLISHED, activation, richardson


def refined(finest: float = 0.025) -> dict[str, Any]:
    """Both schemes on grids down to `finest`, and the limit of each."""
    on = "jax" if jax.default_backend() == "gpu" else "processor"
    out: dict[str, Any] = {"device": jax.devices()[0].device_kind, "ours": {}, "seven_point": {}, "seconds": {}}
    for name, seven in (("ours", False), ("seven_point", True)):
        for dx, dt in ((0.5, 0.01), (0.2, 0.01), (0.1, 0.01), (0.05, 0.005), (0.025, 0.0025)):
            if dx < finest - 1e-9 or (seven and dx > 0.2):
                continue
            begun = time.perf_counter()
            out[name][f"{dx:g}"] = np.round(activation(dx, dt, seven=seven, on=on), 4).tolist()
            out["seconds"][f"{name} {dx:g}"] = round(time.perf_counter() - begun, 1)
            print(name, dx, out[name][f"{dx:g}"], flush=True)
        pair = [np.array(out[name][f"{dx:g}"]) for dx in (2 * finest, finest)]
        out[f"limit_{name}"] = np.round(richardson(*pair), 4).tolist()
    return out


def main() -> None:
    """The table."""
    if "--limit" in sys.argv:
        LIMITS.write_text(json.dumps(refined(), indent=1) + "\n")
        return
    known = json.loads(LIMITS.read_text("utf-8"))
    limit = np.array(known["limit_ours"])
    table = {"our limit": limit, "seven-point limit": np.array(known["limit_seven_point"])}
    table |= {f"ours {dx} mm": activation(dx) for dx in (0.5, 0.2, 0.1)}
    table |= {name: np.array(row) for name, row in PUBLISHED.items()}
    for name, row in table.items():
        print(
            f"{name:22}", *(f"{v:7.2f}" for v in row), f"  furthest from our limit {np.abs(row - limit).max():6.2f} ms"
        )


if __name__ == "__main__":
    main()
