"""What a running server holds: its database, the writing thread, the clock, and what runs beside the requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from fastapi import Request
from sqlalchemy import Connection

from vitruvian.api.gate import Gate
from vitruvian.api.problems import Problem
from vitruvian.core.errors import MissingError
from vitruvian.platform.instant import micros
from vitruvian.platform.live import LiveTwin
from vitruvian.platform.store import Store, TwinRow
from vitruvian.platform.store.database import Database
from vitruvian.platform.store.writer import Writer
from vitruvian.platform.trust.policy import Principal

T = TypeVar("T")
ANSWERS = 2  # numerical answers worked out at once: more threads than cores make all of them late
KNOWN = 20_000  # twins whose rows are kept in memory
QUEUE = 64  # that may wait for them


@dataclass(frozen=True)
class Settings:
    """What an operator may choose. Rates are requests a second for one caller."""

    rate: float = 5000.0
    burst: float = 10_000.0
    stranger_rate: float = 20.0
    stranger_burst: float = 100.0
    body_bytes: int = 32 * 1024 * 1024
    secure_cookies: bool = False  # true behind TLS
    demonstration: bool = False  # its data are synthetic


Service = Callable[["Site"], AbstractAsyncContextManager[None]]


@dataclass
class Site:
    """One server process. `services` are entered at start and left at the end, in reverse order."""

    database: Database
    clock: Callable[[], datetime]
    settings: Settings
    writer: Writer = field(init=False)
    gate: Gate = field(init=False)
    services: list[Service] = field(default_factory=list)
    parts: dict[str, Any] = field(default_factory=dict)  # what services offer to routes, by name
    _twins: dict[tuple[str, str], TwinRow] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.writer = Writer(self.database, self.clock)
        self.gate = Gate(self)
        self._pool = ThreadPoolExecutor(ANSWERS, thread_name_prefix="answer")
        self._asked = 0

    def close(self) -> None:
        """Finish what waits and let go of the database."""
        self._pool.shutdown(cancel_futures=True)
        self.writer.close()
        self.database.close()

    @property
    def now_us(self) -> int:
        """The present, UTC microseconds."""
        return micros(self.clock())

    def store(self, who: Principal) -> Store:
        """The store of the caller's tenant."""
        return Store(self.database, who.tenant)

    def twin(self, who: Principal, twin_id: str) -> TwinRow:
        """The twin of this id, if it is the caller's tenant's; what is another's is not there at all."""
        held = self._twins.get((who.tenant, twin_id)) or self.twins(who, [twin_id]).get(twin_id)
        if held is None:
            raise MissingError(f"there is no twin '{twin_id}'", where="twins", fix="see GET /v1/twins")
        return held

    def twins(self, who: Principal, twin_ids: Collection[str]) -> dict[str, TwinRow]:
        """Those of these ids that are the caller's tenant's, by id."""
        found = {name: self._twins.get((who.tenant, name)) for name in twin_ids}
        lacking = [name for name, row in found.items() if row is None and name.startswith("tw-")]
        if lacking:
            if len(self._twins) + len(lacking) > KNOWN:
                self._twins.clear()
            more = self.store(who).twins_of(lacking)
            self._twins.update({(who.tenant, name): row for name, row in more.items()})  # a twin's row never changes
            found |= more
        return {name: row for name, row in found.items() if row is not None}

    def live(self, who: Principal, twin_id: str) -> LiveTwin:
        """The same, to be asked."""
        return LiveTwin(self.store(who), self.twin(who, twin_id), self.clock, who.actor)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """In the next group commit; on disk when this returns."""
        return await self.writer.write(work)

    async def answer(self, work: Callable[[], T]) -> T:
        """Numerical work, off the event loop and few at a time."""
        if self._asked >= QUEUE:
            raise Problem(503, "too many questions are waiting", fix="ask again later", headers={"Retry-After": "5"})
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._asked -= 1


def site_of(request: Request) -> Site:
    """The server that this request came to."""
    return request.app.state.site
