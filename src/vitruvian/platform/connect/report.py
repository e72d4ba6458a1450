"""What was found in a file: said to the user, kept with the source."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

from vitruvian.platform.instant import moment
from vitruvian.platform.when import said


class Gap(NamedTuple):
    """No reading of a device between two instants, for longer than its rhythm allows."""

    device: str
    start_us: int
    end_us: int


class DeviceUse(NamedTuple):
    """One device: what family of sensor, from when to when, how many readings, its rhythm (s)."""

    device: str
    sensor: str
    start_us: int
    end_us: int
    readings: int
    every_s: float


@dataclasses.dataclass(frozen=True)
class Report:
    """Counts and findings of one import.

    order: "ascending", "descending" or "mixed" (rows in the file). back_filled: readings that became known late, or
    that stand behind newer ones. close: readings within 90 s of one of another device of the same family.
    told_apart, undecided, skipped, moved: rows placed around clock changes (zones.Clock). ignored: {reason: rows}.
    zone: in whose time a person is told of the file.
    """

    file: str
    format: str
    rows: int
    readings: int
    events: int
    kept_aside: int
    first_us: int | None = None
    last_us: int | None = None
    order: str = "ascending"
    duplicates: int = 0
    back_filled: int = 0
    close: int = 0
    told_apart: int = 0
    undecided: int = 0
    skipped: int = 0
    moved: int = 0
    gaps: tuple[Gap, ...] = ()
    devices: tuple[DeviceUse, ...] = ()
    ignored: Mapping[str, int] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    zone: str = "UTC"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        plain = dataclasses.asdict(self)
        plain["gaps"] = [gap._asdict() for gap in self.gaps]
        plain["devices"] = [use._asdict() for use in self.devices]
        return plain | {"notes": list(self.notes), "ignored": dict(self.ignored)}

    def lines(self) -> list[str]:
        """Sentences for a person; only what is there to be said."""
        out = [f"{self.file} ({self.format}): {self.readings} readings, {self.events} events in {self.rows} rows"]
        if self.first_us is not None and self.last_us is not None:
            out.append(f"from {self._said(self.first_us)} to {self._said(self.last_us)}, rows {self.order} in time")
        for use in self.devices:
            every = f", every {use.every_s / 60:.3g} min" if use.every_s else ""
            out.append(f"{use.sensor} {use.device}".strip() + f": {use.readings} readings{every}")
        if self.gaps:
            longest = max(self.gaps, key=lambda gap: gap.end_us - gap.start_us)
            hours = (longest.end_us - longest.start_us) / 3.6e9
            out.append(f"{len(self.gaps)} gaps, the longest {hours:.1f} h from {self._said(longest.start_us)}")
        counts = (
            (self.duplicates, "rows say again what another said"),
            (self.back_filled, "readings were back-filled: known later than they were measured"),
            (self.close, "readings lie within 90 s of one of another device: two uploads of one sensor?"),
            (self.told_apart, "rows in the hour that came twice when clocks went back were told apart"),
            (self.undecided, "rows in the hour that came twice could not be told apart"),
            (self.skipped, "rows have a local time that never was"),
            (self.moved, "rows were placed by the transmitter's clock: the displayed one was moved (a journey?)"),
            (self.kept_aside, "rows were kept aside"),
        )
        out += [f"{count} {what}" for count, what in counts if count]
        out += [f"{count} rows left unread: {reason}" for reason, count in self.ignored.items()]
        return out + list(self.notes)

    def _said(self, us: int) -> str:
        return said(moment(us), self.zone)
