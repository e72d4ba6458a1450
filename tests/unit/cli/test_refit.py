"""vitruvian refit on a local store: made, compared, used, undone; a refusal says what lacks."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from failing_kidneys import COUNT, chart, person
from served import NOW
from vitruvian.cli.refit import refit
from vitruvian.core.case import Case, Origin
from vitruvian.kinds.deterioration import KIND, Patient
from vitruvian.platform.instant import micros
from vitruvian.platform.store import Observation, Source, Store

pytestmark = pytest.mark.science  # dozens of patients: seconds, not fractions of one


def run(*words: str) -> Any:
    return CliRunner().invoke(refit, list(words))


def test_a_local_store_has_a_line_of_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRUVIAN_HOME", str(tmp_path))
    with Store.open(tmp_path) as store:
        for i in range(COUNT):
            begin = datetime.fromisoformat(person(i, NOW)["origin"])
            twin = store.create_twin(f"P{i}", KIND, Case(Patient(), origin=Origin(begin)), now=NOW).id
            rows = []
            for r in chart(i, NOW):
                us = micros(datetime.fromisoformat(r["time"]))
                name = r["observable"]
                unit = KIND.unit_of(name)
                one = {"reading_id": f"{name}|{us}", "observable": name, "valid_us": us, "value": r["value"]}
                rows.append(Observation(**one, unit=unit, known_us=us))
            store.append_observations(twin, rows, Source("chart"), now=NOW)
    made = run("make", "deterioration", "--reason", "kidneys fail more often than was said")
    assert made.exit_code == 0, made.output
    assert "better with probability" in made.output
    fit = made.output.split(":")[0]
    used = run("use", "deterioration", fit, "--reason", "better")
    assert used.exit_code == 0, used.output
    assert fit in run("show", "deterioration").output
    gone = run("back", "deterioration", "--reason", "it alarmed too often")
    assert "it alarmed too often" in gone.output
    assert gone.output.count(KIND.artefact[:12]) == 2, "as it came, and again"


def test_a_kind_that_cannot_be_fitted_here_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRUVIAN_HOME", str(tmp_path))
    refused = run("show", "infusion")
    assert "cannot be fitted again" in str(refused.exception)
    lacking = run("make", "deterioration")
    assert "nothing has drifted" in str(lacking.exception)
