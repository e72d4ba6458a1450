"""Group commit: one thread writes for everybody; what waits together becomes durable together.

A commit waits for the disk, so 200 requests that are committed one by one are 35 times slower than in one commit
(specs/platform.md). Each request still holds or fails by itself, and its future is done only when it is on disk.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, insert

from vitruvian.core.errors import StoreError, VitruvianError
from vitruvian.platform.instant import micros
from vitruvian.platform.store import bulk
from vitruvian.platform.store.bulk import Batch
from vitruvian.platform.store.database import Database
from vitruvian.platform.store.facts import Receipts
from vitruvian.platform.store.schema_trust import audit

T = TypeVar("T")
ROWS = 20_000  # readings in one transaction: bounds memory and how long readers of the write lock wait
WAITING = 4096  # requests that may wait; more are refused at once rather than answered late
_Future = Future[Any] | asyncio.Future[Any]
_Pair = tuple[Any, _Future]
Noted = Mapping[str, Any]  # a row of the audit log


class Writer:
    """The writing thread of one database. `close` finishes what waits."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.database, self.clock = database, clock
        self.groups, self.written = 0, 0  # for the metrics
        self._sources: dict[tuple[str, str, str], str] = {}
        self._waiting: list[_Pair] = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], T]) -> Future[T]:
        """`work` in the next transaction; what it raises is its own and takes back what it wrote, nothing else."""
        return self._put(work)

    def append(self, batch: Batch) -> Future[Receipts]:
        """A batch of facts in the next transaction."""
        return self._put(batch)

    async def write(self, what: Callable[[Connection], T] | Batch | Noted) -> Any:
        """`submit`, `append`, or a row of the audit log, awaited: its answer, when it is on disk."""
        return await self._put(what, asyncio.get_running_loop().create_future())

    async def write_all(self, batches: Sequence[Batch]) -> list[Receipts | VitruvianError]:
        """The batches of one request, which wait as one: what became of each, when it is on disk."""
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in batches]
        self._wait(list(zip(batches, futures, strict=True)))
        made: list[Any] = await asyncio.gather(*futures, return_exceptions=True)
        for one in made:
            if isinstance(one, BaseException) and not isinstance(one, VitruvianError):
                raise one
        return made

    def close(self) -> None:
        """Write what waits, then stop."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self._waiting)

    def _put(self, what: Any, given: Any = None) -> Any:
        future = Future() if given is None else given
        self._wait([(what, future)])
        return future

    def _wait(self, pairs: list[_Pair]) -> None:
        with self._changed:
            if self._closed or len(self._waiting) >= WAITING:
                raise StoreError("too much is waiting to be written", where="writer", fix="try again in a second")
            self._waiting += pairs
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                group, self._waiting = _bounded(self._waiting)
                if not group:
                    return
            self._write(group)

    def _write(self, group: Sequence[_Pair]) -> None:
        done: list[tuple[_Future, Any]] = []
        held = dict(self._sources)
        try:
            with self.database.write() as connection:
                batches = [(b, f) for b, f in group if isinstance(b, Batch)]
                if batches:
                    made = bulk.append(connection, [b for b, _ in batches], self._sources, micros(self.clock()))
                    done += [(f, r) for (_, f), r in zip(batches, made, strict=True)]
                notes = [(w, f) for w, f in group if isinstance(w, Mapping)]
                noted = [b.noted for (b, _), (_, r) in zip(batches, done, strict=True) if b.noted and _held(r)]
                if noted or notes:
                    connection.execute(insert(audit), [*noted, *(note for note, _ in notes)])
                done += [(f, None) for _, f in notes]
                done += [(f, _one(connection, w)) for w, f in group if callable(w)]
        except Exception as err:  # noqa: BLE001 whoever waits must hear of it; the thread must live
            self._sources = held
            done = [(future, err) for _, future in group]
        self.groups, self.written = self.groups + 1, self.written + len(group)
        _settle(done)


def _one(connection: Connection, work: Callable[[Connection], Any]) -> Any:
    """What the work answers, or the error that it raised, taken back to before it began."""
    try:
        with bulk.taken_back_on_error(connection):
            return work(connection)
    except VitruvianError as err:
        return err


def _held(answer: Any) -> bool:
    return not isinstance(answer, BaseException)


def _settle(done: Sequence[tuple[_Future, Any]]) -> None:
    """Tell everybody; those who wait in one event loop are woken together."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[_Future, Any]]] = {}
    for future, answer in done:
        if isinstance(future, asyncio.Future):
            loops.setdefault(future.get_loop(), []).append((future, answer))
        elif future.set_running_or_notify_cancel():
            _tell(future, answer)
    for loop, some in loops.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_tell_all, some)


def _tell_all(some: Sequence[tuple[_Future, Any]]) -> None:
    for future, answer in some:
        if not future.cancelled():
            _tell(future, answer)


def _tell(future: _Future, answer: Any) -> None:
    if isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _bounded(waiting: list[_Pair]) -> tuple[list[_Pair], list[_Pair]]:
    rows = 0
    for i, (what, _) in enumerate(waiting):
        rows += len(what.observations) if isinstance(what, Batch) else 1
        if rows > ROWS and i:
            return waiting[:i], waiting[i:]
    return waiting, []
