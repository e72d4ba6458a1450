"""The coupled twin: 1,000 patients x 1 year with daily coupling, beside full resolution on a stated subsample.

Each patient's day is 1,440 steps of the fast layer (16 states), each day of which moves the slow layer (40 states). The
peer is the same twin with both layers by the minute (`resolved`), 20 patients x 90 days; its cost is linear in both.
CPU seconds of this process, compilation left out and given apart. Writes benchmarks/results/months.json.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.kinds.metabolic_slow import coupled
from vitruvian.kinds.metabolic_slow.cohort import DAY, patients, theta_of
from vitruvian.models.glucose_medicines import Metformin, Semaglutide

PEOPLE, DAYS = 1000, 365
SOME, SHORT = 20, 90
TARGET = 60.0  # CPU seconds


def timed(run: Callable[[], coupled.Months]) -> tuple[float, coupled.Months]:
    """CPU seconds of a run."""
    start = time.process_time()
    found = run()
    return time.process_time() - start, found


def main() -> None:
    """Measure, print, write."""
    plan = (Metformin(at=-DAY, dose=1000.0), Semaglutide(at=30 * DAY, dose=1.0))
    theta, forcings = theta_of(patients(PEOPLE, 3), [plan] * PEOPLE, DAYS, 3)
    first, _ = timed(lambda: coupled.averaged(theta, forcings, 2))  # begins: compiled for this number of patients
    cold, _ = timed(lambda: coupled.averaged(theta, forcings, DAYS))
    warm, year = timed(lambda: coupled.averaged(theta, forcings, DAYS))
    some, driven = theta_of(patients(SOME, 3), [plan] * SOME, SHORT, 3)
    coupled.resolved(some, driven, SHORT)
    peer, full = timed(lambda: coupled.resolved(some, driven, SHORT))
    short = coupled.averaged(some, driven, SHORT)
    worst = max(float(np.max(np.abs(short[n] / full[n] - 1))) for n in ("weight", "hba1c", "mean_glucose"))
    rate, other = PEOPLE * DAYS / warm, SOME * SHORT / peer
    result: dict[str, Any] = {
        "people": PEOPLE,
        "days": DAYS,
        "cpu_s": warm,
        "compile_cpu_s": first + cold - warm,
        "patient_days_per_cpu_s": rate,
        "full_resolution_patient_days_per_cpu_s": other,
        "times_full_resolution": rate / other,
        "largest_relative_difference": worst,
        "target_cpu_s": TARGET,
        "met": warm < TARGET,
        "mean_hba1c": [float(year["hba1c"][0].mean()), float(year["hba1c"][-1].mean())],
        "machine": platform.processor() or platform.machine(),
    }
    told = f"{PEOPLE} patients x {DAYS} days: {warm:.1f} CPU-s, target < {TARGET:g}"
    print(f"{told} ({'met' if result['met'] else 'not met'})")
    print(f"{rate:,.0f} patient-days a CPU second; full resolution {other:,.0f}; {rate / other:.1f} times")
    print(f"largest relative difference from full resolution: {worst:.4f}")
    path = Path(__file__).parent / "results" / "months.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
