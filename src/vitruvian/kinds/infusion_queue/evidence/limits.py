"""The couple against its limits: no coupling, a vanishing interval, and a level that stands still."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.keys import member_seeds
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.engines.couple import couple
from vitruvian.engines.joined import part_seeds
from vitruvian.kinds.infusion_queue.calls import Calls, Ward
from vitruvian.kinds.infusion_queue.infusion import HOUR, Drug, Infuse, Person
from vitruvian.kinds.infusion_queue.model import KIND
from vitruvian.models.queueing import mean_wait
from vitruvian.verbs.sbc import sbc

Progress = Callable[[float], None]
END = 24 * HOUR
GIVEN = (Infuse(at=2.3 * HOUR, rate=40.0, duration=9.1), Infuse(at=14.0 * HOUR, rate=25.0, duration=6.0))
WHOLE = np.array([[0.0, END]])


def uncoupled(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Outputs that differ in any bit from the parts run alone, without the drug's effect on calls."""
    n = 50 if quick else 500
    parts, cases = (Drug(), Calls()), (Case(Person(), GIVEN), Case(Ward()))
    case = Case(KIND.subject(), GIVEN)
    forcing = KIND.compile(case, Record.empty(), 0.0, END, END)
    z = np.random.default_rng(7).standard_normal((n, len(KIND.parameters)))
    theta = {**Latents.of(KIND.parameters, forcing).theta(z), "queue.gain": np.zeros(n)}
    seeds, times = member_seeds(7, n), np.linspace(0.0, END, 25)
    asked = {o.name: times for o in KIND.observables} | {q.name: WHOLE for q in KIND.quantities}
    together = KIND.run(theta, forcing, Request(asked), seeds)[0]
    differ = []
    for prefix, part, own in zip(("infusion", "queue"), parts, cases, strict=True):
        mine = {k[len(prefix) + 1 :]: v for k, v in theta.items() if k.startswith(prefix)}
        wanted = {o.name: times for o in part.observables} | {q.name: WHOLE for q in part.quantities}
        alone = part.run(
            mine, part.compile(own, Record.empty(), 0.0, END, END), Request(wanted), part_seeds(seeds, prefix)
        )[0]
        differ += [f"{prefix}.{k}" for k, v in alone.items() if v.tobytes() != together[f"{prefix}.{k}"].tobytes()]
    return {"measured": len(differ), "met": not differ, "n": n * len(asked), "baseline": None, "detail": differ}


def converging(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Order at which the mean queue converges as the exchange interval shrinks from 1 h to 2.5 min."""
    n = 1000 if quick else 5000
    theta = {p.name: np.full(n, p.prior.value(0.0)) for p in KIND.parameters}
    seeds, intervals, means = member_seeds(8, n), (3600.0, 1800.0, 900.0, 450.0, 150.0, 10.0), []
    for i, interval in enumerate(intervals):
        kind = couple("trial", KIND.parts, KIND.links, interval, KIND.context_of_use)
        forcing = kind.compile(Case(kind.subject(), GIVEN), Record.empty(), 0.0, END, END)
        means.append(
            kind.run(theta, forcing, Request({"queue.mean_queue": WHOLE}), seeds)[0]["queue.mean_queue"].mean()
        )
        progress((i + 1) / len(intervals))
    gaps = np.abs(np.array(means[:-1]) - means[-1])
    slope = float(np.polyfit(np.log(intervals[:-1]), np.log(gaps), 1)[0])
    at_default = float(np.interp(600.0, intervals[-2::-1], gaps[::-1]) / means[-1])
    detail = {"mean_queue": dict(zip(map(str, intervals), map(float, means), strict=True)), "at 600 s": at_default}
    return {"measured": slope, "met": slope > 0.7 and at_default < 0.02, "n": n, "baseline": None, "detail": detail}


def standing(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Largest |z| of the mean wait at steady drug levels against Erlang C at the rate that level causes."""
    n, days, z = 60 if quick else 600, 30, {}
    theta = {p.name: np.full(n, p.prior.value(0.0)) for p in KIND.parameters}
    window = np.array([[10 * END, days * END]])
    for rate in (0.0, 10.0, 20.0):
        given = tuple(Infuse(at=d * END, rate=rate, duration=24.0) for d in range(days)) if rate else ()
        forcing = KIND.compile(Case(KIND.subject(), given), Record.empty(), 0.0, days * END, days * END)
        out, _ = KIND.run(theta, forcing, Request({"queue.mean_queue": window}), member_seeds(9, n, str(rate)))
        level = rate / (theta["infusion.clearance"][0] * 70.0)
        calls = theta["queue.call_rate"][0] * (1.0 + theta["queue.gain"][0] * level)
        exact = calls * mean_wait(Ward().nurses, calls, theta["queue.call_time"][0])
        values = out["queue.mean_queue"][:, 0]
        z[f"{rate} mg/h"] = float((values.mean() - exact) / (values.std(ddof=1) / math.sqrt(n)))
        progress((rate + 10.0) / 30.0)
    worst = max(abs(v) for v in z.values())
    return {"measured": worst, "met": worst < 4.0, "n": n * 3, "baseline": None, "detail": z}


def calibrated(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Simulation-based calibration with the parts' exact likelihoods."""
    found = sbc(KIND, 20 if quick else 200, seed=4, progress=progress)
    worst = max(found.excess.values())
    return {
        "measured": worst,
        "met": found.inside,
        "n": found.replications,
        "baseline": None,
        "detail": found.to_json(),
    }
