"""The hub: reads what is new once, and wakes everybody who listens.

A listener holds a cursor, never a queue: it takes what lies after the cursor from the newest events in memory, and from
the database when it has fallen behind those. So a slow listener costs nothing and loses nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from vitruvian.platform import feed
from vitruvian.platform.feed import Event

if TYPE_CHECKING:
    from vitruvian.api.site import Site

KEPT = 5000  # events in memory
PAUSE = 0.02  # s between two looks: many commits are read at once
POLL = 1.0  # s after which it looks although nobody said there is something new: another process may have written


class Hub:
    """What is new, for everybody in this process."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.cursor = 0
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._since = 0  # all events after this sequence are in memory
        self._new = asyncio.Event()
        self._told = asyncio.Condition()

    def poke(self) -> None:
        """There may be something new. Only in the loop's thread."""
        self._new.set()

    async def after(self, seq: int, tenant: str | None) -> tuple[Sequence[Event], int]:
        """Events after `seq` and up to where they are complete; waits at most POLL when there is none yet."""
        if seq >= self.cursor:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL), self._told:
                    await self._told.wait_for(lambda: self.cursor > seq)
        if seq >= self.cursor:
            return (), seq
        if seq >= self._since:
            return [e for e in self._events if e.seq > seq and tenant in (None, e.tenant)], self.cursor
        return await asyncio.to_thread(self._read, seq, tenant)

    async def run(self) -> None:
        """Look whenever something was committed."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await self._new.wait()
            self._new.clear()
            await self._look()
            await asyncio.sleep(PAUSE)

    async def _look(self) -> None:
        while True:
            events, complete = await asyncio.to_thread(self._read, self.cursor, None)
            if complete <= self.cursor:
                return
            for event in events:
                if len(self._events) == KEPT:
                    self._since = self._events[0].seq
                self._events.append(event)
            async with self._told:
                self.cursor = complete
                self._told.notify_all()

    def _read(self, seq: int, tenant: str | None) -> tuple[list[Event], int]:
        with self.site.database.read() as connection:
            return feed.after(connection, seq, tenant=tenant)

    def begin(self) -> None:
        """From now on."""
        with self.site.database.read() as connection:
            self.cursor = self._since = feed.last(connection)


@asynccontextmanager
async def service(site: Site) -> AsyncIterator[None]:
    """The hub runs as long as the server does."""
    hub = Hub(site)
    hub.begin()
    site.parts["hub"] = hub
    loop = asyncio.get_running_loop()

    def tell() -> None:
        with suppress(RuntimeError):  # the loop is closed: the server is going down
            loop.call_soon_threadsafe(hub.poke)

    site.database.committed.append(tell)
    task = asyncio.create_task(hub.run())
    try:
        yield
    finally:
        site.database.committed.remove(tell)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def hub_of(site: Site) -> Hub:
    """The hub of a running server."""
    return site.parts["hub"]
