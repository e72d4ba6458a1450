"""Scores at every edge of their published tables, and worked examples."""

import numpy as np
import pytest

from vitruvian.models.earlywarning import news2, qsofa, saps1, sofa
from vitruvian.models.earlywarning.news2 import trigger

pytestmark = [pytest.mark.science, pytest.mark.fast]

NEWS2 = {  # RCP 2017, chart 1: (value, points) at both ends of every band
    "respiratory_rate": [(8, 3), (9, 1), (11, 1), (12, 0), (20, 0), (21, 2), (24, 2), (25, 3)],
    "spo2": [(91, 3), (92, 2), (93, 2), (94, 1), (95, 1), (96, 0)],
    "systolic": [(90, 3), (91, 2), (100, 2), (101, 1), (110, 1), (111, 0), (219, 0), (220, 3)],
    "heart_rate": [(40, 3), (41, 1), (50, 1), (51, 0), (90, 0), (91, 1), (110, 1), (111, 2), (130, 2), (131, 3)],
    "temperature": [(35.0, 3), (35.1, 1), (36.0, 1), (36.1, 0), (38.0, 0), (38.1, 1), (39.0, 1), (39.1, 2)],
    "oxygen": [(0, 0), (1, 2)],
    "alert": [(1, 0), (0, 3)],
}


@pytest.mark.parametrize("item", NEWS2)
def test_news2_at_every_edge_of_its_chart(item):
    values, points = (np.array(a, dtype=float) for a in zip(*NEWS2[item], strict=True))
    assert news2({item: values}).total.tolist() == points.tolist()


def test_scale_2_of_oxygen_saturation():
    air = [(83, 3), (84, 2), (85, 2), (86, 1), (87, 1), (88, 0), (92, 0), (93, 0), (97, 0)]
    oxygen = [(83, 3), (85, 2), (87, 1), (92, 0), (93, 1), (94, 1), (95, 2), (96, 2), (97, 3)]
    for rows, on in ((air, 0.0), (oxygen, 1.0)):
        values, points = (np.array(a, dtype=float) for a in zip(*rows, strict=True))
        found = news2({"spo2": values, "oxygen": np.full(len(values), on)}, scale=2)
        assert found.items["spo2"].tolist() == points.tolist()
    with pytest.raises(ValueError, match="scales 1 and 2"):
        news2({"spo2": 90.0}, scale=3)


def test_a_value_between_two_steps_is_rounded_as_on_a_chart():
    assert news2({"temperature": np.array([38.04, 38.06])}).total.tolist() == [0, 1]
    assert news2({"respiratory_rate": np.array([20.4, 20.5])}).total.tolist() == [0, 2]


def test_what_is_missing_counts_as_normal_and_is_said():
    found = news2({"heart_rate": np.array([135.0, np.nan]), "systolic": np.array([88.0, 120.0])})
    assert found.total.tolist() == [6, 0]
    assert found.never == ("respiratory_rate", "spo2", "oxygen", "consciousness", "temperature")
    assert "heart_rate" in found.missing(1)
    assert "heart_rate" not in found.missing(0)
    assert "computed without respiratory_rate, spo2, oxygen, consciousness" in found.said()
    assert found.to_json()["items"]["heart_rate"] == [3, None]


def test_triggers_of_news2():
    ill = {"respiratory_rate": [26, 22, 26, 15], "heart_rate": [135, 115, 80, 80], "systolic": [95, 105, 120, 120]}
    found = news2({k: np.array(v, dtype=float) for k, v in ill.items()})
    assert found.total.tolist() == [8, 5, 3, 0]
    assert trigger(found).tolist() == ["emergency", "urgent", "urgent", ""]


def test_alertness_follows_from_a_coma_score():
    assert news2({"gcs": np.array([15.0, 14.0, np.nan])}).total.tolist() == [0, 3, 0]


