"""What is known while a message is read: its header, its time, and the names that its resources get.

A resource's id is made from the identifiers in the message, so that messages about one thing meet in whatever order
they come, and the same message again changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from vitruvian.core.errors import VitruvianError
from vitruvian.platform.connect.hl7v2 import reading
from vitruvian.platform.connect.hl7v2.ack import Fault
from vitruvian.platform.connect.hl7v2.reading import Segment
from vitruvian.platform.store.chain import digest


class Faulty(VitruvianError):
    """The message is refused."""

    def __init__(self, code: int, where: str, what: str, fix: str) -> None:
        super().__init__(what, where=where, fix=fix)
        self.fault = Fault(code, where, what, fix)


@dataclass(frozen=True)
class Context:
    """One message. `said`: when it was sent (MSH-7), `said_us` the same; received time where it does not say."""

    segments: tuple[Segment, ...]
    zone: ZoneInfo
    said: str
    said_us: int

    @property
    def header(self) -> Segment:
        """MSH."""
        return self.segments[0]

    @property
    def facility(self) -> str:
        """Sending facility, else application."""
        return self.header.at(4) or self.header.at(3)

    def first(self, name: str) -> Segment | None:
        """The first segment of this name."""
        return next((s for s in self.segments if s.name == name), None)

    def time(self, segment: Segment, field: int, component: int = 1) -> str | None:
        """A time as FHIR writes it."""
        return reading.time(segment.at(field, component), self.zone)

    def instant(self, segment: Segment, field: int, component: int = 1) -> str | None:
        """The same, if it has a time of day."""
        return reading.instant(segment.at(field, component), self.zone)

    def identifiers(self, segment: Segment, field: int) -> list[dict[str, Any]]:
        """All of a field, without doubles."""
        found = (reading.identifier(segment, field, i, self.facility) for i in range(segment.repeats(field)))
        return list({f"{one['system']}|{one['value']}": one for one in found if one}.values())


def named(kind: str, *parts: str) -> str:
    """The id of a resource that these identify."""
    return f"hl7-{digest(kind, *parts)[:24]}"
