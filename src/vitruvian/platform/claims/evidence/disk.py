"""A disk that is full, and a write-ahead log that is torn: what was acknowledged stays, and it is said.

Full: files of the running server may not grow (RLIMIT_FSIZE, at once or in the middle of a write), and a file system of
a few MB (tmpfs, where this process may mount one). Torn: the log of a killed server is cut off or a byte of it turned,
at random places; the store is one whose first readings were checkpointed into the database itself.
"""

from __future__ import annotations

import random
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from vitruvian.platform.claims import held
from vitruvian.platform.claims.senders import ORIGIN, readings
from vitruvian.platform.claims.server import Server
from vitruvian.platform.store import log
from vitruvian.platform.store.database import FILE, Database

SEED = 20261127
PERSON = {"kind": "infusion", "origin": ORIGIN.isoformat(), "subject": "bulk"}
SMALL = 6 << 20  # bytes of the small file system
FREE = 48 << 20  # and of the file that is taken away again to make room
Progress = Callable[[float], None]


def full(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> Mapping[str, Any]:
    """The disk fills, the server refuses with a reason, and goes on when there is room."""
    rounds = 2 if quick else 20
    dice, wrong = random.Random(SEED), list[str]()
    lost = doubled = refusals = stuck = 0
    places = [False] * rounds + [True] * min(rounds, 3)
    ways = set[str]()
    for number, small in enumerate(places):
        with _place(small) as place:
            if place is None:
                continue
            ways.add("tmpfs" if small else "RLIMIT_FSIZE")
            found = _filled(place, small, dice)
        lost, doubled = lost + found[0], doubled + found[1]
        refusals, stuck = refusals + found[2], stuck + found[3]
        wrong += found[4]
        progress((number + 1) / len(places))
    measured = {"lost": lost, "doubled": doubled, "wrong refusals": len(wrong), "did not go on": stuck}
    return {
        "measured": measured,
        "met": not any(measured.values()) and refusals >= rounds,
        "n": len(places),
        "baseline": f"{refusals} refusals seen; by {', '.join(sorted(ways))}",
        "detail": wrong[:3],
    }


def torn(claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress) -> Mapping[str, Any]:
    """The log is damaged, the store opens with all that was checkpointed, and says what it found."""
    cases = 10 if quick else 200
    dice = random.Random(SEED)
    lost = unsaid = unsound = 0
    with tempfile.TemporaryDirectory() as place:
        original, safe, all_ = _killed(Path(place) / "store")
        for case in range(cases):
            copy = Path(place) / "copy"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(original, copy)
            file = copy / f"{FILE}-wal"
            size = file.stat().st_size
            where = dice.randrange(1, size)
            if case % 2:
                with file.open("r+b") as turned:
                    turned.seek(where)
                    byte = turned.read(1)
                    turned.seek(where)
                    turned.write(bytes([byte[0] ^ (1 << dice.randrange(8))]))
            else:
                with file.open("r+b") as cut:
                    cut.truncate(where)
            said = log.inspect(copy / FILE)
            database = Database.open(copy, look=True)
            with database.read() as connection:
                have = {row[0] for row in connection.exec_driver_sql("SELECT reading_id FROM observations")}
            unsound += len(database.check())
            told = database.found
            database.close()
            lost += len(safe - have)
            visible = case % 2 or said.behind or said.lost  # a file cut between two commits looks whole
            unsaid += bool(all_ - have and visible and not told)
            progress((case + 1) / cases)
    measured = {"checkpointed readings lost": lost, "loss not said": unsaid, "damaged stores": unsound}
    return {
        "measured": measured,
        "met": not any(measured.values()),
        "n": cases,
        "baseline": "SQLite itself says nothing",
    }


@contextmanager
def _place(small: bool) -> Iterator[Path | None]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if not small:
            yield place
            return
        command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL + FREE}", "tmpfs", folder]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            yield None
            return
        try:
            yield place
        finally:
            subprocess.run(["umount", "-l", folder], check=True, capture_output=True)


def _filled(place: Path, small: bool, dice: random.Random) -> tuple[int, int, int, int, list[str]]:
    """(acknowledged readings lost, doubled, refusals, whether it did not go on, wrong refusals)."""
    ballast = place / "ballast"
    if small:
        ballast.write_bytes(bytes(FREE))
    served = Server(str(place / "store"))
    served.start()
    try:
        twin = served.ask("POST", "/v1/twins", json=PERSON)["id"]
        batches = readings(twin, 40_000, 200, dice)
        acknowledged, wrong, refusals = set[str](), list[str](), 0
        limit = dice.randrange(20, 60)
        with served.client() as client:
            for number, (_, rows) in enumerate(batches):
                if number == limit and not small:
                    _limit(
                        served, (place / "store" / f"{FILE}-wal").stat().st_size + dice.choice([-(1 << 30), 1 << 15])
                    )
                answer = client.post(f"/v1/twins/{twin}/records", json={"observations": rows})
                if answer.is_success:
                    acknowledged |= {row["id"] for row in rows}
                    continue
                refusals += 1
                wrong += _wrong(answer)
                wrong += _wrong(client.get(f"/v1/twins/{twin}"), also=(200,))
                if refusals >= 5:
                    break
            ballast.unlink(missing_ok=True)
            _limit(served, resource.RLIM_INFINITY)
            again = client.post(f"/v1/twins/{twin}/records", json={"observations": batches[-1][1]})
            stuck = int(not again.is_success)
            acknowledged |= {row["id"] for row in batches[-1][1]} if again.is_success else set()
        served.kill()
    finally:
        served.stop()
    lost, doubled = held.faults(served.place, acknowledged, twin, ())
    return lost, doubled, refusals, stuck, wrong


def _limit(served: Server, size: int) -> None:
    hard = resource.prlimit(served.pid, resource.RLIMIT_FSIZE)[1]
    bounded = size if size == resource.RLIM_INFINITY else max(size, 1 << 12)
    resource.prlimit(served.pid, resource.RLIMIT_FSIZE, (bounded, hard))


def _wrong(answer: httpx.Response, also: tuple[int, ...] = ()) -> list[str]:
    if answer.status_code in also:
        return []
    media = answer.headers.get("content-type")
    if answer.status_code in (503, 507) and media == "application/problem+json" and answer.json()["fix"]:
        return []
    return [f"{answer.status_code} {answer.text[:200]}"]


def _killed(place: Path) -> tuple[Path, set[str], set[str]]:
    """A store with a log: its folder, the readings that were checkpointed, and all that were acknowledged."""
    served = Server(str(place))
    served.start()
    try:
        twin = served.ask("POST", "/v1/twins", json=PERSON)["id"]
        batches = readings(twin, 3000, 50, random.Random(SEED))
        half = len(batches) // 2
        sent = [set[str](), set[str]()]
        for number, (_, rows) in enumerate(batches):
            served.ask("POST", f"/v1/twins/{twin}/records", json={"observations": rows})
            sent[number > half] |= {row["id"] for row in rows}
            if number == half:
                database = Database.open(place)
                with database.read() as connection:
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                database.close()
        served.kill()
    finally:
        served.stop()
    return place, sent[0], sent[0] | sent[1]
