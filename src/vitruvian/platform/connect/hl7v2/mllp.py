"""MLLP: frames over TCP, each answered before the next of its connection is read. Noise between frames is skipped.

    <VT> message <FS> <CR>

A frame that is too long is refused and skipped to its end; the connection lives on. Memory: one frame a connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

START, END = b"\x0b", b"\x1c\r"
LARGEST = 16 << 20  # bytes of a frame
CHUNK = 1 << 16
CONNECTIONS = 500
LOG = logging.getLogger("vitruvian.hl7")
Take = Callable[[bytes], Awaitable[Sequence[bytes]]]  # a frame's content to its answers


class Frames:
    """The frames of a stream; `skipped` counts bytes that were in none."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._held = bytearray()
        self.skipped = 0

    async def next(self) -> bytes | None:
        """The content of the next frame, None at the end of the stream. LimitOverrunError for one that is too long."""
        if not await self._until_start():
            return None
        searched, too_long = 0, False
        while (end := self._held.find(END, searched)) < 0:
            if len(self._held) > LARGEST:
                too_long = True
                del self._held[: len(self._held) - 1]
            searched = max(0, len(self._held) - 1)
            if not await self._more():
                return None
        content = bytes(self._held[:end])
        del self._held[: end + len(END)]
        if too_long:
            raise asyncio.LimitOverrunError("too long", LARGEST)
        again = content.rfind(START)  # a sender that broke off and began anew
        if again >= 0:
            self.skipped += again + 1
        return content[again + 1 :]

    async def _until_start(self) -> bool:
        while (start := self._held.find(START)) < 0:
            self.skipped += len(self._held)
            self._held.clear()
            if not await self._more():
                return False
        self.skipped += start
        del self._held[: start + 1]
        return True

    async def _more(self) -> bool:
        chunk = await self._reader.read(CHUNK)
        self._held += chunk
        return bool(chunk)


@asynccontextmanager
async def listening(take: Take, host: str, port: int) -> AsyncIterator[int]:
    """Serve within this context; the port, which is a free one when 0 was asked for."""
    open_: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(open_) >= CONNECTIONS:
            writer.close()
            return
        open_.add(task)
        try:
            await _converse(take, reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            open_.discard(task)
            writer.close()

    server = await asyncio.start_server(connected, host, port, limit=CHUNK)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(open_):
            task.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*open_, return_exceptions=True), 5)


async def _converse(take: Take, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    frames = Frames(reader)
    while True:
        try:
            content = await frames.next()
        except asyncio.LimitOverrunError:
            content = b""  # is refused like one without a message
        if content is None:
            break
        for answer in await take(content):
            writer.write(START + answer + END)
        await writer.drain()
    if frames.skipped:
        LOG.info("bytes outside frames: %d", frames.skipped)
