"""A kind on trial from outside: verdicts, what the author's own code raises, and the command."""

import json
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from click.testing import CliRunner

from broken import Chatty
from vitruvian.cli import main
from vitruvian.conformance import examine
from vitruvian.core.errors import KindError
from vitruvian.kinds.infusion import Infusion
from vitruvian.platform import registry


class Raising(Infusion):
    """Divides by zero where a run starts."""

    def initial(self, th, u):
        return (1 / 0,)


def test_an_error_of_the_kind_is_a_verdict_and_the_other_laws_go_on() -> None:
    said = {v.law.name: v.said for v in examine(Raising(), only=["units", "shapes", "example"])}
    assert said == {
        "units": "",
        "example": "",
        "shapes": "kind 'infusion': raised ZeroDivisionError: division by zero",
    }


def test_laws_have_names() -> None:
    with pytest.raises(KindError, match="there is no law gravity"):
        list(examine(Infusion(), only=["gravity"]))


def test_the_command_says_which_laws_hold() -> None:
    done = CliRunner().invoke(main, ["conform", "infusion", "--law", "units", "--law", "sources", "--json"])
    assert done.exit_code == 0
    assert [(v["law"], v["holds"]) for v in json.loads(done.output)] == [("units", True), ("sources", True)]


def test_the_command_fails_on_a_broken_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chatty_package.py").write_text(f"from broken import {Chatty.__name__}\nKIND = {Chatty.__name__}()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    point = EntryPoint("chatty", "chatty_package:KIND", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == registry.GROUP else [])
    try:
        done = CliRunner().invoke(main, ["conform", "chatty", "--law", "shapes"])
    finally:
        sys.modules.pop("chatty_package", None)
        registry.get.cache_clear()
    assert done.exit_code == 1
    assert "BROKEN  shapes" in done.output
    assert "not asked for but answered: amount" in done.output
