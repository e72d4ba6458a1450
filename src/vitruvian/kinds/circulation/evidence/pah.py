"""Two years of pulmonary hypertension, of which the first is seen: twins against the last value and a line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.quantity import Request
from vitruvian.core.twin import Twin
from vitruvian.kinds.circulation.actions import Patient
from vitruvian.kinds.circulation.evidence.course import DAY, Course, course
from vitruvian.kinds.circulation.model import Circulation
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.forecast import forecast
from vitruvian.verbs.scores import crps, crps_gaussian

SCORED = ("mpap", "rv_ef")
OTHERS, FIRST_OTHER = 200, 100_000  # patients from whom the baselines learn their spread
END = 730.0
BAND = (0.31, 0.65)  # s: 0.48 +- 0.17


def measure(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Callable[[float], None]
) -> dict[str, Any]:
    """CRPS at 24 months over that of the better baseline, worse of the two observables."""
    n, kind = (12 if quick else 200), Circulation()
    spread = _spreads(60 if quick else OTHERS)
    scores: dict[str, list[float]] = {f"{m}:{o}": [] for m in ("twin", "last", "line") for o in SCORED}
    constants = []
    for k in range(n):
        patient = course(k)
        twin = Twin(kind, Case(Patient(condition="PAH moderate")), patient.record)
        twin = calibrate(twin, window=(0.0, 360.0 * DAY), seed=k, members=100)
        told = forecast(twin, Request({o: np.array([END * DAY]) for o in SCORED}), seed=k)
        for o in SCORED:
            truth = np.array([patient.truth[o][int(END)]])
            e = told.items[o]
            scores[f"twin:{o}"].append(float(crps(e.values, e.weights, truth)[0]))
            for method, value in _baselines(patient, o).items():
                sd = np.array([spread[f"{method}:{o}"]])
                scores[f"{method}:{o}"].append(float(crps_gaussian(np.array([value]), sd, truth)[0]))
        belief = twin.believed()
        z = belief.z[:, belief.names.index("RC_pul")]
        prior = next(p.prior for p in kind.parameters if p.name == "RC_pul")
        constants.append(float(belief.weights @ prior.value(z)))
        progress((k + 1) / n)
    mean = {name: float(np.mean(s)) for name, s in scores.items()}
    ratio = {o: mean[f"twin:{o}"] / min(mean[f"last:{o}"], mean[f"line:{o}"]) for o in SCORED}
    rc = float(np.mean(constants))
    inside = float(np.mean([(BAND[0] <= c <= BAND[1]) for c in constants]))
    worst = max(ratio.values())
    met = worst < 1.0 and BAND[0] <= rc <= BAND[1]
    detail = {"crps": mean, "ratio": ratio, "rc_mean": rc, "rc_inside": inside, "baseline_sd": spread}
    return {"measured": worst, "met": met, "n": n, "baseline": 1.0, "detail": detail}


def _baselines(patient: Course, name: str) -> dict[str, float]:
    """The last reading, and a least-squares line through all, at 24 months."""
    rows = patient.record.only(name)
    slope, at0 = np.polyfit(rows.valid_time / DAY, rows.value, 1)
    return {"last": float(rows.value[-1]), "line": float(at0 + slope * END)}


def _spreads(count: int) -> dict[str, float]:
    """Root mean square error of each baseline on other patients: the best Gaussian spread it can have."""
    missed: dict[str, list[float]] = {}
    for k in range(count):
        patient = course(FIRST_OTHER + k)
        for o in SCORED:
            for method, value in _baselines(patient, o).items():
                missed.setdefault(f"{method}:{o}", []).append(value - float(patient.truth[o][int(END)]))
    return {name: float(np.sqrt(np.mean(np.square(m)))) for name, m in missed.items()}
