"""The sample exports, row by row: what each format says and how it is read."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from vitruvian.platform.connect import Import, read
from vitruvian.platform.instant import text

EXPORTS = Path(__file__).parents[2] / "data" / "exports"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def sample(name: str, zone: str | None = "Europe/Berlin", **more: Any) -> Import:
    return read(EXPORTS / name, zone=zone, now=NOW, **more)


def readings(found: Import) -> list[tuple[str, float, str, str, int]]:
    return [(text(r.utc_us)[:16], r.value, r.sensor, r.what.split()[0], r.limit) for r in found.readings]


def events(found: Import) -> list[tuple[str, str, dict[str, tuple[float, str]]]]:
    return [(text(e.utc_us)[:16], e.type, dict(e.amounts)) for e in found.events]


def test_clarity_in_mg_dl() -> None:
    found = sample("clarity_g7_mgdl.csv")
    assert readings(found) == [
        ("2025-05-01T05:55", 104.0, "dexcom", "interstitial", 0),
        ("2025-05-01T06:00", 106.0, "dexcom", "interstitial", 0),
        ("2025-05-01T06:05", 111.0, "dexcom", "interstitial", 0),
        ("2025-05-01T06:10", 40.0, "dexcom", "interstitial", -1),  # Low
        ("2025-05-01T06:15", 400.0, "dexcom", "interstitial", 1),  # High
        ("2025-05-01T06:16", 118.0, "fingerstick", "blood", 0),
        ("2025-05-01T06:20", 124.0, "dexcom", "interstitial", 0),
        ("2025-05-01T20:05", 131.0, "dexcom", "interstitial", 0),
    ]
    assert {(r.unit, r.device, r.offset_s) for r in found.readings if r.sensor == "dexcom"} == {
        ("mg/dL", "901234567890", 7200)
    }
    assert events(found) == [
        ("2025-05-01T06:01", "Meal", {"carbohydrate": (45.0, "g")}),
        ("2025-05-01T06:02", "Insulin", {"units": (4.5, "[iU]")}),
        ("2025-05-01T16:00", "Exercise", {"duration": (2700.0, "s")}),
        ("2025-05-01T20:00", "Insulin", {"units": (18.0, "[iU]")}),
    ]
    assert [e.words.get("formulation") for e in found.events] == [None, "fast", None, "basal"]
    assert [(a.line, a.reason) for a in found.kept_aside] == [(21, "'Health' is not an event that is read")]
    assert found.report.ignored == {"patient, device and alert settings": 8, "alerts": 1}
    assert found.report.rows == 22


def test_no_name_and_no_birthday_leaves_the_preamble() -> None:
    found = sample("clarity_g7_mgdl.csv")
    said = repr(found) + repr(found.report.to_json()) + "".join(found.report.lines())
    assert "SYNTHETIC" not in said
    assert "1990-01-01" not in said
    assert "SYNTHETIC" not in repr(sample("libreview_us_mgdl.csv"))


def test_clarity_in_mmol_l() -> None:
    found = sample("clarity_g6_mmol.csv")
    assert [(r.value, r.unit, r.limit) for r in found.readings] == [
        (5.8, "mmol/L", 0),
        (2.2, "mmol/L", -1),
        (22.2, "mmol/L", 0),
        (6.0, "mmol/L", 0),
    ]


def test_libreview_month_first() -> None:
    found = sample("libreview_us_mgdl.csv", "America/New_York")
    assert readings(found) == [
        ("2025-05-11T11:00", 104.0, "libre", "interstitial", 0),
        ("2025-05-11T11:15", 40.0, "libre", "interstitial", -1),  # 40 means 40 or less
        ("2025-05-11T16:00", 180.0, "libre", "interstitial", 0),  # 12:00 PM is noon
        ("2025-05-13T04:15", 96.0, "libre", "interstitial", 0),  # 12:15 AM is after midnight
        ("2025-05-11T11:05", 108.0, "libre_scan", "interstitial", 0),
        ("2025-05-11T11:20", 112.0, "fingerstick", "blood", 0),
    ]
    assert events(found) == [
        ("2025-05-11T11:30", "Insulin", {"units": (4.0, "[iU]")}),
        ("2025-05-12T02:00", "Insulin", {"units": (18.0, "[iU]")}),
        ("2025-05-11T11:31", "Meal", {"carbohydrate": (60.0, "g")}),
    ]
    assert [(a.line, a.reason.split(",")[0]) for a in found.kept_aside] == [
        (9, "a ketone reading"),
        (12, "insulin without a dose"),
        (14, "food is logged without grams"),
        (15, "a note"),
    ]
    assert found.report.order == "ascending"  # grouped by type, ascending in each


def test_libreview_day_first_with_decimal_commas() -> None:
    found = sample("libreview_eu_mmol.csv")
    assert [(text(r.utc_us), r.value, r.unit, r.limit) for r in found.readings] == [
        ("2025-05-11T05:00:00Z", 5.8, "mmol/L", 0),
        ("2025-05-11T05:15:00Z", 2.2, "mmol/L", -1),
        ("2025-05-12T22:15:00Z", 5.3, "mmol/L", 0),
    ]
    assert events(found) == [("2025-05-11T20:00", "Insulin", {"units": (18.0, "[iU]")})]


def test_nightscout_entries() -> None:
    found = sample("nightscout_entries.json", None)
    assert readings(found) == [
        ("2025-05-01T06:00", 104.0, "dexcom", "interstitial", 0),
        ("2025-05-01T06:05", 40.0, "dexcom", "interstitial", -1),  # 39
        ("2025-05-01T06:10", 400.0, "dexcom", "interstitial", 1),  # 401
        ("2025-05-01T06:20", 121.0, "dexcom", "interstitial", 0),
        ("2025-05-01T06:20", 118.0, "fingerstick", "blood", 0),
    ]
    assert {r.offset_s for r in found.readings} == {7200}
    late = [r for r in found.readings if r.known_us]
    assert [text(r.known_us or 0) for r in late] == ["2025-05-01T08:00:00Z"]  # the id says when it was stored
    assert (found.report.back_filled, found.report.duplicates) == (1, 1)  # a second uploader says the same
    assert [(a.line, a.reason) for a in found.kept_aside] == [(29, "sgv 5 is an error code of the sensor, no glucose")]


def test_nightscout_treatments() -> None:
    found = sample("nightscout_treatments.json", None)
    assert events(found) == [
        ("2025-05-01T06:01", "Meal", {"carbohydrate": (45.0, "g"), "protein": (12.0, "g")}),
        ("2025-05-01T06:01", "Insulin", {"units": (4.5, "[iU]")}),
        ("2025-05-01T07:00", "Meal", {"carbohydrate": (15.0, "g")}),
        ("2025-05-01T14:00", "Exercise", {"duration": (45.0, "min")}),
        ("2025-05-01T08:00", "Basal", {"rate": (0.8, "[iU]/h"), "duration": (30.0, "min")}),
        ("2025-05-01T20:00", "Insulin", {"units": (18.0, "[iU]")}),
    ]
    assert [(r.value, r.unit, r.what) for r in found.readings] == [(6.1, "mmol/L", "blood glucose")]
    assert [a.reason for a in found.kept_aside] == ["'Site Change' carries nothing that is read"]
    assert text(found.events[2].known_us or 0) == "2025-05-02T07:00:00Z"  # entered a day later


def test_nightscouts_own_csv_has_no_header() -> None:
    found = sample("nightscout_entries.csv", None)
    assert readings(found) == [
        ("2025-05-01T06:00", 104.0, "dexcom", "interstitial", 0),
        ("2025-05-01T06:05", 106.0, "dexcom", "interstitial", 0),
    ]


def test_plain_tables() -> None:
    found = sample("plain_mgdl.csv", None)
    assert [(text(r.utc_us), r.value, r.unit, r.limit, r.device) for r in found.readings] == [
        ("2025-05-01T06:00:00Z", 104.0, "mg/dL", 0, "S1"),
        ("2025-05-01T06:05:00Z", 40.0, "mg/dL", -1, "S1"),
        ("2025-05-01T06:10:00Z", 400.0, "mg/dL", 1, "S1"),
    ]
    found = sample("plain_mmol_semicolon.csv")
    assert [(text(r.utc_us), r.value, r.unit) for r in found.readings] == [
        ("2025-05-13T06:00:00Z", 5.8, "mmol/L"),
        ("2025-05-13T06:05:00Z", 6.1, "mmol/L"),
    ]


def test_meals() -> None:
    found = sample("meals.csv")
    meal = {"carbohydrate": (45.0, "g"), "protein": (12.0, "g"), "fat": (9.0, "g"), "fibre": (4.0, "g")}
    assert events(found) == [
        ("2025-05-01T06:01", "Meal", meal),
        ("2025-05-01T06:01", "Insulin", {"units": (4.5, "[iU]")}),
        ("2025-05-01T10:30", "Meal", {"carbohydrate": (60.0, "g")}),
        ("2025-05-01T16:00", "Exercise", {"duration": (45.0, "min")}),
        ("2025-05-01T20:00", "Insulin", {"units": (18.0, "[iU]")}),
    ]
    assert found.report.notes == ("columns not read: note",)
    assert found.report.rows == 4


def test_readings_and_meals_in_one_table(tmp_path: Path) -> None:
    file = tmp_path / "both.csv"
    file.write_text("time,glucose (mg/dL),carbs,bolus\n2025-05-01T08:00Z,104,0,0\n2025-05-01T08:05Z,,30,2.5\n")
    found = read(file, now=NOW)
    assert readings(found) == [("2025-05-01T08:00", 104.0, "cgm", "interstitial", 0)]
    assert events(found) == [
        ("2025-05-01T08:05", "Meal", {"carbohydrate": (30.0, "g")}),
        ("2025-05-01T08:05", "Insulin", {"units": (2.5, "[iU]")}),
    ]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("date,time,Glucose [mg/dL]", "2025-05-01,08:00,104"),
        ("Timestamp\tSensor Glucose (mg/dL)", "2025-05-01 08:00\t104"),
        ("id,time,mg_dl", "7,2025-05-01 08:00:00,104"),
        ("time|cgm mgdl|comment", "2025-05-01T08:00|104|fine"),
        ("time,gl,unit", "1746086400,104,mg/dL"),  # epoch seconds are UTC
        ("time,gl,unit", "1746086400000,5.7726,mmol/L"),
        ("UTC time,glucose mg/dL", "2025-05-01 08:00,104"),
    ],
)
def test_plain_tables_as_people_write_them(tmp_path: Path, header: str, row: str) -> None:
    (tmp_path / "t.csv").write_text(f"{header}\n{row}\n")
    (found,) = read(tmp_path / "t.csv", zone="UTC", now=NOW).readings
    assert text(found.utc_us) == "2025-05-01T08:00:00Z"
    assert found.value * (18.0156 if found.unit == "mmol/L" else 1.0) == pytest.approx(104.0, abs=0.01)


def test_a_report_says_all_there_is_to_say(tmp_path: Path) -> None:
    rows = [(0, 100), (5, 101), (10, 102), (60, 103), (65, 104), (65, 104), (20, 105), (25, 999)]
    lines = [f"2025-05-01T08:{m % 60:02d}Z,{v}" if m < 60 else f"2025-05-01T09:{m - 60:02d}Z,{v}" for m, v in rows]
    (tmp_path / "t.csv").write_text("time,glucose_mgdl\n" + "\n".join(lines) + "\n")
    report = read(tmp_path / "t.csv", now=NOW).report
    assert (report.rows, report.readings, report.duplicates, report.kept_aside) == (8, 6, 1, 1)
    assert (report.order, report.back_filled) == ("mixed", 1)
    assert [(g.end_us - g.start_us) / 6e7 for g in report.gaps] == [40.0]  # rhythm of 5 min; 20 -> 60
    (use,) = report.devices
    assert (use.readings, use.every_s) == (6, 300.0)
    assert report.to_json()["gaps"][0]["device"] == ""
    assert any("1 gaps, the longest 0.7 h" in line for line in report.lines())


def test_a_change_of_device_is_seen_and_two_uploads_of_one(tmp_path: Path) -> None:
    rows = [f"2025-05-01T0{h}:{m:02d}:00Z,100,dexcom,{d}" for h, d in ((6, "A"), (7, "B")) for m in range(0, 60, 5)]
    rows += [f"2025-05-01T07:{m:02d}:30Z,101,dexcom,C" for m in range(0, 60, 5)]
    (tmp_path / "t.csv").write_text("time,glucose_mgdl,sensor,device\n" + "\n".join(rows) + "\n")
    report = read(tmp_path / "t.csv", now=NOW).report
    assert [(d.device, d.readings) for d in report.devices] == [("A", 12), ("B", 12), ("C", 12)]
    assert report.close == 12


def test_food_in_grams_stands_for_a_meals_amounts(tmp_path: Path) -> None:
    path = tmp_path / "diet.csv"
    rows = ['2025-05-01T08:00Z,"Rice 100 g, egg 50 g",', "2025-05-01T12:00Z,moonfruit 80 g,", "2025-05-01T13:00Z,,4"]
    rows += ["2025-05-01T18:00Z,Data not available,"]
    path.write_text("\n".join(["time,food,insulin_units", *rows]) + "\n", encoding="utf-8")
    found = read(path, zone="UTC", now=NOW)
    assert [e.type for e in found.events] == ["Meal", "Insulin"]
    assert found.events[0].amounts["carbohydrate"][0] == pytest.approx(28.75)
    assert found.events[0].amounts["fat"][0] == pytest.approx(5.6)
    assert [a.reason for a in found.kept_aside] == [
        "not found in the food table, or without an amount: moonfruit",
        "no amount of carbohydrate, insulin or exercise",
    ]
