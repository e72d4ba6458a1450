"""A Dask cluster of two workers in processes of their own: the bits of a local run; a killed one's shard is redone."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from levels import FILE, level
from vitruvian.core.belief import State
from vitruvian.core.case import Case, Origin
from vitruvian.core.keys import member_seeds
from vitruvian.core.latents import Latents
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.platform import executors, registry
from vitruvian.platform.executors import Local
from vitruvian.platform.freeport import free_port
from vitruvian.platform.live import LiveTwin
from vitruvian.platform.store import Store

NOW = datetime(2026, 3, 2, tzinfo=UTC)
START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = 3600.0


class Running:
    """A scheduler and two workers of one thread each."""

    def __init__(self, place: Path) -> None:
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self._log = (place / "log").open("wb")
        self._place = place
        self._all = [self._begin("dask_scheduler", "--host", self.address, "--no-dashboard")]
        self.workers = [self._worker(), self._worker()]

    def _worker(self) -> Any:
        more = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(self._place))
        return self._begin("dask_worker", self.address, *more)

    def _begin(self, module: str, *arguments: str) -> Any:
        command = [sys.executable, "-W", "ignore", "-m", f"distributed.cli.{module}", *arguments]
        return subprocess.Popen(command, stdout=self._log, stderr=self._log)

    def wait(self, executor: Any, places: int) -> None:
        deadline = time.monotonic() + 60
        while executor.places < places or len(executor.client.nthreads()) < places:
            assert time.monotonic() < deadline, "the workers did not come"
            time.sleep(0.1)

    def stop(self) -> None:
        for process in (*self.workers, *self._all):
            process.kill()
            process.wait()
        self._log.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    made = Running(tmp_path_factory.mktemp("dask"))
    yield made
    made.stop()


@pytest.fixture
def executor(cluster: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    used: Any = executors.use(cluster.address)
    cluster.wait(used, 2)
    sent, used.sent = used.map, 0

    def counted(calls: Any) -> Any:
        used.sent += len(calls)
        return sent(calls)

    monkeypatch.setattr(used, "map", counted)
    yield used
    executors.use("")


def runs(name: str, members: int, hours: float) -> tuple[Any, ...]:
    """A kind, and the arguments of a run of its example."""
    kind = registry.get(name)
    example = kind.example()
    forcing = kind.compile(example.case, Record.empty(), example.t0, example.t0 + hours * HOUR, np.inf)
    layout = Latents.of(kind.parameters, forcing)
    z = np.random.default_rng(3).standard_normal((members, len(layout.active)))
    times = np.linspace(forcing.t0, forcing.t1, 9)[1:]
    request = Request({o.name: times for o in kind.observables if o.axis == "grid"})
    return kind, layout.theta(layout.pad(z)), forcing, request, member_seeds(5, members)


def equal(here: Any, there: Any) -> None:
    for item, values in here[0].items():
        np.testing.assert_array_equal(np.asarray(values), there[0][item], err_msg=item)
    assert isinstance(here[1], State)
    assert (here[1].at, here[1].version) == (there[1].at, there[1].version)
    np.testing.assert_equal(plain(here[1].tree), plain(there[1].tree))


def plain(tree: Any) -> Any:
    return {k: plain(v) for k, v in tree.items()} if isinstance(tree, dict) else np.asarray(tree)


@pytest.mark.parametrize("name", ["infusion", "queue"])
def test_a_run_on_the_cluster_is_the_local_one_to_the_last_bit(name: str, executor: Any) -> None:
    kind, *call = runs(name, 100, 6.0)
    there = executors.place(name)
    assert there is executors.place(name)
    assert type(there) is type(kind)
    equal(kind.run(*call), there.run(*call))
    assert executor.sent == 2


def test_calibration_and_forecast_of_a_twin_are_the_local_ones(executor: Any, tmp_path: Path) -> None:
    told = []
    for address in (executor.address, ""):
        place = tmp_path / (address[:3] or "here")
        if not address:
            executors.use("")
        with Store.open(place) as store:
            kind = registry.get("infusion")
            row = store.create_twin("S1", kind, Case(kind.subject(), origin=Origin(START)), now=NOW)
            levels = [level(h, 9.0 - h / 2) for h in range(1, 7)]
            store.append_observations(row.id, levels, FILE, now=NOW)
            live = LiveTwin(store, row, lambda: NOW)
            belief = live.calibrate().twin.believed()
            told.append((belief.z.tobytes(), live.forecast(4.0).to_json()))
    assert executor.sent > 2
    assert told[0] == told[1]


@pytest.mark.kill
def test_a_killed_workers_shard_is_redone_and_with_none_left_all_is_run_here(executor: Any, cluster: Running) -> None:
    kind, *call = runs("queue", 400, 300.0)
    expected = kind.run(*call)
    pids = executor.client.run(os.getpid)
    found: list[Any] = []
    asking = threading.Thread(target=lambda: found.append(executors.place("queue").run(*call)))
    asking.start()
    busy = ""
    deadline = time.monotonic() + 60
    while not busy and time.monotonic() < deadline:
        busy = next((w for w, tasks in executor.client.processing().items() if tasks), "")
    assert busy, "no shard was seen on its way"
    os.kill(pids[busy], signal.SIGKILL)
    asking.join(120)
    equal(expected, found[0])
    deadline = time.monotonic() + 30
    while len(executor.client.nthreads()) > 1:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    for worker in cluster.workers:
        worker.kill()
    few = [runs("queue", 64, 6.0)]
    equal(few[0][0].run(*few[0][1:]), executors.place("queue").run(*few[0][1:]))
    assert isinstance(executors.use(""), Local)
