"""XES (IEEE 1849-2016), the XML of event logs: traces of events with name, time, transition and resource.

Read with the standard library's expat. Document types are refused, so that no entity is ever expanded or fetched.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any
from xml.parsers import expat

from vitruvian.core.errors import ParseError
from vitruvian.models.eventlog import EPOCH, Event, EventLog, Repair, event_log
from vitruvian.platform.connect.eventcsv import pair
from vitruvian.platform.connect.eventtable import Moments

NAN = float("nan")
VALUES = ("string", "date", "int", "float", "boolean", "id")
NAME, TIME, TRANSITION, RESOURCE = "concept:name", "time:timestamp", "lifecycle:transition", "org:resource"
INSTANCE, GROUP = "concept:instance", "org:group"


class _Reader:
    """Keeps the attributes of the open trace and event; nested attributes (children of attributes) are passed over."""

    def __init__(self, name: str, zone: str, group: str | None) -> None:
        self.name, self.group = name, group
        self.moments = Moments(zone)
        self.events: list[tuple[Event, str, str]] = []
        self.repairs: list[Repair] = []
        self.groups: dict[str, str] = {}
        self.traces = 0
        self._path: list[str] = []
        self._trace: dict[str, str] = {}
        self._event: dict[str, str] = {}
        self._held: list[tuple[dict[str, str], int]] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._opened
        self.parser.EndElementHandler = self._closed
        self.parser.StartDoctypeDeclHandler = self._refused

    def _refused(self, *_: Any) -> None:
        raise ParseError(
            "declares a document type, which XES has not", where=self.name, fix="remove the <!DOCTYPE ...> part"
        )

    def _opened(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if not self._path and tag != "log":
            raise ParseError(f"is XML of '{tag}', not an XES log", where=self.name, fix="export it as XES")
        if tag == "trace":
            self._trace, self._held = {}, []
        elif tag == "event":
            self._event = {}
        elif tag in VALUES and self._path and self._path[-1] in ("trace", "event"):
            into = self._trace if self._path[-1] == "trace" else self._event
            into[attributes.get("key", "")] = attributes.get("value", "")
        self._path.append(tag)

    def _closed(self, tag: str) -> None:
        tag = self._path.pop()
        if tag == "event":
            self._held.append((self._event, self.parser.CurrentLineNumber))
        elif tag == "trace":
            self.finish_trace()

    def finish_trace(self) -> None:
        """The events of the open trace, once its name is known: it may stand after them."""
        self.traces += 1
        case = self._trace.get(NAME, "")
        if not case:
            case = f"trace {self.traces}"
            self.repairs.append(Repair(self.name, case, f"a trace has no {NAME}", f"named '{case}'"))
        if self.group and (group := self._trace.get(self.group, "")):
            self.groups[case] = group
        for attributes, line in self._held:
            self._take(case, attributes, f"{self.name}, line {line}")
        self._held = []

    def _take(self, case: str, attributes: dict[str, str], where: str) -> None:
        if not attributes.get(NAME) or not attributes.get(TIME):
            lacking = NAME if not attributes.get(NAME) else TIME
            self.repairs.append(Repair(where, case, f"an event has no {lacking}", "kept aside"))
            return
        try:
            at = self.moments.seconds(attributes[TIME])
        except ParseError as err:
            self.repairs.append(Repair(where, case, err.what, "kept aside"))
            return
        resource = attributes.get(RESOURCE) or attributes.get(GROUP, "")
        event = Event(case, attributes[NAME], NAN, at, resource, NAN, where)
        self.events.append((event, attributes.get(TRANSITION, "").lower(), attributes.get(INSTANCE, "")))


def read(path: Path, *, zone: str = "UTC", group: str | None = None) -> EventLog:
    """The log in an XES file (or gzipped); `group`: the trace attribute that tells classes of cases apart.

    A file that breaks off keeps the events that were whole, and says so.
    """
    reader = _Reader(path.name, zone, group)
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
    except EOFError:
        raise ParseError("the compressed file breaks off", where=path.name, fix="copy or export it again") from None
    except OSError as err:
        raise ParseError(
            f"cannot be read ({err.strerror or err})", where=str(path), fix="check the path and the file"
        ) from err
    try:
        reader.parser.Parse(raw, True)
    except expat.ExpatError as err:
        where, said = f"{path.name}, line {err.lineno}", expat.ErrorString(err.code)
        if not reader.events and not reader._held:
            raise ParseError(f"is not XML ({said})", where=where, fix="export it again") from None
        reader.finish_trace()
        reader.repairs.append(
            Repair(where, "", f"the XML breaks off or is broken here ({said})", "read up to here; later cases lack")
        )
    events = pair(reader.events, reader.repairs)
    notes = (*reader.repairs, *reader.moments.notes(path.name))
    return event_log(events, EPOCH, groups=reader.groups, repairs=notes)
