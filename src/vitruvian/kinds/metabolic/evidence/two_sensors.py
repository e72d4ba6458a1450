"""Two sensors on one body at once: is the belief from both no worse than from the better one alone?

CGMacros wore a Dexcom and a Libre. From moments in the middle of a wear the twin is calibrated on the day before by the
Dexcom alone, by the Libre alone, and by both; each foresees the next hour of both sensors, which none has seen. Beside
each: the last reading of the sensor that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.kinds.metabolic import KIND
from vitruvian.kinds.metabolic.evidence.asked import asked
from vitruvian.kinds.metabolic.evidence.cgmacros import Subject
from vitruvian.kinds.metabolic.evidence.others import NobodyError, spread, told
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.forecast import forecast

HOUR, DAY = 3600.0, 86400.0
SENSORS = ("dexcom", "libre")
KNOWN = {"dexcom": ("dexcom",), "libre": ("libre",), "both": SENSORS}
AHEAD, MEMBERS, SEED = HOUR, 128, 11
MOMENTS = (2.53, 4.71, 6.37)  # days after the first reading: different hours of the day
QUICK = 2  # people, one moment each
SLACK = 1.02  # of RMSE: the error of a mean of MEMBERS draws
Progress = Callable[[float], None]


@told
def together(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """RMSE over the next hour's readings of each sensor, by what was known."""
    cast = asked(data, test, 3 * DAY)
    people = spread(cast.people, QUICK) if quick else cast.people
    errors: dict[str, dict[str, list[np.ndarray]]] = {s: {k: [] for k in (*KNOWN, "last")} for s in SENSORS}
    for i, subject in enumerate(people):
        for days in MOMENTS[: 1 if quick else None]:
            for sensor, found in _moment(subject, days * DAY).items():
                for name, error in found.items():
                    errors[sensor][name].append(error)
        progress((i + 1) / len(people))
    if not errors["libre"]["both"]:
        raise NobodyError("nobody wore both sensors", where=claim, fix="name people with libre.csv.gz too")
    rmse = {s: {n: _rms(parts) for n, parts in by.items()} for s, by in errors.items()}
    better = {s: min(r["dexcom"], r["libre"]) for s, r in rmse.items()}
    worse = {s: rmse[s]["both"] / better[s] for s in SENSORS}
    beside = {f"{s} readings": ", ".join(f"{n} {v:.1f}" for n, v in rmse[s].items() if n != "both") for s in SENSORS}
    n = int(sum(len(e) for s in SENSORS for e in errors[s]["both"]))
    return {
        "measured": {f"{s} readings": f"RMSE {rmse[s]['both']:.1f}, {worse[s]:.3f} x the better one" for s in SENSORS},
        "met": bool(max(worse.values()) <= SLACK * (1.1 if quick else 1.0)),
        "n": n,
        "baseline": beside,
        "detail": {"rmse": rmse, "people": len(people)},
        "notes": cast.notes,
    }


def _rms(parts: list[np.ndarray]) -> float:
    return float(np.sqrt(np.mean(np.concatenate(parts) ** 2)))


def _moment(subject: Subject, after: float) -> dict[str, dict[str, np.ndarray]]:
    """Errors (n,) on each sensor's next readings, by what was known; nothing where one of them has none."""
    now = float(subject.record.valid_time.min()) + after
    past = subject.record.between(now - DAY, now)
    coming = {s: subject.sensor(s).between(now + 1.0, now + AHEAD) for s in SENSORS}
    if any(not len(coming[s]) or len(past.only(sensor=s)) < 48 for s in SENSORS):
        return {}
    out: dict[str, dict[str, np.ndarray]] = {s: {} for s in SENSORS}
    for name, sensors in KNOWN.items():
        mine = Record.join([past.only(sensor=s) for s in sensors])
        twin = calibrate(Twin(KIND, subject.case.until(now), mine), known_at=now, seed=SEED, members=MEMBERS)
        for s in SENSORS:
            request = Request({"glucose": coming[s].valid_time})
            said = forecast(twin, request, seed=SEED, noise=True, sensor=s)["glucose"].mean()
            out[s][name] = said - coming[s].value
    for s in SENSORS:
        out[s]["last"] = past.only(sensor=s).value[-1] - coming[s].value
    return out
