"""A patient on theophylline with two days of levels, taken in and calibrated through the command line once."""

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from theophylline import START, levels
from vitruvian.cli import main


@pytest.fixture(scope="session")
def calibrated_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one calibrated twin, Ada."""
    folder = tmp_path_factory.mktemp("ada")
    (folder / "levels.csv").write_text(levels(1, 48), encoding="utf-8")
    doses = [f"{(START + timedelta(days=d)).isoformat()},Bolus,300 mg" for d in range(2)]
    (folder / "doses.csv").write_text("\n".join(["time,action,dose", *doses]) + "\n", encoding="utf-8")
    home = folder / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VITRUVIAN_HOME", str(home))
        files = [str(folder / "levels.csv"), str(folder / "doses.csv")]
        who = ["--kind", "infusion", "--subject", "Ada", "--set", "weight=80", "--zone", "Europe/Berlin"]
        for command in (["twin", "create", *who, *files], ["calibrate", "Ada"]):
            done = CliRunner().invoke(main, command)
            assert done.exit_code == 0, done.output
    return home


@pytest.fixture
def ada(calibrated_home: Path, own_home: Path) -> str:
    """The name of a calibrated twin in this test's own home."""
    shutil.copytree(calibrated_home, own_home, dirs_exist_ok=True)
    return "Ada"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command line in an empty folder; a failure that is not told in words fails the test."""
    monkeypatch.chdir(tmp_path)

    def invoke(*args: str, code: int = 0) -> Result:
        done = CliRunner().invoke(main, args)
        assert done.exit_code == code, f"{args} ended with {done.exit_code}:\n{done.output}"
        assert "Traceback" not in done.output
        return done

    return invoke


@pytest.fixture
def ask(run: Callable[..., Result]) -> Callable[..., Any]:
    """The JSON that a command prints; nothing else may stand on stdout."""
    return lambda *args: json.loads(run(*args, "--json").stdout)
