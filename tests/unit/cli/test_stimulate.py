"""vitruvian heart stimulate: an answer in files, a broken run that goes on, and what it must refuse, with the fix."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from vitruvian.cli import main
from vitruvian.cli.heart import _keep
from vitruvian.models.heart.ideal import IdealBiventricle

pytestmark = pytest.mark.science
BRIEF = ("--cycle", 500, "--drive", 1, "--extra", 1, "--first", 300, "--step", 90, "--lasting", 700, "--apd", 220)


def run(*args: object) -> Result:
    return CliRunner().invoke(main, ["heart", "stimulate", *(str(a) for a in args)])


@pytest.fixture(scope="module")
def voxels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    small = IdealBiventricle(lv_volume=40.0, rv_volume=45.0, long_axis=58.0, lv_wall=5.0, rv_wall=4.0)
    path = tmp_path_factory.mktemp("heart") / "heart.npz"
    _keep(small.anatomy(2.0), path)
    return path


def test_an_answer_is_written_and_a_broken_run_goes_on(voxels: Path, tmp_path: Path) -> None:
    out = tmp_path / "paced"
    done = run(voxels, *BRIEF, "--out", out)
    assert done.exit_code == 0, done.output
    assert "not inducible" in done.output
    assert "no patient's risk" in done.output
    told = json.loads((out / "stimulation.json").read_text())
    lines = (out / "stimulation.csv").read_text().splitlines()
    assert len(lines) == 1 + len(told["tried"])
    assert (out / "stimulation.png").stat().st_size > 10_000
    kept = json.loads((out / "tried.json").read_text())
    (out / "tried.json").write_text(json.dumps({**kept, "tried": kept["tried"][:1]}))
    again = run(voxels, *BRIEF, "--out", out, "--json")
    assert "1 sequences are taken from" in again.output
    strip = [{k: v for k, v in row.items() if k != "cpu_s"} for row in told["tried"]]
    new = json.loads((out / "stimulation.json").read_text())["tried"]
    assert [{k: v for k, v in row.items() if k != "cpu_s"} for row in new] == strip
    other = run(voxels, *BRIEF, "--site", "right outflow", "--out", out)
    assert other.exit_code != 0
    assert "another folder" in other.output


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--cycle", "0.6"), "0.6 s is 600"),
        (("--first", "700"), "less than the cycle"),
        (("--site", "left ear"), "right apex"),
        (("--dt", "50"), "unstable"),
        (("--scar", "left ear"), "no segment"),
        (("--scar", "mid anterior", "--site", "mid anterior"), "lies in scar"),
        (("--spacing", "1"), "heart fit --voxels"),
        (("--isthmus", "5"), "no scar"),
    ],
)
def test_what_cannot_be_is_refused_with_the_fix(
    voxels: Path, tmp_path: Path, given: tuple[str, ...], said: str
) -> None:
    done = run(voxels, "--out", tmp_path / "x", *given)
    assert done.exit_code != 0
    assert said in done.output
    assert "Traceback" not in done.output
    assert not (tmp_path / "x").exists()


def test_files_that_hold_no_heart_are_refused(tmp_path: Path) -> None:
    table = tmp_path / "x.csv"
    table.write_text("a,b\n1,2\n")
    np.savez(tmp_path / "y.npz", voxels=np.ones(3))
    (tmp_path / "z.npz").write_text("nothing")
    flat = dict.fromkeys(("wall", "depth", "height", "turn", "fibre", "sheet"), np.ones(3))
    np.savez(tmp_path / "f.npz", voxels=np.ones(3), spacing=np.ones(2), origin=np.ones(3), **flat)
    for path, said in ((table, "lv_volume"), *((tmp_path / f"{name}.npz", "heart fit") for name in "yzf")):
        done = run(path, "--out", tmp_path / "x")
        assert done.exit_code != 0
        assert said in done.output, done.output
    assert "has no heart 2" in run(table, "--row", 2).output
