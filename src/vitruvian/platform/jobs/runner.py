"""The runner: claims jobs, does each in a process of its own, beats, and takes what it says back into the store.

A process, because a job is minutes of numbers: it must not slow the server's answers, and cancelling it must not wait.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from vitruvian.core.errors import StoreError
from vitruvian.platform import executors
from vitruvian.platform.jobs import queue
from vitruvian.platform.jobs.queue import Job

T = TypeVar("T")
IDLE = 0.5  # s between two looks into an empty queue
BEAT = 1.0  # s


class Writes(Protocol):
    """Runs a function in a transaction."""

    def __call__(self, work: Callable[[Connection], T], /) -> Awaitable[T]: ...


@dataclass
class Runner:
    """Works on `workers` jobs at once until it is cancelled; what runs then goes back into the queue."""

    place: str
    write: Writes
    now_us: Callable[[], int]
    workers: int = 1

    async def run(self) -> None:
        """Until cancelled."""
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                running = {task for task in running if not task.done()}
                job = None
                with suppress(StoreError):  # a full disk, a database that is away: try again
                    await self.write(lambda c: queue.recover(c, self.now_us()))
                    if len(running) < self.workers:
                        job = await self.write(lambda c: queue.claim(c, self.now_us()))
                if job is None:
                    await asyncio.sleep(IDLE)
                else:
                    running.add(asyncio.create_task(self._do(job)))
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _do(self, job: Job) -> None:
        child: asyncio.subprocess.Process | None = None
        try:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "vitruvian.platform.jobs.child"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=2**26,  # a result is one line
            )
            await self._follow(job, child)
        except asyncio.CancelledError:
            await asyncio.shield(self.write(lambda c: queue.release(c, job)))
            raise
        finally:
            if child is not None:
                await _ended(child)

    async def _follow(self, job: Job, child: asyncio.subprocess.Process) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        order = {"place": self.place, "tenant": job.tenant, "twin": job.twin_id, "type": job.type, "actor": job.actor}
        order["kept"] = job.kept
        order["executor"] = executors.current().address
        child.stdin.write(json.dumps({**order, "arguments": dict(job.arguments)}).encode() + b"\n")
        await child.stdin.drain()
        progress = 0.0
        line = asyncio.ensure_future(child.stdout.readline())
        while True:
            done, _ = await asyncio.wait({line}, timeout=BEAT)
            if not done:
                share = progress
                if not await self.write(lambda c, share=share: queue.beat(c, job, share, self.now_us())):
                    line.cancel()
                    return  # cancelled, or given to another: the process is killed
                continue
            said = _read(line.result())
            if "kept" in said:
                if not await self.write(lambda c, kept=said["kept"]: queue.keep(c, job, kept)):
                    return
                line = asyncio.ensure_future(child.stdout.readline())
                continue
            if "progress" not in said:
                await self._end(job, said)
                return
            progress = float(said["progress"])
            line = asyncio.ensure_future(child.stdout.readline())

    async def _end(self, job: Job, said: dict[str, Any]) -> None:
        error = said.get("error")
        result = said.get("result")
        await self.write(lambda c: queue.finish(c, job, self.now_us(), result=result, error=error))


async def _ended(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with suppress(ProcessLookupError):
            child.kill()
    await child.wait()
    if child.stdin is not None:
        child.stdin.close()


def _read(line: bytes) -> dict[str, Any]:
    if not line:
        return {"error": {"what": "its process ended without an answer", "fix": "see the server's log; start it again"}}
    return json.loads(line)
