"""The same twin from a notebook: under ten lines, a picture of every answer, and back to it by name."""

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from subprocess import run

import pytest

import vitruvian as vt
from theophylline import START, levels
from vitruvian.core.errors import FieldError
from vitruvian.platform import notebook
from vitruvian.platform.home import home


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    Path("levels.csv").write_text(levels(1, 48), encoding="utf-8")
    doses = [f"{(START + timedelta(days=d)).isoformat()},Bolus,300" for d in range(2)]
    Path("doses.csv").write_text("\n".join(["time,action,dose", *doses]) + "\n", encoding="utf-8")
    yield
    notebook.session(home()).store.close()


def test_ten_lines_from_an_export_to_an_answer() -> None:
    import matplotlib.pyplot as plt

    bob = vt.create("infusion", "Bob", "levels.csv", "doses.csv", weight="176 lb", zone="Europe/Berlin")
    bob.calibrate().plot()
    bob.forecast(hours=12).plot()
    bob.compare(more=[bob.plan("Bolus", at="+1h", dose="0.3 g")], hours=12).plot("peak_level")
    bob.backtest(["4h"], step="4h").plot()
    bob.explain("peak_level", hours=6, over=["parameters"]).plot()
    goal = {
        "horizon": "+6h",
        "objective": {"quantity": "peak_level", "sense": "target", "target": 10.0},
        "candidates": {"dose": [{"Bolus": {"at": "+1h", "dose": 300.0}}]},
    }
    bob.recommend(goal).plot()
    bob.plot()
    assert bob.report("bob.html").is_file()
    again = vt.open("Bob")
    assert [t.name for t in vt.twins()] == ["Bob"]
    assert again.value().believed().rows == 24
    assert again.value().case.subject.to_json()["weight"] == pytest.approx(79.83, abs=0.01)  # 176 lb in kg
    plt.close("all")


def test_a_plan_counts_from_the_belief_and_names_what_is_wrong() -> None:
    bob = vt.create("infusion", "Bob", "levels.csv", "doses.csv", zone="Europe/Berlin")
    learned = bob.calibrate()
    assert bob.plan("Bolus", at="+90min", dose=300).at == learned.twin.believed().at + 5400.0
    local = bob.plan("Bolus", at="2024-03-04T08:00", dose=300)
    assert bob.row.origin.moment(local.at).isoformat() == "2024-03-04T08:00:00+01:00"
    with pytest.raises(FieldError, match=r"Bolus\.dos.*did you mean dose"):
        bob.plan("Bolus", dos=300)
    with pytest.raises(FieldError, match="between 0 and 600 mg"):
        bob.plan("Bolus", dose=3000)


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, vitruvian; print(*[m for m in ('jax', 'numpy', 'sqlalchemy', 'click') if m in sys.modules])"
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
