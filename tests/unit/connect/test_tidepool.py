"""Tidepool's export, object by object (synthetic; written from its public description)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from vitruvian.platform.connect import read
from vitruvian.platform.instant import text

EXPORT = Path(__file__).parents[2] / "data" / "exports" / "tidepool.json"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_readings_of_sensors_and_of_a_meter() -> None:
    found = read(EXPORT, zone="Europe/Berlin", now=NOW)
    assert found.report.format == "Tidepool"
    mine = [(text(r.utc_us)[:16], r.sensor, r.what.split()[0], r.unit, r.limit) for r in found.readings]
    assert mine == [
        ("2025-05-01T05:55", "dexcom", "interstitial", "mmol/L", 0),
        ("2025-05-01T06:00", "dexcom", "interstitial", "mmol/L", -1),
        ("2025-05-01T06:05", "libre", "interstitial", "mg/dL", 0),
        ("2025-05-01T06:16", "fingerstick", "blood", "mmol/L", 0),
    ]
    assert found.readings[0].value * 18.0156 == pytest.approx(104.0, abs=0.01)
    assert found.readings[0].offset_s == 7200


def test_meals_doses_and_exercise() -> None:
    found = read(EXPORT, zone="Europe/Berlin", now=NOW)
    events = [
        (text(e.utc_us)[11:16], e.type, {k: v for k, (v, _) in e.amounts.items()}, dict(e.words)) for e in found.events
    ]
    assert events == [
        ("06:01", "Meal", {"carbohydrate": 45.0, "protein": 12.0, "fat": 9.0}, {}),
        ("10:30", "Meal", {"carbohydrate": 60.0}, {}),
        ("06:02", "Insulin", {"units": 4.5}, {"formulation": "fast"}),
        ("10:30", "Insulin", {"units": 3.5}, {"formulation": "fast"}),
        ("20:00", "Insulin", {"units": 18.0}, {"formulation": "basal"}),
        ("08:00", "Basal", {"rate": 0.8, "duration": 1800.0}, {}),
        ("16:00", "Exercise", {"duration": 2700.0}, {"intensity": "moderate"}),
    ]
    assert {e.id for e in found.events} == {"f1", "w1", "c1", "c2", "i1", "d1", "p1"}


def test_what_cannot_be_used_is_kept_aside_and_what_says_nothing_is_counted() -> None:
    found = read(EXPORT, zone="Europe/Berlin", now=NOW)
    assert [a.reason for a in found.kept_aside] == ["cbg without its unit", "carbohydrate in 'exchanges'"]
    assert found.report.ignored == {"upload entries": 1, "pumpSettings entries": 1}


def test_nightscout_is_not_taken_for_tidepool() -> None:
    assert read(EXPORT.with_name("nightscout_entries.json"), now=NOW).report.format == "Nightscout"
    assert read(EXPORT.with_name("nightscout_treatments.json"), now=NOW).report.format == "Nightscout"
