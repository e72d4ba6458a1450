"""Wearables: METs, steps and heart rate become bouts of exercise (synthetic exports)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from vitruvian.core.case import Series
from vitruvian.core.units import convert
from vitruvian.models import activity
from vitruvian.platform.connect import Import, read
from vitruvian.platform.instant import text

START = datetime(2026, 3, 1, 7, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def minutes(values: Sequence[float], header: str) -> str:
    rows = [f"{(START + timedelta(minutes=k)).isoformat()},{v:g}" for k, v in enumerate(values)]
    return "\n".join([header, *rows]) + "\n"


def taken(tmp_path: Path, content: str) -> Import:
    path = tmp_path / "watch.csv"
    path.write_text(content, encoding="utf-8")
    return read(path, zone="UTC", now=NOW)


def told(found: Import) -> list[tuple[str, float, float]]:
    """(time, METs, minutes) of each bout."""
    amounts = [e.amounts for e in found.events]
    length = [float(convert(*a["duration"], "min")) for a in amounts]
    at = [text(e.utc_us)[11:16] for e in found.events]
    return [(t, round(a["mets"][0], 2), n) for t, a, n in zip(at, amounts, length, strict=True)]


def test_steps_of_a_walk(tmp_path: Path) -> None:
    found = taken(tmp_path, minutes([0] * 30 + [110] * 20 + [0] * 30, "time,steps"))
    assert found.report.format == "wearable CSV"
    assert told(found) == [("07:30", 4.0, 20.0)]
    assert "1 bouts of at least 10 min and 3 METs, from steps" in found.report.notes


def test_fitbit_writes_tens_of_mets_and_they_come_before_heart_rate(tmp_path: Path) -> None:
    rows = ["Timestamp,hr_bpm,mets"]
    mets = [0] + [10] * 19 + [45] * 15 + [10] * 20  # 0 where the watch was off
    rows += [f"{(START + timedelta(minutes=k)).isoformat()},90,{m}" for k, m in enumerate(mets)]
    found = taken(tmp_path, "\n".join(rows) + "\n")
    assert told(found) == [("07:20", 4.5, 15.0)]
    assert "METs are written times ten, as Fitbit does" in found.report.notes


def test_apple_health_counts_over_intervals(tmp_path: Path) -> None:
    rows = ["type,startDate,endDate,value"]
    for k in range(4):
        begin, end = START + timedelta(minutes=5 * k), START + timedelta(minutes=5 * k + 5)
        rows.append(f"HKQuantityTypeIdentifierStepCount,{begin.isoformat()},{end.isoformat()},600")
    rows.append(f"HKQuantityTypeIdentifierBodyMass,{START.isoformat()},{START.isoformat()},80")
    found = taken(tmp_path, "\n".join(rows) + "\n")
    assert told(found) == [("07:00", 5.0, 20.0)]
    assert found.report.ignored == {"rows without a value": 1}


def test_heart_rate_is_an_estimate_and_says_so(tmp_path: Path) -> None:
    found = taken(tmp_path, minutes([60] * 60 + [130] * 30 + [60] * 60, "time,heart rate (bpm)"))
    ((at, mets, length),) = told(found)
    assert (at, length) == ("08:00", 30.0)
    share = (130 - 60) / (208 - 0.7 * activity.AGE - 60)  # of heart-rate reserve
    assert mets == pytest.approx(1 + share * (activity.CAPACITY - 1), abs=0.01)
    assert any("an estimate" in n for n in found.report.notes)


def test_bad_rows_are_kept_aside(tmp_path: Path) -> None:
    found = taken(tmp_path, minutes([110] * 15, "time,steps") + "yesterday,110\n2026-03-01T07:20Z,many\n")
    assert [a.reason for a in found.kept_aside] == ["'yesterday' is not a time", "'many' is not a number"]
    assert len(found.events) == 1


def test_a_table_of_bouts_is_still_read_as_such(tmp_path: Path) -> None:
    found = taken(tmp_path, "time,mets,duration_min\n2026-03-01T08:00Z,4,30\n")
    assert found.report.format != "wearable CSV"
    assert told(found) == [("08:00", 4.0, 30.0)]


def test_two_minutes_of_rest_do_not_end_a_bout_and_three_do() -> None:
    for rest, count in ((2, 1), (3, 2)):
        mets = np.array([4.0] * 12 + [1.0] * rest + [4.0] * 12)
        found = activity.bouts(Series(60.0 * np.arange(len(mets)), mets, "1"))
        assert len(found) == count


def test_a_gap_in_the_record_ends_a_bout_and_a_long_one_is_told_in_pieces() -> None:
    t = np.concatenate([60.0 * np.arange(15), 7200 + 60.0 * np.arange(15)])
    assert [b.duration for b in activity.bouts(Series(t, np.full(30, 4.0), "1"))] == [14 * 60 + 300.0, 15 * 60.0]
    long = activity.bouts(Series(60.0 * np.arange(400), np.full(400, 3.5), "1"))
    assert [b.duration / 60 for b in long] == [200.0, 200.0]
