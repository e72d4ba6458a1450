"""vitruvian trial: plan, analyse, report; and every input it must refuse, with its place and the fix."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from trial_tables import columns as table
from trial_tables import csv_of, protocol_text
from vitruvian.cli import main
from vitruvian.kinds.prognosis.generator import history

pytestmark = pytest.mark.science  # stacks are fitted: seconds, not fractions of one


def written(path: Path, columns: dict[str, list[Any]]) -> Path:
    path.write_text(csv_of(columns), encoding="utf-8")
    return path


def protocol(path: Path, **changed: Any) -> Path:
    path.write_text(protocol_text(**changed), encoding="utf-8")
    return path


def run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in args])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A protocol, a history of 150, a trial of 120, and the plan made of them."""
    folder = tmp_path_factory.mktemp("trial")
    protocol(folder / "protocol.yaml")
    written(folder / "history.csv", table(150, 1, trial=False))
    written(folder / "trial.csv", table(120, 2, trial=True))
    done = run(
        "trial", "plan", folder / "protocol.yaml", folder / "history.csv", "--out", folder / "score.json", "--json"
    )
    assert done.exit_code == 0, done.output
    (folder / "plan.json").write_text(done.stdout, encoding="utf-8")
    return folder


def test_a_plan_says_what_the_score_is_worth_beside_the_covariates(folder: Path) -> None:
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    sizes = {n: s["total"] for n, s in plan["sizes"].items()}
    assert sizes["score and covariates"] < sizes["covariates"] < sizes["unadjusted"]
    assert plan["control_only"]["controls with the score"] < plan["control_only"]["controls with covariates"]
    planned, *drifted = (s["power"] for s in plan["sensitivity"])
    assert planned >= 0.9 > min(drifted)
    assert plan["looks"]["boundary"][0] > plan["looks"]["boundary"][1] > 1.96
    assert plan["history"]["patients"] == 150


