"""Medians of the sets in their published ranges."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.quantity import Request
from vitruvian.kinds.circulation.evidence.drawn import KIND, persons

# UK Biobank men, mean +- 2 sd: Petersen 2017; pressures: ESC/ERS 2022 and ESC/ESH 2018; HFrEF and LBBB: ESC 2021
RANGES: dict[str, dict[str, tuple[float, float]]] = {
    "healthy": {"lv_edv": (102, 230), "lv_ef": (48, 68), "rv_edv": (110, 254), "mpap": (8, 20), "pawp": (4, 15),
                "sbp": (100, 140), "cardiac_output": (4, 8)},
    "HFrEF": {"lv_ef": (10, 40), "lv_edv": (180, 350), "pawp": (12, 30)},
    "LBBB": {"lv_ef": (10, 40), "qrs": (150, 200)},
    "PAH mild": {"mpap": (20, 200), "pawp": (0, 15), "pvr": (2, 5)},
    "PAH moderate": {"mpap": (20, 200), "pawp": (0, 15), "pvr": (5, 9), "rv_ef": (30, 45)},
    "PAH severe": {"mpap": (20, 200), "pawp": (0, 15), "pvr": (8, 20), "rv_ef": (10, 35)},
}  # fmt: skip


def measure(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Callable[[float], None]
) -> dict[str, Any]:
    """How many ranges a set's median leaves."""
    left, medians, count = [], {}, 0
    for k, (condition, ranges) in enumerate(RANGES.items()):
        forcing, theta = persons(condition, 200 if quick else 2000, 5)
        outputs, _ = KIND.run(
            theta, forcing, Request({n: np.array([0.0]) for n in ranges}), np.arange(len(theta["rate"]))
        )
        for name, (low, high) in ranges.items():
            middle = float(np.median(np.asarray(outputs[name])))
            medians[f"{condition}: {name}"], count = middle, count + 1
            if not low <= middle <= high:
                left.append(f"{condition}: {name}")
        progress((k + 1) / len(RANGES))
    detail = {"medians": medians, "left": left}
    return {"measured": float(len(left)), "met": not left, "n": count, "baseline": None, "detail": detail}
