"""vitruvian heart: fit a patient's guide points, draw a family; what it must refuse, with the fix."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from needs import require_data
from vitruvian.cli import main

pytestmark = pytest.mark.science


def run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in args])


def test_a_patient_is_fitted_from_files(tmp_path: Path) -> None:
    tables = require_data("heart", "biv-me")
    data = tables / "patient_1_gpdata"
    head, *rows = (data / "GPFile_001.txt").read_text().splitlines()
    few = {"1", "2", "3", "5", "8", "10", "13", "16", "18"}  # slices; each is left out once
    fewer = [row for k, row in enumerate(rows) if row.split("\t")[4] in few and (k % 3 == 0 or "VALVE" in row)]
    points = tmp_path / "points.txt"
    points.write_text("\n".join([head, *fewer]) + "\n")
    out = [tmp_path / name for name in ("heart.json", "heart.npz", "heart.png")]
    done = run(
        "heart", "fit", points, "--slices", data / "SliceInfoFile.txt", "--tables", tables, "--out", out[0],
        "--voxels", out[1], "--spacing", 1.5, "--plot", out[2],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "points lie" in done.output
    told = json.loads(out[0].read_text())
    assert told["volumes"]["lv"]["value"] == pytest.approx(248, rel=0.12)
    assert 1 < told["volumes"]["lv"]["sd"] < 30
    assert "no point on the valves pulmonary." in told["warnings"][0]
    assert "warning: no point on the valves pulmonary." in done.output + done.stderr
    assert np.array(told["controls"]).shape == (388, 3)
    with np.load(out[1]) as grid:
        assert grid["fibre"].shape == (int(grid["voxels"].sum()), 3)
    assert out[2].stat().st_size > 10_000


def test_a_family_is_written_with_where_it_comes_from(tmp_path: Path) -> None:
    out = tmp_path / "hearts.csv"
    done = run("heart", "family", "women", "--count", 30, "--out", out)
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert len(rows) == 30
    assert {row["synthetic"] for row in rows} == {"yes"}
    told = json.loads((tmp_path / "hearts.provenance.json").read_text())
    assert "Petersen" in told["sets"]["women"]["population"]


def test_what_cannot_be_is_refused_with_the_fix(tmp_path: Path) -> None:
    points = tmp_path / "points.txt"
    points.write_text("x\ty\n")
    done = run("heart", "fit", points, "--tables", tmp_path)
    assert done.exit_code != 0
    assert "no subdivision_matrix_sparse.mat" in done.output + done.stderr
    nowhere = tmp_path / "nowhere"
    for asked, said in (
        (("--out", nowhere / "a.json"), "there is no folder"),
        (("--plot", tmp_path / "a.txt"), "end it with .png, .svg"),
        (("--spacing", 0), "a spacing of 0.25 to 1.5 mm"),
        (("--spacing", "nan"), "a spacing of 0.25 to 1.5 mm"),
        (("--spacing", 5), "at most 1.5 mm"),
    ):
        done = run("heart", "fit", points, "--tables", tmp_path, *asked)
        assert done.exit_code == 1
        assert said in done.output + done.stderr  # before the fit, not after it
    done = run("heart", "family", "men", "--count", 3, "--out", nowhere / "a.csv")
    assert f"there is no folder {nowhere}" in done.output + done.stderr
    done = run("heart", "family", "giants")
    assert "use men, women" in done.output + done.stderr
