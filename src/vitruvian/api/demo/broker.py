"""An MQTT broker for the demonstration: mosquitto on a free port of this machine, where it is installed."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vitruvian.platform.freeport import free_port

SEARCHED = ("/usr/sbin", "/usr/local/sbin")  # where it is, off the PATH of ordinary users
CONFIG = "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 100000\n"


@contextmanager
def running() -> Iterator[str | None]:
    """The address for --mqtt, as long as the block runs; None where there is no mosquitto or it does not start."""
    program = shutil.which("mosquitto") or next((p for s in SEARCHED if (p := shutil.which("mosquitto", path=s))), None)
    if program is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="vitruvian-mqtt-") as folder:
        port, config = free_port(), Path(folder) / "mosquitto.conf"
        config.write_text(CONFIG.format(port=port))
        Path(folder).chmod(0o755)  # started as root, mosquitto reads it as another user
        command, nowhere = [program, "-c", str(config)], subprocess.DEVNULL
        process = subprocess.Popen(command, start_new_session=True, stdout=nowhere, stderr=nowhere)
        try:
            yield f"mqtt://127.0.0.1:{port}/omh" if _listens(port, process) else None
        finally:
            process.terminate()
            process.wait(10)


def _listens(port: int, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.02)
    return False
