"""Local times to UTC. When clocks go back an hour comes twice: the order of rows or the transmitter's clock decides.

A transmitter counts seconds and knows no zone. Where its count has kept step with the file's clock, it also tells when
that clock was moved by hand (a journey, a phone that did not change to summer time): the rows keep their true distance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from vitruvian.core.errors import ParseError
from vitruvian.platform.aside import Aside
from vitruvian.platform.connect.clock import EPOCH, FIRST_SENSOR
from vitruvian.platform.connect.items import Event, How, Ignored, Item, Reading, Timed
from vitruvian.platform.instant import text

DAY_US, SECOND_US = 86_400_000_000, 1_000_000
QUARTER_US = 15 * 60 * SECOND_US  # offsets of zones are multiples of 15 min
DRIFT_US = 2 * 60 * SECOND_US  # what two clocks may differ by besides whole quarters
STEADY = 3  # steps in which the transmitter's count must have kept step before it is believed
MOST = 5_000  # rows in one ambiguous hour

Placed = Reading | Event | Aside | Ignored


@dataclass
class _Stream:
    """What is known of rows that were written in order."""

    wall: int | None = None  # of the last row outside any ambiguous hour
    ticks: int = 0  # transmitter s and UTC us of the last row placed
    utc: int = 0
    steady: int = -1  # steps in which both clocks agreed; -1 before the first row with a count
    waiting: list[Timed] = field(default_factory=list)

    def note(self, ticks: int | None, utc: int) -> None:
        """A row was placed."""
        if ticks is None:
            return
        count, clock = ticks - self.ticks, (utc - self.utc) / SECOND_US
        agree = self.steady >= 0 and count != 0 and _close(count, clock)
        self.ticks, self.utc, self.steady = ticks, utc, self.steady + 1 if agree else 0

    def offset_us(self, item: Timed) -> int | None:
        """The file's clock minus UTC by the transmitter's count; None when that is not to be believed."""
        if item.ticks is None or self.steady < STEADY:
            return None
        count = item.ticks - self.ticks
        offset = item.wall_us - (self.utc + count * SECOND_US)
        whole = round(offset / QUARTER_US) * QUARTER_US
        near = count != 0 and abs(offset - whole) <= DRIFT_US
        return whole if near and -48 <= whole // QUARTER_US <= 56 else None  # UTC-12 to UTC+14


class Clock:
    """Places rows in time, and counts what was not plain.

    told_apart, undecided: rows of an hour that came twice; skipped: times that never were; moved: rows placed by the
    transmitter because the file's clock was not that of the zone.
    """

    def __init__(self, file: str, how: How) -> None:
        self.file, self.how = file, how
        self.told_apart = self.undecided = self.skipped = self.moved = 0
        self._streams: dict[str, _Stream] = {}
        self._days: dict[int, int | None] = {}

    def place(self, items: Iterable[Item]) -> Iterator[Placed]:
        """The same rows with UTC times; those without a sure time, or in the future, are kept aside."""
        for item in items:
            if not isinstance(item, Timed):
                yield item
            elif item.offset_s is not None:
                yield self._done(item, item.offset_s)
            else:
                yield from self._local(item)
        for stream in self._streams.values():
            yield from self._decide(stream, None)

    def _local(self, item: Timed) -> Iterator[Placed]:
        stream = self._streams.setdefault(item.stream, _Stream())
        offsets = self._offsets(item)
        if (told := stream.offset_us(item)) is not None:
            self.moved += told // SECOND_US not in offsets
            self.told_apart += len(offsets) == 2
            offsets = [told // SECOND_US]
        if len(offsets) == 2:
            if len(stream.waiting) >= MOST:
                yield from self._decide(stream, None)
            stream.waiting.append(item)
            return
        yield from self._decide(stream, item if offsets else None)
        if len(offsets) != 1:
            self.skipped += 1
            reason = f"this local time does not exist in {self.how.zone}: clocks went forward"
            yield self._aside(item, reason, "check the zone, or give the time with its offset from UTC")
            return
        stream.wall = item.wall_us
        stream.note(item.ticks, item.wall_us - offsets[0] * SECOND_US)
        yield self._done(item, offsets[0])

    def _decide(self, stream: _Stream, after: Timed | None) -> Iterator[Placed]:
        """Place the waiting rows of an hour that comes twice, now that the next row is seen."""
        if not stream.waiting:
            return
        rows, stream.waiting = stream.waiting, []
        walls = [row.wall_us for row in rows]
        offsets = self._offsets(rows[0])
        folds = _folds(stream.wall, walls, None if after is None else after.wall_us)
        for i, row in enumerate(rows):
            fold = folds[i] if folds else None
            if fold is None:
                self.undecided += 1
                reason = f"this local time comes twice in {self.how.zone}: clocks went back"
                yield self._aside(row, reason, "give the time with its offset from UTC, e.g. 2026-10-25T02:30+02:00")
            else:
                self.told_apart += 1
                stream.note(row.ticks, row.wall_us - offsets[fold] * SECOND_US)
                yield self._done(row, offsets[fold])

    def _done(self, item: Timed, offset_s: int) -> Placed:
        utc = item.wall_us - offset_s * SECOND_US
        if utc > self.how.now_us:
            reason = f"{text(utc)} is in the future (now {text(self.how.now_us // SECOND_US * SECOND_US)})"
            return self._aside(item, reason, "check the device's clock, the zone and the order of day and month")
        if utc < FIRST_SENSOR:
            return self._aside(item, f"{text(utc)} is before there were sensors", "check the device's clock")
        return item.body._replace(utc_us=utc, offset_s=offset_s)

    def _aside(self, item: Timed, reason: str, fix: str) -> Aside:
        return Aside(self.file, item.body.line, "time", item.body.raw, reason, fix)

    def _offsets(self, item: Timed) -> list[int]:
        """Offsets (s) at which the zone's clock shows this: one; none when it jumps over; two when it comes twice."""
        zone = self.how.zone
        if zone is None:
            raise ParseError(
                "the times are local and the file does not name their zone",
                where=f"{self.file}, line {item.body.line}",
                fix="say the zone, e.g. zone='Europe/Berlin'",
            )
        day = item.wall_us // DAY_US
        if day not in self._days:
            start, end = (local_offset(d * DAY_US, zone, 0) for d in (day, day + 1))
            self._days[day] = start if start == end else None
        steady = self._days[day]
        if steady is not None:
            return [steady]
        both = dict.fromkeys(local_offset(item.wall_us, zone, fold) for fold in (0, 1))
        return [offset for offset in both if _shows(item.wall_us, offset, zone)]


