"""A trial on metabolic twins from YAML: the shipped example, its refusals, and a randomisation list."""

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vitruvian.cli import main

pytestmark = pytest.mark.science  # a year of virtual patients


def run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in args])


@pytest.fixture(scope="module")
def example() -> str:
    done = run("trial", "simulate", "--example")
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_shipped_example_finds_the_remissions_of_its_source(example: str, tmp_path: Path) -> None:
    """DiRECT: 46 % against 4 % at a year, -42 points (Lean 2018)."""
    small = example.replace("each: 60", "each: 25").replace("trials: 400", "trials: 120")
    small = small.replace("n: [24, 36, 48]", "n: [24, 48]")
    (tmp_path / "remission.yaml").write_text(small, encoding="utf-8")
    done = run("trial", "simulate", tmp_path / "remission.yaml", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["synthetic"] is True
    by = {(d["design"]["n"], d["design"]["visit"], d["design"]["enrichment"]): d for d in told["designs"]}
    assert 0.25 < by[48, 2, 0.0]["truth"] < 0.55
    for found in by.values():
        assert found["estimate"] == pytest.approx(found["truth"], abs=0.06)
    assert by[24, 2, 0.0]["power"] < by[48, 2, 0.0]["power"]
    assert by[48, 2, 0.5]["truth"] < by[48, 2, 0.0]["truth"]  # a higher HbA1c at the start remits less
    assert by[48, 2, 0.5]["screened"] > 1.5 * by[48, 2, 0.0]["screened"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("kind: metabolic_slow", "kind: metabolic_slaw"), "there is no kind 'metabolic_slaw'"),
        (("- Diet: {at: +114d, change", "- Diat: {at: +114d, change"), "did you mean Diet?"),
        (("visit: [180d, 365d]", "visit: [200d]"), "no visit at 200d"),
        (("  n: [24, 36, 48]", "  n: [many]"), "n = 'many' is no number"),
        (("treated: programme", "treated: diet"), "no arm 'diet'"),
        (("endpoint: hba1c_then", "endpiont: hba1c_then"), "unknown field 'endpiont'"),
        (("seed: 1", "seed: 1\ntitle: twice"), "'title' is there twice"),
    ],
)
def test_what_is_no_trial_is_refused_with_its_place(
    example: str, tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    assert change[0] in example
    (tmp_path / "wrong.yaml").write_text(example.replace(*change), encoding="utf-8")
    done = run("trial", "simulate", tmp_path / "wrong.yaml")
    assert done.exit_code == 1, done.output
    assert says in done.output
    assert "fix:" in done.output


def test_a_randomisation_list_balances_strata_and_can_be_made_again(tmp_path: Path) -> None:
    rows = [f"p{k},{'north' if k % 3 else 'south'}" for k in range(60)]
    (tmp_path / "patients.csv").write_text("\n".join(["id,site", *rows]) + "\n", encoding="utf-8")
    made = []
    for name in ("a.csv", "b.csv"):
        done = run(
            "trial", "randomise", tmp_path / "patients.csv", "--by", "site", "--seed", 11, "--out", tmp_path / name
        )
        assert done.exit_code == 0, done.output
        made.append((tmp_path / name).read_text("utf-8"))
    assert made[0] == made[1]
    counts = Counter(tuple(line.split(",")[1:]) for line in made[0].splitlines()[1:])
    for site in ("north", "south"):
        assert abs(counts[site, "treated"] - counts[site, "control"]) <= 3
