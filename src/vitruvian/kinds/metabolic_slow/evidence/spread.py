"""A day's glucose as a lognormal, in real sensors; and fasting lipids at rest against their own equations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.kinds.metabolic_slow.evidence.laboratory import sensor
from vitruvian.models import dayrange, fasting_lipids

Progress = Callable[[float], None]


def real(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Mean distance of time in range by mean and spread from that counted, points; people with type 2 diabetes."""
    assert data is not None
    traces = sensor((test or data) / "cgm" / "shanghai_t2dm" / "signals_15min.csv.gz", "record", "cgm_mgdl")
    rows = []
    for values in traces.values():
        g = np.array(values)
        inside = 100.0 * float(np.mean((g >= dayrange.LOW) & (g < dayrange.HIGH)))
        rows.append((float(g.mean()), float(np.log(g).std()), inside))
    mean, spread, counted = np.array(rows).T
    own = 100.0 * dayrange.shares(mean, spread).inside
    one = 100.0 * dayrange.shares(mean, np.full_like(mean, spread.mean())).inside
    found = float(np.mean(np.abs(own - counted)))
    progress(1.0)
    return {
        "measured": found,
        "met": found < 3.0,
        "n": len(rows),
        "baseline": f"one spread for all: {np.mean(np.abs(one - counted)):.1f}; mean time in range for all: "
        f"{np.mean(np.abs(counted - counted.mean())):.1f}",
        "detail": {"mean_spread": float(spread.mean()), "sd_of_log_spread": float(np.log(spread).std())},
    }


def lipids(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Largest relative distance of settled triglycerides and fatty acids from five days of their equations."""
    worst, cases = 0.0, [(V, A) for V in (0.5, 1.0, 1.6) for A in (0.4, 1.0, 2.5)]
    for k, (V, A) in enumerate(cases):
        TG, NEFA = 1.3, 0.33  # mmol/L: specification 2B, the example in a fast
        h = 0.5  # min
        for _ in range(round(5 * 1440 / h)):
            a = fasting_lipids.rate(TG, NEFA, V, A)
            b = fasting_lipids.rate(TG + h * a[0], NEFA + h * a[1], V, A)
            TG, NEFA = TG + 0.5 * h * (a[0] + b[0]), NEFA + 0.5 * h * (a[1] + b[1])
        start = fasting_lipids.K16 / (fasting_lipids.K11 * fasting_lipids.INSULIN)
        worst = max(
            worst,
            abs(float(fasting_lipids.triglycerides(start, V, A)) / TG - 1.0),
            abs(float(fasting_lipids.fatty_acids(V, A)) / NEFA - 1.0),
        )
        progress((k + 1) / len(cases))
    return {"measured": worst, "met": worst < 1e-6, "n": 2 * len(cases), "baseline": None}
