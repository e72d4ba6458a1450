"""Is the calibration calibrated? Simulated people of the model itself, at the example's data density."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vitruvian.kinds.metabolic import KIND
from vitruvian.verbs.sbc import sbc

Progress = Callable[[float], None]


def calibrated(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Ranks of the truth in the default (Laplace) posterior, over 500 simulated days; quick: 20."""
    n = 20 if quick else 500
    found = sbc(KIND, n, seed=3, progress=progress)
    worst = max(found.excess.values())
    return {"measured": worst, "met": found.inside, "n": n, "baseline": None, "detail": found.to_json()}
