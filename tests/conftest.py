"""Fixtures of every test: a home of its own, the data root, one BLAS thread, printed seeds."""

import os
from collections.abc import Iterator
from pathlib import Path

# Before numpy is imported: the workers already use every core, and bits must not depend on them.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import hypothesis
import pytest

from needs import require_data
from pages import all_pages

hypothesis.settings.register_profile(
    "house",
    derandomize=True,
    deadline=None,
    print_blob=True,
    database=None,
)
hypothesis.settings.load_profile("house")

NOT_FAST = {"slow", "service", "kill", "science"}
FOLDER_MARKS = {"science": "science", "service": "service", "browser": "service"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test's folder says what it is: unit tests are fast unless they are marked otherwise."""
    tests = Path(__file__).parent
    for item in items:
        folder = item.path.relative_to(tests).parts[0]
        if folder in FOLDER_MARKS:
            item.add_marker(FOLDER_MARKS[folder])
        if folder == "unit" and not NOT_FAST & {mark.name for mark in item.iter_markers()}:
            item.add_marker("fast")


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The root of the real data sets; a test that needs a part of it calls needs.require_data."""
    return require_data()


@pytest.fixture(scope="session", autouse=True)
def session_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No fixture reads or writes the store of the person who runs the tests."""
    home = tmp_path_factory.mktemp("session-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VITRUVIAN_HOME", str(home))
        yield home


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """And no test sees the store of another."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("VITRUVIAN_HOME", str(home))
    return home


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which blocks of the pages nobody runs, and why."""
    reports = [r for group in terminalreporter.stats.values() for r in group]
    ran = [r for r in reports if isinstance(r, pytest.TestReport)]
    if not any(r.nodeid.startswith("tests/docs/") for r in ran):
        return
    unrun = [(page, b) for page in all_pages() for b in page.blocks if b.no_run]
    if unrun:
        terminalreporter.section("blocks of pages that are not run")
        for page, block in unrun:
            terminalreporter.line(f"{page.name}:{block.line}: {block.no_run}")
