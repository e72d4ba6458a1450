"""The filter of a signal against Gaussian conditioning on all readings at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.kinds.home.trend import DAY, USUAL, departure

SEED = 11


def filtered(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Callable[[float], None]
) -> dict[str, Any]:
    """Irregular readings drawn from the model itself, so that every one of them is believed."""
    worst, count = 0.0, 10 if quick else 100
    for k in range(count):
        rng = generator(SEED, "filter", k)
        name = ("heart_rate", "weight", "temperature")[k % 3]
        u, n = USUAL[name], 60
        t = np.cumsum(rng.exponential(0.4, n)) * DAY
        x = rng.uniform(0.0, 2000.0, n)
        angle = 2 * np.pi * (t % DAY) / DAY
        ou = u.departure**2 * np.exp(-np.abs(t[:, None] - t[None, :]) / (u.days * DAY))
        level = u.level**2 + u.drift**2 * (np.minimum(t[:, None], t[None, :]) - t[0]) / DAY
        rhythm = u.rhythm**2 * np.cos(angle[:, None] - angle[None, :])
        c = ou + level + rhythm + u.step**2 * np.outer(x, x) / 1e6 + u.noise**2 * np.eye(n)
        y = 60.0 + np.linalg.cholesky(c) @ rng.standard_normal(n) * 0.1
        found = departure(name, t, y, 0.0, x)
        if not found.believed.all():
            continue
        last = ou[-1] @ np.linalg.solve(c, y - np.median(y[:5])) / u.departure
        worst = max(worst, abs(float(found.z[-1] - last)))
        progress((k + 1) / count)
    return {"measured": worst, "met": bool(worst < 1e-8), "n": count, "baseline": None}
