"""A record: what was observed, as a long table. Every row has its own time and the time at which it became known."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from functools import cached_property

import numpy as np

from vitruvian.core.errors import RecordError

_COLUMNS = (
    "valid_time",
    "known_at",
    "observable",
    "value",
    "sd",
    "limit",
    "sensor",
    "id",
    "removed",
)


@dataclasses.dataclass(frozen=True)
class Record:
    """Columns of equal length n, kept in order of (valid_time, observable, sensor, id, known_at).

    valid_time, known_at: float64 seconds since the case's origin. value in the observable's own unit. sd: the row's own
    measurement sd, NaN where the sensor's noise speaks. limit: -1 at or below the sensor's lower limit, +1 at or above
    its upper, 0 a plain reading. removed: this version of `id` takes the reading back. Rows with the same id are
    versions of one reading; `until` keeps the newest known.
    """

    valid_time: np.ndarray
    known_at: np.ndarray
    observable: np.ndarray
    value: np.ndarray
    sd: np.ndarray
    limit: np.ndarray
    sensor: np.ndarray
    id: np.ndarray
    removed: np.ndarray

    @classmethod
    def of(
        cls,
        observable: str | np.ndarray,
        valid_time: np.ndarray,
        value: np.ndarray,
        *,
        known_at: np.ndarray | None = None,
        sensor: str | np.ndarray = "",
        sd: np.ndarray | None = None,
        limit: np.ndarray | None = None,
        id: np.ndarray | None = None,
        removed: np.ndarray | None = None,
    ) -> Record:
        """Build from arrays; missing columns get their defaults (known when valid, no sd, id from the content)."""
        t = np.asarray(valid_time, dtype=np.float64).reshape(-1)
        n = len(t)
        obs = _text(observable, n)
        sens = _text(sensor, n)
        if id is None:
            ids = np.array(
                [f"{o}|{s}|{x!r}" for o, s, x in zip(obs, sens, t.tolist(), strict=True)],
                dtype=object,
            )
        else:
            ids = _text(id, n)
        columns = (
            t,
            t.copy() if known_at is None else np.asarray(known_at, dtype=np.float64),
            obs,
            np.asarray(value, dtype=np.float64).reshape(-1),
            np.full(n, np.nan) if sd is None else np.asarray(sd, dtype=np.float64),
            np.zeros(n, dtype=np.int8) if limit is None else np.asarray(limit, dtype=np.int8),
            sens,
            ids,
            np.zeros(n, dtype=bool) if removed is None else np.asarray(removed, dtype=bool),
        )
        for name, column in zip(_COLUMNS, columns, strict=True):
            if len(column) != n:
                raise RecordError(f"column '{name}' has {len(column)} rows, valid_time has {n}", where="Record")
        if not (np.isfinite(t).all() and np.isfinite(columns[3][~columns[8]]).all()):
            raise RecordError("times and values must be finite", where="Record", fix="leave missing readings out")
        if not np.isfinite(columns[1]).all():
            raise RecordError("known_at must be finite", where="Record", fix="give known_at = valid_time")
        order = np.lexsort((columns[1], ids.astype(str), sens.astype(str), obs.astype(str), t))
        return cls(*(c[order] for c in columns))

    @classmethod
    def empty(cls) -> Record:
        """No rows."""
        return cls.of(np.array([], dtype=object), np.array([]), np.array([]))

    @classmethod
    def join(cls, records: Iterable[Record]) -> Record:
        """All rows of several records."""
        parts = list(records) or [cls.empty()]
        data = {name: np.concatenate([getattr(r, name) for r in parts]) for name in _COLUMNS}
        return cls.of(data.pop("observable"), data.pop("valid_time"), data.pop("value"), **data)

    def __len__(self) -> int:
        return len(self.valid_time)

    def where(self, keep: np.ndarray) -> Record:
        """The rows where `keep` (n,) is true."""
        return Record(*(getattr(self, name)[keep] for name in _COLUMNS))

    def until(self, known_at: float) -> Record:
        """What was known by then: of each reading the newest version, without those taken back."""
        last = min(known_at, float(np.finfo(float).max))  # "everything" is not the time when a newest row is replaced
        return self.where((self.known_at <= last) & (last < self.superseded) & ~self.removed)

    @cached_property
    def superseded(self) -> np.ndarray:
        """When the next version of each row's reading became known, s (n,); inf for the newest."""
        out = np.full(len(self), np.inf)
        last: dict[str, int] = {}
        for i in np.argsort(self.known_at, kind="stable").tolist():
            name = str(self.id[i])
            if name in last:
                out[last[name]] = self.known_at[i]
            last[name] = i
        return out

    def between(self, t0: float, t1: float) -> Record:
        """Rows with t0 <= valid_time <= t1."""
        return self.where((self.valid_time >= t0) & (self.valid_time <= t1))

    def only(self, observable: str | None = None, sensor: str | None = None) -> Record:
        """Rows of one observable, one sensor, or both."""
        keep = np.ones(len(self), dtype=bool)
        if observable is not None:
            keep &= self.observable == observable
        if sensor is not None:
            keep &= self.sensor == sensor
        return self.where(keep)

    def groups(self) -> list[tuple[str, str]]:
        """The distinct (observable, sensor) pairs, sorted."""
        return sorted(set(zip(self.observable.tolist(), self.sensor.tolist(), strict=True)))

    def digest(self) -> str:
        """SHA-256 of all rows: equal records have equal digests whatever the order of arrival."""
        rows = zip(*(getattr(self, name).tolist() for name in _COLUMNS), strict=True)
        return hashlib.sha256("\n".join(map(repr, rows)).encode()).hexdigest()


def _text(value: str | np.ndarray, n: int) -> np.ndarray:
    if isinstance(value, str):
        return np.full(n, value, dtype=object)
    return np.array([str(v) for v in np.asarray(value, dtype=object).reshape(-1)], dtype=object)
