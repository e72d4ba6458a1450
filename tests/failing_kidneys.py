"""Simulated patients whose kidneys fail far more often than the shipped fit says: what a new fit is made from."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np

KINDS = "/v1/kinds/deterioration/fits"
COUNT = 40


def person(i: int, now: datetime) -> dict[str, Any]:
    """A twin to be made."""
    begin = now - timedelta(hours=24)
    return {"kind": "deterioration", "subject": f"P{i} (simulated)", "origin": begin.isoformat()}


def chart(i: int, now: datetime) -> list[dict[str, Any]]:
    """Twenty hours of a quiet chart; of three patients two get kidney injury, which somebody records."""
    rng = np.random.default_rng(i)
    begin = now - timedelta(hours=24)
    at = [begin + timedelta(hours=h) for h in np.sort(rng.uniform(0.0, 20.0, 12)).tolist()]
    rows = [("heart_rate", t, float(round(v))) for t, v in zip(at, rng.normal(82, 6, 12).tolist(), strict=True)]
    rows += [("creatinine", begin + timedelta(hours=1), 0.9)]
    rows += [("aki", begin + timedelta(hours=9.0 if i % 3 else 20.0), float(i % 3 > 0))]
    return [{"observable": n, "time": t.isoformat(), "known_at": t.isoformat(), "value": v} for n, t, v in rows]
