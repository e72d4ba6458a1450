"""kill -9 in the middle of observe: nothing acknowledged is lost, nothing is doubled, the file stays sound."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vitruvian.core.case import Case, Origin
from vitruvian.platform import registry
from vitruvian.platform.ingest import observe
from vitruvian.platform.store import Store

pytestmark = pytest.mark.kill

KILLS, ROWS, SEED = 50, 4_000, 20261122
START = datetime(2020, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Victim:
    """The observer process; `run` returns what a child acknowledged before it ended or was killed."""

    process: subprocess.Popen[str]
    statuses: list[int] = field(default_factory=list)

    def run(self, place: Path, file: Path | str, kill_after: float | None) -> list[str]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{place}\t{file}\n")
        self.process.stdin.flush()
        child = int(self.process.stdout.readline().split()[1])
        if kill_after is not None:
            time.sleep(kill_after)
            with contextlib.suppress(ProcessLookupError):  # a fast machine may have finished by then
                os.kill(child, signal.SIGKILL)
        acknowledged = []
        for line in self.process.stdout:
            word, _, rest = line.rstrip("\n").partition(" ")
            if word == "end":
                self.statuses.append(int(rest))
                return acknowledged
            if word == "ack" and line.endswith("Z\n"):  # whole ids end in the Z of their time
                acknowledged.append(rest)
        raise AssertionError("the observer died")


@pytest.fixture
def victim() -> Iterator[Victim]:
    script = Path(__file__).with_name("observer.py")
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield Victim(process)
        assert process.stdin
        process.stdin.close()


def export(path: Path, number: int) -> Path:
    """A sensor export of some weeks; no two files share a time."""
    start = START + timedelta(minutes=5 * ROWS * number)
    rows = (f"{start + timedelta(minutes=5 * i):%Y-%m-%dT%H:%M:%SZ},{60 + (i + number) % 200}" for i in range(ROWS))
    path.write_text("time,glucose_mgdl\n" + "\n".join(rows) + "\n")
    return path


def since(number: int) -> datetime:
    return START + timedelta(minutes=5 * ROWS * number)


def test_kill_at_fifty_random_moments(tmp_path: Path, victim: Victim) -> None:
    dice = random.Random(SEED)
    print(f"seed {SEED}")
    place, kind = tmp_path / "store", registry.get("metabolic")
    with Store.open(place) as store:
        store.create_twin("Ada", kind, Case(kind.subject(), origin=Origin(START)), now=NOW)
    begin = time.monotonic()
    assert len(victim.run(place, export(tmp_path / "0.csv", 0), None)) == ROWS  # a whole run, to know how long it is
    whole = time.monotonic() - begin
    partly = 0
    for number in range(1, KILLS + 1):
        said = victim.run(place, export(tmp_path / f"{number}.csv", number), dice.uniform(0, whole))
        with Store.open(place) as store:
            held = store.record("Ada", since=since(number))
        assert len(set(held.id.tolist())) == len(held), f"doubled after kill {number}, seed {SEED}"
        assert set(said) <= set(held.id.tolist()), f"lost after kill {number}, seed {SEED}"
        partly += 0 < len(said) < ROWS
    print(f"{partly} of {KILLS} kills fell between two acknowledged batches; a whole run takes {whole:.2f} s")
    assert partly >= KILLS // 5, "the kills did not fall into the work"
    assert victim.statuses.count(signal.SIGKILL) >= KILLS // 2
    assert set(victim.statuses) <= {0, signal.SIGKILL}
    with Store.open(place) as store:
        assert store.database.check() == ()
        observe(store, "Ada", [tmp_path / f"{n}.csv" for n in range(KILLS + 1)], now=NOW)  # and the rest is taken in
        record = store.record("Ada")
        assert store.database.check() == ()
    assert record.valid_time.tolist() == [300.0 * i for i in range(ROWS * (KILLS + 1))]
    assert record.value.tolist() == [60.0 + (i + n) % 200 for n in range(KILLS + 1) for i in range(ROWS)]


def test_kill_while_the_store_is_being_made(tmp_path: Path, victim: Victim) -> None:
    dice = random.Random(SEED)
    begin = time.monotonic()
    victim.run(tmp_path / "whole", "-", None)  # a whole run, to know how long it is
    whole = time.monotonic() - begin
    for number in range(8):
        place = tmp_path / f"store{number}"
        victim.run(place, "-", dice.uniform(0, whole))
        with Store.open(place) as store:
            assert store.list_twins() == ()
            assert store.database.check() == ()