def test_an_analysis_stands_beside_its_comparisons_and_guards(folder: Path) -> None:
    done = run(
        "trial", "analyse", folder / "protocol.yaml", folder / "trial.csv", "--score", folder / "score.json", "--json"
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["notes"][0].startswith("PROCOVA")
    assert told["primary"]["se"] < told["comparisons"]["unadjusted"]["se"]
    assert told["primary"]["low"] < -4.0 < told["primary"]["high"]
    guards = told["guards"]
    assert abs(guards["type_one"]["rejected"] - 0.05) < 0.03
    bad = guards["bad_scores"]
    assert bad["inverted"]["estimate"] == pytest.approx(bad["as planned"]["estimate"])
    assert bad["biased"]["estimate"] == pytest.approx(bad["as planned"]["estimate"])
    assert "exploratory" in guards["virtual_control"]["label"]
    assert "bias: randomised controls less predicted" in guards["virtual_control"]
    shown = run("trial", "analyse", folder / "protocol.yaml", folder / "trial.csv", "--score", folder / "score.json")
    assert "score and covariates (primary)" in shown.output


def test_a_report_can_be_made_again_to_the_byte(folder: Path) -> None:
    pages = []
    for k in (1, 2):
        out, machine = folder / f"sap{k}.html", folder / f"sap{k}.json"
        files = [folder / "protocol.yaml", folder / "history.csv", "--trial", folder / "trial.csv"]
        done = run("trial", "report", *files, "--out", out, "--json", machine)
        assert done.exit_code == 0, done.output
        pages.append((out.read_text("utf-8"), machine.read_text("utf-8")))
    assert pages[0] == pages[1]
    page, machine = pages[0]
    for part in (
        "HC3",
        "missing baseline",
        "Guard-rails",
        "exploratory",
        "data:image/svg",
        "Interim looks",
        "By how much",
    ):
        assert part in page
    assert json.loads(machine)["plan"]["history"]["hash"] in page


def test_without_a_history_the_result_is_labelled(folder: Path) -> None:
    done = run("trial", "analyse", folder / "protocol.yaml", folder / "trial.csv", "--cross-fit", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["notes"][0].startswith("not PROCOVA proper")
    assert "give --score FILE" in run("trial", "analyse", folder / "protocol.yaml", folder / "trial.csv").output


def test_missing_outcomes_are_refused_left_out_or_imputed_as_the_protocol_says(folder: Path, tmp_path: Path) -> None:
    columns = table(120, 2, trial=True)
    columns["score"][3] = columns["score"][10] = ""
    data = written(tmp_path / "gaps.csv", columns)
    score = ["--score", folder / "score.json"]
    refused = run("trial", "analyse", folder / "protocol.yaml", data, *score)
    assert refused.exit_code == 1
    assert "line 5, column 'score': 2 outcomes are missing" in refused.output
    for rule, says in (("complete", "2 patients without outcome left out"), ("impute", "2 outcomes imputed")):
        done = run("trial", "analyse", protocol(tmp_path / "p.yaml", missing=rule), data, *score, "--json")
        assert done.exit_code == 0, done.output
        assert any(n.startswith(says) for n in json.loads(done.stdout)["notes"])
    assert [e["name"] for e in json.loads(done.stdout)["sensitivity"]] == ["mar", "j2r"]


def leaked(columns: dict[str, list[Any]]) -> None:
    columns["weight"] = [f"{float(v) + 0.001 * k:.3f}" for k, v in enumerate(columns["score"])]


def constant(columns: dict[str, list[Any]]) -> None:
    columns["score"] = ["5"] * len(columns["score"])


def doubled(columns: dict[str, list[Any]]) -> None:
    columns["id"][7] = columns["id"][2]


def wordy(columns: dict[str, list[Any]]) -> None:
    columns["score"][4] = "good"


HISTORIES = {
    "leaked": (leaked, "column 'weight': says the outcome almost exactly"),
    "constant": (constant, "the outcome is 5 for everybody"),
    "doubled": (doubled, "patient 'p2' has 2 rows (lines 4, 9)"),
    "wordy": (wordy, "line 6, column 'score': 'good' is no number"),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_a_history_that_must_be_refused(name: str, folder: Path, tmp_path: Path) -> None:
    change, says = HISTORIES[name]
    columns = table(60, 1, trial=False)
    change(columns)
    done = run("trial", "plan", folder / "protocol.yaml", written(tmp_path / "history.csv", columns))
    assert done.exit_code == 1
    assert says in done.output
    assert "fix:" in done.output
    assert "Traceback" not in done.output


def unknown_level(columns: dict[str, list[Any]]) -> None:
    columns["site"][5] = "moon"


def third_arm(columns: dict[str, list[Any]]) -> None:
    columns["arm"][0] = "high dose"


def after_randomisation(columns: dict[str, list[Any]]) -> None:
    columns["weight"] = [str(60 + k % 7 + (20 if a == "active" else 0)) for k, a in enumerate(columns["arm"])]


TRIALS = {
    "unknown level": (unknown_level, "line 7, column 'site': level 'moon' that the history never saw"),
    "third arm": (third_arm, "line 2, column 'arm': arm 'high dose'"),
    "doubled": (doubled, "patient 'p2' has 2 rows"),
    "leaked by arm": (after_randomisation, "column 'weight': differs between randomised arms"),
    "constant": (constant, "5 for everybody"),
}


@pytest.mark.parametrize("name", TRIALS)
def test_a_trial_that_must_be_refused(name: str, folder: Path, tmp_path: Path) -> None:
    change, says = TRIALS[name]
    columns = table(120, 2, trial=True)
    change(columns)
    data = written(tmp_path / "trial.csv", columns)
    done = run("trial", "analyse", folder / "protocol.yaml", data, "--score", folder / "score.json")
    assert done.exit_code == 1, done.output
    assert says in done.output
    assert "fix:" in done.output


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"outcome": {"column": "score", "type": "ordinal"}}, "outcome.type: no type 'ordinal'"),
        ({"covariates": ["age", "score"]}, "'score' is an outcome, the arm, or measured after baseline"),
        (
            {"covariates": ["age", "weight"], "post_baseline": ["weight"]},
            "'weight' is an outcome, the arm, or measured",
        ),
        ({"covariates": []}, "covariates: names no column"),
        ({"colour": "red"}, "unknown field 'colour'"),
        ({"design": {"effect": "big"}}, "effect = 'big' is no number"),
        ({"outcome": {"column": "score", "type": "time"}}, "outcome.event"),
        ({"missing": "ignore"}, "no rule 'ignore'"),
        ({"covariates": ["age", "height"]}, "there is no column 'height'"),
    ],
)
def test_a_protocol_that_must_be_refused(changed: dict[str, Any], says: str, folder: Path, tmp_path: Path) -> None:
    done = run("trial", "plan", protocol(tmp_path / "p.yaml", **changed), folder / "history.csv")
    assert done.exit_code == 1
    assert says in done.output
    assert "fix:" in done.output


