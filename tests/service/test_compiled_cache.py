"""The disk cache of compiled event code: the next process hits it, an edit anywhere in the kernel is never missed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from needs import ROOT

pytestmark = pytest.mark.slow

MIXED, OTHER = "np.uint64(30), np.uint64(27)", "np.uint64(30), np.uint64(28)"
SCRIPT = """
import numpy as np
from event_networks import clinic, single
from vitruvian.engines.event import kernel
trace = single().trace({"r": np.array([9.0]), "m": np.array([0.25])}, clinic(2, 5), 1)
stats = kernel.advance.stats
print(kernel.__file__, sum(stats.cache_hits.values()), sum(stats.cache_misses.values()), hash(tuple(trace)))
"""


def trace(package: Path, cache: Path) -> tuple[int, int, str]:
    """(hits, misses, hash of the trace) of a process that runs this copy of the package."""
    env = os.environ | {"PYTHONPATH": f"{package}:{ROOT / 'tests'}", "VITRUVIAN_CACHE": str(cache)}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    file, hits, misses, digest = done.stdout.split()
    assert Path(file).is_relative_to(package)
    return int(hits), int(misses), digest


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")


def test_the_cache_hits_and_stays_fresh(tmp_path: Path) -> None:
    package, cache = tmp_path / "copy", tmp_path / "cache"
    shutil.copytree(ROOT / "src" / "vitruvian", package / "vitruvian")
    engines = package / "vitruvian" / "engines"
    hits, misses, first = trace(package, cache)
    assert (hits, misses) == (0, 1)
    assert trace(package, cache) == (1, 0, first)
    edit(engines / "event" / "hashing.py", MIXED, OTHER)  # a module that the kernel's module calls
    hits, misses, edited = trace(package, cache)
    assert (hits, misses) == (0, 1)
    assert edited != first
    edit(package / "vitruvian" / "core" / "case.py", '"""A case:', '"""A case, namely:')  # nothing of the kernel's
    assert trace(package, cache) == (1, 0, edited)
    edit(engines / "event" / "hashing.py", OTHER, MIXED)  # back: what was compiled first is found again
    assert trace(package, cache) == (1, 0, first)


def test_without_a_place_to_keep_it_the_kernel_still_runs(tmp_path: Path) -> None:
    """Compiled for the process alone, and nothing is left where old code could be found again."""
    package, blocked = tmp_path / "copy", tmp_path / "file"
    shutil.copytree(ROOT / "src" / "vitruvian", package / "vitruvian")
    blocked.write_text("no folder")
    assert trace(package, blocked)[0] == 0
    assert not list(package.rglob("*.nbi"))
