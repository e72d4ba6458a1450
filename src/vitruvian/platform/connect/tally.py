"""Counts what goes by and finds doubles, gaps and disorder, in 16 bytes a reading."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from vitruvian.platform.aside import Aside
from vitruvian.platform.connect.items import BLOOD, INTERSTITIAL, Event, Ignored, Reading
from vitruvian.platform.connect.report import DeviceUse, Gap, Report
from vitruvian.platform.connect.zones import Clock, Placed
from vitruvian.platform.instant import text

LATE_US = 15 * 60_000_000  # known so much later than measured: back-filled, not just delayed
CLOSE_US = 90_000_000
GAP = 2.5  # rhythms without a reading
MOST_GAPS = 1_000
RUN = 65_536  # readings in an unsorted buffer
RUNS = 8  # sorted runs before they are merged


@dataclass
class _Device:
    """Times and values of one device: a buffer, and sorted runs that are searched by halving."""

    sensor: str
    recent: dict[int, float] = field(default_factory=dict)
    runs: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)
    low: int = 2**62
    high: int = -(2**62)
    up: int = 0
    down: int = 0
    behind: int = 0  # rows older than the newest so far
    ahead: int = 0  # rows newer than the oldest so far
    last: int | None = None

    def held(self, us: int) -> float | None:
        """The value at this time, if there is one."""
        if us > self.high or us < self.low:
            return None
        if (value := self.recent.get(us)) is not None:
            return value
        for times, values in self.runs:
            i = int(np.searchsorted(times, us))
            if i < len(times) and times[i] == us:
                return float(values[i])
        return None

    def add(self, us: int, value: float) -> None:
        """A reading not held yet."""
        if self.last is not None:
            self.up, self.down = self.up + (us > self.last), self.down + (us < self.last)
            self.behind, self.ahead = self.behind + (us < self.high), self.ahead + (us > self.low)
        self.last, self.low, self.high = us, min(self.low, us), max(self.high, us)
        self.recent[us] = value
        if len(self.recent) >= RUN:
            self._flush()

    def times(self) -> list[np.ndarray]:
        """All times (us), sorted, in parts that follow each other."""
        self._flush()
        self.runs.sort(key=lambda run: run[0][0])
        if any(a[0][-1] > b[0][0] for a, b in pairwise(self.runs)):
            self._merge()
        return [run[0] for run in self.runs]

    def _flush(self) -> None:
        if not self.recent:
            return
        self.runs.append(_sorted(np.array(list(self.recent)), np.array(list(self.recent.values()))))
        self.recent = {}
        if len(self.runs) > RUNS and self.up and self.down:  # rows in order are never looked up
            self._merge()

    def _merge(self) -> None:
        if len(self.runs) > 1:
            times, values = zip(*self.runs, strict=True)
            self.runs = [_sorted(np.concatenate(times), np.concatenate(values))]


class Tally:
    """Takes the rows of one file in their order; lets each through once."""

    def __init__(self, file: str, form: str) -> None:
        self.file, self.form = file, form
        self.rows = self.readings = self.events = self.asides = self.duplicates = self.late = 0
        self.devices: dict[tuple[str, str], _Device] = {}
        self.ignored: Counter[str] = Counter()
        self.span: tuple[int, int] | None = None
        self._line = 0

    def take(self, item: Placed) -> Reading | Event | Aside | None:
        """The item, a kept-aside row in its place, or None for what was said before or says nothing."""
        if isinstance(item, Ignored):
            self.rows += 1
            self.ignored[item.reason] += 1
            return None
        self.rows += item.line != self._line  # a row may hold a meal and a dose
        self._line = item.line
        if isinstance(item, Reading):
            taken = self._reading(item)
            if not isinstance(taken, Aside):
                return taken
            item = taken
        if isinstance(item, Aside):
            self.asides += 1
            return item
        self.events += 1
        self._spans(item.utc_us)
        return item

    def report(self, clock: Clock, notes: tuple[str, ...]) -> Report:
        """After the last row."""
        times = {key: device.times() for key, device in self.devices.items()}
        uses = [_use(key, times[key]) for key in self.devices]
        uses.sort(key=lambda use: (use.start_us, use.device))
        up, down = (sum(getattr(d, way) for d in self.devices.values()) for way in ("up", "down"))
        descending = down > up
        disorder = sum(d.ahead if descending else d.behind for d in self.devices.values())
        return Report(
            file=self.file,
            format=self.form,
            rows=self.rows,
            readings=self.readings,
            events=self.events,
            kept_aside=self.asides,
            first_us=self.span[0] if self.span else None,
            last_us=self.span[1] if self.span else None,
            order="mixed" if up and down else "descending" if descending else "ascending",
            duplicates=self.duplicates,
            back_filled=self.late or (disorder if up and down else 0),
            close=_close(times),
            told_apart=clock.told_apart,
            undecided=clock.undecided,
            skipped=clock.skipped,
            moved=clock.moved,
            gaps=tuple(gap for use in uses for gap in _gaps(use, times[use.sensor, use.device]))[:MOST_GAPS],
            devices=tuple(uses),
            ignored=dict(self.ignored),
            notes=notes,
            zone=str(clock.how.zone or "UTC"),
        )

    def _reading(self, item: Reading) -> Reading | Aside | None:
        glucose = item.what in (INTERSTITIAL, BLOOD)
        family = item.sensor if glucose else f"{item.what} {item.sensor}".rstrip()
        device = self.devices.setdefault((family, item.device), _Device(family))
        before = device.held(item.utc_us)
        if before is not None:
            if before == item.value:
                self.duplicates += 1
                return None
            reason = f"another value ({before:g} {item.unit}) of this device stands at {text(item.utc_us)}"
            column = "glucose" if glucose else item.what
            return Aside(self.file, item.line, column, item.raw, reason, "remove the row that is wrong")
        device.add(item.utc_us, item.value)
        self.readings += 1
        self.late += item.known_us is not None and item.known_us - item.utc_us > LATE_US
        self._spans(item.utc_us)
        return item

    def _spans(self, us: int) -> None:
        self.span = (us, us) if self.span is None else (min(us, self.span[0]), max(us, self.span[1]))


def _sorted(times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(times, kind="stable")
    return times[order], values[order]


def _use(key: tuple[str, str], times: list[np.ndarray]) -> DeviceUse:
    steps = np.diff(times[0])  # the rhythm of the first 65,536 readings is that of all
    every = float(np.median(steps)) / 1e6 if len(steps) else 0.0
    return DeviceUse(key[1], key[0], int(times[0][0]), int(times[-1][-1]), sum(map(len, times)), every)


def _gaps(use: DeviceUse, times: list[np.ndarray]) -> list[Gap]:
    if use.sensor in ("fingerstick", "libre_scan"):  # taken when one likes
        return []
    found, before = [], times[0][:1]
    for part in times:
        joined = np.concatenate([before, part])
        long = np.flatnonzero(np.diff(joined) > GAP * use.every_s * 1e6)
        found += [Gap(use.device, int(joined[i]), int(joined[i + 1])) for i in long[:MOST_GAPS]]
        before = part[-1:]
    return found


def _close(times: dict[tuple[str, str], list[np.ndarray]]) -> int:
    """Readings within 90 s after one of another device of the same family."""
    found = 0
    for sensor in {sensor for sensor, _ in times}:
        parts = [np.concatenate(t) for (s, _), t in times.items() if s == sensor]
        if len(parts) < 2:
            continue
        order = np.argsort(np.concatenate(parts), kind="stable")
        owner = np.repeat(np.arange(len(parts)), [len(p) for p in parts])[order]
        steps = np.diff(np.concatenate(parts)[order])
        found += int(((steps < CLOSE_US) & (owner[1:] != owner[:-1])).sum())
    return found
