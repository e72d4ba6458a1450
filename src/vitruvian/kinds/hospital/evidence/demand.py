"""Beds that will be asked for in the next hours, by specialty: a distribution, on UCLH's synthetic inpatient arrivals.

Intensity by the hour of the week and its dispersion are learned on the files' own training and validation part (March
to September 2031), and the number of arrivals in the 8 h after five times of each day is forecast for the test part
(October to December). The data are SYNTHETIC (data/hospital/uclh_patientflow_synthetic/SOURCE.md). Prediction times
and the window are patientflow's (King et al., JOSS 2025;10:9187). Baseline: the counts seen in training in the same
window of the day.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.models import intensity
from vitruvian.models.intensity import Intensity
from vitruvian.verbs.scores import central, coverage_band, effective_size

Progress = Callable[[float], None]
FILE = Path("hospital") / "uclh_patientflow_synthetic" / "inpatient_arrivals.csv"
SPECIALTIES = ("medical", "surgical", "haem/onc", "paediatric")
ORIGIN = datetime(2031, 3, 1, tzinfo=UTC)  # local times without a zone: read as UTC
SPLIT, END = datetime(2031, 10, 1, tzinfo=UTC), datetime(2032, 1, 1, tzinfo=UTC)
MOMENTS, WINDOW = (6.0, 9.5, 12.0, 15.5, 22.0), 8.0  # h of the day, h
HOUR, DAY, LEVEL, SEED = 3600.0, 86400.0, 0.9, 17


def arrivals(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Coverage of 90 % bands (randomised PIT), or CRPS over that of the window's own history: hosp.demand.<metric>."""
    assert data is not None
    times = read(test or data)
    split, end = (SPLIT - ORIGIN).total_seconds(), (END - ORIGIN).total_seconds()
    days = np.arange(split, end - DAY, DAY)[:: 4 if quick else 1]
    held, scores, base, day_of = [], [], [], []
    for i, name in enumerate(SPECIALTIES):
        seen = times[name]
        learned = intensity.learn(seen[seen < split], ORIGIN, 0.0, split)
        for m in MOMENTS:
            at = days + m * HOUR
            truth = counted(seen, at)
            mean = np.array([expected(learned, t) for t in at])
            pmf = counts(mean, learned.dispersion)
            u = generator(SEED, name, m).uniform(size=len(at))
            held.append(central(pit(pmf, truth, u)) <= LEVEL)
            scores.append(ranked(pmf, truth))
            past = counted(seen, np.arange(0.0, split - DAY, DAY) + m * HOUR)
            base.append(ranked(np.tile(np.bincount(past, minlength=200) / len(past), (len(at), 1)), truth))
            day_of.append(np.floor(at / DAY))
        progress((i + 1) / len(SPECIALTIES))
    inside, crps, climate = np.concatenate(held), float(np.mean(scores)), float(np.mean(base))
    if claim.endswith("crps"):
        detail = {"beds": crps, "window's history": climate}
        return {"measured": crps / climate, "met": crps < climate, "n": len(inside), "baseline": 1.0, "detail": detail}
    size = effective_size(inside[:, None].astype(float), np.array([LEVEL]), np.concatenate(day_of))
    low, high = coverage_band(size, (LEVEL,))
    share = float(inside.mean())
    by = {name: float(np.mean(held[5 * i : 5 * i + 5])) for i, name in enumerate(SPECIALTIES)}
    detail = {"band": [float(low[0]), float(high[0])], "days hang together: effective n": float(size), "held": by}
    met = bool(min(low[0], 0.87) <= share <= max(high[0], 0.93))
    return {"measured": share, "met": met, "n": len(inside), "baseline": None, "detail": detail}


@cache
def read(root: Path) -> dict[str, np.ndarray]:
    """Arrivals (s since ORIGIN, sorted) by specialty; those without one (226) are not forecast."""
    found: dict[str, list[float]] = {s: [] for s in SPECIALTIES}
    with open(root / FILE, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["specialty"] in found:
                at = datetime.fromisoformat(row["arrival_datetime"]).replace(tzinfo=UTC)
                found[row["specialty"]].append((at - ORIGIN).total_seconds())
    return {s: np.sort(np.array(v)) for s, v in found.items()}


def counted(times: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Arrivals in the window after each moment."""
    return np.searchsorted(times, at + WINDOW * HOUR) - np.searchsorted(times, at)


def expected(learned: Intensity, at: float) -> float:
    """Mean number in the window, in steps of half an hour."""
    return sum(0.5 * learned.at(ORIGIN + timedelta(seconds=at + h * 1800.0)) for h in range(int(2 * WINDOW)))


def counts(mean: np.ndarray, dispersion: float) -> np.ndarray:
    """(moment, count): Poisson, or negative binomial where days vary more than Poisson's."""
    from scipy.stats import nbinom, poisson

    k = np.arange(200)
    if dispersion <= 1.0:
        return poisson.pmf(k, mean[:, None])
    return nbinom.pmf(k, mean[:, None] / (dispersion - 1.0), 1.0 / dispersion)


def pit(pmf: np.ndarray, truth: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Randomised PIT of counts."""
    rows = np.arange(len(truth))
    return np.cumsum(pmf, axis=1)[rows, truth] - (1.0 - u) * pmf[rows, truth]


def ranked(pmf: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Ranked probability score, in beds."""
    return np.sum((np.cumsum(pmf, axis=1) - (np.arange(pmf.shape[1]) >= truth[:, None])) ** 2, axis=1)
