"""The 30 virtual patients of UVA/Padova, a day of meals and boluses, beside simglucose's own integration of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.kinds.metabolic.evidence.peer import MISSING, Simglucose, simglucose
from vitruvian.models.dallaman import ParameterSet, basal, patients, run, stacked

Progress = Callable[[float], None]
MEALS = ((420, 45.0), (720, 70.0), (1080, 80.0), (1260, 15.0))  # min, g: three meals and a snack without a bolus
BITE = 5.0  # g/min: simglucose's eating rate
TARGET = 1.0  # mg/dL


def against_simglucose(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress
) -> dict[str, Any]:
    """Largest difference of plasma and sensor glucose; quick: two patients, ten hours."""
    peer = simglucose()
    if peer is None:
        return {"measured": MISSING, "met": None, "n": 0, "baseline": None}
    people = patients()[10:30:10] if quick else patients()
    minutes = 600 if quick else 1440
    ratios = np.array([peer.ratio(p.name) for p in people])
    ours = run(stacked(people), eaten(minutes), doses(people, ratios, minutes))
    gaps, lows = {}, []
    for k, person in enumerate(people):
        announced = np.zeros(minutes)
        for at, grams in MEALS:
            announced[at : at + 1] = grams
        given = doses([person], ratios[k : k + 1], minutes)[:, 0]
        plasma, sensor = peer.day(peer.quick_patient(person.name), announced, given)
        gap = [np.abs(a - b[:-1, k]).max() for a, b in ((plasma, ours.glucose), (sensor, ours.sensor))]
        gaps[person.name] = float(max(gap))
        lows.append(float(plasma.min()))
        progress((k + 1) / len(people))
    worst = max(gaps.values())
    return {
        "measured": worst,
        "met": bool(worst < TARGET),
        "n": len(people),
        "baseline": None,
        "detail": {"peer": f"simglucose {peer.version}", "minutes": minutes, "lowest": min(lows), "gap": gaps},
    }


def eaten(minutes: int) -> np.ndarray:
    """g in each minute, (minute, 1), at simglucose's eating rate."""
    out = np.zeros((minutes, 1))
    for at, grams in MEALS:
        out[at : at + int(grams / BITE)] = BITE
    return out[:minutes]


def doses(people: tuple[ParameterSet, ...] | list[ParameterSet], ratios: np.ndarray, minutes: int) -> np.ndarray:
    """U in each minute, (minute, member): the basal rate, and the three meals' boluses within their minute."""
    rate = np.array([basal(p).ub * p.BW / 6000.0 for p in people])
    out = np.tile(rate, (minutes, 1))
    for at, grams in MEALS[:3]:
        out[at : at + 1] += grams / ratios
    return out


def table_agrees(peer: Simglucose) -> float:
    """Largest relative difference of what we derive (kp1, Vm0, u2ss) from what the peer's table holds."""
    gaps = []
    for person in patients():
        b, row = basal(person), peer.row(person.name)
        gaps += [abs(v / float(row[k]) - 1) for k, v in (("kp1", b.kp1), ("Vm0", b.Vm0), ("u2ss", b.ub))]
    return float(max(gaps))
