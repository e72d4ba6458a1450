"""The past of one patient as arrays, and what a landmark knows of it: nothing that came, or was known, later."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.record import Record
from vitruvian.engines.pasts import Landmarks, Readings
from vitruvian.engines.table import view
from vitruvian.kinds.deterioration.patient import HOUR, Patient, static_of
from vitruvian.models.icu.channels import CHANNELS
from vitruvian.models.icu.columns import Known, known
from vitruvian.models.icu.doubt import doubts
from vitruvian.models.icu.stays import STATIC


@dataclass(frozen=True, eq=False)
class Past:
    """arrays: engines/table.view of the record, "static" (4,) and "before" (h in the unit before the origin)."""

    arrays: dict[str, np.ndarray]

    @classmethod
    def of(cls, case: Case, record: Record, known_at: float) -> Past:
        """What is known by `known_at`."""
        assert isinstance(case.subject, Patient)
        fixed = static_of(case.subject)
        arrays = _believed(view(case, record, known_at), record.where(record.known_at <= known_at))
        arrays["static"] = np.array([fixed[name][0] for name in STATIC])
        arrays["before"] = np.array(case.subject.hours_before)
        return cls(arrays)

    def known(self, at: np.ndarray) -> Known:
        """Columns at landmarks `at` (s), each from what had been seen by then."""
        if not self._late():
            return self._at_once(at, at)
        rows = [self._at_once(at[i : i + 1], at[i : i + 1]) for i in range(len(at))]
        return Known(rows[0].names, np.concatenate([r.x for r in rows])) if rows else self._at_once(at, at)

    def _at_once(self, at: np.ndarray, by: np.ndarray) -> Known:
        """Landmarks of which nothing lies between being taken and being known; or one landmark."""
        static = {name: self.arrays["static"][k : k + 1] for k, name in enumerate(STATIC)}
        before = float(self.arrays["before"])
        latest = float(np.max(by, initial=-np.inf))
        readings = {c.name: self.readings(c.name, latest) for c in CHANNELS}
        hours = np.maximum(at / HOUR + before, 0.0)
        return known(readings, static, Landmarks(np.zeros(len(at), dtype=int), hours))

    def readings(self, name: str, by: float) -> Readings:
        """Readings of a channel that can be true and had been seen at `by` (s), in hours from admission."""
        channel = next(c for c in CHANNELS if c.name == name)
        none = np.zeros(0)
        time, value = self.arrays.get(f"{name}:time", none), self.arrays.get(f"{name}:value", none)
        start, until = self.arrays.get(f"{name}:from", none), self.arrays.get(f"{name}:until", none)
        hour = time / HOUR + float(self.arrays["before"])
        seen = (start <= by) & (by < until) & (value >= channel.low) & (value <= channel.high) & (hour >= 0.0)
        return Readings.of(np.zeros(int(seen.sum()), dtype=int), hour[seen], value[seen])

    def last(self, name: str, at: np.ndarray) -> np.ndarray:
        """The newest value that had been seen at each time (n,); NaN before the first."""
        out = np.full(len(at), np.nan)
        for i, t in enumerate(at):
            mine = self.readings(name, float(t))
            past = mine.value[mine.time <= t / HOUR + float(self.arrays["before"])]
            out[i] = past[-1] if len(past) else np.nan
        return out

    def _late(self) -> bool:
        """Whether any reading became known after its time, or was corrected."""
        for c in CHANNELS:
            if f"{c.name}:time" in self.arrays:
                late = self.arrays[f"{c.name}:from"] > self.arrays[f"{c.name}:time"]
                if late.any() or np.isfinite(self.arrays[f"{c.name}:until"]).any():
                    return True
        return False


@dataclass(frozen=True, eq=False)
class Remembered:
    """A past whose columns are worked out once for landmarks that several risks are asked at."""

    past: Past
    _known: dict[bytes, Known] = field(default_factory=dict)

    def known(self, at: np.ndarray) -> Known:
        """As of the past."""
        key = np.asarray(at, dtype=np.float64).tobytes()
        if key not in self._known:
            self._known[key] = self.past.known(at)
        return self._known[key]

    def last(self, name: str, at: np.ndarray) -> np.ndarray:
        """As of the past."""
        return self.past.last(name, at)


def _believed(arrays: dict[str, np.ndarray], rows: Record) -> dict[str, np.ndarray]:
    """Readings until it could be known that they are not to be believed (models/icu/doubt.py); rows: those of `view`.

    What is doubted from the start is left out. A jump of several vital signs is believed until they come back.
    """
    now = (rows.superseded == np.inf) & ~rows.removed
    since = np.full(len(rows), np.inf)
    since[now] = doubts(rows.where(now)).since
    for name in np.unique(rows.observable[np.isfinite(since)].astype(str)).tolist():
        until = np.minimum(arrays[f"{name}:until"], since[(rows.observable == name) & ~rows.removed])
        keep = until > arrays[f"{name}:from"]
        for column in ("time", "value", "from"):
            arrays[f"{name}:{column}"] = arrays[f"{name}:{column}"][keep]
        arrays[f"{name}:until"] = until[keep]
    return arrays
