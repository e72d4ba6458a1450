"""The emulator against the loop, for persons of the kind's own sets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.engines.jaxsetup import jnp
from vitruvian.kinds.circulation import seen
from vitruvian.kinds.circulation.actions import CONDITIONS
from vitruvian.kinds.circulation.beat import hearts
from vitruvian.kinds.circulation.evidence.drawn import KIND, persons
from vitruvian.models.circulation import loop, march

BEATS, STEPS = 120, 200
SENSORS = {"sbp": 6.0, "dbp": 4.0, "mpap": 2.0, "pawp": 2.0, "rap": 1.5, "lv_ef": 4.0, "rv_ef": 4.0}  # sd, seen.py
SHARES = {"lv_edv": 0.08, "rv_edv": 0.06, "cardiac_output": 0.08}  # log-sd, seen.py


def measure(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Callable[[float], None]
) -> dict[str, Any]:
    """95th percentile of |emulator - loop| over the sensor's sd, worst observable."""
    each = 16 if quick else 128
    errors: dict[str, list[np.ndarray]] = {}
    drift = 0.0
    for k, condition in enumerate(CONDITIONS):
        forcing, theta = persons(condition, each, 3)
        u = {"size": np.ones(each)} | {n: np.full(each, s.before) for n, s in forcing.schedules.items()}
        values = KIND.inputs(tuple(np.zeros(each) for _ in KIND.states), theta, u)
        shown, blood = _steady(hearts(values), (60 if quick else BEATS))
        truth = seen.of_beat(shown, values, theta, u["size"])
        told = KIND.outputs(0.0, tuple(np.zeros(each) for _ in KIND.states), theta, u)
        for name, sd in SENSORS.items():
            errors.setdefault(name, []).append(np.abs(np.asarray(told[name]) - np.asarray(truth[name])) / sd)
        for name, share in SHARES.items():
            ratio = np.log(np.asarray(told[name]) / np.asarray(truth[name]))
            errors.setdefault(name, []).append(np.abs(ratio) / share)
        drift = max(drift, blood)
        progress((k + 1) / len(CONDITIONS))
    high = {name: float(np.quantile(np.concatenate(e), 0.95)) for name, e in errors.items()}
    worst = max(high, key=lambda name: high[name])
    detail = {"by_observable": high, "volume_drift": drift}
    met = high[worst] < 0.5 and drift < 1e-10
    return {"measured": high[worst], "met": met, "n": each * len(CONDITIONS), "baseline": None, "detail": detail}


def _steady(h: loop.Heart, beats: int) -> tuple[dict[str, np.ndarray], float]:
    """What the loop shows after so many beats, by the compiled loop; and its drift of blood."""
    start = march.start(h)
    x, _ = march.march(h, start, beats, max(STEPS, int(march.steps_needed(h).max())))
    drift = float(np.abs(x.sum(axis=0) / start.sum(axis=0) - 1.0).max())
    seen_ = loop.seen(loop.Heart(*(jnp.asarray(v) for v in h)), tuple(jnp.asarray(r) for r in x), STEPS)
    return {k: np.asarray(v) for k, v in seen_.items()}, drift
