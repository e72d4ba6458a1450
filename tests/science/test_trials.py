"""Claims of trials on real data, on another root: nobody judged is fitted on, and what cannot be judged is said."""

import csv
from pathlib import Path

import numpy as np
import pytest

from needs import require_data
from vitruvian.studies.procova.evidence import actg, gusto, twins
from vitruvian.studies.procova.evidence.files import independent, table, without

pytestmark = pytest.mark.science


def some_rows(source: Path, target: Path, keep: int, column: str) -> set[str]:
    """The rows of every `keep`-th patient, as a file of another root; the names of these patients."""
    with source.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    at = rows[0].index(column)
    names = list(dict.fromkeys(r[at] for r in rows[1:]))[::keep]
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([rows[0], *(r for r in rows[1:] if r[at] in set(names))])
    return set(names)


def test_a_trial_of_another_root_is_judged_by_a_score_of_others(tmp_path: Path) -> None:
    data = require_data("trials", "actg175").parents[1]
    people = some_rows(data / "trials/actg175/actg175.csv", tmp_path / "trials/actg175/other.csv", 2, "pidnum")
    [(history, trial)] = actg._splits(data, tmp_path, 5)
    assert set(trial.factor("pidnum")) == people
    assert not set(history.factor("pidnum")) & people
    assert set(history.number("arms")) == {0.0}
    found = actg.variance("trial.actg175", data, tmp_path, True, lambda share: None)
    assert found["detail"]["splits"] == 1
    assert 0.9 < found["measured"] < 1.3


def test_twins_of_another_root_are_of_a_population_fitted_here(tmp_path: Path) -> None:
    data = require_data("trials", "jm_longitudinal").parents[1]
    some_rows(data / "trials/jm_longitudinal/aids.csv", tmp_path / "trials/jm_longitudinal/aids.csv", 1, "patient")
    found = twins.twins("trial.twins", data, tmp_path, False, lambda share: None)
    assert set(found["detail"]) == {"aids"}
    assert len(found["notes"]) == 2  # CSL-1 and pbcseq are not in that root, and it is said
    assert "not in the test root" in found["notes"][0]


def test_no_field_that_can_be_measured_after_randomisation_is_in_the_score() -> None:
    data = require_data("trials", "gusto").parents[1]
    history, trial = gusto._splits(data, None, True)[0]
    assert not set(np.unique(history.number("regl"))) & set(np.unique(trial.number("regl")))
    assert set(history.factor("tx")) == {"SK"}
    assert {"ttr", "day30", "tx", "tpa"} <= set(gusto.NOT_BASELINE)


def test_small_things_the_claims_lean_on() -> None:
    data = require_data("trials", "actg175").parents[1]
    frame = table(data, "actg175", "*.csv")
    assert len(frame) == 2139
    assert len(without(frame, frame.take(np.arange(100)), "pidnum")) == 2039
    x = np.random.default_rng(1).standard_normal((50, 3))
    assert independent(np.column_stack([x, x[:, 0] + x[:, 1], np.ones(50)])).shape == (50, 3)