def test_qsofa():
    found = qsofa({"respiratory_rate": np.array([21.0, 22]), "systolic": np.array([101.0, 100]), "gcs": [15.0, 14.0]})
    assert found.total.tolist() == [0, 3]
    assert qsofa({"systolic": 90.0}).never == ("respiratory_rate", "mentation")


SAPS1 = {  # Le Gall 1984, table 1
    "heart_rate": [(39, 4), (40, 3), (54, 3), (55, 2), (69, 2), (70, 0), (109, 0), (110, 2), (140, 3), (180, 4)],
    "systolic": [(54, 4), (55, 2), (79, 2), (80, 0), (149, 0), (150, 2), (189, 2), (190, 4)],
    "temperature": [(29.9, 4), (30, 3), (32, 2), (34, 1), (36, 0), (38.4, 0), (38.5, 1), (39, 3), (41, 4)],
    "respiratory_rate": [(5, 4), (6, 2), (9, 2), (10, 1), (12, 0), (24, 0), (25, 1), (35, 3), (50, 4)],
    "hematocrit": [(19.9, 4), (20, 2), (30, 0), (45.9, 0), (46, 1), (50, 2), (60, 4)],
    "wbc": [(0.9, 4), (1, 2), (3, 0), (14.9, 0), (15, 1), (20, 2), (40, 4)],
    "potassium": [(2.4, 4), (2.5, 2), (3, 1), (3.5, 0), (5.5, 1), (6, 3), (7, 4)],
    "sodium": [(109, 4), (110, 3), (120, 2), (130, 0), (150, 0), (151, 1), (156, 2), (161, 3), (180, 4)],
    "bicarbonate": [(4.9, 4), (5, 3), (10, 1), (20, 0), (29.9, 0), (30, 1), (40, 3)],
}


@pytest.mark.parametrize("item", SAPS1)
def test_saps1_at_the_edges_of_its_table(item):
    values, points = (np.array(a, dtype=float) for a in zip(*SAPS1[item], strict=True))
    assert saps1({f"min_{item}": values, f"max_{item}": values}).total.tolist() == points.tolist()


def test_saps1_takes_the_worse_end_and_converts_urea_and_glucose():
    assert saps1({"min_heart_rate": 38.0, "max_heart_rate": 145.0}).total.tolist() == [4]
    assert saps1({"min_bun": 100.0, "max_bun": 160.0}).total.tolist() == [4]  # 57.1 mmol/L
    assert saps1({"min_glucose": 60.0, "max_glucose": 100.0}).total.tolist() == [2]  # 3.3 mmol/L
    assert saps1({"urine_24h": np.array([150.0, 450, 650, 2000, 4000, 6000])}).total.tolist() == [4, 3, 2, 0, 1, 2]
    assert saps1({"ventilated": 1.0, "min_respiratory_rate": 15.0, "max_respiratory_rate": 15.0}).total == [3]


def test_sofa():
    ratio = np.array([450.0, 350, 250, 150, 90])
    blown = np.array([1.0, 1, 1, 1, 1])
    assert sofa({"pf_ratio": ratio, "ventilated": blown}).total.tolist() == [0, 1, 2, 3, 4]
    assert sofa({"pf_ratio": ratio}).total.tolist() == [0, 1, 2, 2, 2]  # 3 and 4 need support of breathing
    assert sofa({"max_creatinine": np.array([1.1, 1.2, 2.0, 3.5, 5.0])}).total.tolist() == [0, 1, 2, 3, 4]
    assert sofa({"urine_24h": np.array([150.0, 450, 900])}).total.tolist() == [4, 3, 0]
    assert sofa({"min_platelets": np.array([19.0, 49, 99, 149, 150])}).total.tolist() == [4, 3, 2, 1, 0]
    assert sofa({"min_gcs": np.array([5.0, 6, 9, 10, 12, 13, 14, 15])}).total.tolist() == [4, 3, 3, 2, 2, 1, 1, 0]
