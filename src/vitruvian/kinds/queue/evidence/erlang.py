"""The queue against exact results: Erlang C at twelve loads, and Kolmogorov's equations from a head count."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.keys import key, member_seeds
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.kinds.queue.actions import Clinic
from vitruvian.kinds.queue.desk import HOUR
from vitruvian.kinds.queue.model import Queue
from vitruvian.models.queueing import mean_wait, number_after

Progress = Callable[[float], None]
KIND = Queue()
LOADS = tuple((c, rho) for c in (1, 3, 10) for rho in (0.3, 0.6, 0.8, 0.9))
MEAN = 0.5  # h, of a service
SEED = 5


def stationary(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Largest |z| over the loads of the quantity the claim is named after."""
    name, n = claim.partition(".")[2], 60 if quick else 1000
    z = {}
    for i, (c, rho) in enumerate(LOADS):
        rate = rho * c / MEAN
        wait = mean_wait(c, rate, MEAN)
        exact = {"mean_wait": wait, "mean_queue": rate * wait, "mean_present": rate * (wait + MEAN), "utilisation": rho}
        values = steady(c, rate, n, name)
        z[f"c={c} rho={rho}"] = float((values.mean() - exact[name]) / (values.std(ddof=1) / math.sqrt(n)))
        progress((i + 1) / len(LOADS))
    worst = max(abs(v) for v in z.values())
    return {"measured": worst, "met": worst < 4.0, "n": n * len(LOADS), "baseline": None, "detail": z}


def steady(servers: int, rate: float, members: int, name: str) -> np.ndarray:
    """The quantity over a long window after a long start, (member,): 20 relaxation times each, 2,000 patients."""
    relaxation = MEAN / (servers * (1.0 - math.sqrt(rate * MEAN / servers)) ** 2)  # Gross et al. 2008, chapter 2
    t1 = max(40.0 * relaxation, 4000.0 / rate) * HOUR
    forcing = KIND.compile(Case(Clinic(servers=servers)), Record.empty(), 0.0, t1, t1)
    theta = {"arrival_rate": np.full(members, rate), "service_mean": np.full(members, MEAN)}
    seeds = member_seeds(key(SEED, "steady", servers, rate), members)
    return KIND.run(theta, forcing, Request({name: np.array([[t1 / 2, t1]])}), seeds)[0][name][:, 0]


def transient(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Smallest p-value of chi-square tests of the number present 0.25 to 4 h after head counts of 0 to 15."""
    from scipy.stats import chi2

    n, servers, rate, mean = 2000 if quick else 20000, 3, 10.0, 0.25
    theta, case = {"arrival_rate": np.full(n, rate), "service_mean": np.full(n, mean)}, Case(Clinic(servers=servers))
    hours, p = (0.25, 1.0, 4.0), {}
    for present in (0, 3, 7, 15):
        seeds, at = member_seeds(key(SEED, "transient", present), n), 6 * HOUR
        census = Record.of("present", np.array([at]), np.array([float(present)]))
        state = KIND.state_from(case, census, at, theta, seeds)
        forcing = KIND.compile(case, census, at, at + 4 * HOUR, at)
        asked = Request({"present": at + np.array(hours) * HOUR})
        seen = KIND.run(theta, forcing, asked, seeds, state)[0]["present"]
        for j, h in enumerate(hours):
            statistic, freedom = chi_square(seen[:, j], number_after(present, servers, rate, mean, h))
            p[f"{present} present, {h} h"] = float(chi2.sf(statistic, freedom))
        progress((present + 1) / 16)
    worst, share = min(p.values()), 0.01 / len(p)
    return {"measured": worst, "met": worst > share, "n": n * len(p), "baseline": None, "detail": p}


def chi_square(seen: np.ndarray, p: np.ndarray) -> tuple[float, int]:
    """Pearson's statistic and its degrees of freedom; states are pooled from zero up until 20 are expected."""
    expected, count = p * len(seen), np.bincount(seen.astype(int), minlength=len(p)).astype(float)
    cells: list[list[float]] = [[0.0, 0.0]]
    for e, o in zip(expected, count, strict=True):
        if cells[-1][0] >= 20.0 and expected.sum() - sum(c[0] for c in cells) >= 20.0:
            cells.append([0.0, 0.0])
        cells[-1][0] += e
        cells[-1][1] += o
    return sum((o - e) ** 2 / e for e, o in cells), len(cells) - 1
