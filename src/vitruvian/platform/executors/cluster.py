"""An existing Dask cluster. What a worker cannot finish is done by another, and at the last by this process.

A worker says with every answer what it computes with: a shard worked out by other versions or on another class of
processor could differ in its last bits, so it is worked out here again, and the log says why.
"""

from __future__ import annotations

import hashlib
import logging
import platform
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import vitruvian
from vitruvian.core.errors import FieldError, VitruvianError
from vitruvian.platform.executors.sharding import AbstractExecutor, Call, worked

LOG = logging.getLogger("vitruvian.executors")
CONNECT = 10.0  # s
RETRIES = 3  # of a shard whose worker died; Dask moves it to another each time
VERSIONS = ("numpy", "scipy", "jax", "jaxlib", "numba")
BEHIND = ("core", "engines", "models", "kinds")  # the folders of the package that `run` can reach
SOURCES = (".py", ".toml", ".json", ".yaml", ".csv", ".npz")


class Cluster(AbstractExecutor):
    """The workers of one scheduler. Safe from several threads."""

    def __init__(self, client: Any, address: str) -> None:
        self.client, self.address = client, address
        self._told: set[str] = set()

    @classmethod
    def connect(cls, address: str) -> Cluster:
        """FieldError says how, when nobody answers there or the extra is not installed."""
        try:
            from distributed import Client
        except ImportError as err:
            fix = "pip install 'vitruvian[cluster]'"
            raise FieldError(f"a Dask cluster needs the extra 'cluster' ({err})", where="--dask", fix=fix) from err
        try:
            client = Client(address, timeout=CONNECT, set_as_default=False)
        except (OSError, ValueError) as err:
            fix = "start it: dask scheduler"
            raise FieldError(f"no Dask scheduler answers at {address} ({err})", where="--dask", fix=fix) from err
        return cls(client, address)

    @property
    def places(self) -> int:
        """Threads of all workers; 1, which means here, when there is none or the scheduler is gone."""
        try:
            return max(1, sum(self.client.nthreads().values()))
        except (OSError, RuntimeError, ValueError) as err:
            self._tell(f"the Dask cluster is out of reach ({type(err).__name__}); members are run here")
            return 1

    def map(self, calls: Sequence[Call]) -> list[Any]:
        """Each call on a worker; what does not come back from there is done here."""
        try:
            sent = self.client.map(stamped, calls, pure=False, retries=RETRIES)
        except (OSError, RuntimeError, ValueError):
            sent = [None] * len(calls)
        return [self._answer(call, future) for call, future in zip(calls, sent, strict=True)]

    def close(self) -> None:
        """The cluster goes on without us."""
        self.client.close()

    def _answer(self, call: Call, future: Any) -> Any:
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        if future is None:
            return worked(call)
        try:
            theirs, answer = future.result()
        except VitruvianError:
            raise  # what the kind itself refuses: the same here
        except (KilledWorker, OSError, CancelledError, TimeoutError) as err:
            self._tell(f"a shard did not come back from the Dask cluster ({type(err).__name__}); it is run here")
            return worked(call)
        if theirs == stamp():
            return answer
        mine = dict(stamp())
        other = ", ".join(f"{name} {said} (here {mine.get(name)})" for name, said in theirs if mine.get(name) != said)
        self._tell(f"a Dask worker computes with {other}; its shards are run here")
        return worked(call)

    def _tell(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            LOG.warning(what)


def stamped(call: Call) -> tuple[tuple[tuple[str, str], ...], Any]:
    """On the worker: what it computes with, and its answer."""
    return stamp(), worked(call)


@cache
def stamp() -> tuple[tuple[str, str], ...]:
    """What the bits of an answer depend on: our sources, the numerical packages, the class of processor."""
    digest = hashlib.blake2b(digest_size=8)
    package = Path(vitruvian.__file__).parent
    for path in sorted(p for part in BEHIND for p in (package / part).rglob("*") if p.suffix in SOURCES):
        if "evidence" not in path.parts:
            digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    numbers = ((name, version(name)) for name in VERSIONS)
    return (("vitruvian", digest.hexdigest()), *numbers, ("processor", _processor()))


def _processor() -> str:
    """Architecture and vector instructions: kernels are compiled for them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    flags = next((set(line.split()) for line in lines if line.startswith("flags")), set())
    vector = sorted(flags & {"avx", "avx2", "fma", "avx512f", "avx512vl"})
    return " ".join((platform.machine(), *vector))
