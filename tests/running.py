"""A real server in a process of its own: started, killed, started again on the same store."""

import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from vitruvian.client import Client
from vitruvian.platform.freeport import free_port
from vitruvian.platform.store.database import Database
from vitruvian.platform.trust import people

PROGRAM = str(Path(sys.executable).with_name("vitruvian"))


@dataclass
class Running:
    """The server on a store; `token` is an admin's."""

    place: str
    token: str = ""
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Make the store and a token before the server runs."""
        database = Database.open(self.place)
        with database.write() as connection:
            self.token = people.add_token(connection, "local", "test", "admin", None, "test", 0)[1]
        database.close()

    def start(self, *options: str) -> None:
        command = [PROGRAM, "serve", "--db", self.place, "--port", str(self.port), "--quiet", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the server ended"
            try:
                if httpx.get(f"{self.url}/health/ready").is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError("the server did not start in 60 s")

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self._gone()

    def stop(self) -> None:
        """Ctrl-C; it must end by itself."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        self._gone()

    def client(self, **more: float) -> Client:
        return Client(self.url, token=self.token, **more)

    def _gone(self) -> None:
        assert self.process is not None
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None
