"""NHS England's monthly type-1 attendances and 4-hour performance, forecast three months ahead from every month.

Every origin at which the seasonal naive forecast exists: 12 to 33 months seen. Nothing later than the origin is used;
the forecaster is fitted anew at each (models/panel.py). The data: A&E SitReps April 2016 to March 2019, providers
that report type 1 in all 36 months (data/hospital/nhs_ae_attendances/SOURCE.md).
"""

from __future__ import annotations

import csv
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core.keys import generator
from vitruvian.models import panel
from vitruvian.verbs.scores import coverage_band, crps, effective_size

Progress = Callable[[float], None]
FILE = Path("hospital") / "nhs_ae_attendances" / "ae_attendances.csv"
AHEAD, MONTHS, DRAWS, SEED = 3, 36, 500, 7
LEVEL, RANGE = 0.9, (0.87, 0.93)
ORIGINS, FEW = range(panel.YEAR, MONTHS - AHEAD + 1), (12, 18, 24, 30)


@dataclass(frozen=True)
class Attendances:
    """(provider, month) type-1 attendances and waits over four hours; days (month,)."""

    providers: tuple[str, ...]
    months: tuple[str, ...]
    seen: np.ndarray
    breached: np.ndarray
    days: np.ndarray

    def scale(self, what: str) -> np.ndarray:
        """What is forecast: log attendances a day, or the logit of the share within four hours."""
        if what == "attendances":
            return np.log(self.seen / self.days)
        return np.log((self.seen - self.breached + 0.5) / (self.breached + 0.5))

    def back(self, what: str, values: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """From that scale to attendances in the month, or the share in per cent."""
        if what == "attendances":
            return np.exp(values) * self.days[columns]
        return 100.0 / (1.0 + np.exp(-values))

    def truth(self, what: str) -> np.ndarray:
        """(provider, month) in the unit of `back`."""
        return self.seen if what == "attendances" else 100.0 * (1.0 - self.breached / self.seen)


@dataclass(frozen=True)
class Origin:
    """Scores (provider, ahead) of one origin: CRPS of the forecast, of seasonal naive, and of it with a band; held."""

    crps: np.ndarray
    naive: np.ndarray
    banded: np.ndarray
    held: np.ndarray


def forecasts(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """CRPS against the seasonal naive, or coverage, of attendances or performance: hosp.nhs.<what>_<metric>."""
    assert data is not None
    what, _, metric = claim.rpartition(".")[2].partition("_")
    read = attendances(test or data)
    origins = FEW if quick else tuple(ORIGINS)
    scored = []
    for i, seen in enumerate(origins):
        scored.append(scored_at(test or data, what, seen))
        progress((i + 1) / len(origins))
    mean = {f: np.stack([getattr(o, f) for o in scored]) for f in ("crps", "naive", "banded", "held")}
    detail = {
        "origins": [read.months[seen - 1] for seen in origins],
        "providers": len(read.providers),
        **{f: _by_horizon(v) for f, v in mean.items()},
        "held in the targets of 2018-19 only": _late(mean["held"], origins),
    }
    n = int(mean["held"].size)
    if metric == "crps":
        ratio = float(mean["crps"].mean() / mean["naive"].mean())
        banded = float(mean["banded"].mean() / mean["naive"].mean())
        baseline = f"seasonal naive = 1; with the spread of its own past errors {banded:.3f}"
        return {"measured": ratio, "met": ratio < min(1.0, banded), "n": n, "baseline": baseline, "detail": detail}
    share = float(mean["held"].mean())
    low, high, size = band(mean["held"], np.array(origins))
    detail["band"] = {"low": low, "high": high, "months hang together: effective n": size}
    met = min(RANGE[0], low) <= share <= max(RANGE[1], high)
    return {"measured": share, "met": met, "n": n, "baseline": None, "detail": detail}


def band(held: np.ndarray, origins: np.ndarray) -> tuple[float, float, float]:
    """The simultaneous 99 % band at level 0.9 of held (origin, provider, ahead), clustered by month forecast."""
    target = origins[:, None, None] + np.arange(AHEAD)[None, None, :] + np.zeros(held.shape)
    flat = held.reshape(-1, 1).astype(float)
    size = effective_size(flat, np.array([LEVEL]), target.ravel())
    low, high = coverage_band(size, (LEVEL,))
    return float(low[0]), float(high[0]), float(size)


@cache
def scored_at(root: Path, what: str, seen: int) -> Origin:
    """The forecast after `seen` months and both baselines, scored against the three months that came."""
    read = attendances(root)
    y = read.scale(what)
    ahead = np.arange(seen, seen + AHEAD)
    truth = read.truth(what)[:, ahead]
    forecast = read.back(what, drawn(y, seen), ahead)
    last_year = y[:, ahead - panel.YEAR]
    noise = generator(SEED, "naive", seen).normal(size=(DRAWS, *truth.shape))
    banded = read.back(what, last_year + _naive_spread(y[:, :seen]) * noise, ahead)
    low, high = np.quantile(forecast, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2], axis=0)
    return Origin(
        _crps(forecast, truth),
        np.abs(read.back(what, last_year, ahead) - truth),
        _crps(banded, truth),
        (truth >= low) & (truth <= high),
    )


def drawn(y: np.ndarray, seen: int) -> np.ndarray:
    """Joint draws (draw, provider, ahead) after `seen` months of y (provider, month), which begin with April."""
    return panel.forecast(y[:, :seen], 3, AHEAD, DRAWS, SEED)


def _naive_spread(past: np.ndarray) -> float | np.ndarray:
    """Root mean square of the naive's own past errors: of each provider after six of them, pooled before that."""
    months = past.shape[1] - panel.YEAR
    if months == 0:  # no error is known yet: month-to-month changes stand in
        return float(np.sqrt(np.mean(np.diff(past, axis=1) ** 2)))
    squares = (past[:, panel.YEAR :] - past[:, :months]) ** 2
    return np.sqrt(squares.mean(axis=1, keepdims=True)) if months >= 6 else float(np.sqrt(squares.mean()))


def _crps(drawn: np.ndarray, truth: np.ndarray) -> np.ndarray:
    flat = drawn.reshape(len(drawn), -1)
    return crps(flat, np.full(len(flat), 1.0 / len(flat)), truth.ravel()).reshape(truth.shape)


def _by_horizon(values: np.ndarray) -> dict[str, float]:
    means = values.mean(axis=(0, 1))
    return {f"{h + 1} months": round(float(m), 4) for h, m in enumerate(means)}


def _late(held: np.ndarray, origins: tuple[int, ...]) -> float:
    """Coverage of the months from April 2018 on, whose last three had 9 % more attendances than any before."""
    target = np.array(origins)[:, None] + np.arange(AHEAD)[None, :]
    late = np.broadcast_to((target >= 24)[:, None, :], held.shape)
    return float(held[late].mean())


@cache
def attendances(root: Path) -> Attendances:
    """The providers that report type 1 in every month."""
    rows: dict[str, dict[str, tuple[float, float]]] = {}
    with open(root / FILE, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["type"] == "1":
                pair = float(row["attendances"]), float(row["breaches"])
                rows.setdefault(row["org_code"], {})[row["period"]] = pair
    months = sorted({m for by_month in rows.values() for m in by_month})
    names = tuple(sorted(code for code, by_month in rows.items() if len(by_month) == len(months)))
    both = np.array([[rows[code][m] for m in months] for code in names])
    days = np.array([monthrange(int(m[:4]), int(m[5:7]))[1] for m in months], dtype=float)
    return Attendances(names, tuple(months), both[..., 0], both[..., 1], days)
