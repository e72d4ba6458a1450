"""The store: append-only facts, readable as of any past moment. Every write is on disk when it returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection

from vitruvian.core.belief import Belief
from vitruvian.core.case import Case
from vitruvian.core.errors import MissingError
from vitruvian.core.kind import AbstractKind
from vitruvian.core.record import Record
from vitruvian.platform.aside import Aside
from vitruvian.platform.home import home
from vitruvian.platform.instant import from_seconds, micros
from vitruvian.platform.store import beliefs, chain, sources, twins, views
from vitruvian.platform.store.database import AbstractDatabase, Database
from vitruvian.platform.store.facts import (
    Deed,
    Extent,
    Happening,
    Observation,
    Receipts,
    Source,
    StoredForecast,
    TwinRow,
)
from vitruvian.platform.store.rows import deed_rows, reading_rows


@dataclass(frozen=True)
class Store:
    """One tenant's view of a database. A twin is named by its id or its subject's name; `as_of` is an aware datetime.

    `as_of` asks what was known by then; `as_of_seq` what this store had received by then. None: all of it.
    """

    database: AbstractDatabase
    tenant: str = "local"

    @classmethod
    def open(cls, place: str | Path | None = None, *, tenant: str = "local") -> Store:
        """The store in a file, a folder or behind a database URL; by default in the program's home."""
        return cls(Database.open(home() if place is None else place), tenant)

    def close(self) -> None:
        """Let go of the file."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # twins

    def create_twin(
        self, subject: str, kind: AbstractKind, case: Case, *, now: datetime | None = None, actor: str = "local"
    ) -> TwinRow:
        """A twin of this kind for this subject, with the case's actions."""
        at = _now(now)
        with self.database.write() as connection:
            seq = chain.take_lock(connection) + 1
            twin = twins.create(connection, self.tenant, subject, kind, case, seq, at, actor)
            if case.timeline:
                source = sources.begin(connection, twin, Source("twin create", actor=actor), seq, at)
                rows = deed_rows(twin, source, deeds_of(case))
                _, seq = chain.append(connection, chain.DEEDS, rows, seq, at)
            chain.give_out(connection, seq)
        return twin

    def find_twin(self, name: str) -> TwinRow:
        """By id or subject's name; StoreError says which there are."""
        with self.database.read() as connection:
            return twins.find(connection, self.tenant, name)

    def twins_of(self, ids: Sequence[str]) -> dict[str, TwinRow]:
        """Those of these ids that there are, in as few questions as they fit."""
        with self.database.read() as connection:
            return twins.by_ids(connection, self.tenant, ids)

    def list_twins(self) -> tuple[TwinRow, ...]:
        """In the order in which they were made."""
        with self.database.read() as connection:
            return twins.everyone(connection, self.tenant)

    # facts in

    def begin_source(self, twin: str, source: Source, *, now: datetime | None = None) -> str:
        """The id of a file or message whose rows follow in several batches."""
        with self._writing(twin) as (connection, row, last):
            made = sources.begin(connection, row, source, last + 1, _now(now))
            chain.give_out(connection, last + 1)
        return made

    def finish_source(self, source_id: str, report: Mapping[str, Any]) -> None:
        """The file was read to its end, with this report."""
        with self.database.write() as connection:
            sources.finish(connection, source_id, report)

    def append(
        self,
        twin: str,
        source: Source | str,
        observations: Sequence[Observation] = (),
        actions: Sequence[Deed] = (),
        asides: Sequence[Aside] = (),
        *,
        now: datetime | None = None,
    ) -> Receipts:
        """All of it or nothing, on disk when this returns. `source` is a Source or an id from `begin_source`."""
        at = _now(now)
        with self._writing(twin) as (connection, row, seq):
            if isinstance(source, Source):
                seq += 1
                source = sources.begin(connection, row, source, seq, at)
            readings, seq = chain.append(connection, chain.READINGS, reading_rows(row, source, observations), seq, at)
            deeds, seq = chain.append(connection, chain.DEEDS, deed_rows(row, source, actions), seq, at)
            before = seq
            seq = sources.set_aside(connection, row, source, asides, seq, at)
            chain.give_out(connection, seq)
        return Receipts(tuple(readings), tuple(deeds), seq - before)

    def append_observations(
        self, twin: str, rows: Sequence[Observation], source: Source | str, *, now: datetime | None = None
    ) -> Receipts:
        """Readings in one transaction: duplicates are acknowledged as such, a changed value makes a new version."""
        return self.append(twin, source, observations=rows, now=now)

    def append_actions(
        self, twin: str, rows: Sequence[Deed], source: Source | str, *, now: datetime | None = None
    ) -> Receipts:
        """Actions in one transaction."""
        return self.append(twin, source, actions=rows, now=now)

    def remove_observations(
        self, twin: str, ids: Iterable[str], source: Source, *, now: datetime | None = None
    ) -> Receipts:
        """Take readings back: a further version says so; what was known before stays readable."""
        return self._remove(twin, chain.READINGS, tuple(ids), source, _now(now))

    def remove_actions(self, twin: str, ids: Iterable[str], source: Source, *, now: datetime | None = None) -> Receipts:
        """Take actions back."""
        return self._remove(twin, chain.DEEDS, tuple(ids), source, _now(now))

    def _remove(self, twin: str, which: chain.Chain, ids: tuple[str, ...], source: Source, at: int) -> Receipts:
        with self._writing(twin) as (connection, row, seq):
            held = chain.newest(connection, which, row.id, ids)
            if lacking := [name for name in ids if name not in held]:
                raise MissingError(f"there is no {which.id} '{lacking[0]}'", where=f"twin {row.id}", fix="check the id")
            seq += 1
            made = sources.begin(connection, row, source, seq, at)
            own = {"removed": True, "known_us": None, "idempotency_key": "", "source_id": made, "source_row": ""}
            rows = [{**held[name], **own} for name in ids]
            receipts, seq = chain.append(connection, which, rows, seq, at)
            chain.give_out(connection, seq)
        readings = which is chain.READINGS
        return Receipts(tuple(receipts) if readings else (), () if readings else tuple(receipts))

    # facts out

    def record(
        self, twin: str, as_of: datetime | None = None, *, as_of_seq: int | None = None, since: datetime | None = None
    ) -> Record:
        """All versions known by then of the readings (valid from `since` on)."""
        with self.database.read() as connection:
            row = twins.find(connection, self.tenant, twin)
            return views.record(connection, row, _at(as_of), as_of_seq, _at(since))

    def extent(self, twin: str, as_of: datetime | None = None) -> Extent:
        """How much was known by then, without fetching it."""
        with self.database.read() as connection:
            return views.extent(connection, twins.find(connection, self.tenant, twin), _at(as_of))

    def known_until(self, twin: str, as_of: datetime | None = None) -> int | None:
        """When the last fact known by then became known (us); None before the first reading. Costs nothing."""
        with self.database.read() as connection:
            return views.known_until(connection, twins.find(connection, self.tenant, twin), _at(as_of))

    def overlap(self, twin: str, sensor: str, device: str, start_us: int, end_us: int) -> int:
        """How many readings of this family of sensors, by other devices, are valid in this time."""
        with self.database.read() as connection:
            row = twins.find(connection, self.tenant, twin)
            return views.overlap(connection, row, sensor, device, start_us, end_us)

    def case(
        self, twin: str, as_of: datetime | None = None, *, as_of_seq: int | None = None, since: datetime | None = None
    ) -> Case:
        """The subject and the actions in force (at `since` or later), as known by then."""
        from vitruvian.platform import registry  # lazy: loads the kind

        with self.database.read() as connection:
            row = twins.find(connection, self.tenant, twin)
            return views.case(connection, row, registry.get(row.kind), _at(as_of), as_of_seq, _at(since))

    def kept_aside(self, twin: str) -> tuple[Aside, ...]:
        """Rows that could not be used, with the reason and the fix."""
        with self.database.read() as connection:
            return sources.read_aside(connection, twins.find(connection, self.tenant, twin))

    def history(
        self, twin: str, after: int = 0, limit: int | None = None, *, newest: bool = False
    ) -> tuple[Happening, ...]:
        """What happened to the twin after a sequence, oldest first; newest: before it, newest first."""
        with self.database.read() as connection:
            row = twins.find(connection, self.tenant, twin)
            return sources.history(connection, row, after, limit, newest=newest)

    # beliefs and forecasts

    def save_belief(self, twin: str, belief: Belief, *, now: datetime | None = None, actor: str = "local") -> int:
        """The version under which it is kept."""
        with self._writing(twin) as (connection, row, last):
            version = beliefs.save_belief(connection, row, belief, last + 1, _now(now), actor)
            chain.give_out(connection, last + 1)
        return version

    def latest_belief(
        self, twin: str, as_of: datetime | None = None, *, as_of_seq: int | None = None
    ) -> tuple[int, Belief] | None:
        """(version, belief), the newest that rests only on what was known by then; None before the first."""
        with self.database.read() as connection:
            row = twins.find(connection, self.tenant, twin)
            return beliefs.latest_belief(connection, row, _at(as_of), as_of_seq)

    def save_forecast(
        self,
        twin: str,
        request: Mapping[str, Any],
        result: Any,
        *,
        as_of: datetime,
        belief_version: int,
        now: datetime | None = None,
        actor: str = "local",
    ) -> int:
        """Keep what was said: `request` as JSON values, `result` as a tree of plain values and arrays."""
        with self._writing(twin) as (connection, row, last):
            version = beliefs.save_forecast(
                connection, row, request, result, micros(as_of), belief_version, last + 1, _now(now), actor
            )
            chain.give_out(connection, last + 1)
        return version

    def forecasts(self, twin: str, as_of: datetime | None = None) -> tuple[StoredForecast, ...]:
        """Forecasts made as of that moment or before, oldest first."""
        with self.database.read() as connection:
            return beliefs.read_forecasts(connection, twins.find(connection, self.tenant, twin), _at(as_of))

    @contextmanager
    def _writing(self, twin: str) -> Iterator[tuple[Connection, TwinRow, int]]:
        with self.database.write() as connection:
            last = chain.take_lock(connection)
            yield connection, twins.find(connection, self.tenant, twin), last


def deeds_of(case: Case) -> list[Deed]:
    """A case's actions as rows of the store: absolute times, the fields by themselves."""
    rows = []
    for i, action in enumerate(case.timeline):
        body = action.to_json()
        name, at, known = (body.pop(key) for key in ("type", "at", "known_at"))
        known_us = None if known is None else from_seconds(known, case.origin)
        at_us = from_seconds(at, case.origin)
        rows.append(Deed(action_id=f"{name}|{at_us}|{i}", type=name, at_us=at_us, body=body, known_us=known_us))
    return rows


def _now(now: datetime | None) -> int:
    return micros(datetime.now(UTC) if now is None else now)


def _at(moment: datetime | None) -> int | None:
    return None if moment is None else micros(moment)
