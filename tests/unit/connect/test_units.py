"""Units are read from the file or said by the user, never guessed; a wrong one is noticed by what it would mean."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from vitruvian.core.errors import FieldError, ParseError
from vitruvian.platform.connect import Import, number, read
from vitruvian.platform.connect.clock import read as read_time

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def table(folder: Path, text: str, **said: str) -> Import:
    (folder / "t.csv").write_text(text)
    return read(folder / "t.csv", zone="UTC", now=NOW, **said)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("glucose_mgdl", "mg/dL"),
        ("Glucose Value (mg/dL)", "mg/dL"),
        ("Historic Glucose mmol/L", "mmol/L"),
        ("glucose [mmol/l]", "mmol/L"),
        ("mg_dl", "mg/dL"),
        ("gl_mmol_l", "mmol/L"),
        ("glucose", ""),
        ("glucose mg/dL or mmol/L", ""),
    ],
)
def test_a_columns_name_states_its_unit(name: str, unit: str) -> None:
    assert number.unit_in(name) == unit


def test_no_unit_is_no_reading_and_the_error_names_the_two_choices(tmp_path: Path) -> None:
    text = "time,glucose\n2025-05-01T08:00,5.8\n"
    with pytest.raises(ParseError, match=r"line 1: column 'glucose'.*mg/dL or mmol/L: --unit"):
        table(tmp_path, text)
    assert table(tmp_path, text, unit="mmol/l").readings[0].unit == "mmol/L"
    with pytest.raises(FieldError, match="'mol' is no unit of glucose"):
        table(tmp_path, text, unit="mol")


def test_the_user_may_not_contradict_the_file(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="says mg/dL, you said mmol/L"):
        table(tmp_path, "time,glucose_mgdl\n2025-05-01T08:00,104\n", unit="mmol/L")


def test_values_of_the_other_unit_are_kept_aside(tmp_path: Path) -> None:
    rows = ["2025-05-01T08:00,104", "2025-05-01T08:05,5.8", "2025-05-01T08:10,110", "2025-05-01T08:15,17.9"]
    found = table(tmp_path, "time,glucose_mgdl\n" + "\n".join(rows) + "\n")
    assert [r.value for r in found.readings] == [104.0, 110.0]
    assert [(a.line, a.column) for a in found.kept_aside] == [(3, "glucose_mgdl"), (5, "glucose_mgdl")]
    assert "5.8 mg/dL is outside" in found.kept_aside[0].reason
    assert "is it mmol/L?" in found.kept_aside[0].fix


def test_a_file_wholly_in_the_other_unit_is_refused(tmp_path: Path) -> None:
    rows = "".join(f"2025-05-01T08:{m:02d},{100 + m}\n" for m in range(60))
    with pytest.raises(ParseError, match=r"line 2, column 'glucose \(mmol/L\)': no row can be used.*is it mg/dL\?"):
        table(tmp_path, "time,glucose (mmol/L)\n" + rows)


def test_units_may_stand_in_each_row(tmp_path: Path) -> None:
    rows = "2025-05-01T08:00,104,mg/dL\n2025-05-01T08:05,5.8,mmol/L\n2025-05-01T08:10,5.8,\n2025-05-01T08:15,5.8,mM\n"
    found = table(tmp_path, "time,glucose,unit\n" + rows)
    assert [(r.value, r.unit) for r in found.readings] == [(104.0, "mg/dL"), (5.8, "mmol/L")]
    assert [a.reason for a in found.kept_aside] == ["unit '' is not known", "unit 'mM' is not known"]


def test_a_second_header_with_another_unit_stops_the_import(tmp_path: Path) -> None:
    one = "time,glucose_mgdl\n2025-05-01T08:00,104\n"
    assert len(table(tmp_path, one + one).readings) == 1  # the same header again is only a heading
    other = "time,glucose (mmol/L)\n2025-05-02T08:00,5.8\n"
    with pytest.raises(ParseError, match=r"line 3.*second header changes 'glucose_mgdl' \(line 1\).*split the file"):
        table(tmp_path, one + other)


@pytest.mark.parametrize(
    ("text", "unit", "sensor", "value", "limit"),
    [
        ("Low", "mg/dL", "dexcom", 40.0, -1),
        ("HIGH", "mmol/L", "dexcom", 22.2, 1),
        ("39", "mg/dL", "dexcom", 40.0, -1),
        ("401", "mg/dL", "dexcom", 400.0, 1),
        ("40", "mg/dL", "dexcom", 40.0, 0),
        ("LO", "mg/dL", "libre", 40.0, -1),
        ("HI", "mg/dL", "libre", 500.0, 1),
        ("40", "mg/dL", "libre", 40.0, -1),
        ("500", "mg/dL", "libre", 500.0, 1),
        ("400", "mg/dL", "libre", 400.0, 1),  # where American readers stop: at least 400
        ("2.2", "mmol/L", "libre", 2.2, -1),
        ("27.8", "mmol/L", "libre", 27.8, 1),
        ("<54", "mg/dL", "cgm", 54.0, -1),
        ("> 22.2", "mmol/L", "cgm", 22.2, 1),
        ("5,8", "mmol/L", "cgm", 5.8, 0),
    ],
)
def test_limits_of_sensors(text: str, unit: str, sensor: str, value: float, limit: int) -> None:
    assert number.glucose(text, unit, sensor) == (value, limit)


@pytest.mark.parametrize(
    "text", ["", "abc", "1,234", "1e3", "nan", "inf", "12_0", "0x41", "1 04", "--5", "٣٤٥", "1.2.3"]
)
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match=r"is not a number"):
        number.number(text)


@pytest.mark.parametrize(("text", "sensor"), [("Low", "cgm"), ("700", "cgm"), ("12", "dexcom"), ("-104", "cgm")])
def test_what_no_sensor_reports_is_refused(text: str, sensor: str) -> None:
    with pytest.raises(ParseError):
        number.glucose(text, "mg/dL", sensor)


@pytest.mark.parametrize(
    ("text", "order", "hour"),
    [
        ("2025-05-03T08:00:00", "", 8),
        ("2025-05-03 8:00", "", 8),
        ("2025/05/03 08:00 PM", "", 20),
        ("03.05.2025 08:00", "dmy", 8),
        ("05/03/2025 12:00 AM", "mdy", 0),
        ("5/3/2025 12:30 p.m.", "mdy", 12),
    ],
)
def test_times_as_they_are_written(text: str, order: str, hour: int) -> None:
    wall, offset = read_time(text, order)
    assert offset is None
    assert datetime(1970, 1, 1, tzinfo=UTC).timestamp() + wall / 1e6 == pytest.approx(
        datetime(2025, 5, 3, hour, 30 if "30" in text else 0, tzinfo=UTC).timestamp()
    )


@pytest.mark.parametrize(
    "text",
    ["2025-05-03", "03-04-2025 08:00", "2025-13-01T08:00", "13:00 PM", "1-2-25 08:00", "yesterday", "2025-05-03T25:00"],
)
def test_what_is_no_sure_time_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        read_time(text)


def test_the_order_of_dates_comes_from_the_file_as_a_whole_or_from_the_user(tmp_path: Path) -> None:
    either = "time,glucose_mgdl\n03-04-2025 08:00,104\n05-04-2025 08:00,105\n"
    with pytest.raises(ParseError, match=r"'03-04-2025 08:00' may be day-month or month-day.*dmy or mdy: --dates"):
        table(tmp_path, either)
    months = {dates: [r.raw for r in table(tmp_path, either, dates=dates).readings] for dates in ("dmy", "mdy")}
    assert len(months["dmy"]) == len(months["mdy"]) == 2
    decided = table(tmp_path, either + "13-04-2025 08:00,106\n")
    assert [datetime.fromtimestamp(r.utc_us / 1e6, UTC).month for r in decided.readings] == [4, 4, 4]
    against = table(tmp_path, either + "04-13-2025 08:00,106\n13-04-2025 08:00,107\n")
    assert [datetime.fromtimestamp(r.utc_us / 1e6, UTC).month for r in against.readings] == [3, 5, 4]
    assert [a.line for a in against.kept_aside] == [5]  # a date that does not fit the order is not bent to it