def test_files_that_are_none_of_it(folder: Path, tmp_path: Path) -> None:
    junk = tmp_path / "junk.json"
    junk.write_text("[]", encoding="utf-8")
    done = run("trial", "analyse", folder / "protocol.yaml", folder / "trial.csv", "--score", junk)
    assert "is no score" in done.output
    assert "cannot be read" in run("trial", "plan", tmp_path / "none.yaml", folder / "history.csv").output
    ragged = tmp_path / "ragged.csv"
    ragged.write_text("id,score\n1,2\n3\n", encoding="utf-8")
    assert "ragged.csv, line 3: 1 cells for 2 columns" in run("trial", "plan", folder / "protocol.yaml", ragged).output


OUTCOMES = {
    "binary": ("odds ratio", {"effect": 0.5}),
    "count": ("ratio", {"effect": 0.7}),
}


@pytest.mark.parametrize("family", OUTCOMES)
def test_other_outcomes_are_planned_and_analysed(family: str, tmp_path: Path) -> None:
    estimand, design = OUTCOMES[family]
    outcome = {"column": "score", "type": family}
    told = [history(n, s, family) for n, s in ((150, 1), (120, 2))]
    tables = []
    for h, trial in zip(told, (False, True), strict=True):
        columns = table(len(h.y), 1 if not trial else 2, trial=trial)
        columns["score"] = [f"{v:g}" for v in h.y]
        tables.append(written(tmp_path / f"{trial}.csv", columns))
    p = protocol(tmp_path / "p.yaml", outcome=outcome, design=design, estimand=estimand)
    score = tmp_path / "score.json"
    assert (done := run("trial", "plan", p, tables[0], "--out", score)).exit_code == 0, done.output
    done = run("trial", "analyse", p, tables[1], "--score", score, "--json")
    assert done.exit_code == 0, done.output
    primary = json.loads(done.stdout)["primary"]
    assert primary["scale"] == "log"
    assert primary["low"] < 1 < primary["high"]  # no effect was put in


def test_a_time_to_event_is_planned_in_events(tmp_path: Path) -> None:
    tables = []
    for n, seed, trial in ((150, 1, False), (120, 2, True)):
        h = history(n, seed, "time")
        columns = table(n, seed, trial=trial)
        assert h.event is not None
        columns["score"], columns["event"] = [f"{v:.3f}" for v in h.y], [f"{v:g}" for v in h.event]
        tables.append(written(tmp_path / f"{trial}.csv", columns))
    outcome = {"column": "score", "type": "time", "event": "event"}
    p = protocol(tmp_path / "p.yaml", outcome=outcome, design={"effect": 0.7})
    score = tmp_path / "score.json"
    done = run("trial", "plan", p, tables[0], "--out", score, "--json")
    assert done.exit_code == 0, done.output
    sizes = json.loads(done.stdout)["sizes"]
    assert sizes["score"]["total"] < sizes["unadjusted"]["total"]
    done = run("trial", "analyse", p, tables[1], "--score", score, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["primary"]["detail"]["variance_saved"] > 0.1
    none = tables[1].read_text("utf-8").splitlines()
    head, rows = none[0].split(","), [r.split(",") for r in none[1:]]
    for row in rows:
        if row[head.index("arm")] == "active":
            row[head.index("event")] = "0"
    bare = tmp_path / "bare.csv"
    bare.write_text("\n".join([none[0], *map(",".join, rows)]) + "\n", encoding="utf-8")
    assert "no event in the treated arm" in run("trial", "analyse", p, bare, "--score", score).output
