"""GlucoBench's sets, preparation, split and origins (PROTOCOL.md of the data set), in mg/dL on a 5-min grid.

Sergazinov et al., GlucoBench, ICLR 2024: its rules and numbers, none of its code. Sizes of every part of every split
agree with splits_by_seed.csv, which is tested.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np

from vitruvian.kinds.metabolic.evidence import others

FOLDER = Path("cgm") / "glucobench"
STEP, AHEAD, EVERY = 5.0, 12, 6  # min, points of a forecast, points between origins


@dataclass(frozen=True)
class Setting:
    """How a set is prepared (min, points) and how many last points its linear regression sees."""

    file: str
    gap: float
    least: int
    part: int
    history: int
    lags: int
    without: tuple[str, ...] = ()


# gap 40 min for colas: with the 45 of its configuration the sizes in the logs are not met (PROTOCOL.md)
SETS = {
    "iglu": Setting("iglu_broll", 45, 240, 240, 192, 192),
    "colas": Setting("colas", 40, 192, 72, 144, 12),
    "dubosson": Setting("dubosson", 30, 240, 144, 192, 12, ("009", "9")),
    "hall": Setting("hall", 30, 192, 192, 144, 84),
    "weinstock": Setting("weinstock", 45, 240, 240, 192, 84),
}
SECOND_READING = {"hall": 57309}  # row, from 0: twice in the same minute


@dataclass(frozen=True)
class Segment:
    """A person's readings without a long gap, on the grid, (n,) mg/dL; its first minute since 1900."""

    subject: str
    value: np.ndarray
    start: float = 0.0

    def cut(self, start: int, end: int) -> Segment:
        """Points start to end."""
        first = max(start, 0)
        return Segment(self.subject, self.value[first:end], self.start + STEP * first)


@dataclass(frozen=True)
class Split:
    """Parts of one seed; the parts `validation` and `test` begin with their history."""

    train: tuple[Segment, ...]
    validation: tuple[Segment, ...]
    test: tuple[Segment, ...]
    outside: tuple[Segment, ...]


@cache
def segments(root: Path, name: str) -> tuple[Segment, ...]:
    """All segments of a set, by subject and time."""
    setting = SETS[name]
    rows: dict[str, list[tuple[float, float]]] = {}
    path = others.found(root, FOLDER, (f"{setting.file}.csv.gz",)) / f"{setting.file}.csv.gz"
    for k, row in enumerate(_rows(path)):
        if row["gl"] and row["id"] not in setting.without and k != SECOND_READING.get(name):
            rows.setdefault(row["id"], []).append((_minute(row["time"]), float(row["gl"])))
    out = []
    for subject in sorted(rows):
        t, g = np.array(sorted(rows[subject], key=lambda r: r[0])).T
        for piece in np.split(np.arange(len(t)), np.flatnonzero(np.diff(t) > setting.gap) + 1):
            if len(piece) >= setting.least:
                grid = np.arange(t[piece[0]], t[piece[-1]] + 0.5, STEP)
                out.append(Segment(subject, np.interp(grid, t[piece], g[piece]), float(grid[0])))
    return tuple(out)


def people(parts: Sequence[Segment]) -> list[others.Whose]:
    """Who they are, with all their points by the calendar."""
    found: dict[str, list[Segment]] = {}
    for s in parts:
        found.setdefault(s.subject, []).append(s)
    out = []
    for name, own in found.items():
        times = np.concatenate([s.start + STEP * np.arange(len(s.value)) for s in own])
        out.append(others.Whose.of(name, times, np.concatenate([s.value for s in own])))
    return out


def split(parts: Sequence[Segment], setting: Setting, seed: int) -> Split:
    """Train, validation, test of most subjects; all segments of a tenth are outside."""
    people = sorted({s.subject for s in parts}, key=others.in_order)
    # the benchmark drew with numpy's legacy generator; a local one, so no global state
    drawn = np.random.RandomState(seed).choice(people, -(-len(people) // 10), replace=False)
    train, validation, test, outside = [], [], [], []
    for person in people:
        own = [s for s in parts if s.subject == person]
        if person in drawn:
            outside += own
            continue
        a, b, c = _parts(own, setting)
        train, validation, test = train + a, validation + b, test + c
    return Split(tuple(train), tuple(validation), tuple(test), tuple(outside))


def _parts(own: list[Segment], setting: Setting) -> tuple[list[Segment], list[Segment], list[Segment]]:
    S, M = setting.part, setting.history
    *before, last = own
    n = len(last.value)
    if n >= M + 3 * S:
        return [*before, last.cut(0, n - 2 * S)], [last.cut(n - 2 * S - M, n - S)], [last.cut(n - S - M, n)]
    if n >= M + 2 * S:
        rest = last.cut(0, n - S)
        test = [last.cut(n - S - M, n)]
        return (before, [rest], test) if before else ([rest], [], test)
    if not before:
        return [last], [], []
    *earlier, previous = before
    m = len(previous.value)
    if m >= M + 2 * S:
        return [*earlier, previous.cut(0, m - S)], [previous.cut(m - S - M, m)], [last]
    return before, [], [last]


def origins(parts: Sequence[Segment], setting: Setting) -> Iterator[tuple[Segment, np.ndarray]]:
    """Each segment with the points at which a forecast starts (the first one forecast), (k,)."""
    for s in parts:
        yield s, np.arange(setting.history, len(s.value) - AHEAD + 1, EVERY)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _minute(text: str) -> float:
    """Minutes since the epoch, rounded."""
    seconds = (datetime.fromisoformat(text) - datetime(1900, 1, 1)).total_seconds()  # noqa: DTZ001
    return round(seconds / 60)
