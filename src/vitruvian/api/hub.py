"""The hub: knows up to where there is something new, and reads it once for everybody who listens.

A listener holds a cursor, never a queue: it takes what lies after the cursor from the newest events in memory, and from
the database when it has fallen behind those. So a slow listener costs nothing and loses nothing; without a listener
nothing is read at all.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from vitruvian.api.beside import beside
from vitruvian.core.errors import StoreError
from vitruvian.platform import feed
from vitruvian.platform.feed import Event

if TYPE_CHECKING:
    from vitruvian.api.site import Site

KEPT = 5000  # events in memory
PAUSE = 0.02  # s between two looks: many commits are read at once
POLL = 1.0  # s after which it looks although nobody said there is something new: another process may have written


class Hub:
    """What is new, for everybody in this process. `cursor` is the newest sequence."""

    def __init__(self, site: Site) -> None:
        self.site = site
        with site.database.read() as connection:
            self.cursor = feed.last(connection)
        self._events: deque[Event] = deque()
        self._since = self._read_to = self.cursor  # all events after the one and up to the other are in memory
        self._reading = asyncio.Lock()
        self._new = asyncio.Event()
        self._told = asyncio.Condition()

    def poke(self) -> None:
        """There may be something new. Only in the loop's thread."""
        self._new.set()

    async def wait(self, seq: int) -> int:
        """The newest sequence, as soon as it is beyond this one; after POLL at the latest."""
        if self.cursor <= seq:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL), self._told:
                    await self._told.wait_for(lambda: self.cursor > seq)
        return self.cursor

    async def after(self, seq: int, tenant: str | None) -> tuple[Sequence[Event], int]:
        """Events after `seq` and up to where they are complete; waits at most POLL when there is none yet."""
        newest = await self.wait(seq)
        if newest <= seq:
            return (), seq
        async with self._reading:
            if self._read_to < seq:  # nobody listened for a while
                self._events.clear()
                self._since = self._read_to = seq
            while self._read_to < newest:
                await self._read_on()
            if seq >= self._since:
                return [e for e in self._events if e.seq > seq and tenant in (None, e.tenant)], self._read_to
        return await asyncio.to_thread(self._read, seq, tenant)

    async def run(self) -> None:
        """Look whenever something was committed."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await self._new.wait()
            self._new.clear()
            newest = self.cursor
            with suppress(StoreError):  # the database is away: look again
                newest = await asyncio.to_thread(self._last)
            if newest > self.cursor:
                async with self._told:
                    self.cursor = newest
                    self._told.notify_all()
            await asyncio.sleep(PAUSE)

    async def _read_on(self) -> None:
        events, self._read_to = await asyncio.to_thread(self._read, self._read_to, None)
        self._events.extend(events)
        while len(self._events) > KEPT:
            self._since = self._events.popleft().seq

    def _last(self) -> int:
        with self.site.database.read() as connection:
            return feed.last(connection)

    def _read(self, seq: int, tenant: str | None) -> tuple[list[Event], int]:
        with self.site.database.read() as connection:
            return feed.after(connection, seq, tenant=tenant)


@asynccontextmanager
async def service(site: Site) -> AsyncIterator[None]:
    """The hub runs as long as the server does."""
    site.parts["hub"] = hub = Hub(site)
    loop = asyncio.get_running_loop()

    def tell() -> None:
        with suppress(RuntimeError):  # the loop is closed: the server is going down
            loop.call_soon_threadsafe(hub.poke)

    site.database.committed.append(tell)
    try:
        async with beside(hub.run()):
            yield
    finally:
        site.database.committed.remove(tell)


def hub_of(site: Site) -> Hub:
    """The hub of a running server."""
    return site.parts["hub"]
