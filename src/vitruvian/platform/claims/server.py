"""`vitruvian serve` as a process: started, killed, started again on the same store; its processor time and memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx

from vitruvian.core.errors import VitruvianError
from vitruvian.platform.freeport import free_port
from vitruvian.platform.store.database import Database
from vitruvian.platform.trust import people

START = 300.0  # s in which it must answer, on a busy machine too


@dataclass
class Server:
    """The server on a store (a folder or a database URL), with an admin's token."""

    place: str
    options: tuple[str, ...] = ()
    token: str = ""
    port: int = field(default_factory=free_port)
    environment: Mapping[str, str] = field(default_factory=dict)
    log: IO[bytes] | None = None  # of what it says on stderr
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        if not self.token:
            database = Database.open(self.place)
            with database.write() as connection:
                self.token = people.add_token(connection, "local", "claims", "admin", None, "claims", 0)[1]
            database.close()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self.process is not None
        return self.process.pid

    @property
    def cpu(self) -> float:
        """Processor seconds so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, what: str = "VmRSS") -> float:
        """MB of resident memory now; the most so far: VmHWM."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{what}:")) / 1024.0

    def start(self) -> None:
        """Returns when it is ready to serve."""
        module = "from vitruvian.cli import main; main()"
        command = [sys.executable, "-c", module, "serve", "--db", self.place, "--port", str(self.port), "--quiet"]
        self.process = subprocess.Popen(
            [*command, *self.options],
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=self.log or subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise VitruvianError(f"the server ended with {self.process.returncode}", where=self.place)
            try:
                if httpx.get(f"{self.url}/health/ready").is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.02)
        raise VitruvianError(f"the server did not start in {START:g} s", where=self.place)

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)
        self.process = None

    def stop(self) -> None:
        """Ctrl-C, and -9 to one that does not end."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(30)
        self.process = None

    def client(self) -> httpx.Client:
        """With its token."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=60.0)

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """The JSON that it answers; an HTTP error is raised."""
        with self.client() as client:
            return client.request(method, path, **more).raise_for_status().json()
