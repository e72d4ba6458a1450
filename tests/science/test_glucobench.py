"""GlucoBench by its protocol: our parts have the sizes of the benchmark's logs, and linear regression its errors."""

import csv

import pytest

from needs import find_data_root, require_data
from vitruvian.kinds.metabolic.evidence.glucobench import FOLDER, SETS, segments, split
from vitruvian.kinds.metabolic.evidence.sensor_hour import _measured

pytestmark = pytest.mark.science
SMALL = ("iglu", "colas", "dubosson", "hall")


@pytest.mark.parametrize("name", SMALL)
def test_every_part_of_every_seed_has_the_size_of_the_benchmarks_logs(name):
    folder = require_data(*FOLDER.parts)
    with open(folder / "splits_by_seed.csv", encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["dataset"] == name]
    assert len(rows) == 13
    parts = segments(find_data_root(), name)
    for row in rows:
        found = split(parts, SETS[name], int(row["seed"]))
        sizes = [sum(len(s.value) for s in p) for p in (found.train, found.validation, found.test, found.outside)]
        columns = ("train_points", "val_points", "test_points", "test_out_of_sample_points")
        assert sizes == [int(row[c]) for c in columns]
        drawn = {i.lstrip("0") for i in row["test_subject_ids"].split(";")}
        assert {s.subject.lstrip("0") for s in found.outside} == drawn


def test_linear_regression_has_the_error_of_the_benchmarks_log():
    """iglu, seed 10: logged mean MSE 369.3 with 192 lags in its first, 366.0 in its second run (PROTOCOL.md)."""
    require_data(*FOLDER.parts)
    pytest.importorskip("lightgbm")
    parts = split(segments(find_data_root(), "iglu"), SETS["iglu"], 10)
    found = _measured(parts.train, parts.validation, parts.test, SETS["iglu"])
    assert found.line_mean == pytest.approx(367.5, rel=0.02)
    assert found.median < found.line_median
