"""A shipped hospital is run, compared and chosen from, starting with who is there in its own recorded log."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from vitruvian.cli import main
from vitruvian.core.case import Origin
from vitruvian.engines.event.drive import forcing
from vitruvian.engines.event.simulate import Simulation
from vitruvian.engines.event.tables import Tables
from vitruvian.kinds.hospital import shipped
from vitruvian.kinds.hospital.evidence import learning, livekernel
from vitruvian.kinds.hospital.shipped import text
from vitruvian.models.eventlog import EventLog
from vitruvian.models.tracelog import trace_census, trace_log
from vitruvian.platform.operations import House, present_rows

pytestmark = pytest.mark.science
HOUR, DAY = 3600.0, 86400.0
NOW = 11 * DAY + 15 * HOUR


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "emergency.yaml"
    path.write_text(text("emergency"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def log() -> EventLog:
    """What the emergency department would have recorded until NOW."""
    simulation = Simulation(Tables(shipped("emergency")))
    rows = simulation.trace(forcing(simulation.tables.model, 0.0, NOW), 5)
    return trace_log(simulation.tables, rows, NOW)


def test_the_log_of_a_trace_has_who_is_there() -> None:
    simulation = Simulation(Tables(shipped("emergency")))
    rows = simulation.trace(forcing(simulation.tables.model, 0.0, NOW), 5)
    here = {(p.id, p.step, p.waiting) for p in trace_census(simulation.tables, rows, NOW)}
    found = trace_log(simulation.tables, rows, NOW)
    last = [int(r[-1]) for _, r in found.traces()]
    open_ = [i for i in last if not np.isfinite(found.complete[i])]
    told = {(str(found.case[i]), str(found.activity[i]), not np.isfinite(found.start[i])) for i in open_}
    assert told == here
    assert len(here) > 40


def test_a_run_starts_from_who_is_there(model: Path, log: EventLog) -> None:
    house = House.open(model, Origin(datetime(2026, 3, 2, tzinfo=UTC)), NOW % (7 * DAY))
    here = present_rows(log, NOW, house)
    answer = house.having(here).compare({}, 4.0, 50)
    first = answer.options[answer.against]["present"].values[:, 0]
    assert np.mean(first) == pytest.approx(len(here), abs=25)
    other = house.compare({}, 4.0, 50).options[answer.against]["present"].values[:, 0]
    assert np.std(first) < 0.7 * np.std(other)  # a known house is less uncertain than a typical one
    soon, later = (house.having(here).leaving(h, 50) for h in (1.0, 24.0))
    assert set(soon) == {
        case for case, rows in log.before(NOW).traces() if not np.isfinite(log.complete[int(rows[-1])])
    }
    assert all(soon[who] <= later[who] for who in soon)
    assert 0.0 < np.mean(list(soon.values())) < np.mean(list(later.values())) < 1.0
    assert house.leaving(1.0, 50) == {}


def test_commands(model: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text('- Surge: {at: "+60min", factor: 2, duration: 8 h}\n', encoding="utf-8")
    few = [str(model), "--replications", "40", "--hours", "12"]
    told = json.loads(CliRunner().invoke(main, ["hospital", "run", *few, "--json"]).stdout)
    assert told["items"]["census_wards"]
    said = CliRunner().invoke(
        main, ["hospital", "compare", *few, "--option", f"surge={plan}", "--target", "over_target_emergency=0.05"]
    )
    assert said.exit_code == 0, said.output
    assert "chance to stay within target" in said.output
    chosen = CliRunner().invoke(
        main,
        ["hospital", "choose", *few, "--option", f"surge={plan}", "--by", "mean_wait", "--delta", "0.05", "--json"],
    )
    assert json.loads(chosen.stdout)["best"] == "as planned"
    wrong = CliRunner().invoke(main, ["hospital", "run", *few, "--case", "x"])
    assert "no log is given" in wrong.output


def test_shipped_models_are_learned_from_their_logs() -> None:
    answers = [inside for seed in range(2) for name in learning.MODELS for _, inside in learning.checked(name, seed)]
    assert len(answers) > 100
    assert np.mean(answers) > 0.9


def test_a_full_hospital_is_forecast_from_its_census() -> None:
    held = np.array([np.abs(2.0 * livekernel.pits(i, True) - 1.0) <= 0.9 for i in range(12)])
    forgot = np.array([np.abs(2.0 * livekernel.pits(i, False) - 1.0) <= 0.9 for i in range(12)])
    assert held.mean() > 0.8
    assert forgot.mean() < held.mean() - 0.1
