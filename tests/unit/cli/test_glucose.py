"""vitruvian glucose: of an export and of a twin, in words and in JSON, and its errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

START = datetime(2026, 3, 1, tzinfo=UTC)


def sensor(days: int = 4, *, unit: str = "mg/dL") -> str:
    """A plain export at 15 min: a daily wave, and one low of an hour on the second night."""
    rows = [f"time,glucose ({unit})"]
    for k in range(days * 96):
        value = 150 - 40 * np.cos(2 * np.pi * k / 96)
        value = 62 if 100 <= k < 104 else value
        text = f"{value:.0f}" if unit == "mg/dL" else f"{value / 18.0156:.1f}"
        rows.append(f"{(START + timedelta(minutes=15 * k)).isoformat()},{text}")
    return "\n".join(rows) + "\n"


@pytest.fixture
def export(tmp_path: Path) -> str:
    """An export in the folder of the test."""
    (tmp_path / "export.csv").write_text(sensor(), encoding="utf-8")
    return "export.csv"


def test_metrics_of_an_export(export: str, ask: Callable[..., Any], run: Callable[..., Result]) -> None:
    found = ask("glucose", "metrics", export, "--zone", "UTC")
    assert found["metrics"]["mean"]["value"] == pytest.approx(149, abs=2)
    assert found["metrics"]["mean"]["low"] < found["metrics"]["mean"]["value"] < found["metrics"]["mean"]["high"]
    assert found["episodes"]["low level 1"]["count"] == 1
    assert found["data"]["lacking"] == ["4.0 of 14 days"]
    said = run("glucose", "metrics", export, "--zone", "UTC").stdout
    assert "Too few for a report by the consensus: 4.0 of 14 days" in said
    assert "not a medical device" in said


def test_millimoles_give_the_same(tmp_path: Path, export: str, ask: Callable[..., Any]) -> None:
    (tmp_path / "mmol.csv").write_text(sensor(unit="mmol/L"), encoding="utf-8")
    first, second = (ask("glucose", "metrics", f, "--zone", "UTC")["metrics"] for f in (export, "mmol.csv"))
    assert second["mean"]["value"] == pytest.approx(first["mean"]["value"], abs=0.1)
    assert second["in_range"]["value"] == pytest.approx(first["in_range"]["value"], abs=0.6)


def test_the_last_days_only(export: str, ask: Callable[..., Any], run: Callable[..., Result]) -> None:
    assert ask("glucose", "metrics", export, "--zone", "UTC", "--days", "2")["episodes"]["low level 1"]["count"] == 0
    assert "give more than 0" in run("glucose", "metrics", export, "--days", "0", code=1).stderr


def test_the_profile_is_drawn_and_told(export: str, tmp_path: Path, ask: Callable[..., Any]) -> None:
    found = ask("glucose", "agp", export, "--zone", "UTC", "--out", "agp.png", "--raw")
    assert (tmp_path / "agp.png").read_bytes().startswith(b"\x89PNG")
    assert found["hour"][47] == 12.0
    assert found["mg/dL"]["p50"][47] == pytest.approx(190, abs=1)


def test_local_time_is_that_of_the_zone(export: str, ask: Callable[..., Any]) -> None:
    berlin = ask("glucose", "agp", export, "--zone", "Europe/Berlin", "--raw")["mg/dL"]["p50"]
    utc = ask("glucose", "agp", export, "--zone", "UTC", "--raw")["mg/dL"]["p50"]
    assert berlin[51] == utc[47]


def test_a_grid_of_pairs(tmp_path: Path, ask: Callable[..., Any], run: Callable[..., Result]) -> None:
    (tmp_path / "pairs.csv").write_text("reference (mg/dL);reading (mmol/L)\n100;5,8\n60;10.1\n", encoding="utf-8")
    found = ask("glucose", "grid", "pairs.csv", "--grid", "clarke", "--out", "grid.svg")
    assert found["percent"]["A"] == 50
    assert found["percent"]["E"] == 50
    assert "<svg" in (tmp_path / "grid.svg").read_text("utf-8")
    (tmp_path / "bare.csv").write_text("reference,reading\n100,104\n", encoding="utf-8")
    assert "say --unit" in run("glucose", "grid", "bare.csv", code=1).stderr
    assert ask("glucose", "grid", "bare.csv", "--unit", "mg/dL")["n"] == 1
    (tmp_path / "bad.csv").write_text("reference mg/dL,reading mg/dL\n100,oops\n", encoding="utf-8")
    assert "bad.csv, line 2: 'oops' is not a number" in run("glucose", "grid", "bad.csv", code=1).stderr
    (tmp_path / "none.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert "has no columns" in run("glucose", "grid", "none.csv", code=1).stderr


def test_a_wrong_ending_is_told(export: str, run: Callable[..., Result]) -> None:
    assert "fix: end its name in .png" in run("glucose", "agp", export, "--out", "agp.xyz", code=1).stderr


def test_of_a_twin(export: str, tmp_path: Path, ask: Callable[..., Any], run: Callable[..., Result]) -> None:
    meter = ["time,glucose (mg/dL),sensor"]
    meter += [f"{(START + timedelta(hours=6 * k, minutes=2)).isoformat()},{150 + k},fingerstick" for k in range(8)]
    (tmp_path / "meter.csv").write_text("\n".join(meter) + "\n", encoding="utf-8")
    run("twin", "create", "--kind", "metabolic", "--subject", "Ada", "--zone", "UTC", export, "meter.csv")
    mine, files = ask("glucose", "metrics", "Ada"), ask("glucose", "metrics", export, "--zone", "UTC")
    assert mine["metrics"] == files["metrics"]
    pairs = ask("glucose", "grid", "Ada")
    assert pairs["n"] == 8
    assert sum(pairs["percent"].values()) == pytest.approx(100)
    assert json.dumps(pairs)


def eaten(days: int = 3) -> str:
    """A calm sensor at 5 min, with a rise of 70 mg/dL within 45 min from 13:00 on each day."""
    rows = ["time,glucose (mg/dL),sensor"]
    for k in range(days * 288):
        since = k % 288 * 5.0 - 13 * 60.0
        risen = 70 * np.clip(since / 45, 0, 1) * np.exp(-max(since - 45, 0.0) / 60) if since > 0 else 0.0
        rows.append(f"{(START + timedelta(minutes=5 * k)).isoformat()},{110 + risen + 2 * np.sin(k / 7):.0f},dexcom")
    return "\n".join(rows) + "\n"


def test_meals_that_no_log_explains(tmp_path: Path, ask: Callable[..., Any], run: Callable[..., Result]) -> None:
    (tmp_path / "eaten.csv").write_text(eaten(), encoding="utf-8")
    found = ask("glucose", "meals", "eaten.csv", "--zone", "UTC", "--out", "meals.png")
    assert [round(m["at"] / 3600 - 24 * d) for d, m in enumerate(found["meals"])] == [13, 13, 13]
    assert all(m["low"] < m["grams"] < m["high"] and 0.45 <= m["probability"] <= 1 for m in found["meals"])
    assert (tmp_path / "meals.png").read_bytes().startswith(b"\x89PNG")
    (tmp_path / "log.csv").write_text(
        f"time,carbs_g\n{(START + timedelta(days=1, hours=13)).isoformat()},60\n", "utf-8"
    )
    run("twin", "create", "--kind", "metabolic", "--subject", "Bo", "--zone", "UTC", "eaten.csv", "log.csv")
    mine = ask("glucose", "meals", "Bo")
    assert [int(m["at"] // 86400) for m in mine["meals"]] == [0, 2]
    said = run("glucose", "meals", "Bo").stdout
    assert "2 likely unannounced meals on 3 days" in said
    assert "not a medical device" in said


def test_a_name_that_is_neither_is_told(run: Callable[..., Result]) -> None:
    assert "there is no twin" in run("glucose", "metrics", "nobody", code=1).stderr
