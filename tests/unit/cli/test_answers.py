"""Every command answers, for people and for programs, and what it answers is right."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from theophylline import levels, true_level

Run, Ask = Callable[..., Result], Callable[..., Any]


def test_kinds_are_listed_and_described(run: Run, ask: Ask) -> None:
    assert "infusion" in {row["name"] for row in ask("kinds")}
    told = ask("describe", "infusion")
    assert told["parameters"][0]["source"]
    assert {a["title"] for a in told["actions"]} == {"Infuse", "Bolus"}
    assert "weight (30 to 200 kg: body weight)" in run("describe", "infusion").stdout


def test_a_twin_is_listed_shown_and_has_a_history(ada: str, run: Run, ask: Ask) -> None:
    [row] = ask("twin", "list")
    assert (row["subject"], row["readings"]) == ("Ada", 24)
    assert row["first"] == "2024-03-01T09:00:00+01:00"
    shown = ask("twin", "show", ada)
    assert shown["fields"] == {"weight": 80.0}
    assert shown == ask("show", row["id"]), "by id or by name, with or without `twin`"
    assert [h["what"] for h in ask("history", ada)] == ["created", "observed", "observed", "believed"]
    assert "Ada" in run("twin", "show", ada).stdout


def test_a_belief_covers_the_patient_it_was_learned_from(ada: str, ask: Ask) -> None:
    parameters = {p["name"]: p for p in ask("show", ada)["belief"]["parameters"]}
    assert parameters["CL"]["q05"] < 0.05 < parameters["CL"]["q95"]
    assert parameters["V"]["q05"] < 0.5 < parameters["V"]["q95"]
    assert parameters["CL"]["learned"] > 0.9


def test_a_forecast_is_the_closed_form_and_says_what_it_rests_on(ada: str, run: Run, ask: Ask) -> None:
    answer = ask("forecast", ada, "--hours", "12")
    level = answer["items"]["concentration"]
    assert level["local"][0] == "2024-03-03T07:00:00+01:00"  # the last reading: 47 h after START
    hours = [47 + (t - level["times"][0]) / 3600 for t in level["times"]]
    for h, mean, low, high in zip(hours, level["mean"], level["q05"], level["q95"], strict=True):
        assert abs(mean - true_level(h)) < 3 * (high - low) / 3.29  # three standard deviations
    assert answer["basis"]["sentence"].startswith("Learned from 24 readings")
    text = run("forecast", ada, "--hours", "12").stdout
    assert "Learned from 24 readings" in text
    assert "research use" in text
    assert "2024-03-03 07:00" in text


def test_the_same_question_gets_the_same_bits(ada: str, ask: Ask) -> None:
    assert ask("forecast", ada) == ask("forecast", ada)
    assert ask("forecast", ada, "--seed", "1") == ask("forecast", ada, "--seed", "1")


def test_as_of_uses_only_what_was_known_then(ada: str, run: Run, ask: Ask, tmp_path: Path) -> None:
    then = ("forecast", ada, "--hours", "6", "--as-of", "2024-03-02T06:00", "--of", "concentration")
    before = ask(*then)
    assert before["items"]["concentration"]["local"][0] == "2024-03-02T06:00:00+01:00"
    assert any("calibrated as of 2024-03-02 06:00" in w for w in before["warnings"])
    (tmp_path / "later.csv").write_text(
        "time,observable,value,unit\n2024-03-03T09:00,concentration,40,mg/L\n", encoding="utf-8"
    )
    run("observe", ada, "later.csv")
    again = ask(*then)
    assert again["items"] == before["items"], "what came later changes nothing"
    assert again["warnings"] == [], "the belief of then is kept and found"
    assert any("there is more since" in w for w in ask("forecast", ada)["warnings"])


def test_what_if_is_the_dose_over_the_volume(ada: str, run: Run, ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "dose.yaml").write_text('- Bolus: {at: "+1h", dose: 0.2 g}\n', encoding="utf-8")
    answer = ask("compare", ada, "--option", "dose=dose.yaml", "--hours", "6")
    by = answer["differences"]["dose"]["concentration"]
    after = [m for m, t in zip(by["q50"], by["times"], strict=True) if t > by["times"][0] + 3600]
    assert max(by["q50"][:10]) == 0.0, "nothing before the dose"
    assert after[0] == pytest.approx(200 / (0.5 * 80), rel=0.1)
    text = run("compare", ada, "--option", "dose=dose.yaml", "--hours", "6").stdout
    assert "as planned" in text
    assert "dose" in text


def test_the_best_dose_is_the_one_that_reaches_the_target(ada: str, run: Run, ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "goal.yaml").write_text(
        "horizon: +12h\n"
        "objective: {quantity: peak_level, sense: target, target: 1 mg/dL}\n"
        "constraints: [{quantity: peak_level, high: 13 mg/L, probability: 95 %}]\n"
        "candidates:\n  small: [{Bolus: {at: +1h, dose: 100 mg}}]\n"
        "  right: [{Bolus: {at: +1h, dose: 360 mg}}]\n  large: [{Bolus: {at: +1h, dose: 600}}]\n",
        encoding="utf-8",
    )
    answer = ask("recommend", ada, "--goal", "goal.yaml")
    assert answer["best"] == "right"
    [large] = [o for o in answer["options"] if o["name"] == "large"]
    assert not large["feasible"]
    assert "Not allowed because" in run("recommend", ada, "--goal", "goal.yaml").stdout


def test_a_backtest_beats_persistence_on_its_own_model(ada: str, run: Run, ask: Ask) -> None:
    args = ("backtest", ada, "--horizon", "4h", "--step", "4h")
    [row] = ask(*args)["table"]
    assert row["twin"]["rmse"] < row["persistence"]["rmse"]
    assert "persistence" in run(*args).stdout


def test_assimilating_what_came_moves_the_belief(ada: str, run: Run, ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text(levels(49, 61), encoding="utf-8")
    taken = ask("observe", ada, "new.csv")
    assert [t["new"] for t in taken] == [6]
    learned = ask("assimilate", ada)
    assert learned["at"] == "2024-03-03T19:00:00+01:00"
    assert learned["basis"]["rows"] == 30
    assert ask("observe", ada, "new.csv")[0]["known"] == 6, "taken in again, nothing is doubled"


def test_a_report_is_one_whole_page(ada: str, run: Run, tmp_path: Path) -> None:
    run("report", ada, "--out", "ada.html", "--hours", "6")
    page = (tmp_path / "ada.html").read_text("utf-8")
    assert page.rstrip().endswith("</html>")
    assert "Ada" in page
    assert [p.name for p in tmp_path.iterdir()] == ["ada.html"], "no scratch file is left"


def test_claims_are_measured_and_written(run: Run, tmp_path: Path) -> None:
    claim = json.loads(run("validate", "infusion", "--quick", "--claim", "infusion.closed_form", "--json", "-").stdout)
    assert all(set(row) >= {"id", "class", "statement", "metric", "target", "measured", "met", "n"} for row in claim)
    told = run("validate", "infusion", "--quick", "--claim", claim[0]["id"], "--json", "out.json").stdout
    assert claim[0]["id"] in told
    assert json.loads((tmp_path / "out.json").read_text("utf-8"))[0]["met"] is True


def test_numbers_that_json_lacks_are_null(ada: str, ask: Ask) -> None:
    assert not any(math.isnan(v) for v in ask("forecast", ada)["items"]["concentration"]["q50"])
