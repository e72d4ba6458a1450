"""The unit against closed forms: Poisson-binomial, Erlang C, preemptive priority, common random numbers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.models.queueing import erlang_c, mean_wait
from vitruvian.studies.unit.crashes import poisson_binomial
from vitruvian.studies.unit.response import gain, play
from vitruvian.studies.unit.ward import Demand, Staffing

Progress = Callable[[float], None]
Root = Path | None
SEED = 71
LOADS = tuple((c, rho) for c in (2, 4, 8) for rho in (0.5, 0.8))
WARD = {"beds": 16, "most": 6, "start": 19.0, "seed": SEED}
# 40 members' crashes an hour, more towards the morning: synthetic
RATES = 0.2 * np.exp(0.4 * generator(SEED, "rates").standard_normal((40, 1)) + 0.5 * np.linspace(-0.5, 0.5, 12))


def count(claim: str, data: Root, test: Root, quick: bool, progress: Progress) -> dict[str, Any]:
    """Against enumeration, and against the discrete Fourier transform of the characteristic function."""
    rng = generator(SEED, "count")
    p = rng.uniform(size=12)
    listed = np.zeros(13)
    for some in itertools.product((0, 1), repeat=12):
        hit = np.array(some)
        listed[hit.sum()] += np.prod(np.where(hit > 0, p, 1.0 - p))
    many = rng.beta(1.0, 8.0, size=200)
    turn = np.exp(2j * np.pi * np.arange(201) / 201)
    fourier = np.fft.fft(np.prod(1.0 - many[None, :] + many[None, :] * turn[:, None], axis=1)).real / 201
    apart = {
        "12 listed": float(np.abs(poisson_binomial(p) - listed).max()),
        "200 Fourier": float(np.abs(poisson_binomial(many) - fourier).max()),
    }
    return {"measured": apart, "met": max(apart.values()) < 1e-12, "n": 2, "baseline": None}


def response(claim: str, data: Root, test: Root, quick: bool, progress: Progress) -> dict[str, Any]:
    """Long runs of one Poisson stream to a ward without rounds, from hour 100 on; gamma with cv 1 is exponential."""
    z, n, mean, hours = {}, 100 if quick else 1000, 45.0, 400
    for i, (c, rho) in enumerate(LOADS):
        rate = rho * c / mean * 60.0  # an hour
        demand = Demand(care=0.0, team=1, crash_minutes=mean, crash_cv=1.0, target_minutes=10.0)
        staff = Staffing("all day", (("00:00", "24:00", c),))
        how = {"beds": 1, "most": c, "start": 0.0, "nights": n, "seed": SEED, "since": 100}
        found = play(np.full((1, hours), rate), staff, demand, **how)
        wait = mean_wait(c, rate, mean / 60.0) * 60.0
        offered = rate * mean / 60.0
        longer = erlang_c(c, offered) * math.exp(-(c - offered) * 10.0 / mean)
        z[f"c={c} rho={rho} wait"] = _z(found.waited, found.answered, wait)
        z[f"c={c} rho={rho} later than 10 min"] = _z(found.late, found.answered, longer)
        progress((i + 1) / len(LOADS))
    worst = max(abs(v) for v in z.values())
    return {"measured": worst, "met": worst < 4.0, "n": n * len(LOADS), "baseline": None, "detail": z}


def _z(over: np.ndarray, under: np.ndarray, known: float) -> float:
    """z of a ratio of sums over independent nights."""
    ratio = over.sum() / under.sum()
    spread = (over - ratio * under) / under.mean()
    return float((ratio - known) / (spread.std(ddof=1) / math.sqrt(len(over))))


def dropped(claim: str, data: Root, test: Root, quick: bool, progress: Progress) -> dict[str, Any]:
    """The same nights with all rounds and with none."""
    nights = 300 if quick else 3000
    staff = Staffing("six", (("00:00", "24:00", 6),))
    busy, idle = (play(6.0 * RATES, staff, Demand(care=c, tied=0.0), nights=nights, **WARD) for c in (0.3, 0.0))
    apart = float(np.abs(busy.waited - idle.waited).max())
    told = {"busy": float(busy.busy.mean()), "idle": float(idle.busy.mean()), "waited, min": float(idle.waited.mean())}
    return {"measured": apart, "met": bool(apart < 1e-6 and idle.waited.sum() > 0.0), "n": nights, "baseline": None,
            "detail": told}  # fmt: skip


def pairs(claim: str, data: Root, test: Root, quick: bool, progress: Progress) -> dict[str, Any]:
    """Five nurses against six, on a ward where answers are late at times."""
    nights = 1000 if quick else 10_000
    demand, usual = Demand(care=0.2, tied=0.9), Staffing("five", (("00:00", "24:00", 5),))
    both = (usual, usual.more(1, "19:00", "07:00"))
    before, after = (play(RATES, s, demand, nights=nights, **WARD) for s in both)
    found = gain(before, after)
    told = {"late a night, five": float(before.late.mean()), "change": found.late, "standard error": found.late_se}
    return {"measured": found.variance_kept, "met": bool(found.variance_kept <= 0.5 and found.late < 0.0), "n": nights,
            "baseline": {"independent runs": 1.0}, "detail": told}  # fmt: skip
