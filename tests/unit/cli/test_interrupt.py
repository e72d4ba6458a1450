"""Ctrl-C is heard also where Python drops what is raised; what else is dropped there is told as ever."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.fast

WORK = """
import signal, sys, time
from vitruvian.cli.interrupt import heard

signal.signal(signal.SIGINT, signal.default_int_handler)

class Gone:
    def __del__(self):
        {dropped}

before = sys.unraisablehook
try:
    with heard():
        Gone()
        time.sleep({seconds})
        print("worked to its end")
except KeyboardInterrupt:
    print("heard")
assert sys.unraisablehook is before
"""


def worked(dropped: str, seconds: float) -> subprocess.CompletedProcess[str]:
    code = WORK.format(dropped=dropped, seconds=seconds)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)


def test_an_interrupt_in_a_destructor_still_ends_the_work() -> None:
    done = worked("signal.raise_signal(signal.SIGINT)", 50)
    assert done.stdout == "heard\n"
    assert done.stderr == ""


def test_another_fault_there_is_told_and_ends_nothing() -> None:
    done = worked("raise ValueError('odd')", 0.1)
    assert done.stdout == "worked to its end\n"
    assert "ValueError: odd" in done.stderr