def local_offset(wall_us: int, zone: ZoneInfo, fold: int) -> int:
    """The zone's offset (s) at this local time; fold 1 is the second time where it comes twice."""
    local = (EPOCH + timedelta(microseconds=wall_us)).replace(tzinfo=zone, fold=fold)
    offset = local.utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _shows(wall_us: int, offset_s: int, zone: ZoneInfo) -> bool:
    utc = (EPOCH + timedelta(microseconds=wall_us - offset_s * SECOND_US)).replace(tzinfo=UTC)
    return utc.astimezone(zone).replace(tzinfo=None) == EPOCH + timedelta(microseconds=wall_us)


def _folds(before: int | None, walls: list[int], after: int | None) -> list[int] | None:
    """0 (first time) or 1 (second) for each row, when the clock is seen to jump back exactly once in file order."""
    steps = [(b > a) - (b < a) for a, b in pairwise(walls)]
    rising = _direction(before, walls[0], walls[-1], after)
    if rising is None or steps.count(-rising) != 1:
        return None
    jump = steps.index(-rising) + 1
    first, second = (0, 1) if rising > 0 else (1, 0)
    return [first] * jump + [second] * (len(walls) - jump)


def _direction(before: int | None, first: int, last: int, after: int | None) -> int | None:
    """+1 when the rows around the hour run forward in time, -1 backward, None when they do not say or disagree."""
    seen = set()
    if before is not None:
        seen.add(1 if first > before else -1)
    if after is not None:
        seen.add(1 if after > last else -1)
    return seen.pop() if len(seen) == 1 else None


def _close(count: float, clock: float) -> bool:
    """Whether two clocks agree over a stretch (s): within 5 %, or half a minute."""
    return abs(count - clock) <= 30 + 0.05 * abs(count)
