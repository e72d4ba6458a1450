"""A surrogate of the kind for one paced heart: its error where it was not run, its bands, and what an answer costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.forcing import Batch
from vitruvian.core.keys import generator, member_seeds
from vitruvian.core.kind import AbstractKind
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.core.twin import Twin
from vitruvian.kinds.electrophysiology import KIND, Heart, Pacing
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.design import Design
from vitruvian.verbs.simulate import simulate
from vitruvian.verbs.surrogate import AbstractSurrogate, surrogate

HEART = Heart(lv_volume=260.0, rv_volume=170.0, long_axis=105.0, lv_wall=8.0, conduction="LBBB")
CASE = Case(HEART, (Pacing(at=60.0, known_at=0.0),))
BEFORE, AFTER, HOUR = 30.0, 120.0, 3600.0  # s: an ECG before pacing begins, one after
FIELDS = {"Pacing.vv_delay": (-60.0, 60.0)}
PARAMETERS = {  # about two sd of each prior
    "cv": (0.47, 0.76),
    "ratio": (0.31, 0.51),
    "fast": (1.7, 3.7),
    "amplitude": (0.55, 1.8),
    "tilt": (-36.0, -4.0),
}
SEEN = ("qrs", "area_I", "area_V1", "area_V2", "area_V6")


def made(n: int, seed: int = 0) -> AbstractSurrogate:
    """From n runs."""
    request = Request.of(
        {n_: [BEFORE, AFTER] for n_ in (*SEEN, "lv_activation")} | {"lv_activation_mean": [(60.0, HOUR)]}
    )
    return surrogate(KIND, Design(CASE, 0.0, FIELDS, PARAMETERS, n), request, seed=seed)


def measure(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Callable[[float], None]
) -> dict[str, Any]:
    """Fresh points of the design. Quick: fewer runs."""
    quickly = made(64 if quick else 192)
    progress(0.6)
    fresh = _fresh(quickly, 100 if quick else 400)
    covered = float(np.mean([row["cover90"] for row in fresh.values()]))
    worst = max(row["rmse_of_sd"] for row in fresh.values())
    cost = _costs(quickly)
    low = 0.8 if quick else 0.85
    detail = {
        "fresh": fresh,
        "left_out": quickly.accuracy,
        "worst_rmse_of_sd": worst,
        "cost": cost,
        "runs": quickly.design.n,
        "fields": FIELDS,
        "parameters": PARAMETERS,
    }
    return {
        "measured": covered,
        "met": low <= covered <= 0.97 and worst < (0.5 if quick else 0.3),
        "n": len(fresh),
        "baseline": None,
        "detail": detail,
    }


def _fresh(quickly: AbstractSurrogate, count: int) -> dict[str, dict[str, float]]:
    """Error over the spread, and coverage of the 90 % band, at points that no run had."""
    rng = generator(7, "ep.surrogate")
    draws = 64
    errors: dict[str, list[np.ndarray]] = {}
    inside: dict[str, list[np.ndarray]] = {}
    truth: dict[str, list[np.ndarray]] = {}
    for _ in range(count):
        vv = float(rng.uniform(*FIELDS["Pacing.vv_delay"]))
        given = {name: np.full(draws, rng.uniform(*limits)) for name, limits in PARAMETERS.items()}
        case = Case(HEART, (Pacing(at=60.0, known_at=0.0, vv_delay=vv),))
        whole = KIND.compile(case, Record.empty(), 0.0, HOUR, np.inf)
        layout = Latents.of(KIND.parameters, whole)
        median = layout.theta(np.zeros((1, layout.width)))
        exact, _ = KIND.run(median | {n: v[:1] for n, v in given.items()}, whole, quickly.request, np.zeros(1, int))
        brief = quickly.compile(case, Record.empty(), 0.0, HOUR, np.inf)
        told, _ = quickly.run(given, brief, quickly.request, member_seeds(3, draws))
        for name, values in told.items():
            low, high = np.quantile(values, [0.05, 0.95], axis=0)
            errors.setdefault(name, []).append(values.mean(axis=0) - exact[name][0])
            inside.setdefault(name, []).append((low <= exact[name][0]) & (exact[name][0] <= high))
            truth.setdefault(name, []).append(exact[name][0])
    return {
        name: {
            "rmse": float(np.sqrt(np.mean(np.square(errors[name])))),
            "rmse_of_sd": float(
                np.sqrt(np.mean(np.square(errors[name]))) / np.std(np.stack(truth[name]), axis=0).mean()
            ),
            "cover90": float(np.mean(inside[name])),
        }
        for name in errors
    }


def _costs(quickly: AbstractSurrogate) -> dict[str, float]:
    """CPU-s: a member's answer by kind and surrogate; a calibration; the best of 24 VV delays for 100 members."""
    whole = KIND.compile(CASE, Record.empty(), 0.0, HOUR, np.inf)
    layout = Latents.of(KIND.parameters, whole)
    z = 0.5 * generator(1, "ep.surrogate cost").standard_normal((200, layout.width))
    seeds = member_seeds(0, 200)
    KIND.run(layout.theta(z), whole, quickly.request, seeds)  # paths of this heart are kept
    out = {"kind_member": _clocked(lambda: KIND.run(layout.theta(z), whole, quickly.request, seeds)) / 200}
    brief = quickly.compile(CASE, Record.empty(), 0.0, HOUR, np.inf)
    mine = Latents.of(quickly.parameters, brief)
    theta = mine.theta(z[:, : mine.width])
    out["surrogate_member"] = _clocked(lambda: quickly.run(theta, brief, quickly.request, seeds)) / 200
    told = simulate(quickly, CASE, {name: np.array([BEFORE]) for name in SEEN}, 0.0, seed=5).record
    twins: list[Twin] = []
    window = (0.0, 60.0)
    out["surrogate_calibration"] = _clocked(
        lambda: twins.append(calibrate(Twin(quickly, CASE, told), window=window, members=100))
    )
    out["learned_cv"] = twins[0].believed().learned()["cv"]
    out["surrogate_choice_of_24"] = _choosing(quickly, {n: v[:100] for n, v in theta.items()})
    out["kind_choice_of_24"] = _choosing(KIND, {n: v[:100] for n, v in layout.theta(z).items()})
    return out


def _clocked(work: Callable[[], Any]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _choosing(kind: AbstractKind, theta: dict[str, np.ndarray], count: int = 24) -> float:
    """CPU-s to run every member under so many VV delays and take the one with the earliest left ventricle."""
    delays = np.linspace(*FIELDS["Pacing.vv_delay"], count)
    cases = [Case(HEART, (Pacing(at=60.0, known_at=0.0, vv_delay=float(v)),)) for v in delays]
    begun, asked = time.process_time(), Request.of({"lv_activation_mean": [(60.0, HOUR)]})
    forcings = [kind.compile(case, Record.empty(), 0.0, HOUR, np.inf) for case in cases]
    members = len(next(iter(theta.values())))
    every = {n: np.tile(v, count) for n, v in theta.items()}
    out, _ = kind.run(every, Batch.each(forcings, members), asked, np.tile(member_seeds(0, members), count))
    np.asarray(out["lv_activation_mean"]).reshape(count, members).mean(axis=1).argmin()
    return time.process_time() - begun
