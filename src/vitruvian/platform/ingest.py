"""Files into the store: read, mapped to what the twin's kind sees and does, appended in transactions of bounded size.

Each batch is acknowledged when it is on disk. Taking in the same file again changes nothing; a process that dies in the
middle has lost nothing that was acknowledged, and the next run takes in the rest.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitruvian.core.errors import FieldError, ParseError
from vitruvian.core.kind import AbstractKind
from vitruvian.platform import flowlog, registry
from vitruvian.platform.aside import Aside
from vitruvian.platform.connect import Export, Report, how
from vitruvian.platform.connect.items import How
from vitruvian.platform.mapping import Mapper
from vitruvian.platform.store import Receipts, Source, Store

if TYPE_CHECKING:
    from vitruvian.kinds.hospital import Hospital

PIECE = 2_000  # rows of a log in a transaction


@dataclasses.dataclass(frozen=True)
class Taken:
    """What became of a file: `found` in it, and of that new to the store, changed, or known before."""

    found: Report
    new: int
    changed: int
    known: int
    kept_aside: int  # in all: unreadable rows, and those the kind has no use for

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        counts = {"new": self.new, "changed": self.changed, "known": self.known, "kept_aside": self.kept_aside}
        return self.found.to_json() | counts

    def lines(self) -> list[str]:
        """Sentences for a person."""
        first, *rest = dataclasses.replace(self.found, kept_aside=self.kept_aside).lines()
        counts = [f"{self.new} new"]
        counts += [f"{self.changed} changed"] if self.changed else []
        counts += [f"{self.known} known before"] if self.known else []
        return [first, ", ".join(counts), *rest]


def observe(
    store: Store,
    twin: str,
    files: Sequence[str | Path],
    *,
    zone: str = "",
    unit: str = "",
    dates: str = "",
    sensor: str = "",
    now: datetime | None = None,
    progress: Callable[[float], None] | None = None,
    acknowledge: Callable[[Receipts], None] | None = None,
    actor: str = "local",
) -> tuple[Taken, ...]:
    """Take in what is in the files; local times are of `zone`, by default the subject's.

    All files are looked at before the first row is stored, so that a wrong one leaves nothing behind. `progress` gets
    the share done, 0 to 1; `acknowledge` the receipts of each batch, once they are on disk.
    """
    row = store.find_twin(twin)
    kind = registry.get(row.kind)
    said = how(zone=zone or row.origin.zone, unit=unit, dates=dates, sensor=sensor, now=now)
    sizes = check(kind, files, said)
    taken, before = [], 0
    for file, size in zip(files, sizes, strict=True):
        share = _share(progress, before, size, sum(sizes))
        taken.append(_file(store, row.id, kind, Path(file), said, now, share, acknowledge, actor))
        before += size
    return tuple(taken)


def check(kind: AbstractKind, files: Sequence[str | Path], said: How) -> list[int]:
    """Read the beginning of every file, and map it; the errors of a file that cannot be used. Sizes in bytes."""
    if not files:
        raise FieldError("no file is named", where="files", fix="name an export, e.g. export.csv")
    sizes = []
    for file in files:
        if flowlog.is_xes(Path(file)):
            flowlog.read(_flowing(kind, Path(file)), Path(file), _zone(said))
            sizes.append(Path(file).stat().st_size)
            continue
        export, mapper = Export(file, said), Mapper(kind, Path(file).name)
        first = next(export.batches())
        for item in (*first.readings, *first.events):
            mapper.map(item)
        mapper.check()
        sizes.append(export.size)
    return sizes


def look(kind: AbstractKind, path: Path, said: How) -> tuple[Report, list[Aside]]:
    """What is in a file, and what of it a twin of this kind could not use; nothing is stored."""
    check(kind, [path], said)
    if flowlog.is_xes(path):
        found = flowlog.read(_flowing(kind, path), path, _zone(said))
        return found.report, list(found.kept_aside)
    export, mapper, asides = Export(path, said), Mapper(kind, path.name), []
    for batch in export.batches():
        asides += (*batch.kept_aside, *mapper.batch(batch.readings, batch.events).kept_aside)
    return dataclasses.replace(export.report(), kept_aside=len(asides)), asides


def first_times(path: Path, said: How) -> list[int]:
    """About when a file begins (us): the times of its first rows."""
    if flowlog.is_xes(path):
        return [flowlog.begins(path, _zone(said))]
    start = next(Export(path, said).batches(1))
    return [item.utc_us for item in (*start.readings, *start.events)]


def _file(
    store: Store,
    twin: str,
    kind: AbstractKind,
    path: Path,
    said: How,
    now: datetime | None,
    progress: Callable[[int], None],
    acknowledge: Callable[[Receipts], None] | None,
    actor: str,
) -> Taken:
    if flowlog.is_xes(path):
        return _log(store, twin, _flowing(kind, path), path, said, now, progress, acknowledge, actor)
    export, mapper = Export(path, said), Mapper(kind, path.name)
    source = store.begin_source(twin, Source(path.name, export.format, _digest(path), actor), now=now)
    counts = {"new": 0, "changed": 0, "duplicate": 0}
    asides = 0
    for batch in export.batches():
        rows = mapper.batch(batch.readings, batch.events)
        kept = (*batch.kept_aside, *rows.kept_aside)
        receipts = store.append(twin, source, rows.observations, rows.deeds, kept, now=now)
        asides += len(kept)
        counts = {status: count + receipts.count(status) for status, count in counts.items()}
        if acknowledge:
            acknowledge(receipts)
        progress(batch.done)
    found = export.report()
    found = dataclasses.replace(found, notes=(*found.notes, *mapper.notes(), *_overlaps(store, twin, found)))
    taken = Taken(found, counts["new"], counts["changed"], counts["duplicate"], asides)
    store.finish_source(source, taken.to_json())
    return taken


def _log(
    store: Store,
    twin: str,
    kind: Hospital,
    path: Path,
    said: How,
    now: datetime | None,
    progress: Callable[[int], None],
    acknowledge: Callable[[Receipts], None] | None,
    actor: str,
) -> Taken:
    """An event log: read whole, appended in pieces."""
    found = flowlog.read(kind, path, _zone(said))
    source = store.begin_source(twin, Source(path.name, flowlog.FORMAT, _digest(path), actor), now=now)
    counts = {"new": 0, "changed": 0, "duplicate": 0}
    rows, kept = found.observations, found.kept_aside
    for first in range(0, len(rows), PIECE):
        receipts = store.append(twin, source, rows[first : first + PIECE], (), () if first else kept, now=now)
        counts = {status: count + receipts.count(status) for status, count in counts.items()}
        if acknowledge:
            acknowledge(receipts)
        progress(path.stat().st_size * min(first + PIECE, len(rows)) // max(len(rows), 1))
    taken = Taken(found.report, counts["new"], counts["changed"], counts["duplicate"], len(kept))
    store.finish_source(source, taken.to_json())
    return taken


def _flowing(kind: AbstractKind, path: Path) -> Hospital:
    from vitruvian.kinds.hospital import Hospital  # lazy: most files are of persons

    if isinstance(kind, Hospital):
        return kind
    raise ParseError(
        f"is an event log, which a {kind.name} twin has no use for",
        where=path.name,
        fix="give it to a twin of a place where patients flow: kind hospital",
    )


def _zone(said: How) -> str:
    return "UTC" if said.zone is None else said.zone.key


def _overlaps(store: Store, twin: str, found: Report) -> tuple[str, ...]:
    """One sensor that came by two ways is held twice; nothing says so but the times."""
    held = {use: store.overlap(twin, use.sensor, use.device, use.start_us, use.end_us) for use in found.devices}
    return tuple(
        f"{count} readings of {use.sensor} by another device lie in the time of '{use.device}': one sensor, two ways?"
        for use, count in held.items()
        if count and use.sensor != "fingerstick"
    )


def _share(progress: Callable[[float], None] | None, before: int, size: int, total: int) -> Callable[[int], None]:
    def show(done: int) -> None:
        if progress:
            progress((before + min(done, size)) / max(total, 1))

    return show


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
