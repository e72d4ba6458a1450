"""The emulator against the loop, for persons of the kind's own sets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.engines.jaxsetup import jax, jnp
from vitruvian.kinds.circulation import seen
from vitruvian.kinds.circulation.actions import CONDITIONS
from vitruvian.kinds.circulation.evidence.drawn import KIND, persons
from vitruvian.models.circulation import emulator, loop

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
        h = loop.Heart(
            **{n: jnp.asarray(values[n]) for n in loop.Heart._fields if n != "C_pul"},
            C_pul=jnp.asarray(values["RC_pul"] / (emulator.R_LAW + values["R_pul"])),
        )
        shown, blood = _steady(h, (60 if quick else BEATS))
        beat = {**shown, "lv_esv": shown["lv_esv"]}
        truth = seen.of_beat(beat, values, theta, u["size"])
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
    start = loop.start(h)
    x = _beats(h, start, beats)
    drift = float(np.abs(np.asarray(sum(x)) / np.asarray(sum(start)) - 1.0).max())
    return {k: np.asarray(v) for k, v in _seen(h, x).items()}, drift


_beats = jax.jit(lambda h, x, n: loop.beats(h, x, n, STEPS), static_argnums=2)
_seen = jax.jit(lambda h, x: loop.seen(h, x, STEPS))
