"""Simulation-based calibration from what one visit gives without a catheter: cuff, echo, ECG."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.kind import Example
from vitruvian.kinds.circulation.actions import Patient
from vitruvian.kinds.circulation.model import Circulation
from vitruvian.verbs.sbc import sbc

HOUR = 3600.0
NEEDED = 8  # parameters inside the band


def one_visit() -> Example:
    """A visit of a day: three cuff readings, one echo of both ventricles, one ECG, the rate at rest."""
    cuff, once = np.array([0.0, 1.0, 24.0]) * HOUR, np.array([2.0]) * HOUR
    echo = dict.fromkeys(("lv_edv", "lv_ef", "rv_edv", "rv_ef", "pasp", "cardiac_output"), once)
    observed = {"sbp": cuff, "dbp": cuff, "heart_rate": cuff, "qrs": once, **echo}
    return Example(Case(Patient(condition="PAH moderate")), 0.0, 24.0 * HOUR, observed, ())


def measure(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Callable[[float], None]
) -> dict[str, Any]:
    """How many parameters stay inside the simultaneous band, and what was learned of each."""
    n = 30 if quick else 200
    found = sbc(Circulation(one_visit), n, seed=4, progress=progress)
    inside = [name for name, e in found.excess.items() if e <= 0.0]
    detail = {**found.to_json(), "outside": sorted(set(found.excess) - set(inside))}
    met = len(inside) >= NEEDED
    return {"measured": float(len(inside)), "met": met, "n": n, "baseline": None, "detail": detail}
