"""Verification of the heated rod: the Fourier series of Pennes' equation, and its calibration.

Rise above blood under constant power from 0 to t_off, held ends: sum_n b_n / l_n (e^{-l_n (t - t_off)+} - e^{-l_n t})
sin(n pi x / L), l_n = D (n pi / L)^2 + w, b_n = 2 q / L e^{-(n pi s / L)^2 / 2} sin(n pi xp / L), q = eta P / rho c A.
Insulated ends: cosines, and half of b_0. The Gaussian's part beyond the ends (below 1e-20) is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.kind import Theta
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.kinds.rod.actions import Heat, Rod
from vitruvian.kinds.rod.model import BLOOD, CM, MIN, MM2, RHO_C, WIDTH, HeatedRod
from vitruvian.verbs.sbc import sbc

Progress = Callable[[float], None]
KIND = HeatedRod()
HEAT = Heat(at=0.0, power=0.8, duration=20.0, position=0.45)
END = 40 * MIN
MODES = np.arange(200)[:, None]


def temperature(rod: Rod, D: float, w: float, eta: float, times: np.ndarray) -> np.ndarray:
    """The series at the centres of the kind's cells, deg C, (time, cell)."""
    L, n = rod.length * CM, KIND.shape[0]
    k = MODES * np.pi / L
    wave = np.sin if rod.ends == "body" else np.cos
    x = (np.arange(n) + 0.5) * L / n
    q = eta * HEAT.power / (RHO_C * rod.area * CM**2)
    b = 2 * q / L * np.exp(-0.5 * (k * WIDTH) ** 2) * wave(k * HEAT.position * L)
    if rod.ends == "insulated":
        b[0] /= 2
    rate = D * MM2 * k**2 + w / MIN
    after = np.maximum(times - HEAT.duration * MIN, 0.0)
    grown = np.exp(-rate * after) - np.exp(-rate * times)
    return BLOOD + (b / rate * grown).T @ wave(k * x)


def _run(rod: Rod, request: dict[str, Any], members: int) -> tuple[Theta, dict[str, np.ndarray]]:
    forcing = KIND.compile(Case(rod, (HEAT,)), Record.empty(), 0.0, END, END)
    layout = Latents.of(KIND.parameters, forcing)
    theta = layout.theta(generator(1, "rod.series").standard_normal((members, layout.width)))
    return theta, dict(KIND.run(theta, forcing, Request.of(request), member_seeds(1, members))[0])


def _each(theta: Theta, members: int) -> list[tuple[float, float, float]]:
    return [(float(theta["D"][i]), float(theta["w"][i]), float(theta["eta"][i])) for i in range(members)]


def series(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Largest difference between the run and the series."""
    members, times = 10 if quick else 100, np.arange(0.0, END + 1, 2 * MIN)
    gaps = []
    for share, ends in ((0.5, "body"), (1.0, "insulated")):
        rod = Rod(ends=ends)
        theta, outputs = _run(rod, {"temperature": times}, members)
        exact = np.stack([temperature(rod, *p, times) for p in _each(theta, members)])
        gaps.append(float(np.abs(outputs["temperature"] - exact).max()))
        progress(share)
    detail = {"held": gaps[0], "insulated": gaps[1]}
    return {
        "measured": max(gaps),
        "met": max(gaps) < 0.05,
        "n": 2 * members * len(times) * KIND.shape[0],
        "baseline": None,
        "detail": detail,
    }


def dose(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Difference of the folded map from the sampled series. A peak that grazes 43 makes any clock err: a percentile."""
    members, times = 10 if quick else 100, np.arange(0.5, END, 1.0)
    rod = Rod()
    theta, outputs = _run(rod, {"time_above_43": [END]}, members)
    gaps = []
    for i, p in enumerate(_each(theta, members)):
        exact = (temperature(rod, *p, times) >= 43.0).sum(axis=0) / MIN
        gaps.append(np.abs(outputs["time_above_43"][i, 0] - exact))
        progress((i + 1) / members)
    measured = float(np.quantile(np.stack(gaps), 0.99))
    return {"measured": measured, "met": measured < 0.2, "n": members * KIND.shape[0], "baseline": None}


def calibrated(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Simulation-based calibration with the default method."""
    n = 40 if quick else 200
    found = sbc(KIND, n, seed=2, progress=progress)
    worst = max(found.excess.values())
    return {"measured": worst, "met": found.inside, "n": n, "baseline": None, "detail": found.to_json()}
