"""The elements against two other simulators, on their own inputs."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.models.circulation import network, regazzoni

CASES = ("steadyFlow_stenosis_R", "closedLoopHeart_singleVessel", "closedLoopHeart_withCoronaries")
QUICK = CASES[:2]


def measure(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Callable[[float], None]
) -> dict[str, Any]:
    """Largest relative difference of every case, and the drift of the loop's blood."""
    assert data is not None
    gaps: dict[str, float] = {}
    folder = data / "heart" / "svzerod"
    for k, case in enumerate(QUICK if quick else CASES):
        gaps |= _svzerod(folder, case)
        progress(0.1 * (k + 1))
    gaps["pulsatileFlow_CStenosis"] = _pulsatile(folder)
    found, drift = _regazzoni(data / "heart" / "circulation_regazzoni")
    gaps |= found
    worst = max(gaps, key=lambda name: gaps[name])
    met = gaps[worst] < 1e-3 and drift < 1e-10
    detail = {"gaps": gaps, "worst": worst, "volume_drift": drift}
    return {"measured": gaps[worst], "met": met, "n": len(gaps), "baseline": None, "detail": detail}


def _svzerod(folder: Path, case: str) -> dict[str, float]:
    _, found = network.solve(json.loads((folder / f"{case}.json").read_text("utf-8")))
    told = json.loads((folder / "results" / f"result_{case}.json").read_text("utf-8"))
    names = np.array(list(told["name"].values()))
    out: dict[str, float] = {}
    for vessel in sorted(set(names.tolist())):
        for what in ("pressure_in", "pressure_out", "flow_in", "flow_out"):
            reference = np.array(list(told[what].values()))[names == vessel]
            gap = np.abs(found[f"{what}:{vessel}"] - reference).max() / np.abs(reference).max()
            out[f"{case}:{vessel}:{what}"] = float(gap)
    return out


def _pulsatile(folder: Path) -> float:
    """Inlet pressure |sin t| sin t + 0.1, as the case itself says."""
    case = json.loads((folder / "pulsatileFlow_CStenosis_steadyPressure.json").read_text("utf-8"))
    case["simulation_parameters"]["number_of_cardiac_cycles"] = 1
    t, found = network.solve(case)
    exact = np.abs(np.sin(t)) * np.sin(t) + 0.1
    return float(np.abs(found["pressure_in:branch0_seg0"] - exact).max() / np.abs(exact).max())


def _regazzoni(folder: Path) -> tuple[dict[str, float], float]:
    par, start = (json.loads((folder / f"{n}.json").read_text("utf-8")) for n in ("parameters", "initial"))
    rows = list(csv.DictReader((folder / "last_beat.csv").read_text("utf-8").splitlines()))
    ends, trace = regazzoni.run(par, start, 30, 5e-4)
    blood, gaps = regazzoni.volume(ends, par), {}
    for k, name in enumerate(regazzoni.STATES[:8]):
        reference = np.array([float(r[name]) for r in rows])[1:]
        gap = np.abs(trace[::20, k][: len(reference)] - reference).max() / np.abs(reference).max()
        gaps[f"regazzoni:{name}"] = float(gap)
    return gaps, float(np.abs(blood / blood[0] - 1.0).max())
