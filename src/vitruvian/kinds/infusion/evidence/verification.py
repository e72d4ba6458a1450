"""Verification of the infusion: the closed form, its calibration, and the label's own dosing table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.kinds.infusion.model import HOUR, Bolus, Infuse, Infusion, Person
from vitruvian.verbs.agreement import agreement
from vitruvian.verbs.sbc import sbc

Progress = Callable[[float], None]
KIND = Infusion()
DOSES = (Bolus(at=0.0, dose=300.0), Bolus(at=7.3 * HOUR, dose=120.0))
RATES = (Infuse(at=0.0, rate=30.0, duration=10.0), Infuse(at=4.7 * HOUR, rate=12.0, duration=9.0))


def closed_form(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Largest difference between the run and the closed form."""
    members, weight = 100 if quick else 1000, 81.0
    case, times = Case(Person(weight=weight), (*DOSES, *RATES)), np.linspace(0.0, 24.0, 289) * HOUR
    forcing = KIND.compile(case, Record.empty(), 0.0, 24 * HOUR, 24 * HOUR)
    z = generator(1, "infusion.closed_form").standard_normal((members, 2))
    theta = Latents.of(KIND.parameters, forcing).theta(z)
    outputs, _ = KIND.run(theta, forcing, Request({"concentration": times}), member_seeds(1, members))
    progress(0.5)
    gap = float(np.abs(outputs["concentration"] - exact(theta["CL"], theta["V"], weight, times)).max())
    return {"measured": gap, "met": gap < 1e-6, "n": members * len(times), "baseline": None}


def exact(CL: np.ndarray, V: np.ndarray, weight: float, times: np.ndarray) -> np.ndarray:
    """Sum of the closed forms of every dose and infusion, mg/L, (member, time)."""
    k, volume, clearance = (CL / V)[:, None], (V * weight)[:, None], (CL * weight)[:, None]
    total = np.zeros((len(CL), len(times)))
    for b in DOSES:
        since = (times - b.at)[None, :] / HOUR
        total += np.where(since >= 0, b.dose / volume * np.exp(-k * np.maximum(since, 0.0)), 0.0)
    for a in RATES:
        since = np.maximum((times - a.at)[None, :] / HOUR, 0.0)
        after = np.maximum(since - a.duration, 0.0)
        total += a.rate / clearance * (np.exp(-k * after) - np.exp(-k * since))
    return total


def calibrated(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Simulation-based calibration with Laplace."""
    n = 40 if quick else 200
    found = sbc(KIND, n, seed=2, progress=progress)
    worst = max(found.excess.values())
    return {"measured": worst, "met": found.inside, "n": n, "baseline": None, "detail": found.to_json()}


def reference(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Laplace against NUTS."""
    n = 1 if quick else 8
    found = agreement(KIND, n, seed=2, progress=progress)
    detail = [{"subject": a.subject, "latent": a.latent, "shift": a.shift, "ratio": a.ratio} for a in found]
    shift = max(a.shift for a in found)
    return {"measured": shift, "met": found[0].holds, "n": n, "baseline": None, "detail": detail}


def label_rate(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Level of the median subject after ten days of 0.4 mg/kg/h."""
    weight, days = 70.0, 10
    given = tuple(Infuse(at=24 * HOUR * d, rate=0.4 * weight, duration=24.0) for d in range(days))
    end = 24 * HOUR * days
    forcing = KIND.compile(Case(Person(weight=weight), given), Record.empty(), 0.0, end, end)
    theta = Latents.of(KIND.parameters, forcing).theta(np.zeros((1, 2)))
    last = Request({"concentration": np.array([end - 1.0])})
    level = float(KIND.run(theta, forcing, last, member_seeds(1, 1))[0]["concentration"][0, 0])
    progress(1.0)
    return {"measured": level, "met": 9.0 <= level <= 11.0, "n": 1, "baseline": None}
