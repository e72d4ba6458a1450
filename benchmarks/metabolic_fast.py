"""The fast layer against simglucose: 1,000 virtual patients x 1 day at 1-min output, and 100,000 in bounded memory.

Workload: the 30 patients of UVA/Padova in turn, meals of 45, 70 and 80 g at 07, 12 and 18 h, basal insulin. The peer is
simglucose's T1DPatient.step as a user calls it, on a stated subsample (its cost is linear in patients), in the same
process; CPU seconds on both sides (the best of repeats, the fastest of the peer's patients), compilation left out and
given apart. Error: against our own integration at 1/16 min; the difference from the peer stands beside. Writes
benchmarks/results/metabolic_fast.json.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.forcing import Forcing
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.engines.jaxsetup import jax
from vitruvian.kinds.metabolic.evidence.peer import MISSING, simglucose
from vitruvian.kinds.metabolic_fast import KIND, Meal, Person
from vitruvian.models.dallaman import basal, patients, run, stacked
from vitruvian.models.dallaman.many import UNIT

MEMBERS, MANY, BLOCK, MINUTES = 1000, 100_000, 2000, 1440
SUBSAMPLE = ("adolescent#001", "adult#001", "child#001")
MEALS = ((420, 45.0), (720, 70.0), (1080, 80.0))  # min, g
BITE = 5.0  # g/min, simglucose's
TARGETS = {"times_the_peer": 50_000.0, "error_mg_dl": 0.2, "memory_mb": 2000.0}


def food() -> np.ndarray:
    """g in each minute, (minute, 1)."""
    out = np.zeros((MINUTES, 1))
    for at, grams in MEALS:
        out[at : at + int(grams / BITE)] = BITE
    return out


def cpu(fn: Callable[[], Any], repeats: int = 7) -> tuple[float, float, Any]:
    """Wall seconds of the first call (compilation included), best CPU seconds of the repeats, last answer."""
    start = time.perf_counter()
    answer = fn()
    first, spent = time.perf_counter() - start, []
    for _ in range(repeats):
        start = time.process_time()
        answer = fn()
        spent.append(time.process_time() - start)
    return first, min(spent), answer  # the machine is shared: what another process adds is not ours


def ours(dtype: Any) -> dict[str, Any]:
    """The bulk run of the published model."""
    thirty, people = patients(), stacked([patients()[k % 30] for k in range(MEMBERS)])
    first, seconds, day = cpu(lambda: run(people, food(), dtype=dtype))
    exact = run(stacked(thirty), food(), parts=16)
    gaps = [np.abs(getattr(day, n)[:, :30] - getattr(exact, n)).max() for n in ("glucose", "sensor")]
    return {
        "run": f"models.dallaman.run, {np.dtype(dtype).name}",
        "cpu_s": seconds,
        "first_call_s": first,
        "patient_days_per_cpu_s": MEMBERS / seconds,
        "error_mg_dl": float(max(gaps)),
    }


def through_the_kind() -> dict[str, Any]:
    """The same day through KIND.run: 24 states, mixed food, sleep and clock, whatever any kind's run does."""
    meals = [Meal(at=60.0 * at, carbohydrate=grams, protein=0, fat=0, fibre=0) for at, grams in MEALS]
    case = Case(Person(diabetes="type1"), tuple(meals))
    end = 60.0 * MINUTES
    forcing: Forcing = KIND.compile(case, Record.empty(), 0.0, end, 0.0)
    layout = Latents.of(KIND.parameters, forcing)
    z = np.random.default_rng(1).standard_normal((MEMBERS, len(layout.names)))
    theta = layout.theta(layout.pad(z))
    request = Request({"glucose": np.arange(0.0, end + 1, 60.0)})
    first, seconds, _ = cpu(lambda: KIND.run(theta, forcing, request, np.arange(MEMBERS)), 3)
    return {
        "run": "KIND.run, float64",
        "cpu_s": seconds,
        "first_call_s": first,
        "patient_days_per_cpu_s": MEMBERS / seconds,
    }


def peer() -> dict[str, Any]:
    """simglucose, and how far we are from it on the subsample."""
    found = simglucose()
    if found is None:
        return {"peer": MISSING}
    people = [p for p in patients() if p.name in SUBSAMPLE]
    announced = np.zeros(MINUTES)
    for at, grams in MEALS:
        announced[at] = grams
    mine = run(stacked(people), food()).glucose[:-1]
    spent, gaps = [], []
    for k, person in enumerate(people):
        given = np.full(MINUTES, basal(person).ub * person.BW / UNIT)
        patient = found.patient(person.name)
        start = time.process_time()
        plasma, _ = found.day(patient, announced, given)
        spent.append(time.process_time() - start)
        gaps.append(float(np.abs(plasma - mine[:, k]).max()))
    return {
        "peer": f"simglucose {found.version} T1DPatient.step",
        "subsample": list(SUBSAMPLE),
        "cpu_s_per_patient_day": min(spent),
        "cpu_s_each": spent,
        "largest_difference_mg_dl": max(gaps),
    }


def many() -> None:
    """100,000 patient-days at 1-min output kept in float32, in blocks; prints peak memory and CPU seconds."""
    people = stacked([patients()[k % 30] for k in range(BLOCK)])
    kept = np.empty((MINUTES + 1, MANY), dtype=np.float32)
    start = time.process_time()
    for k in range(0, MANY, BLOCK):
        kept[:, k : k + BLOCK] = run(people, food(), dtype=np.float32).glucose
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    print(json.dumps({"patient_days": MANY, "peak_mb": peak, "cpu_s": seconds, "kept_mb": kept.nbytes / 2**20}))


def machine() -> str:
    """Processor, cores, versions, and how busy it was."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "CPU")
    load = f"load {os.getloadavg()[0]:.1f}"
    return f"{model} x {os.cpu_count()}, {load}, jax {jax.__version__}, Python {platform.python_version()}"


def main() -> None:
    """Measure all sides in one process (memory in one of its own) and write the result."""
    if "--many" in sys.argv:
        return many()
    rows = [ours(np.float32), ours(np.float64), through_the_kind()]
    other = peer()
    for row in rows:
        if "cpu_s_per_patient_day" in other:
            row["times_the_peer"] = row["patient_days_per_cpu_s"] * other["cpu_s_per_patient_day"]
    text = subprocess.run([sys.executable, __file__, "--many"], capture_output=True, text=True, check=True).stdout
    result = {
        "workload": f"{MEMBERS} virtual patients x 1 day, 3 meals, basal insulin, RK4 of 1 min, 1-min output",
        "ours": rows[0],
        "also": rows[1:],
        "peers": [other],
        "memory": json.loads(text.splitlines()[-1]),
        "targets": TARGETS,
        "machine": machine(),
    }
    path = Path(__file__).parent / "results" / "metabolic_fast.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))
    return None


if __name__ == "__main__":
    main()
