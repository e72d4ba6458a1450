"""Virtual cohorts: the same persons again whatever their number, spread as the population is, and told as synthetic."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from vitruvian.cli.population import population
from vitruvian.core.case import Case
from vitruvian.core.errors import FieldError
from vitruvian.kinds.circulation import KIND as CIRCULATION
from vitruvian.kinds.circulation import Patient
from vitruvian.kinds.infusion import KIND as INFUSION
from vitruvian.platform import exported
from vitruvian.verbs.virtual import Virtual, virtual

SETS = {name: Case(Patient(condition=name)) for name in ("healthy", "PAH severe")}


def drawn(people: int = 60) -> Virtual:
    return virtual(CIRCULATION, SETS, people, of=("mpap", "rv_ef"), seed=3)


def test_a_person_is_the_same_whatever_the_number() -> None:
    some, more = drawn(40), drawn(60)
    for name in some.names:
        for group in SETS:
            mine, theirs = (c[name].values[c.which == group] for c in (some, more))
            assert np.array_equal(mine, theirs[:40]), name


def test_sets_are_spread_as_their_populations_are() -> None:
    cohort = drawn()
    severe = cohort.which == "PAH severe"
    assert np.median(cohort["mpap"].values[severe]) > 2 * np.median(cohort["mpap"].values[~severe])
    logs = np.log(cohort["R_pul"].values[severe])
    assert np.mean(logs) == pytest.approx(
        np.log(0.58), abs=3.5 * 0.3 / np.sqrt(60)
    )  # parameters.SHIFTS: median 0.58, sd 0.3
    assert np.std(logs) == pytest.approx(0.3, abs=3.5 * 0.3 / np.sqrt(120))
    assert cohort.plot("mpap").get_ylabel() == "mean pulmonary artery pressure [mm[Hg]]"


def test_every_form_holds_the_table_and_its_provenance(tmp_path: Path) -> None:
    cohort = drawn(40)
    table, beside = exported.export(cohort, tmp_path / "c.csv", "vitruvian population circulation")
    with open(table, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    told = json.loads(beside.read_text("utf-8"))
    assert len(rows) == 80
    assert {row["synthetic"] for row in rows} == {"yes"}
    assert [float(row["mpap [mm[Hg]]"]) for row in rows] == cohort["mpap"].values.tolist()
    assert (told["synthetic"], told["seed"], told["kind"], told["version"]) == (
        True,
        3,
        "circulation",
        CIRCULATION.version,
    )
    assert len(told["sources"]) == 16
    assert {c["name"]: c["unit"] for c in told["columns"]}["mpap"] == "mm[Hg]"
    assert all(c["source"] for c in told["columns"] if c["role"] == "parameter")
    (whole,) = exported.export(cohort, tmp_path / "c.json")
    read = json.loads(whole.read_text("utf-8"))
    assert read["table"]["rv_ef"] == cohort["rv_ef"].values.tolist()
    pq = pytest.importorskip("pyarrow.parquet")
    (parquet,) = exported.export(cohort, tmp_path / "c.parquet")
    held = pq.read_table(parquet)
    assert held.column("set").to_pylist() == cohort.which.tolist()
    assert json.loads(held.schema.metadata[b"vitruvian"])["synthetic"] is True


def test_what_cannot_be_drawn_is_refused_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(FieldError, match="no number at a time"):
        virtual(CIRCULATION, SETS, 5, of=("mpab",))
    with pytest.raises(FieldError, match="0 sets"):
        virtual(CIRCULATION, {}, 5)
    with pytest.raises(FieldError, match="no known form"):
        exported.export(drawn(2), tmp_path / "c.xlsx")
    with pytest.raises(FieldError, match="must be one of healthy"):
        CliRunner().invoke(population, ["circulation", "--set", "condition=ill"], catch_exceptions=False)


def test_any_kind_has_a_cohort_at_one_command(tmp_path: Path) -> None:
    out = tmp_path / "levels.csv"
    done = CliRunner().invoke(
        population, ["infusion", "--people", "5", "--set", "weight=70 kg", "--out", str(out)], catch_exceptions=False
    )
    assert done.exit_code == 0
    assert "synthetic" in done.output
    assert len(out.read_text("utf-8").splitlines()) == 6
    assert INFUSION.name == json.loads((tmp_path / "levels.provenance.json").read_text("utf-8"))["kind"]
