"""Features of the past: a record becomes a table, one row a landmark, and no entry has seen what came later.

Each version of a reading is seen from max(valid time, known at) until its next version is known. A landmark at t uses
what is seen at t, hence the truncation law: a record cut off at t gives the same row, bit for bit.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vitruvian.core.case import Case
from vitruvian.core.errors import KindError, RecordError
from vitruvian.core.record import Record

HOUR = 3600.0
Arrays = Mapping[str, np.ndarray]


def view(case: Case, record: Record, known_at: float = np.inf) -> dict[str, np.ndarray]:
    """Arrays for features: rows known by `known_at` by observable ("heart_rate:time", :value, :from, :until),
    and the subject's numbers ("subject:age")."""
    out: dict[str, np.ndarray] = {}
    for f in dataclasses.fields(case.subject):
        value = getattr(case.subject, f.name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            out[f"subject:{f.name}"] = np.array(float(value))
    rows = record.where(record.known_at <= known_at)
    until = _superseded(rows)
    for name in sorted(set(rows.observable.tolist())):
        keep = (rows.observable == name) & ~rows.removed
        out[f"{name}:time"], out[f"{name}:value"] = rows.valid_time[keep], rows.value[keep]
        out[f"{name}:from"] = np.maximum(rows.valid_time, rows.known_at)[keep]
        out[f"{name}:until"] = until[keep]
    return out


def _superseded(rows: Record) -> np.ndarray:
    """When the next version of the same reading became known; inf for the newest."""
    until = np.full(len(rows), np.inf)
    latest: dict[str, int] = {}
    ids = rows.id.tolist()
    for i in np.argsort(rows.known_at, kind="stable").tolist():
        if ids[i] in latest:
            until[latest[ids[i]]] = rows.known_at[i]
        latest[ids[i]] = i
    return until


@dataclass(frozen=True)
class Sight:
    """Readings of one observable: time, value (n,), and which are seen at each landmark `at` (T,): seen (T, n)."""

    at: np.ndarray
    time: np.ndarray
    value: np.ndarray
    seen: np.ndarray

    @classmethod
    def of(cls, arrays: Arrays, name: str, at: np.ndarray, window: float, by: np.ndarray) -> Sight:
        """What had been seen at `by` (T,) of the `window` seconds that end at `at` (T,)."""
        none = np.zeros(0)
        time, value = arrays.get(f"{name}:time", none), arrays.get(f"{name}:value", none)
        start, until = arrays.get(f"{name}:from", none), arrays.get(f"{name}:until", none)
        now, then = by[:, None], at[:, None]
        return cls(at, time, value, (start <= now) & (now < until) & (time > then - window) & (time <= then))

    def last(self) -> np.ndarray:
        """Index of the newest reading seen, (T,); 0 where none is."""
        if len(self.time) == 0:
            return np.zeros(len(self.at), dtype=int)
        return np.argmax(np.where(self.seen, self.time, -np.inf), axis=1)

    def total(self, a: np.ndarray) -> np.ndarray:
        """Sum of `a` (n,) or (T, n) over what is seen, (T,), one by one, so that unseen readings change no bit."""
        if len(self.time) == 0:
            return np.zeros(len(self.at))
        return np.cumsum(np.where(self.seen, a, 0.0), axis=1)[:, -1]


@dataclass(frozen=True)
class AbstractFeature(ABC):
    """One column: a number about an observable in the `window` (s) before the landmark; NaN where there is none."""

    of: str
    window: float = 24 * HOUR

    @property
    def name(self) -> str:
        """Column name: last_heart_rate."""
        return f"{type(self).__name__.lower()}_{self.of}"

    @abstractmethod
    def column(self, sight: Sight) -> np.ndarray:
        """(T,)."""

    def at(self, arrays: Arrays, at: np.ndarray, by: np.ndarray) -> np.ndarray:
        """(T,) at landmarks `at` from what had been seen at `by`."""
        return self.column(Sight.of(arrays, self.of, at, self.window, by))


@dataclass(frozen=True)
class Last(AbstractFeature):
    """Newest value."""

    def column(self, sight: Sight) -> np.ndarray:
        values = np.append(sight.value, np.nan)[sight.last()]
        return np.where(sight.seen.any(axis=1), values, np.nan)


@dataclass(frozen=True)
class Mean(AbstractFeature):
    """Mean value."""

    def column(self, sight: Sight) -> np.ndarray:
        count = sight.seen.sum(axis=1)
        return np.where(count > 0, sight.total(sight.value) / np.maximum(count, 1), np.nan)


@dataclass(frozen=True)
class Slope(AbstractFeature):
    """Least-squares slope, unit per hour, of two readings or more; shrunk where they lie within an hour of each other.

    sum t y / (sum t^2 + 1 h^2) about the means: two readings a minute apart say nothing of a trend.
    """

    def column(self, sight: Sight) -> np.ndarray:
        number = sight.seen.sum(axis=1)
        count = np.maximum(number, 1)
        t = (sight.time - sight.at[:, None]) / HOUR
        t = t - (sight.total(t) / count)[:, None]
        y = sight.value - (sight.total(sight.value) / count)[:, None]
        return np.where(number > 1, sight.total(t * y) / (sight.total(t * t) + 1.0), np.nan)


@dataclass(frozen=True)
class Since(AbstractFeature):
    """Hours since the newest reading; the window's length where there is none."""

    def column(self, sight: Sight) -> np.ndarray:
        times = np.append(sight.time, 0.0)[sight.last()]
        return np.where(sight.seen.any(axis=1), sight.at - times, self.window) / HOUR


@dataclass(frozen=True)
class Count(AbstractFeature):
    """How many readings."""

    def column(self, sight: Sight) -> np.ndarray:
        return np.asarray(sight.seen.sum(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class Missing(AbstractFeature):
    """1 where there is no reading: that nobody measured is information."""

    def column(self, sight: Sight) -> np.ndarray:
        return np.asarray(~sight.seen.any(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class Given(AbstractFeature):
    """A number of the subject."""

    def column(self, sight: Sight) -> np.ndarray:
        raise NotImplementedError

    def at(self, arrays: Arrays, at: np.ndarray, by: np.ndarray) -> np.ndarray:
        return np.full(len(at), float(arrays[f"subject:{self.of}"]))


def features(
    columns: Sequence[AbstractFeature], arrays: Arrays, at: np.ndarray, by: np.ndarray | None = None
) -> np.ndarray:
    """(T, k) at landmarks `at`, from what had been seen by then (or `by`); NaN where missing."""
    by = at if by is None else np.minimum(by, at)
    return np.stack([c.at(arrays, at, by) for c in columns], axis=1)


@dataclass(frozen=True)
class FollowUp:
    """One subject under observation from `start` to `end` (s)."""

    subject: str
    case: Case
    record: Record
    start: float
    end: float


@dataclass(frozen=True)
class Table:
    """x (n, k) with its column names, outcome y (n,), whose row it is, at what time, and where it all comes from."""

    names: tuple[str, ...]
    x: np.ndarray
    y: np.ndarray
    subject: np.ndarray
    at: np.ndarray
    source: str

    def __post_init__(self) -> None:
        if self.x.shape != (len(self.y), len(self.names)):
            raise RecordError(f"table is {self.x.shape}, expected ({len(self.y)}, {len(self.names)})", where="Table")

    def of(self, keep: np.ndarray) -> Table:
        """The rows where `keep` (n,) is true; split by subject, never by row."""
        return Table(self.names, self.x[keep], self.y[keep], self.subject[keep], self.at[keep], self.source)


def landmark_table(
    cohort: Sequence[FollowUp],
    columns: Sequence[AbstractFeature],
    event: str,
    *,
    every: float,
    within: float,
    source: str,
) -> Table:
    """A row each `every` s of follow-up while at risk; y: is there an `event` of value 1 in (at, at + within]?

    A landmark whose horizon reaches beyond the end of follow-up is left out: nobody knows its outcome.
    """
    parts = []
    for who in cohort:
        rows = who.record.until(np.inf).only(event)
        events = rows.valid_time[rows.value == 1.0]
        first = float(events.min(initial=np.inf))
        at = np.arange(who.start, who.end - within + 1e-6, every)
        at = at[at < first]
        if len(at):
            x = features(columns, view(who.case, who.record), at)
            parts.append((x, (first <= at + within).astype(np.float64), np.full(len(at), who.subject, object), at))
    if not parts:
        raise RecordError("no landmark in any follow-up", where="landmark_table", fix="check start, end and horizon")
    x, y, subject, at = (np.concatenate(p) for p in zip(*parts, strict=True))
    return Table(names(columns), x, y, subject, at, source)


def names(columns: Sequence[AbstractFeature]) -> tuple[str, ...]:
    """Column names; KindError if two are alike."""
    out = tuple(c.name for c in columns)
    if len(set(out)) != len(out):
        raise KindError("two features have one name", where=", ".join(out), fix="change `of` or the feature")
    return out
