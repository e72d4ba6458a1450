"""Repeated visits of many patients: a baseline row each, markers at irregular times, and when follow-up ended.

Times are days after randomisation. The visit nearest to zero (at most WITHIN days after it) is the baseline; its
marker values become baseline columns, and only later visits are learned from or judged. Nothing after baseline
enters a twin's inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.errors import RecordError
from vitruvian.models.trialtable import Frame

WITHIN = 30.0  # d; assumed
NEARLY = 0.95  # share of readings; a few are written with more digits; assumed


@dataclass(frozen=True)
class Visits:
    """base: one row a patient with covariates and "<marker>" at baseline; rows of visits; end of follow-up (d) a
    patient.
    """

    base: Frame
    markers: tuple[str, ...]
    patient: np.ndarray  # (row,) index into base
    time: np.ndarray  # (row,) d, > 0
    values: np.ndarray  # (row, marker), NaN where not taken
    end: np.ndarray  # (patient,) d: death, dropout or closing
    gone: np.ndarray  # (patient,) 1: died or dropped out at `end`; 0: still under observation then

    def __len__(self) -> int:
        return len(self.end)

    @classmethod
    def of_long(
        cls,
        long: Frame,
        *,
        identity: str,
        time: str,
        markers: Sequence[str],
        covariates: Sequence[str],
        days: float = 1.0,
        end: str = "",
        gone: str = "",
    ) -> Visits:
        """From one row a visit. days: how many a unit of `time` has. Without `end`: the last visit, and
        nobody is gone.
        """
        ids, at = long.factor(identity), long.number(time) * days
        if not np.isfinite(at).all():
            line = int(np.flatnonzero(~np.isfinite(at))[0]) + 2
            raise RecordError(
                "a visit has no time", where=f"{long.source}, line {line}", fix="give one, or drop the row"
            )
        names, index = np.unique(ids.astype(str), return_inverse=True)
        if len(np.unique(np.stack([index, at]), axis=1).T) < len(at):
            fix = "keep one row a patient and time"
            raise RecordError("two visits of a patient at one time", where=long.source, fix=fix)
        y = np.stack([long.number(m) for m in markers], axis=1)
        first = np.array([_baseline(index, at, k) for k in range(len(names))])
        usable = np.array([bool(f >= 0 and np.isfinite(y[f]).all()) for f in first])
        if not usable.any():
            raise RecordError(
                "nobody has a baseline visit", where=long.source, fix=f"give times within {WITHIN:g} d of 0"
            )
        rows = first[usable]
        base = Frame({c: long.column(c)[rows] for c in (*covariates, *markers)}, long.source)
        last = np.array([at[index == k].max() for k in np.flatnonzero(usable)])
        stop = long.number(end)[rows] * days if end else last
        left = long.number(gone)[rows] if gone else np.zeros(len(rows))
        place = np.full(len(names), -1)
        place[usable] = np.arange(len(rows))
        keep = (place[index] >= 0) & (at > WITHIN) & np.isfinite(y).any(axis=1)
        return cls(base, tuple(markers), place[index[keep]], at[keep], y[keep], np.maximum(stop, last), left)

    def take(self, keep: np.ndarray) -> Visits:
        """Patients by mask (patient,)."""
        place = np.where(keep, np.cumsum(keep) - 1, -1)
        rows = keep[self.patient]
        return Visits(
            self.base.take(keep), self.markers, place[self.patient[rows]], self.time[rows], self.values[rows],
            self.end[keep], self.gone[keep],
        )  # fmt: skip

    def window(self, low: float, high: float) -> np.ndarray:
        """(patient,): row of the visit nearest to the middle of (low, high]; -1 where there is none."""
        out, best = np.full(len(self), -1), np.full(len(self), np.inf)
        for row in np.flatnonzero((self.time > low) & (self.time <= high)):
            far = abs(self.time[row] - (low + high) / 2)
            if far < best[self.patient[row]]:
                best[self.patient[row]], out[self.patient[row]] = far, row
        return out


def _baseline(index: np.ndarray, at: np.ndarray, k: int) -> int:
    mine = np.flatnonzero((index == k) & (np.abs(at) <= WITHIN))
    return int(mine[np.argmin(np.abs(at[mine]))]) if len(mine) else -1


def transform_of(y: np.ndarray, first: np.ndarray, t: np.ndarray) -> str:
    """identity, sqrt or log of a marker: the likeliest given its baseline and time (Box & Cox, JRSS B 26:211, 1964).

    y, first, t (row,), finite. log needs values above 0; the likelihood counts the change of scale.
    """
    low = min(float(y.min()), float(first.min()))
    choices = ["identity", *(["sqrt"] if low >= 0 else []), *(["log"] if low > 0 else [])]
    floor = max(1e-3 * float(y.std()), 1e-12)
    slope = {
        "identity": np.zeros_like(y),
        "sqrt": -0.5 * np.log(4 * np.maximum(y, floor)),
        "log": -np.log(np.maximum(y, floor)),
    }

    def likelihood(name: str) -> float:
        d = np.column_stack([np.ones(len(y)), forward(name, first), t])
        z = forward(name, y)
        e = z - d @ np.linalg.lstsq(d, z, rcond=None)[0]
        return float(slope[name].sum() - 0.5 * len(y) * np.log(max(float(e @ e), 1e-300)))

    return max(choices, key=likelihood)


def step_of(values: np.ndarray) -> float:
    """The largest of 1, 0.1, 0.01 of which nearly all values are multiples; 0 where there is none."""
    for step in (1.0, 0.1, 0.01):
        if np.mean(np.abs(values / step - np.round(values / step)) < 1e-6) > NEARLY:
            return step
    return 0.0


def forward(name: str, y: np.ndarray) -> np.ndarray:
    """To the scale on which the model is Gaussian."""
    if name == "log":
        return np.log(np.maximum(y, 1e-12))
    return np.sqrt(np.maximum(y, 0.0)) if name == "sqrt" else y


def backward(name: str, y: np.ndarray) -> np.ndarray:
    """Back to the marker's unit."""
    if name == "log":
        return np.exp(y)
    return np.maximum(y, 0.0) ** 2 if name == "sqrt" else y
