"""The two tables of intensive care stays: what is read, what is not believed, what is not known."""

import numpy as np
import pytest

from vitruvian.engines.pasts import Landmarks, Readings
from vitruvian.models.icu import hourly, physionet2012
from vitruvian.models.icu.channels import CHANNELS
from vitruvian.models.icu.columns import known
from vitruvian.models.icu.stays import Stays


def challenge() -> Stays:
    rows = [
        (7, 0, "Age", 200.0), (7, 0, "Age", 60.0), (7, 0, "Gender", 1.0), (7, 0, "Height", -1.0),
        (7, 0, "Weight", 80.0),
        (7, 30, "HR", 88.0), (7, 90, "HR", 0.0), (7, 90, "Temp", -17.8), (7, 60, "FiO2", 0.5),
        (7, 60, "NISysABP", 110.0),
        (7, 75, "SysABP", 100.0), (7, 75, "MAP", 70.0), (3, 0, "Age", 40.0), (3, 10, "HR", 70.0), (9, 0, "Age", 50.0),
    ]  # fmt: skip
    rid, minute, par, val = (np.array(c) for c in zip(*rows, strict=True))
    table = {"rid": rid, "min": minute, "par": par, "val": val}
    outcomes = {"RecordID": [7, 3], "In-hospital_death": [1, 0], "Survival": [5, -1], "Length_of_stay": [6, 9]}
    outcomes |= {"SAPS-I": [10, 3], "SOFA": [4, 0]}
    return physionet2012.stays(table, {k: np.array(v, dtype=float) for k, v in outcomes.items()})


def test_the_challenge_table():
    s = challenge()
    assert s.names.tolist() == [3, 7]  # 9 has no outcome
    assert s.outcomes["death"].tolist() == [0.0, 1.0]
    assert s.static["age"].tolist() == [40.0, 91.4]  # the first age of stay 7, capped
    assert np.isnan(s.static["height"]).all()
    heart = s.readings["heart_rate"]
    assert (heart.whose.tolist(), heart.value.tolist()) == ([0, 1], [70.0, 88.0])
    assert s.doubted["heart_rate"] == 1
    assert s.doubted["temperature"] == 1
    assert s.readings["fio2"].value.tolist() == [50.0]
    assert s.readings["systolic"].value.tolist() == [110.0, 100.0]  # cuff and line in order of time
    assert s.readings["arterial_line"].value.tolist() == [1.0]


def test_some_of_the_stays():
    s = challenge()
    one = s.of(np.array([False, True]))
    assert one.names.tolist() == [7]
    assert one.readings["heart_rate"].whose.tolist() == [0]
    both = Stays.join([one, s.of(np.array([True, False]))])
    assert both.names.tolist() == [7, 3]
    assert both.readings["heart_rate"].whose.tolist() == [0, 1]


def test_the_hourly_table_knows_its_onsets():
    n = 20
    columns = {c.demo: np.full(2 * n, np.nan) for c in CHANNELS if c.demo}
    columns["hr"][3], columns["hr"][n + 2] = 90.0, -4.0
    hour = np.tile(np.arange(n, dtype=float), 2)
    ids = np.repeat([11, 12], n)
    label = np.zeros(2 * n, dtype=bool)
    label[n - 13 : n] = True  # stay 11: onset at 13, told from 7 to 19
    static = {"stay_id": np.array([12, 11]), "age": np.array([50.0, 60.0]), "sex": np.array(["Female", "Male"])}
    static |= {"height": np.array([170.0, 1.7]), "weight": np.array([70.0, 80.0])}
    found = hourly.stays(
        {"stay_id": ids, "hour": hour, **columns}, static, {"stay_id": ids, "hour": hour, "label": label}, "demo"
    )
    assert found.names.tolist() == ["demo:11", "demo:12"]
    assert found.outcomes["onset"][0] == 13.0
    assert np.isnan(found.outcomes["onset"][1])
    assert found.static["male"].tolist() == [1.0, 0.0]
    assert np.isnan(found.static["height"][0])  # 1.7 cm
    assert found.doubted["heart_rate"] == 1


def test_columns_of_a_landmark():
    s = challenge()
    found = known(s.readings, s.static, Landmarks(np.array([1, 1]), np.array([0.5, 2.0])))
    assert found["heart_rate.last"].tolist() == [88.0, 88.0]
    assert np.isnan(found["systolic.last"][0])
    assert found["systolic.last"][1] == 100.0
    assert found["shock_index"][1] == pytest.approx(0.88)
    assert found["arterial_line.count.6h"].tolist() == [0.0, 1.0]
    assert found["hours"].tolist() == [0.5, 2.0]


def test_what_several_things_say_together():
    def at(hours: list[float], values: list[float]) -> Readings:
        return Readings(np.zeros(len(hours), int), np.array(hours), np.array(values))

    readings = {
        "po2": at([1.0, 10.0, 30.0], [90.0, 60.0, 120.0]),
        "fio2": at([5.0, 20.0], [60.0, 40.0]),
        "pco2": at([30.0], [40.0]),
        "bicarbonate": at([30.0], [16.0]),
        "sodium": at([30.0], [140.0]),
        "potassium": at([30.0], [4.0]),
        "glucose": at([30.0], [180.0]),
        "bun": at([30.0], [28.0]),
        "gcs": at([3.0, 31.0], [15.0, 9.0]),
        "ventilated": at([4.0, 28.0], [1.0, 1.0]),
    }
    static = {"age": np.array([70.0])} | {n: np.array([np.nan]) for n in ("male", "height", "weight")}
    found = known(readings, static, Landmarks(np.zeros(2, int), np.array([6.0, 32.0])))
    assert found["pf_ratio.min.all"].tolist() == pytest.approx([90 / 0.21, 60 / 0.6])  # each gas with its own oxygen
    assert found["pf_ratio.mean.all"][1] == pytest.approx((90 / 0.21 + 60 / 0.6 + 120 / 0.4) / 3)
    assert found["pf_ratio.min.24h"][1] == pytest.approx(100.0)
    assert found["alveolar_gap"][1] == pytest.approx(713 * 0.4 - 40 / 0.8 - 120)
    assert found["pco2.excess"][1] == pytest.approx(8.0)
    assert found["ion_gap"][1] == pytest.approx(128.0)
    assert found["osmolality"][1] == pytest.approx(300.0)
    assert found["urea_age"][1] == pytest.approx(28.0 * 70.0)
    assert found["coma_age"].tolist() == [0.0, 6.0 * 70.0]
    assert found["ventilated.began"].tolist() == [4.0, 4.0]
    assert found["ventilated.span"].tolist() == [0.0, 24.0]
    assert found["charted.count.kinds"].tolist() == [4.0, 10.0]
    assert np.isnan(found["rox"]).all()
