"""Forecasts of weight, one to three days ahead, beside the last value with its own empirical errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin
from vitruvian.kinds.home.artefacts import doubted
from vitruvian.kinds.home.evidence.alarms import persons
from vitruvian.kinds.home.model import DAY, Home
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.forecast import forecast
from vitruvian.verbs.scores import crps

SEED = 303
AHEAD = 3  # mornings


def weight(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Callable[[float], None]
) -> dict[str, Any]:
    """Two origins a person, calibrated on weights alone of the three weeks before, doubted ones with their large sd;
    artefacts are not scored."""
    kind, some = Home(), persons("heart_failure", 12 if quick else 80, SEED)
    ours, last, inside, errors, own = [], [], [], [], []
    for k, life in enumerate(some):
        rows = life.record.only("weight")
        good = rows.where(~np.isin(rows.id.astype(str), list(life.artefacts)))
        for origin in (22 * DAY, 32 * DAY):
            past, coming = (
                rows.between(origin - kind.window, origin),
                good.between(origin, origin + (AHEAD + 0.5) * DAY),
            )
            held = good.between(origin - kind.window, origin)
            if len(past) < 8 or not len(coming) or not len(held):
                continue
            twin = calibrate(Twin(kind, life.case, doubted(past)), seed=1)
            said = forecast(twin, Request.of({"weight": coming.valid_time}), noise=True, seed=2)["weight"].values
            y = coming.value
            ours += crps(said, np.full(len(said), 1.0 / len(said)), y).tolist()
            low, high = np.quantile(said, (0.05, 0.95), axis=0)
            inside += ((y >= low) & (y <= high)).tolist()
            steps = held.value[:, None] - held.value[None, :]
            ages = held.valid_time[:, None] - held.valid_time[None, :]
            own.append((float(held.value[-1]), y))
            errors.append(steps[(ages > 0) & (ages <= AHEAD * DAY)])
        progress((k + 1) / len(some))
    pool = np.quantile(np.concatenate(errors), (np.arange(200) + 0.5) / 200)
    for value, y in own:
        last += crps(np.repeat(value + pool[:, None], len(y), axis=1), np.full(len(pool), 1.0 / len(pool)), y).tolist()
    share, coverage, n = float(np.mean(ours) / np.mean(last)), float(np.mean(inside)), len(inside)
    wide = 2.576 * np.sqrt(0.9 * 0.1 / max(len(own), 1))  # clustered by origin: as if all of an origin's were one
    met = share < 0.95 and min(0.84, 0.9 - wide) <= coverage <= max(0.96, 0.9 + wide)
    return {"measured": {"crps share": share, "coverage": coverage}, "met": bool(met), "n": n,
            "baseline": {"last value, kg": float(np.mean(last)), "ours, kg": float(np.mean(ours))}}  # fmt: skip
