"""The demonstration: from an export to a labelled page, and again without building anything twice."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from needs import find_data_root, require_data
from vitruvian.platform.demonstration import person, written


def test_its_files_can_be_had(ask: Callable[..., Any], tmp_path: Path) -> None:
    assert [Path(p).name for p in ask("demo", "--files", "here")] == ["clarity_export.csv", "meals.csv"]
    assert "SYNTHETIC" in (tmp_path / "here" / "clarity_export.csv").read_text("utf-8")[:1000]


@pytest.mark.slow
def test_a_synthetic_person_and_where_data_are_a_real_one(
    run: Callable[..., Result], ask: Callable[..., Any], tmp_path: Path
) -> None:
    real = (find_data_root() / "cgm" / "cgmacros").is_dir()
    made = json.loads(run("demo", "--out", "pages", "--json").stdout)
    assert len(made) == 1 + bool(real)
    page = Path(made[0]["path"]).read_text("utf-8")
    assert "synthetic" in page
    assert not re.search(r"""(src|href)=["']https?:""", page), "nothing is fetched"
    assert "half of it" in page
    twins = ask("twin", "list")
    assert [t["readings"] > 2700 for t in twins] == [True] * len(made)
    again = json.loads(run("demo", "--out", "pages", "--json").stdout)
    assert again == made
    assert ask("twin", "list") == twins, "nothing was built twice"


def test_a_subject_of_cgmacros_becomes_plain_files(tmp_path: Path) -> None:
    data = require_data("cgm", "cgmacros")
    glucose, meals = written(data, "5", tmp_path)
    rows = glucose.read_text("utf-8").splitlines()
    assert rows[0] == "time,glucose (mg/dL),sensor"
    assert 2731 <= len(rows) - 1 <= 2855  # samples a subject: SOURCE.md of the data set
    carbs = [float(row.split(",")[1]) for row in meals.read_text("utf-8").splitlines()[1:]]
    assert all(0 <= grams < 300 for grams in carbs)
    assert person(data, "5")["weight"] == "172.0 lb"
