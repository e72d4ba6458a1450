"""Programs beside the server, started for a measurement and stopped after it: PostgreSQL, an MQTT broker."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitruvian.platform.freeport import free_port

# Debian keeps servers off the PATH of ordinary users.
FOLDERS = ["/usr/sbin", *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin")))]


class Absent(Exception):
    """A program that a claim needs is not on this machine."""

    def __init__(self, program: str) -> None:
        super().__init__(f"not measured: {program} is not on this machine")

    @property
    def row(self) -> dict[str, Any]:
        """As a result."""
        return {"measured": str(self), "met": None, "n": 0, "baseline": None}


def find(program: str) -> Path:
    """Its path; Absent when there is none."""
    found = shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), *FOLDERS]))
    if found is None:
        raise Absent(program)
    return Path(found).resolve()


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL cluster of its own."""

    programs: Path
    place: Path
    port: int

    @property
    def url(self) -> str:
        """Of its database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def data(self) -> str:
        """Its folder."""
        return str(self.place / "data")

    def run(self, *command: str) -> None:
        """One of its programs, as a user that is not root: it refuses to run as that."""
        whole = [str(self.programs / command[0]), *command[1:]]
        if os.geteuid() == 0:
            whole = ["su", "postgres", "-s", "/bin/sh", "-c", " ".join(f"'{part}'" for part in whole)]
        subprocess.run(whole, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.place)

    def start(self) -> None:
        """Returns when it takes connections."""
        options = f"-p {self.port} -k {self.place} -c listen_addresses=127.0.0.1"
        self.run("pg_ctl", "-D", self.data, "-o", options, "-l", str(self.place / "log"), "-w", "start")

    def stop(self) -> None:
        """At once, without a checkpoint: the next start recovers from its log."""
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")

    def wait(self) -> None:
        """Until it takes connections again."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                self.run("pg_isready", "-h", "127.0.0.1", "-p", str(self.port))
                return
            except subprocess.CalledProcessError:
                time.sleep(0.05)
        raise TimeoutError("PostgreSQL does not come back")

    def kill_child(self, dice: random.Random) -> None:
        """kill -9 one of the postmaster's children: it ends all the others and recovers."""
        leader = int((Path(self.data) / "postmaster.pid").read_text().splitlines()[0])
        children = Path(f"/proc/{leader}/task/{leader}/children").read_text().split()
        os.kill(int(dice.choice(children)), signal.SIGKILL)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Made, started, and removed afterwards."""
    programs = find("postgres").parent
    place = Path(tempfile.mkdtemp(prefix="vitruvian-pg-"))
    if os.geteuid() == 0:
        shutil.chown(place, "postgres")
    made = Postgres(programs, place, free_port())
    try:
        made.run("initdb", "-D", made.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def broker() -> Iterator[int]:
    """A mosquitto without persistence of its own on a free port: the port."""
    program, port = find("mosquitto"), free_port()
    with tempfile.TemporaryDirectory() as place:
        config = Path(place) / "mosquitto.conf"
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 100000\n")
        command = [str(program), "-c", str(config)]
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                with socket.socket() as trial:
                    if trial.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield port
        finally:
            running.terminate()
            running.wait()
