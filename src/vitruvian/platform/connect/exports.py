"""An export read in batches, in bounded memory, or whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vitruvian.core.errors import FieldError, ParseError
from vitruvian.platform.aside import Aside
from vitruvian.platform.connect.clock import ORDERS
from vitruvian.platform.connect.detect import detect
from vitruvian.platform.connect.items import Event, How, Reading
from vitruvian.platform.connect.number import unit_in
from vitruvian.platform.connect.report import Report
from vitruvian.platform.connect.tally import Tally
from vitruvian.platform.connect.zones import Clock
from vitruvian.platform.instant import micros

BATCH = 2_000  # rows
HOPELESS = 1_000  # rows kept aside before the first that can be used: it is another kind of file, or the wrong unit


@dataclass(frozen=True)
class Batch:
    """Some rows of a file in its order, and how many of its bytes are read."""

    readings: tuple[Reading, ...]
    events: tuple[Event, ...]
    kept_aside: tuple[Aside, ...]
    done: int


@dataclass(frozen=True)
class Import:
    """A whole file."""

    readings: tuple[Reading, ...]
    events: tuple[Event, ...]
    kept_aside: tuple[Aside, ...]
    report: Report


class Export:
    """A file whose kind is known; `batches` reads it once, then `report` says what was found."""

    def __init__(self, path: str | Path, how: How) -> None:
        self.path, self.how = Path(path), how
        self._parser, self._source = detect(self.path, how)
        self.format, self.size = self._parser.name, self._source.size
        self._tally, self._clock = Tally(self.path.name, self.format), Clock(self.path.name, how)

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """All rows; ParseError when none of them can be used."""
        readings: list[Reading] = []
        events: list[Event] = []
        asides: list[Aside] = []
        for item in self._clock.place(self._parser.items()):
            taken = self._tally.take(item)
            if isinstance(taken, Reading):
                readings.append(taken)
            elif isinstance(taken, Event):
                events.append(taken)
            elif taken is not None:
                asides.append(taken)
                self._give_up(asides, HOPELESS)
            if len(readings) + len(events) + len(asides) >= size:
                yield Batch(tuple(readings), tuple(events), tuple(asides), self._source.done)
                readings, events, asides = [], [], []
        self._give_up(asides, 0)
        yield Batch(tuple(readings), tuple(events), tuple(asides), self.size)

    def report(self) -> Report:
        """What was found, after the last batch."""
        return self._tally.report(self._clock, self._parser.notes)

    def _give_up(self, asides: list[Aside], patience: int) -> None:
        if self._tally.readings or self._tally.events or self._tally.asides < patience:
            return
        if not asides:
            raise ParseError("has no reading, meal or dose", where=self.path.name, fix="export a period that has data")
        first = asides[0]
        column = f", column '{first.column}'" if first.column else ""
        raise ParseError(
            f"no row can be used; the first: {first.reason}",
            where=f"{self.path.name}, line {first.line}{column}",
            fix=first.fix,
        )


def how(
    *,
    zone: str | None = None,
    unit: str | None = None,
    dates: str | None = None,
    sensor: str = "",
    now: datetime | None = None,
) -> How:
    """What the user says of a file, checked."""
    if unit and not unit_in(unit):
        raise FieldError(f"'{unit}' is no unit of glucose", where="unit", fix="say mg/dL or mmol/L")
    if dates and dates not in ORDERS:
        raise FieldError(f"'{dates}' is no order of dates", where="dates", fix="say dmy or mdy")
    try:
        place = ZoneInfo(zone) if zone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise FieldError(f"'{zone}' is no time zone", where="zone", fix="say it as Europe/Berlin") from None
    moment = datetime.now(UTC) if now is None else now
    return How(micros(moment), place, unit_in(unit or ""), dates or "", sensor)


def read(
    path: str | Path,
    *,
    zone: str | None = None,
    unit: str | None = None,
    dates: str | None = None,
    sensor: str = "",
    now: datetime | None = None,
) -> Import:
    """A whole file in memory. For large ones use Export and its batches."""
    export = Export(path, how(zone=zone, unit=unit, dates=dates, sensor=sensor, now=now))
    parts = list(export.batches())
    return Import(
        tuple(r for part in parts for r in part.readings),
        tuple(e for part in parts for e in part.events),
        tuple(a for part in parts for a in part.kept_aside),
        export.report(),
    )
