"""An event log (XES, IEEE 1849) into the twin of a place where patients flow: who is where, who came, how long it took.

    rows of `patient`       one a visit: the step it is at (negative: waits for it), 0 once it is over
    rows of `arrivals`      unplanned visits of each full hour
    rows of `<what>_time`   hours of the steps that the model is uncertain of

Names of activities are steps or places of the model; what is neither is kept aside. A longer log of the same visits may
be taken in again at any time: what is known already is not doubled.
"""

from __future__ import annotations

import gzip
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vitruvian.core.errors import ParseError, VitruvianError
from vitruvian.platform.aside import Aside
from vitruvian.platform.connect import xes
from vitruvian.platform.connect.fhir import flow
from vitruvian.platform.connect.report import Report
from vitruvian.platform.store.facts import Observation

if TYPE_CHECKING:
    from vitruvian.kinds.hospital import Hospital
    from vitruvian.models.eventlog import EventLog

FORMAT = "XES event log"
HOUR = 3600.0
LOOKED = 4096  # bytes in which the root element stands


@dataclass(frozen=True)
class Flow:
    """What a log says to a twin."""

    observations: tuple[Observation, ...]
    kept_aside: tuple[Aside, ...]
    report: Report


def is_xes(path: Path) -> bool:
    """Whether it begins like an XES log, gzipped or not."""
    try:
        with open(path, "rb") as file:
            start = file.read(LOOKED)
        if start.startswith(b"\x1f\x8b"):
            with gzip.open(path) as file:
                start = file.read(LOOKED)
    except (OSError, EOFError):
        return False
    plain = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    return plain.startswith(b"<") and b"<log" in plain


def begins(path: Path, zone: str) -> int:
    """When the first event of the log was, us."""
    return round(float(min(xes.read(path, zone=zone).at())) * 1e6)


def read(kind: Hospital, path: Path, zone: str) -> Flow:
    """The facts in a log; ParseError where nothing in it is of this model."""
    log = xes.read(path, zone=zone)
    lying = [Aside(path.name, _line(r.where), "", r.case, r.what, r.done) for r in log.repairs if "aside" in r.done]
    unknown: Counter[str] = Counter()
    rows = [*_visits(kind, log, unknown), *_arrivals(kind, log), *_times(kind, log)]
    lying += [_unknown(kind, path.name, name, count) for name, count in unknown.items()]
    if not any(row.observable == flow.PATIENT for row in rows):
        first = lying[0] if lying else None
        what = first.reason if first else "it holds no event"
        raise ParseError(f"nothing in it is of the model: {what}", where=path.name, fix=first.fix if first else "")
    times = [row.valid_us for row in rows]
    found = Report(
        file=path.name,
        format=FORMAT,
        rows=len(log),
        readings=len(rows),
        events=0,
        kept_aside=len(lying),
        first_us=min(times),
        last_us=max(times),
        zone=zone,
    )
    rows.sort(key=lambda row: (row.known_us or 0, row.reading_id))  # versions of a visit in their order
    return Flow(tuple(rows), tuple(lying), found)


def _visits(kind: Hospital, log: EventLog, unknown: Counter[str]) -> Iterator[Observation]:
    for case, rows in log.traces():
        group = log.groups.get(case, "")
        cls = flow.class_of(kind.model, {"priority": {"text": group}})
        known = [(int(i), step) for i in rows if (step := _step(kind, str(log.activity[i]), unknown))]
        for i, step in known:
            begun = float(log.start[i]) if math.isfinite(log.start[i]) else float(log.complete[i])
            if math.isfinite(log.enabled[i]) and not log.enabled[i] >= begun:
                yield _row(flow.PATIENT, f"visit {case}", float(log.enabled[i]), -step, cls)
            if math.isfinite(begun):
                yield _row(flow.PATIENT, f"visit {case}", begun, step, cls)
        if known and math.isfinite(log.complete[known[-1][0]]):
            yield _row(flow.PATIENT, f"visit {case}", float(log.complete[known[-1][0]]), 0, cls)


def _arrivals(kind: Hospital, log: EventLog) -> Iterator[Observation]:
    """Unplanned visits of every full hour of the log, none too."""
    ways = {p.name: p.steps[0].name for p in kind.model.pathways}
    first = {flow.step_of(kind.model, ways[a.pathway]) for a in kind.model.arrivals if not a.appointments}
    when = log.at()
    at = [float(when[rows[0]]) for _, rows in log.traces() if _step(kind, str(log.activity[rows[0]])) in first]
    if not at:
        return
    begin, end = math.ceil(min(at) / HOUR), math.floor(log.until / HOUR)
    counts = Counter(int(t // HOUR) for t in at)
    for hour in range(begin, end):
        yield _row("arrivals", f"arrivals of hour {hour}", (hour + 1) * HOUR, counts[hour])


def _times(kind: Hospital, log: EventLog) -> Iterator[Observation]:
    for name, u in kind.timed.items():
        step = flow.step_of(kind.model, u.steps[0])
        for i in range(len(log)):
            hours = float(log.complete[i] - log.start[i]) / HOUR
            if hours > 0 and _step(kind, str(log.activity[i])) == step:
                yield _row(name, f"{name} of {log.case[i]} at {log.start[i]:.0f}", float(log.complete[i]), hours)


def _step(kind: Hospital, activity: str, unknown: Counter[str] | None = None) -> int:
    """The number of the step; 0 for what the model has not."""
    try:
        return flow.step_of(kind.model, activity)
    except VitruvianError:
        if unknown is not None:
            unknown[activity] += 1
        return 0


def _row(observable: str, name: str, at: float, value: float, sensor: str = "") -> Observation:
    us, unit = round(at * 1e6), "h" if observable.endswith("_time") else "1"
    return Observation(
        reading_id=name, observable=observable, valid_us=us, value=float(value), unit=unit, known_us=us, sensor=sensor
    )


def _unknown(kind: Hospital, file: str, activity: str, count: int) -> Aside:
    try:
        flow.step_of(kind.model, activity)
    except VitruvianError as err:
        return Aside(file, 0, "concept:name", f"{activity} ({count} events)", err.what, err.fix)
    raise AssertionError(activity)


def _line(where: str) -> int:
    number = where.rpartition("line ")[2]
    return int(number) if number.isdigit() else 0
