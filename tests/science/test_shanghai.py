"""ShanghaiT2DM: what its texts say, no column knows the future, and other patients are scored as `--test` does."""

import csv
import dataclasses
import gzip
from pathlib import Path

import numpy as np
import pytest

from needs import find_data_root, require_data
from vitruvian.kinds.metabolic.actions import Insulin, Meal
from vitruvian.kinds.metabolic.evidence import shanghai, shanghai_claims
from vitruvian.kinds.metabolic.evidence.shanghai_rows import one

pytestmark = pytest.mark.science
FILES = ("signals_15min.csv.gz", "events.csv", "subjects.csv")


@pytest.fixture(scope="module")
def known() -> tuple[shanghai.Wear, ...]:
    require_data(*shanghai.FOLDER.parts)
    return shanghai.wears(find_data_root())


def test_records_patients_and_what_could_not_be_read(known):
    assert (len(known), len({w.patient for w in known})) == (82, 75)
    meals = [m for w in known for m in w.case.timeline if isinstance(m, Meal)]
    assert len(meals) + sum(len(w.unsaid) for w in known) == 2803  # every diet row is one or the other
    assert 25 < np.median([m.carbohydrate for m in meals]) < 45  # a hospital's meals for people with diabetes
    # what is kept aside: ketones, insulin into a vein
    assert {line.split()[2].rstrip(":") for w in known for line in w.aside} == {"ketone_mmoll", "insulin_iv"}


def test_premixed_insulin_is_its_two_parts(known):
    wear = next(w for w in known if w.name.startswith("2001_0"))
    first = [d for d in wear.doses if d.at == wear.doses[0].at]
    assert [d.acts for d in first] == ["rapid", "intermediate"]
    assert first[0].units / (first[0].units + first[1].units) == pytest.approx(0.3)
    given = [a for a in wear.case.timeline if isinstance(a, Insulin)]
    assert sum(a.units for a in given) == pytest.approx(sum(d.units for d in wear.doses))


def test_no_column_knows_readings_or_events_after_the_target(known):
    """A wear cut off at a reading gives the same columns before it, bit for bit but for sums in another order."""
    wear = next(w for w in known if len(w.doses) > 20 and len(w.case.timeline) > 40)
    lead, whole = 3600.0, one(wear, 3600.0)
    cut = float(wear.record.valid_time[500])
    early = dataclasses.replace(
        wear,
        case=dataclasses.replace(wear.case, timeline=tuple(a for a in wear.case.timeline if a.at <= cut)),
        record=wear.record.where(wear.record.valid_time <= cut),
        doses=tuple(d for d in wear.doses if d.at <= cut),
        tablets=tuple(t for t in wear.tablets if t.at <= cut),
        unsaid=tuple(t for t in wear.unsaid if t <= cut),
    )
    part = one(early, lead)
    assert len(part.now) > 400
    for group, x in part.x.items():
        np.testing.assert_allclose(x, whole.x[group][: len(x)], rtol=1e-9, atol=1e-7, err_msg=group)


@pytest.fixture(scope="module")
def roots(tmp_path_factory) -> tuple[Path, Path]:
    """The shared patients in two roots of the same layout: fourteen to fit on, five others to test."""
    require_data(*shanghai.FOLDER.parts)
    source = find_data_root() / shanghai.FOLDER
    with open(source / "subjects.csv", encoding="utf-8", newline="") as file:
        patients = sorted({row["record"].split("_")[0] for row in csv.DictReader(file)})
    out = []
    for name, own in (("data", set(patients[:14])), ("test", set(patients[14:19]))):
        root = tmp_path_factory.mktemp(name)
        folder = root / shanghai.FOLDER
        folder.mkdir(parents=True)
        for file in FILES:
            _filtered(source / file, folder / file, own)
        out.append(root)
    return out[0], out[1]


def _filtered(source: Path, target: Path, patients: set[str]) -> None:
    opener = gzip.open if source.suffix == ".gz" else open
    with opener(source, "rt", encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    with opener(target, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *(r for r in rows if r[0].split("_")[0] in patients)])


@pytest.mark.parametrize("measure", ["rmse", "context", "cover", "alarm"])
def test_other_patients_are_scored_by_what_was_fitted_on_the_data(roots, measure):
    pytest.importorskip("lightgbm")
    data, test = roots
    claim = {"rmse": "met.shanghai.rmse60"}.get(measure, f"met.{measure}")
    found = getattr(shanghai_claims, measure)(claim, data, test, True, lambda share: None)
    assert found["n"] > 0
    assert found["baseline"]
    detail = found["detail"]
    if measure == "rmse":
        assert detail["patients"] == 5
        rows = detail["table"]
        assert rows["learner"]["unseen"] < rows["AR2"]["unseen"] < rows["persistence"]["unseen"]
    if measure == "cover":
        assert 0.8 < detail["60 min"]["all"] < 0.97
