"""Ctrl-C in the middle of a long import: told in one line, nothing half-written, and the next run takes in the rest."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from vitruvian.platform.store import Store

ROWS = 40_000
VITRUVIAN = [sys.executable, "-c", "from vitruvian.cli import main; main()"]


def call(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*VITRUVIAN, *args], capture_output=True, text=True, check=True)


def hear_interrupts() -> None:
    """A shell's background job ignores Ctrl-C, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_import_can_be_cancelled_and_taken_up_again(own_home: Path, tmp_path: Path) -> None:
    start = datetime(2023, 1, 1)  # noqa: DTZ001 a wall clock
    table = tmp_path / "levels.csv"
    lines = [f"{(start + timedelta(minutes=5 * k)).isoformat()},concentration,{5 + k % 7},mg/L" for k in range(ROWS)]
    table.write_text("\n".join(["time,observable,value,unit", *lines]) + "\n", encoding="utf-8")
    call("twin", "create", "--kind", "infusion", "--subject", "Ada", "--zone", "UTC")
    process = subprocess.Popen(
        [*VITRUVIAN, "observe", "Ada", str(table)],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,
    )
    with Store.open(own_home) as store:
        for _ in range(1200):
            time.sleep(0.05)
            if store.extent("Ada").readings or process.poll() is not None:
                break
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        held = store.extent("Ada").readings
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert "Cancelled" in said
    assert 0 < held < ROWS
    [taken] = json.loads(call("observe", "Ada", str(table), "--json").stdout)
    assert (taken["known"], taken["new"]) == (held, ROWS - held)


def test_a_closed_pipe_is_no_fault(own_home: Path) -> None:
    call("twin", "create", "--kind", "infusion", "--subject", "Ada", "--zone", "UTC")
    command = " ".join(f"'{part}'" for part in [*VITRUVIAN, "describe", "infusion"])
    done = subprocess.run(["bash", "-c", f"{command} | head -1"], capture_output=True, text=True, env=os.environ)
    assert done.stdout == "infusion, version 1\n"
    assert "Traceback" not in done.stderr
