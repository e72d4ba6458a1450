"""The slab of Niederer et al., Phil Trans R Soc A 2011;369:4331, by two schemes: activation at its nine points.

20 x 7 x 3 mm, fibres along the first axis, ten Tusscher-Panfilov epicardial cells, 1.5 mm corner cube stimulated with
35.71 mV/ms for 2 ms; activation where V crosses 0 mV. The second scheme shares nothing in space with the first:
seven-point differences, the reaction at its node.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.engines.monodomain import Stimulus, Tissue, solve
from vitruvian.engines.monodomain.operators import Box
from vitruvian.engines.monodomain.scheme import Scheme
from vitruvian.models.cells import TenTusscherPanfilov

SIZE = (20.0, 7.0, 3.0)  # mm
# chi 140 /mm, Cm 0.01 uF/mm2; harmonic means of 0.17 and 0.62, of 0.019 and 0.24 S/m: mm2/ms
D = np.diag([0.13342 / 1.4, 0.017606 / 1.4, 0.017606 / 1.4])
POINTS = np.array(
    [(0, 0, 0), (0, 7, 0), (20, 0, 0), (20, 7, 0), (0, 0, 3), (0, 7, 3), (20, 0, 3), (20, 7, 3), (10, 3.5, 1.5)]
)
LIMITS = Path(__file__).with_name("slab.json")  # both schemes down to 0.025 mm: `benchmarks/niederer.py --limit`
PUBLISHED = {  # ms at P1 to P9
    # fenicsx-beat's demo: linear elements, ionic current interpolation, dt 0.005 ms
    "fenicsx-beat 0.1 mm": [1.225, 25.5, 31.26, 37.81, 7.99, 26.09, 31.72, 37.93, 17.835],
    "fenicsx-beat 0.5 mm": [1.215, 50.775, 33.825, 57.96, 13.97, 49.345, 32.945, 55.825, 25.595],
    # Chaste's map of the same slab: state-variable interpolation, dt 0.01 ms
    "Chaste 0.5 mm": [1.226, 27.91, 37.43, 38.15, 7.945, 25.08, 36.38, 36.296, 17.615],
}


def activation(dx: float, dt: float = 0.01, *, seven: bool = False, on: str = "processor") -> np.ndarray:
    """Activation (ms) of the nine points; seven: the independent scheme."""
    tissue = Tissue.slab(SIZE, dx, D)
    cube = Stimulus(tissue.share((0.0, 0.0, 0.0), (1.5, 1.5, 1.5)), 0.0, 2.0, 35.71)
    scheme = seven_point(tissue) if seven else None
    wave = solve(tissue, TenTusscherPanfilov(), [cube], 150.0, dt=dt, scheme=scheme, on=on, stop=True)
    return _at(tissue, wave.activation)


def seven_point(tissue: Tissue) -> Scheme:
    """Second differences along each axis, mirrored at the ends; the reaction stays at its node."""
    row = np.zeros((2, 2, 2))
    for axis, (d, h) in enumerate(zip(np.diag(D), tissue.spacing, strict=True)):
        row[0, 0, 0] += 2 * d / h**2
        row[tuple(int(k == axis) for k in range(3))] = -d / h**2
    flow = Box(tissue.shape, row.astype(np.float32))
    return Scheme(flow, Box(tissue.shape, 0 * flow.row), 2.0 / flow.largest(len(tissue.nodes)))


def _at(tissue: Tissue, times: np.ndarray) -> np.ndarray:
    """At the nine points; P9 lies between nodes of some grids: the mean of those around it."""
    grid = times.reshape(tissue.shape)
    out = []
    for point in POINTS:
        x = point / np.array(tissue.spacing)
        ends = [sorted({int(np.floor(v + 1e-6)), int(np.ceil(v - 1e-6))}) for v in x]
        out.append(float(np.mean(grid[np.ix_(*ends)])))
    return np.array(out)


def richardson(coarse: np.ndarray, fine: np.ndarray) -> np.ndarray:
    """The limit of two grids of which one is twice as fine, second order."""
    return fine + (fine - coarse) / 3.0


def measure(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Callable[[float], None]
) -> dict[str, Any]:
    """Nine points at each spacing against the limit; both limits; published codes beside them. Quick: 0.2 mm alone."""
    known = json.loads(LIMITS.read_text("utf-8"))
    limit, other = np.array(known["limit_ours"]), np.array(known["limit_seven_point"])
    again = richardson(*(np.array(known["ours"][h]) for h in ("0.05", "0.025")))
    apart = float(np.abs(other / limit - 1.0).max())
    spacings = {0.2: 0.02} if quick else {0.2: 0.01, 0.1: 0.01}
    table, gaps = {}, {}
    for k, (dx, dt) in enumerate(spacings.items()):
        table[f"ours {dx} mm"] = activation(dx, dt)
        gaps[f"{dx} mm"] = float(np.abs(table[f"ours {dx} mm"] - limit).max())
        progress((k + 1) / len(spacings))
    table |= {"our limit": limit, "seven-point limit": other} | {n: np.array(v) for n, v in PUBLISHED.items()}
    worst = max(gaps.values())
    held = bool(apart < 0.01 and np.abs(again - limit).max() < 1e-3)
    return {
        "measured": worst,
        "met": worst < 2.0 and held,
        "n": 9 * len(spacings),
        "baseline": float(np.abs(np.array(PUBLISHED["fenicsx-beat 0.1 mm"]) - limit).max()),
        "detail": {
            "gap_ms": gaps,
            "limits_apart": apart,
            "activation_ms": {n: np.round(v, 3).tolist() for n, v in table.items()},
        },
    }
