"""The queue of jobs: done once, whatever worker dies; a worker that was taken for dead writes nothing."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from vitruvian.core.errors import ConflictError, FieldError, MissingError
from vitruvian.platform.jobs import queue, runner, work
from vitruvian.platform.jobs.queue import LEASE_US, Job
from vitruvian.platform.jobs.runner import Runner
from vitruvian.platform.store.database import Database

SECOND = 1_000_000


def put(c: Connection, now: int = 0, **arguments: Any) -> str:
    return queue.put(c, "local", None, "evidence", {"kind": "infusion", **arguments}, "ada", now)


def claimed(c: Connection, now: int) -> Job:
    job = queue.claim(c, now)
    assert job is not None
    return job


def test_jobs_are_taken_in_order_and_once(c: Connection) -> None:
    first, second = put(c, 1), put(c, 2)
    assert (claimed(c, 3).id, claimed(c, 3).id, queue.claim(c, 3)) == (first, second, None)


def test_a_silent_workers_job_goes_to_another_and_the_first_writes_nothing(c: Connection) -> None:
    name = put(c)
    old = claimed(c, 0)
    assert queue.recover(c, LEASE_US - 1) == 0
    assert queue.beat(c, old, 0.3, LEASE_US)
    assert queue.recover(c, LEASE_US + SECOND) == 0, "it was heard of"
    assert queue.recover(c, 3 * LEASE_US) == 1
    new = claimed(c, 3 * LEASE_US)
    assert (new.id, new.attempt) == (name, 2)
    assert not queue.beat(c, old, 0.9, 3 * LEASE_US)
    assert not queue.finish(c, old, 3 * LEASE_US, result="the old one's")
    assert queue.finish(c, new, 3 * LEASE_US, result="the new one's")
    assert queue.find(c, "local", name)["result"] == "the new one's"


def test_what_kills_every_worker_fails_in_the_end(c: Connection) -> None:
    name, now = put(c), 0
    for _ in range(queue.ATTEMPTS):
        claimed(c, now)
        now += 2 * LEASE_US
        queue.recover(c, now)
    found = queue.find(c, "local", name)
    assert (found["state"], found["error"]["what"]) == ("failed", "its worker died 3 times")


def test_a_cancelled_job_is_its_workers_no_more(c: Connection) -> None:
    waiting, running = put(c, 2), put(c, 1)
    job = claimed(c, 3)
    assert job.id == running
    queue.cancel(c, "local", running, 4)
    queue.cancel(c, "local", waiting, 4)
    assert not queue.beat(c, job, 0.5, 5)
    assert not queue.finish(c, job, 5, result=1)
    assert queue.claim(c, 5) is None
    with pytest.raises(ConflictError, match="cancelled"):
        queue.cancel(c, "local", running, 6)
    with pytest.raises(MissingError):
        queue.cancel(c, "other", waiting, 6)


def test_every_change_takes_a_place_in_the_order_of_ingestion(c: Connection) -> None:
    name = put(c)
    seqs = [queue.find(c, "local", name)["seq"]]
    job = claimed(c, 0)
    for share in (0.1, 0.1001, 0.5):
        queue.beat(c, job, share, 1)
        seqs.append(queue.find(c, "local", name)["seq"])
    queue.finish(c, job, 2, result=None)
    seqs.append(queue.find(c, "local", name)["seq"])
    assert seqs == sorted(seqs)
    assert len(set(seqs)) == 4, "progress below one in a hundred is not news"


@pytest.mark.parametrize(
    ("type_", "arguments", "twin", "where"),
    [
        ("nothing", {}, False, "type"),
        ("calibrate", {}, False, "twin"),
        ("evidence", {"kind": "infusion"}, True, "twin"),
        ("calibrate", {"day": 1}, True, "arguments.day"),
        ("calibrate", {"days": "1"}, True, "arguments.days"),
        ("calibrate", {"days": True}, True, "arguments.days"),
        ("explain", {}, True, "arguments.quantity"),
    ],
)
def test_a_job_that_cannot_be_done_is_not_queued(type_: str, arguments: Any, twin: bool, where: str) -> None:
    with pytest.raises(FieldError) as refused:
        work.checked(type_, arguments, twin)
    assert refused.value.where == where


CHILD = """
import json, sys, time
order = json.loads(sys.stdin.readline())
print(json.dumps({"progress": 0.5}), flush=True)
time.sleep(order["arguments"]["sleep"])
print(json.dumps({"result": {"pid": 1}}), flush=True)
"""


def test_the_runner_does_cancels_and_gives_back(
    shared: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a child that only sleeps: one job is done, one cancelled while it runs, one goes back at the end."""
    script = tmp_path / "child.py"
    script.write_text(CHILD)
    real = asyncio.create_subprocess_exec
    monkeypatch.setattr(runner, "BEAT", 0.05)
    monkeypatch.setattr(runner, "IDLE", 0.02)

    async def child(program: str, *_: str, **more: Any) -> Any:
        return await real(program, str(script), **more)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", child)

    async def write(do: Callable[[Connection], Any]) -> Any:
        with shared.write() as connection:
            return do(connection)

    async def until(name: str, state: str) -> dict[str, Any]:
        for _ in range(400):
            with shared.read() as connection:
                found = queue.find(connection, "local", name)
            if found["state"] == state:
                return found
            await asyncio.sleep(0.02)
        raise AssertionError(f"{name} is {found['state']}, not {state}")

    async def main() -> None:
        task = asyncio.create_task(Runner("nowhere", write, lambda: 7).run())
        quick = await write(lambda c: put(c, 1, sleep=0.01))
        assert (await until(quick, "done"))["result"] == {"pid": 1}
        slow = await write(lambda c: put(c, 2, sleep=60))
        await until(slow, "running")
        await asyncio.sleep(0.2)
        await write(lambda c: queue.cancel(c, "local", slow, 8))
        left = await write(lambda c: put(c, 3, sleep=60))
        await until(left, "running")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        back = await until(left, "queued")
        assert back["attempt"] == 0
        await until(slow, "cancelled")
        await write(lambda c: queue.cancel(c, "local", left, 9))

    asyncio.run(main())


def test_what_a_job_found_so_far_is_given_to_the_next_attempt(c: Connection) -> None:
    name = put(c)
    old = claimed(c, 0)
    assert old.kept is None
    assert queue.keep(c, old, {"tried": [1]})
    assert queue.find(c, "local", name)["result"] == {"tried": [1]}
    queue.release(c, old)
    assert claimed(c, 1).kept == {"tried": [1]}
    queue.cancel(c, "local", name, 2)
    assert not queue.keep(c, old, {"tried": [1, 2]}), "it is cancelled"
